"""What a signal does, from the first moment of a command on. Loads nothing that takes time to load."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # so that `typing` need not be loaded
if TYPE_CHECKING:
    import socket
    from types import FrameType
    from typing import NoReturn

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
SECONDS_TO_CLOSE = 1.4  # after a signal; what is not closed then is as safe as after a power cut
# Commands whose work is kept while it goes on.
TRAINING = ("run", "sweep", "race", "ablate", "bias-variance", "recommend", "worth", "lesson", "try")


def hear_at_once() -> None:
    """Until `hear` is called nothing is open that is to be closed."""
    _handle(_end_at_once)


def hear() -> None:
    """The first signal lets what is open be closed, for a while; a second one ends the process."""
    import contextlib
    import socket
    import threading

    _handle(_interrupt)
    heard, told = socket.socketpair()
    told.setblocking(False)
    with contextlib.suppress(RuntimeError):  # where no thread can be started, a signal ends what it can
        threading.Thread(target=_end_after, args=(heard, told), daemon=True).start()
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)


def say_interrupted() -> None:
    """Say once, of a command that trains and is not quiet, that it can go on."""
    if not _unsaid:
        return
    _unsaid.clear()
    options = sys.argv[1:]
    command = next((word for word in options if not word.startswith("-")), "")
    is_quiet = "--quiet" in options or any(word[:1] == "-" and word[1:2] != "-" and "q" in word for word in options)
    if command in TRAINING and not is_quiet:
        again = "the same command without --force" if "--force" in options else "the same command"
        try:
            os.write(2, f"interrupted: {again} goes on from what is saved\n".encode())
        except OSError:  # nobody reads it
            return


_unsaid = [True]


def _handle(handler: object) -> None:
    for number in SIGNALS:
        # What was ignored when this process was started, as by nohup, stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]


def _end_at_once(number: int, frame: FrameType | None) -> NoReturn:
    say_interrupted()
    os._exit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first signal lets what is open be closed; of others `_end_after` hears alone."""
    from regx.core import leaving

    _handle(lambda second, frame: None)
    leaving.ask(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))


def _end_after(heard: socket.socket, told: socket.socket) -> NoReturn:
    """End the process a while after the first signal, and at once after the second. told: kept open.

    In a thread, which hears of a signal at once. Its handler waits until the main thread is done with what it computes,
    and the product of two large matrices may take longer than who sent the signal waits.
    """
    number = _next_signal(heard)
    heard.settimeout(SECONDS_TO_CLOSE)
    try:
        number = _next_signal(heard)
    except TimeoutError:
        say_interrupted()
    os._exit(128 + number)


def _next_signal(heard: socket.socket) -> int:
    while (number := heard.recv(1)[0]) not in SIGNALS:
        pass
    return int(number)
