"""`regx sweep`."""

from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import ColumnsOption, MetricOption, PeekOption, Placed
from regx.cli.progress import followed
from regx.cli.warn import warn

VALUES = "VALUES"


def command(
    asked: Placed,
    config: Annotated[
        str | None, Argument(metavar="[CONFIG]", help="a config file; without one, the built-in sine config")
    ] = None,
    lam: Annotated[str | None, Option(metavar=VALUES, help="strengths of the stack's one penalty, or of l2")] = None,
    dropout: Annotated[str | None, Option(metavar=VALUES, help="probabilities to drop")] = None,
    lr: Annotated[str | None, Option(metavar=VALUES, help="learning rates")] = None,
    hidden: Annotated[str | None, Option(metavar=VALUES, help="units of the hidden layers")] = None,
    batch_size: Annotated[str | None, Option(metavar=VALUES, help="samples per step, or full")] = None,
    max_trials: Annotated[int | None, Option(metavar="N", min=1, help="at most so many cells of the grid")] = None,
    random: Annotated[int | None, Option(metavar="N", min=1, help="so many cells, drawn at random")] = None,
    peek: PeekOption = False,
    compact: Annotated[
        bool, Option("--compact", help="one file for all networks, run folders for the best 10 alone")
    ] = False,
    metric: MetricOption = "test_loss",
    columns: ColumnsOption = None,
) -> None:
    """Train a grid and print its table, best first, with the validation curve along its axis.

    VALUES are a comma list such as 0.001,0.01,0.1, or log(1e-4,1e-1,7), or linear(0,0.5,6). Every -s KEY=a,b,c is an
    axis too, and so is a list in the config where one value belongs.
    """
    from regx.config.load import load_grid
    from regx.config.overrides import short_axes
    from regx.metrics import check_metric
    from regx.metrics.metric import ALL_TASKS
    from regx.report.columns import known_columns
    from regx.studies.sweep.compact import MOST_FOLDERS, compact_sweep, is_large
    from regx.studies.sweep.display import print_grid, print_sweep
    from regx.studies.sweep.question import baseline_of, chosen_numbers, sweep

    options, out = asked.options(peek), asked.output()
    axes = short_axes(lam=lam, dropout=dropout, lr=lr, hidden=hidden, batch_size=batch_size)
    grid = load_grid(config, asked.set, axes, asked.seeds)
    task = grid.cells[0].config.dataset.known_task
    check_metric(metric, [task] if task else ALL_TASKS)
    shown = known_columns([name.strip() for name in columns.split(",")]) if columns is not None else None
    numbers = chosen_numbers(grid, max_trials, random)
    large = not asked.dry_run and (compact or is_large(grid, numbers))
    cells = [grid.cells[number] for number in numbers[: 1 if large else None]]
    if asked.dry_run:
        print_grid(cells, out)
        if baseline_of(grid, cells) is not None:
            out.note("note: beside these the network that nothing regularizes is trained, to compare with")
        return
    if large and not compact:
        out.note(f"note: more than {MOST_FOLDERS:,} networks: they share one file, the best get run folders")
    warn([cell.config for cell in cells], out, peek)
    with followed(out, options) as options:
        to = asked.folder
        found = compact_sweep(grid, numbers, to, options) if large else sweep(grid, cells, to, options)
    raise Exit(print_sweep(found, out, metric, shown))
