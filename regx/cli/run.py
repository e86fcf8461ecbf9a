"""`regx run`."""

from dataclasses import replace
from typing import Annotated

from typer import Argument, Exit

from regx.cli.options import PeekOption, Placed
from regx.cli.progress import followed
from regx.cli.warn import warn


def command(
    config: Annotated[str, Argument(metavar="CONFIG", help="a config file")], asked: Placed, peek: PeekOption = False
) -> None:
    """Train every seed of one config that its run folder lacks, and print its row."""
    from regx.config.load import load_config
    from regx.evidence.run import read_run
    from regx.report.run import print_plan, print_run
    from regx.runner.runs import Target, bring_up_to_date, check_free, missing
    from regx.runner.standing import run_folder

    options, out = asked.options(peek), asked.output()
    loaded = load_config(config, asked.set, asked.seeds)
    target = Target(loaded, run_folder(loaded, asked.folder))
    if asked.dry_run:
        from regx.reference.checked import trained_in_words
        from regx.runner.plan import Trainee, dataset, plan

        next(iter(plan([loaded], [Trainee(0, loaded.seeds[0])], 1, peek)))  # what cannot be trained is refused here too
        out.note(*(f"note: {line}" for line in trained_in_words(loaded, dataset(loaded.dataset, loaded.seeds[0]))))
        print_plan(target.folder, [trainee.seed for trainee in missing([target], options.force)], out)
        return
    check_free([target], options.force)
    warn([loaded], out, peek)
    with followed(out, options) as options:
        bring_up_to_date([target], replace(options, pictured="run"))
    found = read_run(target.folder)
    shown = found.of_seeds(loaded.seeds)
    if more := len(found.seeds) - len(shown.seeds):
        out.note(f"note: {len(found.seeds)} seeds are finished there; the {more} that were not asked for are not shown")
    raise Exit(print_run(shown, out))
