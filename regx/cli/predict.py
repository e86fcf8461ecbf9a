"""`regx predict`."""

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from regx.cli.options import JsonOption


def command(
    run: Annotated[Path, Argument(metavar="RUN", help="a run folder")],
    table: Annotated[Path, Argument(metavar="TABLE", help="a CSV file: columns by name; of images .npz, a folder")],
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
    frame = predict_rows(read_run(run), table).frame()
    if output is None:
        out = Output("json" if json else "csv")
        rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        (out.document if json else out.flat)(rows)
        return
    text = frame.to_json(orient="records", indent=2) + "\n" if json else frame.to_csv(index=False, lineterminator="\n")
    write_atomically(output, text.encode())
    Output().next(f"regx export {run} -o model.onnx")
