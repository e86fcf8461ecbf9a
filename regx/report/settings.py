"""Keys and values of configs, as people type and read them."""

import json
from collections.abc import Mapping
from typing import Any

from regx.config.identity import NO_QUESTION


def short_key(key: str) -> str:
    """A config's key where people read it: `hidden`, `l2.lam`, and of `optimizer.name` `optimizer`."""
    section, _, rest = key.partition(".")
    return section if rest in ("", "name") else rest


def setting(key: str, value: Any) -> str:
    """A config's key and value as `--set` takes them."""
    return f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"


def setting_value(value: Any) -> str:
    """A value of a config in a sentence: `0.01`, `8`, `64x64`, `normal: 0.1`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {setting_value(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return "x".join(map(setting_value, value)) or "none"
    return plain(value)


def plain(value: Any) -> str:
    """A value of a config in a table."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def asked_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """`dotted`, without what changes no number: where the table lies, and what was kept of a training."""
    return {key: item for key, item in dotted(config).items() if tuple(key.split(".", 1)) not in NO_QUESTION}


def dotted(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config's keys as they are typed after `--set`, but for name and seeds, which have columns of their own."""
    keys: dict[str, Any] = {}

    def add(path: str, item: Any) -> None:
        if isinstance(item, Mapping) and item:
            for key, inner in item.items():
                add(f"{path}.{key}", inner)
        else:
            keys[path] = "on" if item == {} else item

    for key, item in config.items():
        if key == "regularizers":
            for member in item:
                for kind, given in member.items():
                    add(f"regularizers.{kind}", given)
        elif key not in ("name", "seeds"):
            add(str(key), item)
    return keys
