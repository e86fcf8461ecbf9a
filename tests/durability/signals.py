"""Signals at random times, and many starts at once.

    python tests/durability/signals.py [--times 40] [--starts 100]

The first SIGINT, SIGTERM or SIGHUP ends a run within 2 s as interrupted, with its exit code and without leaving a
process; a second one at once. Of many starts of one run one trains, and a start on a live run is refused within 1 s.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands

ENDLESS = commands.RUN.replace("epochs: 300", "epochs: 100000").replace("early_stopping: 150, ", "")


def wait_until_begun(out: Path) -> Path:
    """The folder of the run that is begun there."""
    for _ in range(6000):
        for path in out.glob("*/run.json"):
            return path.parent
        time.sleep(0.01)
    raise AssertionError("waited a minute in vain")


def is_alive(group: int) -> bool:
    """Whether a process of the group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def signals(folder: Path, sent: signal.Signals, times: int, draw: random.Random, jobs: int, within: float) -> float:
    """The longest time in seconds that a run took to end. Raises AssertionError if one does not end as it should."""
    from regx.evidence.run import read_run

    config = folder / "endless.yaml"
    config.write_text(ENDLESS)
    longest = 0.0
    for number in range(times):
        out, log = folder / f"{sent.name}{jobs}-{number}", folder / "log"
        log.unlink(missing_ok=True)
        pid = commands.start(["run", config, "--out", out, "--jobs", jobs, "--quiet"], log)
        run = wait_until_begun(out)
        time.sleep(draw.uniform(0, 0.4))
        begun = time.monotonic()
        os.kill(pid, sent)
        code = commands.ended(pid)
        longest = max(longest, time.monotonic() - begun)
        assert code == 128 + sent, (code, log.read_text())
        assert not log.read_text(), log.read_text()
        assert read_run(run).about["status"] == "interrupted"
        for _ in range(500):
            if not is_alive(pid):
                break
            time.sleep(0.01)
        assert not is_alive(pid), "a worker process is left"
    assert longest < within, longest
    return longest


def stuck(folder: Path, sent: int, within: float) -> float:
    """Seconds from the last of so many signals to the end of a run whose main thread hears none of them.

    Raises AssertionError if they are too many.
    """
    config = folder / "endless.yaml"
    config.write_text(ENDLESS)

    def before() -> None:
        import hashlib

        from regx.engine.state import State

        # A call into C that takes minutes.
        State.train_epoch = lambda self, *given, **named: hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # type: ignore[assignment]

    pid = commands.start(
        ["run", config, "--out", folder / f"stuck{sent}", "--jobs", 1, "--quiet"], folder / "log", before
    )
    wait_until_begun(folder / f"stuck{sent}")
    for _ in range(sent):
        time.sleep(0.3)
        begun = time.monotonic()
        os.kill(pid, signal.SIGTERM)
    assert commands.ended(pid) == 128 + signal.SIGTERM
    lasting = time.monotonic() - begun
    assert lasting < within, lasting
    return lasting


def stopped(folder: Path, times: int, draw: random.Random) -> int:
    """How often a run was stopped by SIGTSTP and went on. Raises AssertionError unless it gives what others give."""
    config = folder / "run.yaml"
    config.write_text(commands.RUN.replace("epochs: 300", "epochs: 1500"))
    commands.finish(["run", config, "--out", folder / "undisturbed", "--jobs", 1, "--quiet"], folder / "log")
    in_this_session = functools.partial(commands.start, new_session=False)  # else nobody would have it go on
    pid = in_this_session(["run", config, "--out", folder / "stopped", "--jobs", 1, "--quiet"], folder / "log")
    wait_until_begun(folder / "stopped")
    found = 0
    while found < times and not commands.is_over(pid):
        os.kill(pid, signal.SIGTSTP)
        state = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        found += state is not None and state.si_code == os.CLD_STOPPED
        time.sleep(draw.uniform(0, 0.1))
        os.kill(pid, signal.SIGCONT)
        time.sleep(draw.uniform(0, 0.1))
    assert commands.ended(pid) == 0, (folder / "log").read_text()
    assert found, "it was over before it could be stopped"
    results = [commands.results(folder / name) for name in ("undisturbed", "stopped")]
    assert not commands.differing(*results)
    return found


