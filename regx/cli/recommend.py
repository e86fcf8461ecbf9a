"""`regx recommend`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import TrainingOptions
from regx.cli.progress import followed


def command(
    table: Annotated[
        Path, Argument(metavar="TABLE", help="a CSV file with a header line, or images: a folder, or .npz")
    ],
    asked: TrainingOptions,
    target: Annotated[
        str | None, Option("--target", metavar="COLUMN", help="the column to predict (not for images)")
    ] = None,
    config: Annotated[Path | None, Option("-o", metavar="CONFIG", help="write the recommended config here too")] = None,
    minutes: Annotated[float, Option(metavar="M", min=0.05, help="about how long it may take")] = 5.0,
    splits: Annotated[
        int | None,
        Option(metavar="N", min=2, help="so many outer splits, as --seeds N; else as many as time allows, 20 at most"),
    ] = None,
    metric: Annotated[
        str, Option(metavar="NAME", help="choose and judge by: loss, balanced_accuracy, auc, mae")
    ] = "loss",
    fit: Annotated[bool, Option("--fit", help="train the recommended network on all rows, for predict")] = False,
) -> None:
    """Find which regularizers help on a table, or on images.

    Races the usual stacks from none to full, chooses their strengths and the stack on validation rows, judges on test
    rows that no choice has seen, beside plain models of scikit-learn, and writes the config it recommends.
    """
    from regx.core.errors import SOME_DIVERGED, InputError
    from regx.studies.recommendation.display import print_inspection, print_plan, print_recommendation
    from regx.studies.recommendation.question import TableQuestion, planned
    from regx.studies.recommendation.race import recommend
    from regx.studies.recommendation.write import check_output, write
    from regx.studies.recommendation.write import fit as train_on_all_rows

    if splits is not None and asked.seeds is not None:
        raise InputError(f"--splits {splits} and --seeds {asked.seeds} say the same thing: expected one of the two.")
    if config is not None:
        check_output(config, asked.force)
    out = asked.output()
    question = TableQuestion(
        table, target, tuple(asked.set), asked.seeds or splits, minutes, asked.options(), metric, fit
    )
    plan = planned(question)
    print_inspection(plan.inspection, out)
    if asked.dry_run:
        print_plan(plan, out)
        return
    out.stream.flush()
    with followed(out, question.options) as options:
        found = recommend(replace(question, options=options), plan, asked.folder)
        written = write(found, config)
        if fit:
            found = replace(found, fitted=train_on_all_rows(found, question, asked.folder))
    print_recommendation(found, out, written)
    if found.unfinished:
        raise Exit(SOME_DIVERGED)
