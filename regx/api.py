"""The calls from Python, one for each command: `regx.run`, `regx.sweep`, `regx.diagnose`, ...

A config may be the path of a file, a mapping, or YAML text. Where runs are asked for, one may give runs, folders of
runs, and what the studies return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from regx.config.load import Given, Seeds
from regx.evidence.run import Run, read_run

if TYPE_CHECKING:
    from regx.notebook.figures import Figures
    from regx.notebook.table import ComparisonTable
    from regx.runner.networks import Options
    from regx.runner.plan import Pictured
    from regx.studies.ablation.along import AblationAlong
    from regx.studies.ablation.result import Ablation
    from regx.studies.bias_variance.result import BiasVariance
    from regx.studies.diagnosis.result import Diagnosed
    from regx.studies.lessons.result import Finding
    from regx.studies.recommendation.result import Recommendation
    from regx.studies.sweep.result import Sweep
    from regx.studies.worth.result import RowsWorth


class WithFolder(Protocol):
    """A run, or what a study returns."""

    @property
    def folder(self) -> Path: ...


Place = str | Path | WithFolder
Places = Place | Sequence[Place]


class Explanation(str):
    """Text that a notebook and the interpreter show as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def run(
    config: Given,
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
) -> Run:
    """Train every seed of a config that its run folder lacks, as `regx run` does, and return the run.

    seeds: how many, or which: a list, or `"3,5,8"`; the config's if None. set: overrides by key, such as
    `{"optimizer.lr": 0.01}`. out: where the run folder stands. jobs: processes to train in; None for as many as the
    work is worth. force: train finished seeds anew.
    Raises regx.RegxError, whose message says what was expected, what was found and where.
    """
    from regx.config.load import load_config
    from regx.runner.runs import Target, bring_up_to_date
    from regx.runner.standing import run_folder

    loaded = load_config(config, _overrides(set), seeds)
    target = Target(loaded, run_folder(loaded, Path(out)))
    bring_up_to_date([target], _options(jobs, force, pictured="run"))
    return load(target.folder).of_seeds(loaded.seeds)


def sweep(
    config: Given | None = None,
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
    *,
    peek: bool = False,
    max_trials: int | None = None,
    random: int | None = None,
    **axes: Any,
) -> Sweep:
    """Train a grid, as `regx sweep` does: its cells, their runs, and the one that validation chooses.

    A list in the config or in `set` where one value belongs is an axis. axes: `lam`, `dropout`, `lr`, `hidden` and
    `batch_size`, each with its values: a list, or words such as `"log(1e-4,1e-1,7)"`. Else as for `run`.
    """
    from regx.config.load import as_text, load_grid
    from regx.config.overrides import short_axes
    from regx.studies.sweep.compact import compact_sweep, is_large
    from regx.studies.sweep.question import chosen_numbers
    from regx.studies.sweep.question import sweep as train

    values = {key: value if isinstance(value, str) else as_text(list(value)).strip("[]") for key, value in axes.items()}
    grid = load_grid(config, _overrides(set), short_axes(**values), seeds)
    numbers = chosen_numbers(grid, max_trials, random)
    options = _options(jobs, force, peek)
    if is_large(grid, numbers):
        return compact_sweep(grid, numbers, Path(out), options)
    return train(grid, [grid.cells[number] for number in numbers], Path(out), options)


def race(
    config: Given | None = None,
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
    *,
    peek: bool = False,
) -> Sweep:
    """Train the lanes of a config, of the built-in race without one, as `regx race` does; else as for `run`.

    A notebook shows how the lanes stand while they train.
    """
    from regx.config.load import load_lanes
    from regx.notebook.live import raced
    from regx.runner.networks import Options
    from regx.studies.sweep.question import sweep as train

    lanes = load_lanes(config, _overrides(set), seeds)
    options = raced(Options(jobs, force, peek), [cell.config for cell in lanes.cells], peek)
    return train(lanes, lanes.cells, Path(out), options)


