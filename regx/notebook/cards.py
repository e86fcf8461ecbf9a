"""What a notebook shows of a run, a study, a comparison: name, sentence, table, a small figure."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.core.errors import RegxError
from regx.evidence.run import Run
from regx.notebook.figures import picture
from regx.notebook.output import HtmlOutput, escaped
from regx.report.conclusion import opening
from regx.report.output import Output
from regx.report.run import print_run
from regx.report.table import compare_rows
from regx.studies.ablation.along import AblationAlong
from regx.studies.ablation.display import print_ablation
from regx.studies.ablation.display_along import print_along
from regx.studies.ablation.result import Ablation
from regx.studies.bias_variance.display import print_study
from regx.studies.bias_variance.result import BiasVariance
from regx.studies.diagnosis.display import print_diagnoses
from regx.studies.diagnosis.question import diagnose
from regx.studies.diagnosis.result import Diagnosed
from regx.studies.lessons.display import print_finding
from regx.studies.lessons.result import Finding
from regx.studies.recommendation.display import print_recommendation
from regx.studies.recommendation.result import Recommendation
from regx.studies.sweep.display import print_sweep
from regx.studies.sweep.result import Sweep
from regx.studies.worth.display import print_worth
from regx.studies.worth.result import RowsWorth

COLUMNS = ("name", "stack", "train_loss", "val_loss", "test_loss", "difference", "p", "verdict")  # a cell has room for
# What prints a study as its command does, and of which kinds of figures the first that fits is drawn beside it.
STUDIES: Mapping[type, tuple[Callable[[Any, Output], object], tuple[str, ...]]] = {
    Ablation: (print_ablation, ("comparison",)),
    AblationAlong: (print_along, ("ablation",)),
    BiasVariance: (print_study, ("bias_variance",)),
    RowsWorth: (print_worth, ("validation_curve", "comparison")),
    Recommendation: (print_recommendation, ("comparison",)),
}


def card(result: Any) -> str:
    """A result as HTML. What cannot be said or drawn, as where files are gone, is said in its place."""
    out = HtmlOutput()
    try:
        paths, kinds = say(result, out)
        drawn = picture(paths, kinds)
    except RegxError as error:
        drawn = f"<p>{escaped(error)}</p>"
    return f"<div>{out.html}{drawn}</div>"


@functools.singledispatch
def say(result: Any, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    """Say what was found. Returns what a figure is drawn of, and of which kinds the first that fits."""
    print_result, kinds = STUDIES[type(result)]
    out.heading(getattr(result, "name", ""))
    print_result(result, out)
    return [result.folder], kinds


@say.register
def _(run: Run, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    out.heading(run.name, f"  {run.stack}")
    found = diagnose(run)
    out.text([f"Diagnosis: {found.verdict}. {found.evidence[0].text if found.evidence else ''}"])
    print_run(run, out)
    return [run.folder], ["fitted", "boundary", "learning_curves"]


@say.register
def _(sweep: Sweep, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    out.heading(sweep.name)
    out.text(opening(compare_rows(sweep.runs))[:1] if sweep.runs else [])
    print_sweep(sweep, out, columns=COLUMNS)
    return [sweep.folder], ["heat_map", "validation_curve", "comparison"]


@say.register
def _(found: Diagnosed, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    print_diagnoses([found], out)
    return [] if found.run is None else [found.run.folder], ["learning_curves"]


@say.register
def _(found: Finding, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    print_finding(found, out)
    return [], []
