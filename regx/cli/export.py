"""`regx export`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def command(
    run: Annotated[Path, Argument(metavar="RUN", help="the folder of a run on a table")],
    output: Annotated[Path, Option("-o", metavar="FILE", help="the ONNX model to write")],
) -> None:
    """Write a run's networks with their preparation as one ONNX model, for other programs."""
    from regx.evidence.onnx import export
    from regx.evidence.run import read_run
    from regx.report.output import Output
    from regx.store.atomic import check_place, write_atomically

    check_place(output, "the model", "model.onnx")
    write_atomically(output, export(read_run(run)))
    out = Output()
    out.line(output)
    out.next(f"regx predict {run} TABLE")
