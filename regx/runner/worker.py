"""A worker process: reads requests from standard input, trains what they ask for, writes what comes of it to standard
output.

`python -m regx.runner.worker PID`. Both streams carry pickles from and to the process PID that started it. It ends
when its input or that process ends, so it outlives nobody.
"""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from regx.core import leaving
from regx.core.listener import Listener, Moment, Wanted
from regx.engine.trainer import Request, train_in_turns

SECONDS_BETWEEN_LOOKS = 0.5  # whether the parent is alive

Send = Callable[[str, Any, Any], None]


class _Sending(Listener):
    """Sends what it hears to the process that started this one."""

    def __init__(self, send: Send, wanted: Wanted) -> None:
        self._send, self.wanted = send, wanted

    def hear(self, moment: Moment, number: int, what: Any) -> None:
        self._send(moment, number, what)


def main() -> None:
    """Serve populations until the input ends."""
    # Signals reach the whole process group; the parent decides what they mean and ends this process.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):  # by which the parent asks for a last checkpoint
        signal.signal(signal.SIGUSR1, lambda number, frame: leaving.ask(SystemExit(0)))
    try:
        threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    except RuntimeError:  # no thread can be started; the parent says that this process ended
        sys.exit(1)
    requests: BinaryIO = sys.stdin.buffer
    # Whatever prints must not print into the pickles.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(moment: str, whose: Any, what: Any) -> None:
        pickle.dump((moment, whose, what), replies, protocol=pickle.HIGHEST_PROTOCOL)
        replies.flush()

    send("ready", None, None)
    while True:
        try:
            try:
                request: Request = pickle.load(requests)  # noqa: S301 - from the process that started this one
            except EOFError:
                return
            train_in_turns(request.populations, _Sending(send, request.wanted), request.begun, request.until)
        except MemoryError as error:
            send("out of memory", None, out_of_memory(error))


def out_of_memory(error: MemoryError) -> str:
    """Why a network cannot be trained, in words."""
    return f"out of memory{f': {error}' if str(error) else ''}"


def _end_with(parent: int) -> None:
    """End this process when its parent, which may have been killed, has ended."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
