"""The comparison figure shows every seed, and the verdicts of the table."""

import numpy as np

from regx.figures import comparison
from regx.figures.style import styled
from regx.report.table import compare_rows


def test_it_has_a_dot_for_each_seed_and_the_tables_verdicts(runs) -> None:
    chosen = [runs["sine"], runs["sparse"], runs["stopped"]]
    with styled():
        figure = comparison.KIND.draw(chosen)
    left, right = figure.axes
    dots = [line for line in left.lines if line.get_label() == "a seed"]
    assert sorted(value for line in dots for value in line.get_xdata()) == sorted(
        value for run in chosen for value in run.per_seed("test_loss").values()
    )
    rows = compare_rows(chosen)
    said = [text.get_text() for text in right.texts]
    assert sorted(said) == sorted(row.cell("verdict") or "baseline" for row in rows)
    means = sorted(float(line.get_xdata()[0]) for line in right.lines if line.get_label() == "mean")
    assert means == sorted(row.difference["mean"] for row in rows if row.difference["mean"] is not None)
    assert right.get_xlabel() == "difference to none"


def test_runs_of_other_data_are_compared_apart(runs) -> None:
    with styled():
        figure = comparison.KIND.draw([runs[name] for name in ("sine", "circle", "sparse")])
    assert len(figure.axes) == 4


def test_alone_it_has_no_baseline(runs) -> None:
    with styled():
        figure = comparison.KIND.draw([runs["sparse"]])
    assert figure.axes[1].get_xlabel() == "no baseline among these runs"


def test_another_metric_is_compared_where_it_is_asked_for(runs) -> None:
    kind = comparison.about("test_accuracy")
    assert kind.unfit(runs["sine"]) == "it has no test_accuracy"
    assert kind.unfit(runs["circle"]) is None
    with styled():
        left, _ = kind.draw([runs["circle"]]).axes
    assert left.get_xlabel() == "test accuracy"
    dots = next(line for line in left.get_lines() if line.get_label() == "a seed")
    np.testing.assert_allclose(sorted(dots.get_xdata()), sorted(runs["circle"].per_seed("test_accuracy").values()))
