"""`regx`, and `python -m regx`."""

from __future__ import annotations

import os

from regx.cli.signals import hear_at_once

TYPE_CHECKING = False  # so that `typing` need not be loaded
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """The entry point: hears signals before it loads the command line, which takes a while."""
    hear_at_once()
    # Training multiplies on one thread whatever stands there; more would only take memory, and threads that may be few.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from regx.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
