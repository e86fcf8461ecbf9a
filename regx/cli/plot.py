"""`regx plot`."""

from typing import Annotated

import typer

from regx.cli.options import JsonOption, MetricOption, QuietOption, RunsArgument


def command(
    runs: RunsArgument,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            "-k",
            metavar="KIND",
            help="such as comparison, learning_curves or boundary; repeatable; else all that fit the runs",
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="DIR|FILE", help="folder for the files, or with one kind its file")
    ] = "plots",
    format: Annotated[
        str | None, typer.Option(metavar="png|svg|pdf", help="format of the files; else the ending of FILE, or png")
    ] = None,
    dpi: Annotated[int, typer.Option(metavar="N", min=30, max=1200, help="dots per inch of a PNG")] = 300,
    width: Annotated[float | None, typer.Option(metavar="INCHES", min=1, max=100, help="of each figure")] = None,
    height: Annotated[float | None, typer.Option(metavar="INCHES", min=1, max=100, help="of each figure")] = None,
    style: Annotated[
        str, typer.Option(metavar="paper|talk", help="letters and lines for a column, or for a screen")
    ] = "paper",
    show: Annotated[bool, typer.Option("--show", help="open the files with the system's viewer")] = False,
    force: Annotated[bool, typer.Option("--force", help="replace files that regx plot has not made")] = False,
    metric: MetricOption = "test_loss",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw figures of runs and print the files that are written."""
    from regx.figures.plot import Plots
    from regx.figures.style import Look
    from regx.report.output import Output

    output = Output("json" if json else None, quiet)
    plots = Plots(runs, kind or (), out, format, dpi, force, Look(style, width, height), metric)
    written = []
    for page in plots.write():
        drawn = [str(subject.folder) for subject in page.subjects]
        written.append({"kind": page.kind.name, "file": str(page.file), "runs": drawn})
        if not json:
            output.line(page.file)
            output.stream.flush()
    if json:
        output.document({"plots": written, "notes": plots.notes})
    output.warn(plots.notes)
    output.next(f"regx report {' '.join(map(str, runs))}")
    unseen = [one["file"] for one in written if show and typer.launch(str(one["file"])) != 0]
    if unseen:
        output.warn([f"--show: nothing here opens {', '.join(map(str, unseen))}"])
