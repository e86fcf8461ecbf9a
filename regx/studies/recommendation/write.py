"""Writing a recommendation: the config that is recommended, and recommendation.json beside the runs."""

import hashlib
import textwrap
from pathlib import Path

from regx.core.errors import InputError, RegxError
from regx.core.text import clean
from regx.store.atomic import check_place, write_atomically
from regx.store.files import FORMAT, OUTCOME, config_text, write_json
from regx.studies.recommendation.display import conclusion_lines, document
from regx.studies.recommendation.result import RECOMMENDED, Recommendation


def check_output(path: Path, force: bool) -> None:
    """Raise InputError unless the config may be written there: nothing of somebody else's is replaced unasked."""
    check_place(path, "the config", "my.yaml")
    if path.exists() and not force:
        try:
            first, _, rest = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
        if first != _mark(rest):
            raise InputError(
                f"{path}: there is a file already that `regx recommend` did not write, or that was changed since. "
                "Expected a new name after -o, or --force, which replaces it and trains everything anew."
            )


def _mark(rest: bytes) -> bytes:
    """The first line of a config that is written here, by which it is known again while nobody has changed it."""
    return f"# By regx recommend; unchanged while this fits: {hashlib.sha256(rest).hexdigest()[:8]}".encode()


def write(found: Recommendation, path: Path | None) -> Path:
    """Write the recommended config, to `path` or into the race's folder, and the document beside the runs.

    Returns where the config is. Raises RegxError if the disk refuses.
    """
    target = path or found.folder / RECOMMENDED
    resolved = {**found.config.resolved, "dataset": dict(found.config.resolved["dataset"])}
    table, beside = Path(resolved["dataset"]["path"]), target.parent.resolve()
    if table.is_relative_to(beside):  # then both can be moved together
        resolved["dataset"]["path"] = str(table.relative_to(beside))
    lines = conclusion_lines(found)
    comment = "".join(f"# {line}\n" for text in lines for line in textwrap.wrap(clean(text), 118))
    for each in dict.fromkeys((found.folder / RECOMMENDED, target)):
        own = resolved if each == target else found.config.resolved
        content = f"{comment}{config_text(own)}".encode()
        write_atomically(each, _mark(content) + b"\n" + content)
    facts = {"config": str(target), "measured": found.numbers()}
    write_json(found.folder / OUTCOME, {"format": FORMAT, **document(found), **facts})
    return target
