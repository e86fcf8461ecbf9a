"""The options that the commands share, each with its one help text.

A command that asks for one of the groups here, `def command(config: ..., asked: TrainingOptions)`, has all its options.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from typer import Argument, Option

if TYPE_CHECKING:
    from regx.report.output import Output
    from regx.runner.cluster import Jobs
    from regx.runner.networks import Options

SetOption = Annotated[
    list[str] | None,
    Option("--set", "-s", metavar="KEY=VALUE", help="change a setting, such as optimizer.lr=0.01; repeatable"),
]
SeedsOption = Annotated[
    str | None, Option("--seeds", metavar="N|A,B,...", help="N for the seeds 0 to N - 1, or a list of seeds")
]
OutOption = Annotated[str, Option("--out", metavar="DIR", help="folder that the results are written into")]
PeekOption = Annotated[
    bool, Option("--peek", help="choose by the test split, not the validation split; recorded, and shown with the run")
]
BaselineOption = Annotated[
    str | None, Option("--baseline", metavar="RUN", help="what to compare with; else the run without regularizers")
]
ColumnsOption = Annotated[str | None, Option("--columns", metavar="A,B,C", help="these columns, in this order")]
MetricOption = Annotated[str, Option("--metric", help="what difference and verdict are about")]
JsonOption = Annotated[bool, Option("--json", help="print one JSON document and nothing else")]
QuietOption = Annotated[bool, Option("--quiet", "-q", help="no progress and no notes")]
RunsArgument = Annotated[list[str], Argument(metavar="RUN...", help="run folders, or folders that hold runs")]


@dataclass(frozen=True)
class Saying:
    """How a command says what it found."""

    format: Annotated[
        str | None,
        Option("--format", metavar="table|json|csv|md", help="else a table on a terminal, and tabs in a pipe"),
    ] = None
    json: JsonOption = False
    quiet: QuietOption = False

    def output(self) -> Output:
        from regx.report.output import Output

        return Output("json" if self.json else self.format, self.quiet)


@dataclass(frozen=True)
class TrainingOptions(Saying):
    """What every command that trains can be asked for."""

    overrides: SetOption = None
    seeds: SeedsOption = None
    out: OutOption = "runs"
    jobs: Annotated[
        int | None, Option("--jobs", metavar="N", min=1, help="processes to train in; else one per processor core")
    ] = None
    force: Annotated[bool, Option("--force", help="train anew what is already there")] = False
    dry_run: Annotated[bool, Option("--dry-run", "-n", help="show what would be done, and do nothing")] = False

    @property
    def set(self) -> Sequence[str]:
        return self.overrides or ()

    @property
    def folder(self) -> Path:
        return Path(self.out)

    def options(self, peek: bool = False) -> Options:
        from regx.runner.networks import Options

        return Options(self.places(), self.force, peek)

    def places(self) -> Jobs:
        return self.jobs


@dataclass(frozen=True)
class Placed(TrainingOptions):
    """Training that a cluster can do too."""

    dask: Annotated[
        str | None,
        Option("--dask", metavar="ADDRESS", help="train on the Dask cluster whose scheduler is there: tcp://HOST:PORT"),
    ] = None

    def places(self) -> Jobs:
        from regx.runner.cluster import where_to_train

        return where_to_train(self.jobs, self.dask)


def with_options(function: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of each group that it asks for, which it is then given as one value."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    shown: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in groups:
            shown.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name]))
            continue
        of_group = get_type_hints(groups[name], include_extras=True)
        for one in fields(groups[name]):
            of: Any = {"default": one.default, "annotation": of_group[one.name]}
            shown.append(inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, **of))

    @functools.wraps(function)
    def command(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{one.name: given.pop(one.name) for one in fields(kind)})
        function(**given)

    command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in shown}
    return command
