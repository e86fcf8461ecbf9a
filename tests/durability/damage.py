"""Damaged folders: every file is cut at many offsets, and bits of it are turned, one at a time.

    python tests/durability/damage.py [--offsets 2000] [--bits 1000]

Whatever is done to a run, it is read as it was written or refused with a message that names the file; and the run
beside it is listed all the same.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands
from durability.faults import SMALL

FILES = ("config.yaml", "metrics.csv", "summary.json", "weights.npz", "snapshots.npz", "run.json")
NEED = ("metrics", "weights", "snapshots")


def damaged(content: bytes, offsets: int, bits: int, draw: random.Random) -> Iterator[bytes]:
    """The content cut at up to so many offsets, and with one bit turned so many times."""
    everywhere = range(len(content))
    for offset in everywhere if len(content) <= offsets else sorted(draw.sample(everywhere, offsets)):
        yield content[:offset]
    for _ in range(bits):
        position, bit = draw.randrange(len(content)), draw.randrange(8)
        yield content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :]


def check(folder: Path, offsets: int, bits: int) -> dict[str, Counter[str]]:
    """By file, how often it was read as it was written, and how often refused. Raises AssertionError otherwise."""
    from regx.evidence.run import read_runs

    config = folder / "small.yaml"
    config.write_text(SMALL)
    for name in ("good", "bad"):
        commands.seconds(["run", config, "--quiet", "--out", folder / "runs" / name], folder / "log")
    (good,), (bad,) = ((folder / "runs" / name).glob("*") for name in ("good", "bad"))
    ((_, whole), _) = read_runs([good, bad], NEED)
    found: dict[str, Counter[str]] = {}
    for file in FILES:
        path = bad / file
        content = path.read_bytes()
        told = found[file] = Counter()
        for changed in damaged(content, offsets, bits, random.Random(file)):  # noqa: S311
            path.write_bytes(changed)
            runs, problems = read_runs([folder / "runs"], NEED)
            assert good in [run.folder for run in runs], problems
            if len(runs) == 1:
                (problem,) = problems
                assert str(bad) in problem, problem
                assert file in problem or file == "run.json", problem
                told["refused, naming the line" if re.search(r"\blines? \d", problem) else "refused"] += 1
                continue
            assert not problems
            again = next(run for run in runs if run.folder == bad)
            assert (again.config, again.metrics.to_csv()) == (whole.config, whole.metrics.to_csv()), file
            for ours, theirs in ((again.about, whole.about), (again.summary, whole.summary)):
                assert {key: ours[key] for key in theirs if key != "sha256"} == _unsealed(theirs), file
            for ours, theirs in ((again.weights, whole.weights), (again.snapshots, whole.snapshots)):
                assert _bytes(ours) == _bytes(theirs), file
            told["read as it was written"] += 1
        path.write_bytes(content)
    return found


def _unsealed(mapping: dict) -> dict:
    return {key: value for key, value in mapping.items() if key != "sha256"}


def _bytes(arrays: dict) -> dict:
    return {name: _bytes(one) if isinstance(one, dict) else one.tobytes() for name, one in arrays.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offsets", type=int, default=2000)
    parser.add_argument("--bits", type=int, default=1000)
    options = parser.parse_args()
    commands.load()
    with tempfile.TemporaryDirectory() as folder:
        for file, told in check(Path(folder), options.offsets, options.bits).items():
            print(
                f"{file}: {', '.join(f'{count} {what}' for what, count in sorted(told.items()))}; the other run listed"
            )


if __name__ == "__main__":
    main()
