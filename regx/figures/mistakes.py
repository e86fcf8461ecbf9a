"""The test images that a network is most surely wrong about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.data.dataset import Dataset
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import by_class, nothing_completed, run_title, words
from regx.figures.parts import blank
from regx.figures.pictures import as_shown, show
from regx.figures.style import Figure

ACROSS, MOST = 6, 18
LONGEST_CLASS = 14


@dataclass(frozen=True)
class Mistakes:
    """What is drawn of one run: of its first completed seed's wrong predictions the surest, the surest first.

    images: (n, C, H, W). labels, said: names of classes. sure: the probability of the predicted class, (n,).
    wrong, of: how many test images there are that it is wrong about, and how many in all.
    """

    title: str
    seed: int
    images: Array
    labels: tuple[str, ...]
    said: tuple[str, ...]
    sure: Array
    wrong: int
    of: int


def unfit(run: Run) -> str | None:
    return nothing_completed(run) if run.typed.dataset.is_images else "its data are no images"


def read(run: Run) -> Mistakes:
    """Raises InputError where there is no mistake, or the data are gone."""
    seed = run.completed_seeds[0]
    data = dataset_of(run, seed)
    p, labels = by_class(predict(run, data.test.x, seed)), by_class(data.test.y).argmax(axis=1)
    said, sure = p.argmax(axis=1), p.max(axis=1)
    wrong = np.flatnonzero(said != labels)
    if not len(wrong):
        raise InputError(f"{run.name}: mistakes: seed {seed} is right about all {len(labels)} test images.")
    surest = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST]
    assert data.images is not None
    return Mistakes(
        run_title(run), seed, data.images.pixels(data.test.x[surest]), _names(data, labels[surest]),
        _names(data, said[surest]), sure[surest], len(wrong), len(labels),
    )  # fmt: skip


def _names(data: Dataset, numbers: Array) -> tuple[str, ...]:
    return tuple(words(data.classes[number], LONGEST_CLASS) for number in numbers)


def draw(runs: Sequence[Mistakes]) -> Figure:
    (one,) = runs
    across, down = min(len(one.images), ACROSS), -(-len(one.images) // ACROSS)
    figure = blank(max(1.15 * across, 3.5), 1.5 * down + 0.5)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for panel in axes:
        panel.set_axis_off()
    pictures = as_shown(one.images)
    for panel, picture, label, said, sure in zip(axes, pictures, one.labels, one.said, one.sure, strict=False):
        show(panel, picture)
        panel.set_title(f"is {label},\nsays {said} ({sure:.2f})", fontsize=6)
    shown = "all of them" if len(one.images) == one.wrong else "the surest"
    figure.suptitle(
        f"mistakes of {one.title}, seed {one.seed}: {one.wrong} of {one.of} test images, {shown} with the "
        "probability given",
        fontsize=8, wrap=True,
    )  # fmt: skip
    return figure


KIND = Kind("mistakes", "run", "the test images that it is most surely wrong about", unfit, draw, read)
