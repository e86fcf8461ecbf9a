"""A disk that refuses: the run ends with one line that names the path, and goes on from there once the disk is well.

    python tests/durability/faults.py [--step K]

Every operation that changes the disk fails in turn in a small run: alone, with all that follow, and writes by taking
only half of it. Then the same run where there is too little room: on a tmpfs where this is root, and under a limit on
file sizes.
"""

from __future__ import annotations

import argparse
import errno
import itertools
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands

SMALL = """
name: small
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [6]}
regularizers: [dropout: 0.2]
training: {epochs: 5, checkpoint_seconds: 0.000001, snapshots: 2}
seeds: 2
"""
LARGE = SMALL.replace("hidden: [6]", "hidden: [64, 64]").replace("epochs: 5", "epochs: 20")
OPERATIONS = ("open", "write", "fsync", "replace", "mkdir", "ftruncate", "unlink")
KINDS = ("alone", "with all that follow", "half a write")


def failing(at: int, kind: str, reached: Path) -> Callable[[], None]:
    """Let the operation number `at`, counted from 1, of this process fail, and make the file `reached` when it does.

    What is only read does not count.
    """

    def install() -> None:
        count = 0

        def disturbed(name: str, original: Any) -> Any:
            def operation(first: Any, *others: Any, **named: Any) -> Any:
                nonlocal count
                reads = name == "open" and not (others and others[0] & os.O_CREAT)
                if reads or (kind == "half a write" and name != "write"):
                    return original(first, *others, **named)
                count += 1
                if count < at or (count > at and kind != "with all that follow"):
                    return original(first, *others, **named)
                reached.write_text("")  # not by what is disturbed
                if kind == "half a write":
                    return original(first, others[0][: len(others[0]) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), None)

            return operation

        for name in OPERATIONS:
            setattr(os, name, disturbed(name, getattr(os, name)))

    return install


def check_ending(code: int, said: str, out: Path) -> str:
    """How a disturbed command has ended. Raises AssertionError if not as it should."""
    from regx.runner.checkpoints import _read

    assert code in (0, 1), (code, said)
    if code == 1:
        assert said.startswith("error: "), said
        assert said.count("\n") == 1, said
        assert str(out) in said, said
    else:
        assert not said, said
    for path in out.rglob(".checkpoints/*.npz"):
        _read(path)  # raises if it is not whole
    return "ended with the path" if code == 1 else "did no harm"


def faults(folder: Path, step: int) -> Counter[str]:
    """Every operation fails in turn, or every `step`th. How the commands ended."""
    config = folder / "small.yaml"
    config.write_text(SMALL)
    arguments: list[object] = ["run", config, "--jobs", 1, "--quiet", "--json"]
    commands.seconds([*arguments, "--out", folder / "undisturbed"], folder / "log")
    expected = commands.results(folder / "undisturbed")
    found: Counter[str] = Counter()
    for kind in KINDS:
        for at in itertools.count(1, step):
            out, log, reached = (folder / f"{kind}-{at}{what}" for what in ("", ".log", ".reached"))
            code = commands.finish([*arguments, "--out", out], log, failing(at, kind, reached))
            if not reached.exists():
                break  # a whole run does fewer operations
            ending = check_ending(code, said(log), out)
            found[f"{kind}: {ending}"] += 1
            assert commands.finish([*arguments, "--out", out], log) == 0, log.read_text()
            differ = commands.differing(commands.results(out), expected)
            assert not differ, (kind, at, differ)
    return found


def said(log: Path) -> str:
    """What a command wrote, but for the document on standard output."""
    return "".join(line for line in log.read_text().splitlines(keepends=True) if line[:1] not in "{} \n")


def too_small(folder: Path, sizes: list[int]) -> Counter[str]:
    """The same on file systems and under limits of so many bytes."""
    config = folder / "large.yaml"
    config.write_text(LARGE)
    arguments: list[object] = ["run", config, "--jobs", 1, "--quiet", "--json"]
    commands.seconds([*arguments, "--out", folder / "undisturbed"], folder / "log")
    expected = commands.results(folder / "undisturbed")
    found: Counter[str] = Counter()
    for size in sizes:
        out, log = folder / f"limit{size}", folder / f"limit{size}.log"

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        ending = check_ending(commands.finish([*arguments, "--out", out], log, limit), said(log), out)
        found[f"limit on file sizes: {ending}"] += 1
        assert commands.finish([*arguments, "--out", out], log) == 0, log.read_text()
        assert not commands.differing(commands.results(out), expected), size
    if os.geteuid() == 0:
        for size in sizes:
            disk = folder / f"disk{size}"
            disk.mkdir()
            if subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], check=False
            ).returncode:
                break
            try:
                out, log = disk / "runs", folder / f"disk{size}.log"
                ending = check_ending(commands.finish([*arguments, "--out", out], log), said(log), out)
                found[f"tmpfs: {ending}"] += 1
                subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
                assert commands.finish([*arguments, "--out", out], log) == 0, log.read_text()
                assert not commands.differing(commands.results(out), expected), size
            finally:
                subprocess.run(["umount", str(disk)], check=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1, help="only every k-th operation and size")
    options = parser.parse_args()
    commands.load()
    with tempfile.TemporaryDirectory() as folder:
        for name, found in (
            ("a failing disk", faults(_made(Path(folder) / "faults"), options.step)),
            (
                "a full disk",
                too_small(_made(Path(folder) / "small"), list(range(4096, 800_000, 20_480))[:: options.step]),
            ),
        ):
            for what, count in sorted(found.items()):
                print(f"{name}, {what}: {count}")
            print(f"{name}: {sum(found.values())} disturbed runs, each then resumed to bit-identical results")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
