"""`regx validate`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit

from regx.cli.options import Saying, SetOption


def command(
    configs: Annotated[list[Path], Argument(metavar="CONFIG", help="config files")],
    saying: Saying,
    set: SetOption = None,
) -> None:
    """Check configs, and say everything that is wrong with them."""
    from regx.core.errors import BAD_INPUT
    from regx.reference.checked import check

    out = saying.output()
    results = [check(path, set or ()) for path in configs]
    if out.as_json:
        out.document([result.as_json() for result in results])
    for result in results if not out.as_json else ():
        if result.error is None:
            out.line(result.line())
            out.warn(result.warnings())
            out.note(*(f"note: {line}" for line in result.hints()))
        else:
            out.insist(f"error: {result.error}")
    if any(result.error is not None for result in results):
        raise Exit(BAD_INPUT)
    if len(configs) == 1:
        out.next(f"regx run {configs[0]}")
