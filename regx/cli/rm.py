"""`regx rm`."""

import sys
from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import Saying


def command(
    runs: Annotated[list[str], Argument(metavar="RUN...", help="folders of runs and of studies")],
    saying: Saying,
    yes: Annotated[bool, Option("--yes", "-y", help="do not ask")] = False,
    dry_run: Annotated[bool, Option("--dry-run", "-n", help="show what would be removed, and do nothing")] = False,
) -> None:
    """Remove the folders of runs and studies, after asking.

    Refused, and then nothing is removed: links, folders in which other files lie, and what is being trained.
    """
    from regx.core.errors import FAILED, InputError
    from regx.studies.removal import removable, remove, size

    out = saying.output()
    folders = removable(runs)
    if not (yes or dry_run):
        if not sys.stdin.isatty():
            raise InputError(
                "regx rm: expected somebody at a terminal to ask, found none. Add --yes to remove all the same."
            )
        out.insist(*(f"{folder} ({size(folder) / 1e6:.1f} MB)" for folder in folders))
        out.insist(f"Remove {'this folder' if len(folders) == 1 else f'these {len(folders)} folders'}? Type y for yes.")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            out.note("nothing is removed")
            raise Exit(FAILED)
    for folder in folders if not dry_run else ():
        remove(folder)
        if not out.as_json:
            out.line(folder)
    if out.as_json:
        out.document({"runs": [str(folder) for folder in folders], "removed": not dry_run})
    elif dry_run:
        out.lines([folder, f"{size(folder)} bytes"] for folder in folders)
