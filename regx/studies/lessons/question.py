"""Running an exercise: its cells are trained as runs of one folder, and its questions are answered from them."""

import time
from collections.abc import Sequence
from pathlib import Path

from regx.config.grid import Axis, Cell
from regx.config.load import Seeds, config_of
from regx.evidence.data import held_out
from regx.evidence.run import Run
from regx.metrics import REGISTRY
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.stats.aggregate import Interval
from regx.stats.paired import difference_interval
from regx.stats.resampled import resampled_difference
from regx.stats.significance import paired_t_p
from regx.studies.lessons import demonstrations
from regx.studies.lessons.answer import Answer
from regx.studies.lessons.exercise import Exercise
from regx.studies.lessons.questions import Judge
from regx.studies.lessons.result import Finding


def run_exercise(
    exercise: Exercise, out: Path, seeds: Seeds = None, options: Options = DEFAULT, overrides: Sequence[str] = ()
) -> Finding:
    """Train what the exercise's cells lack in `out`/lesson-<name>, and answer its questions.

    seeds, overrides: in place of what every cell says.
    Raises RegxError where the folder holds something else or cannot be written, and where a table is not to be had.
    """
    start = time.perf_counter()
    answers: list[Answer] = getattr(demonstrations, exercise.demonstration)() if exercise.demonstration else []
    if not exercise.cells:
        return Finding(exercise, tuple(answers), time.perf_counter() - start)
    cells = cells_of(exercise, seeds, overrides)
    folder = out / f"lesson-{exercise.name}"
    axes = [Axis("lane", tuple(exercise.cells))]
    trained = train_cells(folder, f"lesson-{exercise.name}", axes, cells, options)
    runs = dict(zip(exercise.cells, trained, strict=True))
    for question in exercise.questions:
        values = {cell: per_seed(runs[cell], question.metric) for cell in question.cells}
        judge = judge_of([runs[cell] for cell in question.cells])
        answers.append(question.answer(values, judge, len(exercise.questions)))
    return Finding(exercise, tuple(answers), time.perf_counter() - start, folder)


def cells_of(exercise: Exercise, seeds: Seeds = None, overrides: Sequence[str] = ()) -> list[Cell]:
    """The configs of an exercise. seeds, overrides: in place of its own."""
    return [
        Cell(config_of(mapping, exercise.name, overrides, seeds), {"lane": name})
        for name, mapping in exercise.cells.items()
    ]


def per_seed(run: Run, metric: str) -> dict[int, float]:
    """A number of every seed: a metric at the reported epoch, a diagnostic, or one that exercises alone ask for.

    diverged: 1 where training did not stay finite, else 0. rise: the last validation loss less the least one.
    """
    entries = {int(seed): entry for seed, entry in run.summary["seeds"].items()}
    if metric == "diverged":
        return {seed: float(entry["status"] == "diverged") for seed, entry in entries.items()}
    if metric == "rise":
        losses = run.metrics.groupby("seed")["val_loss"]
        rises = (losses.last() - losses.min()).to_dict()
        return {seed: rises[seed] for seed in run.completed_seeds}
    if metric in REGISTRY:
        return run.per_seed(metric)
    facts = {seed: {**entries[seed], **entries[seed]["diagnostics"]} for seed in run.completed_seeds}
    return {seed: float(of[metric]) for seed, of in facts.items()}


def judge_of(runs: Sequence[Run]) -> Judge:
    """How differences over seeds are judged: those of generated data are independent, splits of one table are not."""
    ratio = held_out(runs[0])

    def judge(values: Sequence[float]) -> tuple[Interval, float]:
        p = paired_t_p(values) if ratio is None else resampled_difference(values, ratio).p
        return difference_interval(values, ratio), 1.0 if p is None else p

    return judge
