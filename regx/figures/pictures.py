"""Images as figures show them, and the contact sheet: what the steps of a training see of some images."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.engine.batches import Batch
from regx.engine.state import State
from regx.figures.labels import by_class, words
from regx.figures.parts import blank
from regx.figures.style import Axes, Figure, content, styled
from regx.runner.plan import Trainee, plan

ACROSS, MOST_CLASSES = 9, 20


def as_shown(images: Array) -> list[Array]:
    """Images (n, C, H, W) as (H, W) or (H, W, 3) between 0 and 1; of other channels than 1 or 3 their mean."""
    low, high = min(float(images.min()), 0.0), max(float(images.max()), 1.0)
    scaled = (images - low) / (high - low)
    return [np.moveaxis(one, 0, 2) if len(one) == 3 else one.mean(axis=0) for one in scaled]


def show(panel: Axes, picture: Array) -> Any:
    """Draw an image from `as_shown`, a grey one from black to white."""
    return panel.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


@dataclass(frozen=True)
class Sheet:
    """What is drawn of a training split.

    images: (classes, n, C, H, W), of each class one as it is, then what steps see of it; or where nothing changes them,
    n of them as they are. stack: what changes them; empty for nothing.
    """

    classes: tuple[str, ...]
    images: Array
    stack: tuple[str, ...]


def sheet(config: Config, seed: int) -> Sheet:
    """What the steps of a seed's training see of the first image of each class. Raises InputError for a table."""
    data = config.dataset.load(seed)
    if data.images is None:
        raise InputError(f"--pictures: expected images, found {config.dataset.kind}, whose rows are none.")
    train = data.train
    labels = by_class(train.y).argmax(axis=1)
    rows = [np.flatnonzero(labels == label)[:ACROSS] for label in range(min(len(data.classes), MOST_CLASSES))]
    there = [label for label, found in enumerate(rows) if len(found)]
    classes = tuple(data.classes[label] for label in there)
    acting = tuple(member.kind for member in config.stack if "on_batch" in member.hooks())
    chosen = [np.resize(rows[label], ACROSS) for label in there]
    if not acting:
        return Sheet(classes, np.stack([data.images.pixels(train.x[each]) for each in chosen]), ())
    first = np.array([each[0] for each in chosen])
    population = next(iter(plan([config], [Trainee(0, seed)], 1))).population
    step = State(population).training_step
    x = np.ones((1, train.x.shape[1] + 1, len(first)), population.dtype)
    x[0, :-1] = train.x[first].T
    y = train.y[first].T[None].astype(x.dtype)
    seen = [train.x[first], *(step.entering(Batch(x, y))[0][0].T for _ in range(ACROSS - 1))]
    return Sheet(classes, np.stack([data.images.pixels(each) for each in seen], axis=1), acting)


def draw_sheet(one: Sheet) -> Figure:
    pictures = [as_shown(images) for images in one.images]
    height, width = pictures[0][0].shape[:2]
    gap = max(height // 8, 1)
    white = np.ones((len(pictures) * (height + gap), ACROSS * (width + gap), *pictures[0][0].shape[2:]))
    for row, several in enumerate(pictures):
        for column, picture in enumerate(several):
            top, left = row * (height + gap), column * (width + gap)
            white[top : top + height, left : left + width] = picture
    figure = blank(0.72 * ACROSS + 0.6, 0.72 * len(pictures) * height / width + 0.6)
    panel = figure.subplots()
    show(panel, white)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    panel.xaxis.tick_top()
    panel.set_yticks(np.arange(len(pictures)) * (height + gap) + height / 2, [words(name, 10) for name in one.classes])
    titles = ["as it is", "as steps see it"] if one.stack else []
    panel.set_xticks(np.arange(len(titles)) * (width + gap) + width / 2, titles)
    of = " + ".join(one.stack) if one.stack else "no augmentation in the stack: training images as they are"
    figure.suptitle(words(of, 90), fontsize=8)
    return figure


def picture_of(config: Config, seed: int, dpi: int = 150) -> bytes:
    """The contact sheet as a PNG file. Raises InputError for a table."""
    with styled():
        return content(draw_sheet(sheet(config, seed)), "png", dpi)