def ablate(
    config: Given,
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
    *,
    metric: str = "test_loss",
) -> Ablation | AblationAlong:
    """Train every on/off combination of the stack, as `regx ablate` does: what each member adds to `metric`.

    With a list in the config or in `set` where one value belongs, what each adds at every value.
    """
    from regx.config.load import load_grid
    from regx.studies.ablation.along import ablate_along
    from regx.studies.ablation.question import ablate as train

    grid = load_grid(config, _overrides(set), seeds=seeds)
    if grid.axes:
        return ablate_along(grid, Path(out), metric, _options(jobs, force))
    return train(grid.cells[0].config, Path(out), metric, _options(jobs, force))


def bias_variance(
    config: Given,
    draws: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
) -> BiasVariance:
    """The expected test error split into bias², variance and noise over `draws` training sets, along the config's axis.

    As `regx bias-variance` does; draws: the config's seeds if None. Else as for `run`.
    """
    from regx.config.load import load_grid
    from regx.studies.bias_variance.question import bias_variance as train

    return train(load_grid(config, _overrides(set), (), draws), Path(out), _options(jobs, force))


def worth(
    config: Given,
    rows: Sequence[int] = (),
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
    *,
    metric: str = "test_loss",
) -> RowsWorth:
    """What the lanes' regularizers are worth in training rows, as `regx worth`.  rows: sizes; else as `run`."""
    from regx.config.load import load_any
    from regx.studies.worth.question import worth as train

    return train(load_any(config, _overrides(set), seeds), Path(out), rows, metric, _options(jobs, force))


def lesson(
    name: str | Sequence[str] = (),
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
) -> list[Finding]:
    """Run exercises of the lessons, such as `001.3`, or all of one, such as `003`; each ends in a verdict.

    Without a name, the list of all exercises, none of them run: their verdict is None. set: for every network of an
    exercise. Else as for `run`. Raises regx.InputError, with the nearest name, for one that is not known.
    """
    from regx.studies.lessons.exercise import chosen, exercises
    from regx.studies.lessons.question import run_exercise
    from regx.studies.lessons.result import Finding

    wanted = chosen([name] if isinstance(name, str) else name)
    if not wanted:
        return [Finding(exercise) for exercise in exercises().values()]
    options = _options(jobs, force)
    return [run_exercise(exercise, Path(out), seeds, options, _overrides(set)) for exercise in wanted]


def recommend(
    table: str | Path,
    target: str | None = None,
    seeds: Seeds = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
    *,
    minutes: float = 5.0,
    config: str | Path | None = None,
    metric: str = "loss",
    fit: bool = False,
) -> Recommendation:
    """Which regularizers help on a table with this target, or on images, as `regx recommend` finds it.

    seeds: the splits; as many as time allows, 20 at most, if None. minutes: about how long it may take. config: where
    the recommended config is written, beside the race's folder. metric: what lanes are chosen and judged by: `loss`,
    `balanced_accuracy`, `auc`, `mae`. fit: train the recommended network on all rows; its run folder is `fitted`.
    Else as for `run`.
    """
    from regx.studies.recommendation.question import TableQuestion, planned
    from regx.studies.recommendation.race import recommend as race_table
    from regx.studies.recommendation.write import check_output, write
    from regx.studies.recommendation.write import fit as train_on_all_rows

    if config is not None:
        check_output(Path(config), force)
    options = _options(jobs, force)
    question = TableQuestion(Path(table), target, tuple(_overrides(set)), seeds, minutes, options, metric, fit)
    found = race_table(question, planned(question), Path(out))
    write(found, None if config is None else Path(config))
    return replace(found, fitted=train_on_all_rows(found, question, Path(out))) if fit else found


def load(folder: str | Path) -> Run:
    """The run in a folder. Raises regx.InputError, naming the file, if something is missing or damaged."""
    return read_run(folder)


