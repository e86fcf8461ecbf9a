"""The recommended network trained on all rows of the table, for predicting rows that it does not hold."""

from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.load import config_of
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder
from regx.studies.recommendation.question import TableQuestion
from regx.studies.recommendation.result import Recommendation

SEEDS = 5  # networks whose predictions are averaged


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
