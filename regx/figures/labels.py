"""What figures call runs, features and losses, and which class a row is of."""

import textwrap

import numpy as np

from regx.core.arrays import Array
from regx.core.text import elided
from regx.data import REGISTRY
from regx.evidence.run import Run

LONGEST_LINE = 24  # letters that have room above, below or beside one of three panels


def words(text: object, longest: int = 40) -> str:
    """A name as it is, in one line: `$` begins no formula, and what is too long is shortened in its middle."""
    plain = elided("".join(sign if sign.isprintable() else " " for sign in str(text)), longest)
    # A legend leaves out what begins with an underscore.
    return (" " if plain.startswith("_") else "") + plain.replace("$", r"\$")


def folded(text: str) -> str:
    """A title or an axis's name from `words`, in lines that fit one of three panels beside each other."""
    lines = [line for part in text.replace(r"\$", "$").split("\n") for line in textwrap.wrap(part, LONGEST_LINE)]
    return "\n".join(lines).replace("$", r"\$")


def run_title(run: Run) -> str:
    """The name of a run, and what a reader must know of it."""
    diverged = len(run.seeds) - len(run.completed_seeds)
    remarks = [f"{diverged} of {len(run.seeds)} diverged"] if diverged else []
    remarks += ["peek"] if run.summary.peek else []
    return words(run.name) + (f" ({', '.join(remarks)})" if remarks else "")


def loss_label(task: str, dataset: str, of: str = "loss") -> str:
    """The name and unit of a loss."""
    if task != "regression":
        return f"{of}: cross-entropy (nats)"
    return f"{of}: mean squared error" + ("\n(of the standardised target)" if _is_standardised(dataset) else "")


def feature_label(run: Run, feature: str) -> str:
    scaled = _is_standardised(run.summary.dataset) and "=" not in feature  # a one-hot column is named word=level
    return folded(words(feature) + ("\n(standard deviations)" if scaled else ""))


def by_class(values: Array) -> Array:
    """Probabilities, or labels as 0 and 1, of each class, (n, C): of two classes with one output, (n, 1), of both."""
    return np.hstack([1 - values, values]) if values.shape[1] == 1 else values


def _is_standardised(dataset: str) -> bool:
    return dataset in REGISTRY and REGISTRY[dataset].standardised


def nothing_completed(run: Run) -> str | None:
    """Why a run has nothing to draw, if so."""
    return None if run.completed_seeds else "no seed of it has completed"
