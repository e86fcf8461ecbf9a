"""The small files of a run folder, written strictly and read with suspicion: JSON, and the resolved config as YAML."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError
from regx.store.atomic import write_atomically

CONFIG, METRICS, SUMMARY, WEIGHTS, ABOUT = "config.yaml", "metrics.csv", "summary.json", "weights.npz", "run.json"
PREPARATION = "preparation.json"  # of a table: what new rows go through before each seed's network sees them
SNAPSHOTS = "snapshots.npz"  # where the config asks for some
SWEEP, BIAS_VARIANCE = "sweep.json", "bias_variance.json"  # of folders that hold a study
SEAL = "sha256"
_JSON_SEAL = re.compile(r',\n  "sha256": "([0-9a-f]{64})"\n}\n\Z')
_YAML_SEAL = re.compile(r"# sha256: ([0-9a-f]{64})\n\Z")


def strict(value: Any) -> Any:
    """The same value with null for every number that is not finite, which JSON cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    return [strict(item) for item in value] if isinstance(value, list | tuple) else value


def damaged(path: Path, what: str) -> InputError:
    """The error of a file that is not as it was written."""
    return InputError(
        f"{path}: damaged: {what}. Restore the file, or remove the folder {path.parent} and type the command that "
        "made it again."
    )


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a mapping with a seal: its last key is the SHA-256 of the text before it."""
    unsealed = {key: item for key, item in strict(value).items() if key != SEAL}
    text = json.dumps(unsealed, indent=2, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    write_atomically(path, f'{text},\n  "{SEAL}": "{sha256(text.encode())}"\n}}\n'.encode())


def read_json(path: Path, keys: tuple[str, ...] = (), sealed: bool = False) -> dict[str, Any]:
    """The mapping in a JSON file, which must have `keys`. A seal is checked, and with `sealed` there must be one.

    Raises InputError naming file and line.
    """
    text = read_text(path)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise damaged(path, f"expected JSON, found at line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise damaged(path, "expected JSON, found brackets nested without end") from None
    except ValueError as error:  # a number of thousands of digits
        raise damaged(path, f"expected JSON, found: {error}") from None
    _check_seal(path, text, _JSON_SEAL, sealed)
    return _mapping(path, value, keys)


def config_text(resolved: dict[str, Any]) -> str:
    """A resolved config as YAML 1.2."""
    import yaml

    text: str = yaml.dump(
        resolved, Dumper=_dumper(), sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
    )
    return text


def write_config(path: Path, resolved: dict[str, Any]) -> None:
    text = config_text(resolved)
    write_atomically(path, f"{text}# {SEAL}: {sha256(text.encode())}\n".encode())


def read_config(path: Path, sealed: bool = False) -> dict[str, Any]:
    """The resolved config of a run, as it was written by `write_config`. A seal is checked, as by `read_json`.

    Raises InputError naming file and line.
    """
    import yaml

    # The C parser reads a config in a third of a millisecond, the Python one in four.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = read_text(path)
    try:
        value = yaml.load(text, Loader=loader)  # noqa: S506  both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise damaged(path, f"expected YAML, found{where}: {getattr(error, 'problem', None) or 'no YAML'}") from None
    except (ValueError, RecursionError) as error:  # such as a date in the 13th month
        raise damaged(path, f"expected YAML, found {error}") from None
    _check_seal(path, text, _YAML_SEAL, sealed)
    config = _mapping(path, value, ("dataset", "regularizers", "seeds"))
    expect(path, config, "dataset", dict)
    for member in expect(path, config, "regularizers", list):
        if not isinstance(member, dict):
            raise damaged(path, f"expected a mapping for each of 'regularizers', found {member!r}")
    if not all(type(seed) is int for seed in expect(path, config, "seeds", list)):
        raise damaged(path, f"expected whole numbers under 'seeds', found {config['seeds']!r}")
    return config


def read_text(path: Path) -> str:
    """The text of a file. Raises InputError if it is missing or not UTF-8, RegxError if the disk refuses."""
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        raise damaged(path, "expected a file, found none") from None
    except OSError as error:
        raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = error.object[error.start]
        raise damaged(path, f"expected UTF-8, found in line {line} the byte {found:#x}") from None


def expect(path: Path, mapping: dict[str, Any], key: str, kind: type) -> Any:
    """What stands under a key of a file. Raises InputError if it is missing or not of the kind."""
    if not isinstance(mapping.get(key), kind):
        raise damaged(path, f"expected a {kind.__name__} under '{key}', found {mapping.get(key)!r}")
    return mapping[key]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_seal(path: Path, text: str, seal: re.Pattern[str], required: bool) -> None:
    """Raise InputError if the text has changed since it was sealed. Those of before there were seals have none."""
    found = seal.search(text)
    if found is None and (required or f'"{SEAL}"' in text[-200:]):
        raise damaged(
            path, f"expected its SHA-256 in the last line{'' if path.suffix == '.yaml' else ' but one'}, found none"
        )
    if found is not None and found[1] != sha256(text[: found.start()].encode()):
        raise damaged(path, "expected the content that was written, found another: its SHA-256 does not fit")


def _mapping(path: Path, value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise damaged(path, f"expected a mapping, found {'nothing' if value is None else type(value).__name__}")
    for key in keys:
        if key not in value:
            raise damaged(path, f"expected the key '{key}', found {', '.join(map(str, value)) or 'no keys'}")
    return value


@functools.cache
def _dumper() -> Any:
    """PyYAML's dumper, which quotes words that YAML 1.1 takes for words but YAML 1.2 for numbers, such as `1e-3`."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True  # no `*id001` where one list stands in two places

    def represent_text(dumper: Any, text: str) -> Any:
        # Line separators that are not plain ASCII come back as spaces unless they are escaped.
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')

    Dumper.add_representer(str, represent_text)
    number = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$|0x[0-9a-fA-F]+$")
    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+.0123456789"))
    return Dumper
