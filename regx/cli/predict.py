"""`regx predict`."""

from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from regx.cli.options import JsonOption


def command(
    run: Annotated[Path, Argument(metavar="RUN", help="a run folder")],
    table: Annotated[Path, Argument(metavar="TABLE", help="a CSV file; for images an .npz file or a folder")],
    output: Annotated[Path | None, Option("-o", metavar="FILE", help="write the predictions here")] = None,
    json: JsonOption = False,
) -> None:
    """Predict for the raw rows of a table: a row each, with class probabilities and the spread over seeds."""
    from regx.evidence.rows import predict_rows
    from regx.evidence.run import read_run
    from regx.report.output import Output
    from regx.store.atomic import check_place, write_atomically

    if output is not None:
        check_place(output, "the predictions", "predictions.csv")
    rows: list[dict[str, Any]] = predict_rows(read_run(run), table).frame().to_dict("records")  # type: ignore[assignment]
    text = StringIO()
    out = Output("json" if json else "csv", stream=None if output is None else text)
    (out.document if json else out.flat)(rows)
    if output is None:
        return
    write_atomically(output, text.getvalue().encode())
    Output().next(f"regx export {run} -o model.onnx")