def compare(runs: Places, baseline: Place | None = None, metric: str = "test_loss") -> ComparisonTable:
    """The comparison table: a row per run, as `regx compare --format csv` has it.

    baseline: a run or its folder, which need not be among them, or the name of one of them; the run without
    regularizers if None. metric: what differences and verdicts are about.
    What follows from it is its `conclusion`, and a list of sentences in `attrs["conclusion"]`.
    Raises regx.InputError where one of the runs cannot be read, and for a wrong baseline or metric.
    """
    from regx.notebook.table import comparison_table
    from regx.report.table import compare_frame

    return comparison_table(compare_frame(_paths(runs), None if baseline is None else _path(baseline), metric))


def diagnose(runs: Places) -> list[Diagnosed]:
    """What is wrong with each run, the evidence, and what to change next, as `regx diagnose` says it.

    Raises regx.InputError where one of the runs cannot be read.
    """
    from regx.core.errors import InputError
    from regx.studies.diagnosis.advice import diagnosed

    found, problems = diagnosed(_paths(runs))
    if problems:
        raise InputError("\n".join(problems))
    return found


def plot(
    runs: Places,
    kind: str | Sequence[str] = (),
    out: str | Path | None = None,
    format: str | None = None,
    dpi: int = 300,
    force: bool = False,
    *,
    width: float | None = None,
    height: float | None = None,
    style: str = "paper",
    metric: str = "test_loss",
) -> Figures:
    """matplotlib figures, as `regx plot` draws them: of these kinds, or all that fit. A notebook shows them.

    out: a folder, or with one kind a file, that they are written to; `files` of what is returned says where. width,
    height: in inches. style: `paper` or `talk`. metric: what comparisons and effects are about.
    """
    from regx.figures.style import Look
    from regx.notebook.figures import figures_of

    kinds = [kind] if isinstance(kind, str) else kind
    look = Look(style, width, height)
    return figures_of(_paths(runs), kinds, None if out is None else str(out), format, dpi, force, look, metric)


def report(
    runs: Places,
    output: str | Path = "report.html",
    baseline: Place | None = None,
    metric: str = "test_loss",
    force: bool = False,
) -> Path:
    """Write one self-contained page over the runs, as `regx report` does. Returns where it is."""
    from regx.page.write import write_page

    write_page(_paths(runs), Path(output), None if baseline is None else str(_path(baseline)), metric, force)
    return Path(output)


def explain(name: str | None = None) -> Explanation:
    """What a regularizer, dataset, optimizer, metric or key is, as `regx explain` says it; with no name the list."""
    from regx.reference.catalog import entries, explained

    if name is None:
        return Explanation("\n".join(f"{entry.name}: {entry.summary()}" for entry in entries()))
    said = []
    for entry in explained(name):
        keys = [f"{key}: {values}, default {default}. {meaning}" for key, values, default, meaning in entry.rows()]
        source = f"Source: {entry.source}" if entry.source else ""
        said.append("\n\n".join(filter(None, [f"{entry.name}  ({entry.group})", entry.text, "\n".join(keys), source])))
    return Explanation("\n\n".join(said))


def _options(jobs: int | None, force: bool, peek: bool = False, pictured: Pictured = None) -> Options:
    """How to train; a notebook shows how far it is."""
    from regx.notebook.live import followed
    from regx.runner.networks import Options

    return followed(Options(jobs, force, peek, pictured))


def _overrides(given: Mapping[str, Any] | None) -> list[str]:
    """Overrides as `--set` takes them."""
    from regx.config.load import as_text

    def text(key: str, value: Any) -> str:
        if isinstance(value, bool) and key.startswith("regularizers.") and key.count(".") == 1:
            return "on" if value else "off"
        return value if isinstance(value, str) else as_text(value, "set")

    return [f"{key}={text(key, value)}" for key, value in (given or {}).items()]


def _path(place: Place) -> str | Path:
    return place if isinstance(place, str | Path) else place.folder


def _paths(places: Places) -> list[str]:
    several = places if isinstance(places, Sequence) and not isinstance(places, str) else [places]
    return [str(_path(place)) for place in several]
