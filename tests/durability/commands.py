"""Commands that are disturbed, and the results that must come out of them all the same.

The scripts beside this file start commands by forking, so that hundreds of them do not load NumPy hundreds of times.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

RUN = """
name: run
dataset: {name: circle, n_train: 40, n_val: 20, n_test: 20}
architecture: {hidden: [8, 8]}
regularizers: [l2: 0.001, dropout: 0.2, batch_norm, early_stopping: 150, weight_average]
optimizer: {name: adam, lr: 0.01, schedule: cosine}
training: {epochs: 300, batch_size: 16, checkpoint_seconds: 0.02, snapshots: 3}
seeds: 4
"""
SWEEP = """
name: sweep
dataset: {name: sine, n_train: 30}
architecture: {hidden: [8, 8]}
regularizers: [l2: [0, 0.01, 0.1], gradient_noise]
optimizer: {name: rmsprop, lr: 0.003}
training: {epochs: 200, batch_size: 8, checkpoint_seconds: 0.02}
seeds: 3
"""
TIMES = ("seconds", "seconds_per_epoch")


def load() -> None:
    """Import what commands need, once, before they are forked."""
    import scipy.special  # noqa: F401

    import regx.cli.app
    import regx.cli.progress
    import regx.report.run
    import regx.studies.sweep.display
    import regx.studies.sweep.question  # noqa: F401


def start(
    arguments: Sequence[object], log: Path, before: Callable[[], None] = lambda: None, new_session: bool = True
) -> int:
    """Start `regx ARGUMENTS` in a process of its own; its number. What it prints goes to the log.

    before: called there first. new_session: else it is a group of its own alone.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        if new_session:
            os.setsid()
        else:
            os.setpgid(0, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, and a shell's background SIGINT
        signal.signal(signal.SIGINT, signal.default_int_handler)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _command(arguments, before)
    return pid


def _command(arguments: Sequence[object], before: Callable[[], None]) -> NoReturn:
    from regx.__main__ import main

    code = 70
    try:
        before()
        sys.argv = ["regx", *map(str, arguments)]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int) -> int:
    """Wait for a process. Its exit code, or minus the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def is_over(pid: int) -> bool:
    """Whether a process has ended; it is still to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def finish(arguments: Sequence[object], log: Path, before: Callable[[], None] = lambda: None) -> int:
    """Start a command and wait for it. Its exit code."""
    return ended(start(arguments, log, before))


def seconds(arguments: Sequence[object], log: Path) -> float:
    """How long a command takes that ends well."""
    begun = time.monotonic()
    code = finish(arguments, log)
    assert code == 0, log.read_text()
    return time.monotonic() - begun


def results(out: Path) -> dict[str, Any]:
    """Everything that a finished command has left under a folder, but for times: bytes, arrays, plain data.

    Raises AssertionError if something is left that should not be.
    """
    found: dict[str, Any] = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        assert not path.name.startswith("."), f"left behind: {name}"
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                found[name] = {key: (arrays[key].dtype.str, arrays[key].tobytes()) for key in arrays.files}
        elif path.name == "summary.json":
            found[name] = timeless(json.loads(path.read_text()))
        elif path.name == "run.json":
            found[name] = json.loads(path.read_text())["status"]
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def timeless(value: Any) -> Any:
    """The same without times, and without the seal over them; the digests of the seeds know no times."""
    if not isinstance(value, dict):
        return value
    return {
        key: timeless(item)
        for key, item in value.items()
        if key not in TIMES and not (key == "sha256" and isinstance(item, str))
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The names under which two `results` differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