def last_checkpoint(folder: Path, jobs: int) -> int:
    """The epoch of the checkpoint that SIGTERM leaves where none is due for an hour.

    Raises AssertionError if there is none, or if it is not of the last epoch that was trained but a few.
    """
    from regx.store.weights import read_arrays

    config, epochs = folder / "hourly.yaml", list[int]()
    config.write_text(ENDLESS.replace("checkpoint_seconds: 0.02", "checkpoint_seconds: 3600"))
    for seconds in (0.5, 2, 8, 30):  # until workers have started
        out = folder / f"hourly{jobs}-{seconds}"
        pid = commands.start(["run", config, "--out", out, "--jobs", jobs, "--quiet"], folder / "log")
        wait_until_begun(out)
        time.sleep(seconds)
        os.kill(pid, signal.SIGTERM)
        assert commands.ended(pid) == 128 + signal.SIGTERM
        epochs = [int(read_arrays(path)["epoch"]) for path in out.glob("*/.checkpoints/*.npz")]
        if epochs:
            break
    assert epochs, (folder / "log").read_text()
    return min(epochs)


def starts(folder: Path, times: int) -> tuple[int, int]:
    """Start one run so many times at once: how many were refused, and how many found it done.

    Raises AssertionError unless one has trained it, and every other says who holds it.
    """
    config = folder / "run.yaml"
    config.write_text(commands.RUN)
    out = folder / "starts"
    logs = [folder / f"start{number}.log" for number in range(times)]
    pids = [commands.start(["run", config, "--out", out, "--jobs", 1, "--quiet"], log) for log in logs]
    codes = [commands.ended(pid) for pid in pids]
    refused = [log.read_text() for code, log in zip(codes, logs, strict=True) if code]
    assert set(codes) <= {0, 1}, codes
    holders = {_holder(said) for said in refused}
    assert holders <= set(pids), holders
    # Whoever has trained it wrote the file once; all others found it whole.
    commands.results(out)
    return len(refused), codes.count(0)


def _holder(said: str) -> int:
    assert said.startswith("error: "), said
    assert said.count("\n") == 1, said
    assert f" on {socket.gethostname()}, since " in said, said
    return int(said.partition("found process ")[2].partition(" ")[0])


def second_starts(folder: Path, times: int, within: float) -> list[float]:
    """Seconds from a start on a live run, of a Python that has loaded nothing, to its refusal.

    Raises AssertionError if they are too many.
    """
    config = folder / "endless.yaml"
    config.write_text(ENDLESS)
    out = folder / "live"
    command: Sequence[object] = ["run", config, "--out", out, "--jobs", 1, "--quiet"]
    pid = commands.start(command, folder / "log")
    try:
        wait_until_begun(out)
        lasting = []
        for _ in range(times):
            begun = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "regx", *map(str, command)], capture_output=True, text=True, check=False
            )
            lasting.append(time.monotonic() - begun)
            assert (done.returncode, _holder(done.stderr)) == (1, pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        commands.ended(pid)
    assert max(lasting) < within, lasting
    return lasting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--within", type=float, default=2.0, help="seconds to end a run; half to refuse a second start")
    options = parser.parse_args()
    commands.load()
    draw = random.Random(0)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with_workers = options.times // 4 or sent == signal.SIGTERM
            for jobs, times in ((1, options.times - options.times // 4), (2, int(with_workers))):
                longest = signals(folder, sent, times, draw, jobs, options.within)
                print(
                    f"{sent.name}, {jobs} jobs: {times} runs ended as interrupted, the slowest within {longest:.2f} s"
                )
        lasting = [stuck(folder, sent, options.within / sent**2) for sent in (1, 2)]
        print(f"a run that is stuck ends within {lasting[0]:.2f} s, and {lasting[1]:.2f} s after a second signal")
        found = stopped(folder, 5, draw)
        print(f"a run that was stopped {found} times and went on gives bit-identical results")
        epochs = [last_checkpoint(folder, jobs) for jobs in (1, 2)]
        print(f"SIGTERM leaves a checkpoint of the epoch it comes in: {epochs[0]}, and of a worker {epochs[1]}")
        refused, done = starts(folder, options.starts)
        print(f"{options.starts} starts at once: {refused} refused naming the holder, {done} ended with the results")
        lasting = second_starts(folder, max(options.starts // 10, 1), options.within / 2)
        print(f"{len(lasting)} starts on a live run: refused within {min(lasting):.2f} to {max(lasting):.2f} s")


if __name__ == "__main__":
    main()
