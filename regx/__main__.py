"""`regx`, and `python -m regx`."""

from __future__ import annotations

from regx.cli.signals import hear_at_once

TYPE_CHECKING = False  # so that `typing` need not be loaded
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """The entry point: hears signals before it loads the command line, which takes a while."""
    hear_at_once()
    from regx.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
