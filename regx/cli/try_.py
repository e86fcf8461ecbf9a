"""`regx try`."""

from typing import Annotated

from typer import Argument, Exit

from regx.cli.options import TrainingOptions
from regx.cli.progress import followed
from regx.cli.warn import warn


def command(
    name: Annotated[str, Argument(metavar="NAME", help="a regularizer, such as dropout")], asked: TrainingOptions
) -> None:
    """Try one regularizer against none: a sentence and a picture.

    On the sine, or on the data of the regularizer's example config where it is for classes; over 10 seeds.
    """
    from regx.evidence.run import read_run
    from regx.runner.runs import Target, bring_up_to_date, check_free
    from regx.runner.standing import run_folder
    from regx.studies.trial import print_trial, trial_configs

    options, out = asked.options(), asked.output()
    configs = trial_configs(name, asked.set, asked.seeds)
    targets = [Target(config, run_folder(config, asked.folder)) for config in configs]
    if asked.dry_run:
        folders = [str(target.folder) for target in targets]
        out.document(folders) if out.as_json else out.lines([folder] for folder in folders)
        return
    check_free(targets, asked.force)
    warn(configs, out)
    with followed(out, options) as options:
        bring_up_to_date(targets, options)
    plain, own = (read_run(target.folder) for target in targets)
    raise Exit(print_trial(name, plain, own, out))
