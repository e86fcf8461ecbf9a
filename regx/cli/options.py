"""The options that the commands share, each with its one help text."""

from __future__ import annotations

from typing import Annotated

import typer

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="change a setting, such as optimizer.lr=0.01; repeatable"),
]
SeedsOption = Annotated[
    str | None, typer.Option("--seeds", metavar="N|A,B,...", help="N for the seeds 0 to N - 1, or a list of seeds")
]
OutOption = Annotated[str, typer.Option("--out", metavar="DIR", help="folder that the results are written into")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", metavar="N", min=1, help="processes to train in; else one per processor core")
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="train on the Dask cluster whose scheduler is there: tcp://HOST:PORT"
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="train anew what is already there")]
PeekOption = Annotated[
    bool,
    typer.Option("--peek", help="choose by the test split, not the validation split; recorded, and shown with the run"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="no progress and no notes")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="show what would be done, and do nothing")]
