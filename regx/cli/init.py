"""`regx init`."""

from pathlib import Path
from typing import Annotated

from typer import Argument

from regx.cli.options import Saying


def command(
    folder: Annotated[Path, Argument(metavar="DIR", help="folder to copy the example configs into")], saying: Saying
) -> None:
    """Copy the example configs into a folder.

    Nothing is lost: where a file of other content is in the way, nothing is written.
    """
    from regx.reference.examples import copy_examples

    out = saying.output()
    written = [str(path) for path in copy_examples(folder)]
    if out.as_json:
        out.document(written)
    else:
        out.lines([path] for path in written)
        out.next(f"regx run {folder / 'l2_dropout.yaml'}")
