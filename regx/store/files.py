"""The small files of a run folder, written strictly and read with suspicion: JSON, and the resolved config as YAML."""

import functools
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from regx.config.problems import ConfigError
from regx.core.errors import InputError
from regx.core.memory import memory
from regx.store.atomic import write_atomically
from regx.store.opened import damaged, read_bytes

CONFIG, METRICS, SUMMARY, WEIGHTS, ABOUT = "config.yaml", "metrics.csv", "summary.json", "weights.npz", "run.json"
PREPARATION = "preparation.json"  # of a table: what new rows go through before each seed's network sees them
SNAPSHOTS = "snapshots.npz"  # where the config asks for some
SWEEP, BIAS_VARIANCE = "sweep.json", "bias_variance.json"  # of folders that hold a study
OUTCOME, TUNING = "recommendation.json", "tuning.json"  # of what is recommended, and what was trained for it
SEAL = "sha256"
FORMAT = 2  # of run folders and studies, in run.json and in the file of a study; 1 had no number (version 0.1.0)
MOST_BYTES, MOST_BYTES_IN_MEMORY = 16 << 20, 2 << 30  # of a small file, and of one as large as its run
_JSON_SEAL = re.compile(r',\n  "sha256": "([0-9a-f]{64})"\n}\n\Z')
_YAML_SEAL = re.compile(r"# sha256: ([0-9a-f]{64})\n\Z")


def strict(value: Any) -> Any:
    """The same value with null for every number that is not finite, which JSON cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    return [strict(item) for item in value] if isinstance(value, list | tuple) else value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a mapping with a seal: its last key is the SHA-256 of the text before it."""
    unsealed = {key: item for key, item in strict(value).items() if key != SEAL}
    text = json.dumps(unsealed, indent=2, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    write_atomically(path, f'{text},\n  "{SEAL}": "{sha256(text.encode())}"\n}}\n'.encode())


def read_json(path: Path, sealed: bool = False) -> dict[str, Any]:
    """The mapping in a JSON file, which holds what `content` describes of a file of its name.

    A seal is checked, and with `sealed` there must be one. Raises InputError naming file and line or key, and where a
    later version has written it.
    """
    text = read_text(path)
    try:
        value = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise damaged(path, f"expected JSON, found at line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise damaged(path, "expected JSON, found brackets nested without end") from None
    except ValueError as error:  # a number of thousands of digits
        raise damaged(path, f"expected JSON, found: {error}") from None
    _check_format(path, value)
    _check_seal(path, text, _JSON_SEAL, sealed)
    return _described(path, value)


def _no_number(word: str) -> None:
    raise ValueError(f"{word}, which is no number of JSON")


def _check_format(path: Path, value: Any) -> None:
    """Raise InputError if a later version has written the file, in a format that this one does not know."""
    found = value.get("format", 1) if isinstance(value, dict) else 1
    if type(found) is not int or found < 1:
        raise damaged(path, f"expected a number under 'format', found {found!r}")
    if found > FORMAT:
        versions = value.get("versions")
        by = versions.get("regx") if isinstance(versions, dict) else None
        least = f"regx>={by}" if isinstance(by, str) and re.fullmatch(r"[0-9a-z.+]{1,30}", by) else "regx"
        raise InputError(
            f"{path}: expected format {FORMAT} or an earlier one, found {found}, which a later version of regx has "
            f"written. Type: pip install --upgrade '{least}'"
        )


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
    from regx.config.reader import read_stored

    text = read_text(path)
    try:
        value = read_stored(text, str(path)).plain()
    except ConfigError as error:
        problem = error.problems[0]
        raise damaged(path, f"expected YAML, found at line {problem.place.line}: {problem.message}") from None
    _check_seal(path, text, _YAML_SEAL, sealed)
    return _described(path, value)


def most_bytes() -> int:
    """The size of the largest file that is read whole: it takes several times as much memory."""
    return int(min(memory() / 16, MOST_BYTES_IN_MEMORY))


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file. Raises InputError if it is missing, too large or not UTF-8, RegxError if the disk refuses."""
    try:
        return read_bytes(path, most).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = error.object[error.start]
        raise damaged(path, f"expected UTF-8, found in line {line} the byte {found:#x}") from None


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_seal(path: Path, text: str, seal: re.Pattern[str], required: bool) -> None:
    """Raise InputError if the text has changed since it was sealed. Older files have none."""
    found = seal.search(text)
    if found is None and (required or f'"{SEAL}"' in text[-200:]):
        raise damaged(
            path, f"expected its SHA-256 in the last line{'' if path.suffix == '.yaml' else ' but one'}, found none"
        )
    if found is not None and found[1] != sha256(text[: found.start()].encode()):
        raise damaged(path, "expected the content that was written, found another: its SHA-256 does not fit")


def _described(path: Path, value: Any) -> dict[str, Any]:
    """The value, if it is what a file of this name holds. Raises InputError naming the key where it is not."""
    from regx.store.content import FILES
    from regx.store.shape import mapping

    if wrong := FILES.get(path.name, mapping()).wrong(value):
        raise damaged(path, wrong)
    found: dict[str, Any] = value
    return found


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
