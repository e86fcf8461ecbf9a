"""What a notebook shows of a run, a study, a comparison: name, sentence, table, a small figure."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from regx.core.errors import RegxError
from regx.evidence.run import Run
from regx.notebook.figures import picture
from regx.notebook.output import HtmlOutput, escaped
from regx.report.conclusion import opening
from regx.report.output import Output
from regx.report.table import compare_rows
from regx.studies.ablation.result import Ablation
from regx.studies.bias_variance.result import BiasVariance
from regx.studies.diagnosis.result import Diagnosed
from regx.studies.lessons.result import Finding
from regx.studies.recommendation.result import Recommendation
from regx.studies.sweep.result import Sweep
from regx.studies.worth.result import RowsWorth

COLUMNS = ("name", "stack", "train_loss", "val_loss", "test_loss", "difference", "p", "verdict")  # a cell has room for


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
    raise NotImplementedError(type(result))


@say.register
def _(run: Run, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.report.run import print_run
    from regx.studies.diagnosis.question import diagnose

    out.heading(run.name, f"  {run.stack}")
    found = diagnose(run)
    out.text([f"Diagnosis: {found.verdict}. {found.evidence[0].text if found.evidence else ''}"])
    print_run(run, out)
    return [run.folder], ["fitted", "boundary", "learning_curves"]


@say.register
def _(sweep: Sweep, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.sweep.display import print_sweep

    out.heading(sweep.name)
    out.text(opening(compare_rows(sweep.runs))[:1] if sweep.runs else [])
    print_sweep(sweep, out, columns=COLUMNS)
    return [sweep.folder], ["heat_map", "validation_curve", "comparison"]


def _printed(kinds: Sequence[str], print_result: Callable[[Any, Output], object], result: Any, out: Output) -> Any:
    out.heading(getattr(result, "name", ""))
    print_result(result, out)
    return [result.folder], kinds


@say.register
def _(study: Ablation, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.ablation.display import print_ablation

    return _printed(["comparison"], print_ablation, study, out)  # type: ignore[no-any-return]


@say.register
def _(study: BiasVariance, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.bias_variance.display import print_study

    return _printed(["bias_variance"], print_study, study, out)  # type: ignore[no-any-return]


@say.register
def _(study: RowsWorth, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.worth.display import print_worth

    return _printed(["validation_curve", "comparison"], print_worth, study, out)  # type: ignore[no-any-return]


@say.register
def _(study: Recommendation, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.recommendation.display import print_recommendation

    print_recommendation(study, out)
    return [study.folder], ["comparison"]


@say.register
def _(found: Diagnosed, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.diagnosis.display import print_diagnoses

    print_diagnoses([found], out)
    return [] if found.run is None else [found.run.folder], ["learning_curves"]


@say.register
def _(found: Finding, out: Output) -> tuple[Sequence[Path], Sequence[str]]:
    from regx.studies.lessons.display import print_finding

    print_finding(found, out)
    return [], []
