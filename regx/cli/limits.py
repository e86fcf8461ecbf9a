"""Messages for a system that gives a command too little memory or too few threads."""

import sys

from regx.core.errors import RegxError

LEAST_MEMORY = 256 << 20  # bytes of addresses; below that loading NumPy may end the process from within C
REMEDY = "Raise the limit that is set (ulimit -v), or try fewer --jobs, a smaller network or a smaller table."


def check_room() -> None:
    """Raises RegxError where a limit on memory leaves too little for any command; help needs none."""
    try:
        import resource
    except ImportError:  # no such system
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < LEAST_MEMORY and not {"--help", "-h", "--version"} & {*sys.argv}:
        raise RegxError(
            f"expected at least {LEAST_MEMORY >> 20} MB of memory, found a limit of {limit >> 20} MB. Type: "
            "ulimit -v unlimited"
        )


def lacking(error: BaseException | None) -> str | None:
    """What was lacking when an error or one of its causes was raised; None where nothing was."""
    while error is not None:
        if isinstance(error, MemoryError) or "failed to map segment" in str(error):
            return f"memory ran out. {REMEDY}"
        if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
            return (
                "no further thread can be started. Raise the limit that is set (ulimit -u, ulimit -v), or try --jobs 1."
            )
        error = error.__cause__ or error.__context__
    return None
