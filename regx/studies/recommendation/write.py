"""What is done with a recommendation: its config and recommendation.json are written, and its network may be trained.

That is on all rows of the table, for predicting rows that it does not hold.
"""

import hashlib
import textwrap
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.load import config_of
from regx.core.errors import InputError, RegxError
from regx.core.text import clean
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder
from regx.store.atomic import check_place, write_atomically
from regx.store.files import FORMAT, OUTCOME, config_text, write_json
from regx.studies.recommendation.display import document
from regx.studies.recommendation.question import TableQuestion
from regx.studies.recommendation.result import RECOMMENDED, Recommendation
from regx.studies.recommendation.words import conclusion_lines

SEEDS = 5  # networks whose predictions are averaged


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


def fitted_config(found: Recommendation) -> Config:
    """The recommended config with no test rows, and validation rows only where early stopping looks at them."""
    resolved = found.config.resolved
    dataset: dict[str, Any] = {**resolved["dataset"], "test_fraction": 0.0}
    dataset.pop("n_train", None)
    if "early_stopping" not in [kind for member in resolved["regularizers"] for kind in member]:
        dataset["val_fraction"] = 0.0
    name = f"{Path(dataset['path']).stem}-fit"
    return config_of({**resolved, "name": name, "dataset": dataset, "seeds": SEEDS}, dataset["path"])


def fit(found: Recommendation, question: TableQuestion, out: Path) -> Path:
    """Train the recommended network on all rows, and return its run folder, which `regx predict` takes.

    Raises RegxError where the folder cannot be written.
    """
    config = fitted_config(found)
    folder = run_folder(config, out)
    bring_up_to_date([Target(config, folder)], question.options)
    return folder
