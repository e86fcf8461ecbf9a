"""Pictures of a page that are no live figures: those of runs over images, and those of studies, with what they say."""

import base64
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from regx.core.errors import RegxError
from regx.evidence.data import dataset_of
from regx.evidence.run import Run
from regx.figures import ablation, filters, mistakes, validation_curve
from regx.figures.kind import Kind
from regx.figures.pictures import picture_of
from regx.figures.style import content, styled
from regx.store.files import SWEEP
from regx.studies.ablation.along import read_along
from regx.studies.ablation.display import answers
from regx.studies.ablation.display_along import answers_along
from regx.studies.ablation.result import read_ablation
from regx.studies.sweep.display import fitting
from regx.studies.sweep.interpolation import interpolation
from regx.studies.sweep.result import read_sweep

DPI = 90
MOST = 6  # runs of a page whose pictures are drawn


def pictures(run: Run) -> list[tuple[str, str]]:
    """What each shows, and the picture as a data address; none of a run over no images, or whose data are gone."""
    try:
        if not run.typed.dataset.is_images or not run.completed_seeds:
            return []
    except RegxError:
        return []
    seed = run.completed_seeds[0]
    drawn = {f"What the steps of seed {seed} see of an image of each class": partial(_steps, run, seed)}
    if filters.unfit(run) is None:
        drawn["The filters of the first convolution"] = partial(_drawn, filters.KIND, run)
    drawn["The test images that it is most surely wrong about"] = partial(_drawn, mistakes.KIND, run)
    found = []
    for caption, draw in drawn.items():
        with contextlib.suppress(RegxError):  # there is no mistake, or the data have changed
            found.append((caption, _address(draw())))
    return found


def studies(runs: Sequence[Run], metric: str) -> list[tuple[str, str, list[str]]]:
    """Of the ablations and the sweeps along which fitting begins that runs belong to: name, picture, sentences."""
    found = []
    for folder in dict.fromkeys(run.folder.parent for run in runs if (run.folder.parent / SWEEP).is_file()):
        with contextlib.suppress(RegxError):  # the page has named it already
            swept = read_sweep(folder, runs, with_folders=True)
            fitted = interpolation(swept)
            if ablation.unfit(swept) is None:
                along = any(not axis.switches for axis in swept.axes)
                said = answers_along(read_along(swept, metric)) if along else answers(read_ablation(folder, metric))
                found.append((f"ablation {swept.name}", _address(_drawn(ablation.about(metric), swept)), said))
            elif fitted is not None:
                curve = _address(_drawn(validation_curve.KIND, swept))
                found.append((f"sweep {swept.name}", curve, fitting(fitted)))
    return found


def _steps(run: Run, seed: int) -> bytes:
    dataset_of(run, seed)  # raises for other images than it was trained on, which may be a stranger's
    return picture_of(run.typed, seed, DPI)


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _drawn(kind: Kind, subject: Any) -> bytes:
    with styled():
        return content(kind.draw([kind.read(subject)]), "png", DPI)
