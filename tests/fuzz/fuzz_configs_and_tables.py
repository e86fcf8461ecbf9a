"""Damaged configs, tables and runs, looking for an exception that is no InputError or RegxError.

    python tests/fuzz/fuzz_configs_and_tables.py --seconds 60
    python tests/fuzz/fuzz_configs_and_tables.py --seconds 60 --target tables --seed 7

Every input is an example that was changed a few times: bytes flipped, cut, doubled, put in from a list of ill-natured
words; and where it has a structure, values, keys and types exchanged. Prints how many inputs were tried and what became
of them, and each foreign exception with the input that caused it, which stays in the folder of the run. A hang ends the
program by a signal after HANG seconds. The same seed tries the same inputs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from regx.core.errors import RegxError
from regx.data.csv import CSV
from regx.evidence.run import read_run
from regx.reference.checked import check
from regx.runner.networks import Options
from regx.runner.runs import Target, bring_up_to_date

ROOT = Path(__file__).parents[2]
TARGETS = ("configs", "tables", "runs")
HANG = 20

NASTY_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2, 10**18, 10**30, -0.0, 0.5, 1.0, 1e-320, 1e308, float("inf"), float("nan"),
    "", " ", "a", "off", "on", "null", "~", "1", "1e-3", "full", "log(1,2,3)", "log(0,1,2)", "linear(1,1,1)", "log(",
    "../x", "/etc/passwd", "\u202e", "é", "[red]", "<b>", "{{", "%s", "\x1b[31m", "x" * 300, "l2", "sine", "adam",
    [], [[]], [1, 2], [True], [None], ["a", "b"], [[1], [2, 3]], {}, {"a": 1}, {"name": "sine"}, {"l2": 1}, {"": None},
]  # fmt: skip
NASTY_KEYS = ["", "name", "lam", "p", "lr", "x", "l2", "dropout", "schedule", "lanes", "regularizers", "<<", "1", "é.b"]
NASTY_BYTES = [
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b[31m", b"\x1a", b"\xc2\x85", b"\xe2\x80\xa8",
    b"\r", b"\r\n", b"\n\n", b"\t", b"'", b'"', b"&a ", b"*a", b"<<: ", b"!!x ", b"---\n", b"...\n", b"%YAML 9\n",
    b"? ", b": ", b"- ", b"[", b"]", b"{", b"}", b"#", b"|\n", b">\n", b",", b";", b"|", b".", b"e", b"-", b"?", b"_",
    b"9" * 40, b"1e999", b"nan", b"inf", b"log(1,2,3)", "\u0663".encode(),
]  # fmt: skip


def changed_bytes(content: bytes, rng: random.Random) -> bytes:
    """The content after one to four changes."""
    for _ in range(rng.randint(1, 4)):
        at, to = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        near = at + rng.randint(0, 8)
        content = rng.choice([
            lambda c=content, i=at: c[:i] + bytes([c[i] ^ 1 << rng.randrange(8)]) + c[i + 1:] if i < len(c) else c,
            lambda c=content, i=at: c[:i] + rng.choice(NASTY_BYTES) + c[i:],
            lambda c=content, i=at, j=near: c[:i] + rng.choice(NASTY_BYTES) + c[j:],
            lambda c=content, i=at, j=near: c[:i] + c[j:],
            lambda c=content, i=at: c[:i],
            lambda c=content, i=at, j=to: c[:j] + c[i:j] + c[j:],
        ])()  # fmt: skip
    return content


def changed_config(content: bytes, rng: random.Random) -> bytes:
    """A config whose values, keys or types are others, or whose bytes are."""
    if rng.random() < 0.4:
        return changed_bytes(content, rng)
    tree = yaml.safe_load(content)
    for _ in range(rng.randint(1, 3)):
        holders = [holder for holder in _holders(tree) if holder]
        holder: Any = rng.choice(holders)
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key, value = rng.choice(keys), rng.choice(NASTY_VALUES)
        what = rng.randrange(4)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, dict):
            holder[rng.choice(NASTY_KEYS)] = value
        elif what == 2 and isinstance(holder, dict):
            holder[rng.choice(NASTY_KEYS)] = holder.pop(key)
        else:
            holder[key] = value
        tree = tree or {"seeds": 1}
    return yaml.safe_dump(tree, allow_unicode=rng.random() < 0.5, default_flow_style=rng.random() < 0.3).encode()


def _holders(tree: Any) -> list[Any]:
    found = [tree] if isinstance(tree, dict | list) else []
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []:
        found += _holders(item)
    return found


def changed_table(content: bytes, rng: random.Random) -> bytes:
    """A table with cells, lines or columns exchanged, or bytes changed."""
    if rng.random() < 0.4:
        return changed_bytes(content, rng)
    rows = [line.split(",") for line in content.decode().splitlines()]
    for _ in range(rng.randint(1, 6)):
        row = rng.choice(rows)
        cell = rng.choice(NASTY_BYTES).decode("utf-8", "replace")
        what = rng.randrange(6)
        if what == 0 and row:
            row[rng.randrange(len(row))] = cell
        elif what == 1 and row:
            del row[rng.randrange(len(row))]
        elif what == 2:
            row.insert(rng.randrange(len(row) + 1), cell)
        elif what == 3:
            rows[rng.randrange(len(rows))] = list(row)
        elif what == 4:
            column = rng.randrange(len(rows[0]) or 1)
            for other in rows[1:]:
                other[column:column + 1] = [cell]  # fmt: skip
        else:
            rows = rows[: rng.randint(1, len(rows))]
    separator = rng.choice([",", ",", ",", ";", "\t"])
    return "\n".join(separator.join(row) for row in rows).encode()


CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def example_tables() -> list[bytes]:
    """Tables of the kinds that are read: regression, two classes, words, missing cells, quotes."""
    rng = random.Random(0)  # noqa: S311  # examples, no secrets
    one = ["a,b,y"] + [
        f"{rng.gauss(0, 1):.3f},{rng.choice(['', 'NA', '1.5'])},{rng.gauss(0, 1):.2f}" for _ in range(30)
    ]
    two = ["a,word,y"] + [f"{k},{rng.choice(['red', 'blue', ''])},{k % 2}" for k in range(40)]
    three = ["a,b,y"] + [f'{k / 7:.2f},"{k},{k}",{"xyz"[k % 3]}' for k in range(45)]
    return ["\n".join(lines).encode() for lines in (one, two, three)]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


class Trials:
    """One input after the other, each from its own number of the seed's stream."""

    def __init__(self, target: str, folder: Path, seed: int) -> None:
        self.folder, self.target = folder / target, target
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rng = random.Random(f"{target} {seed}")  # noqa: S311  # the same inputs again, no secrets
        self.attempt: Callable[[], object] = {"configs": self._config, "tables": self._table, "runs": self._run}[target]
        self.tables = example_tables()
        self.input = self.folder / "input"
        if target == "runs":
            self.good = self._good_run()
            self.good_run = read_run(self.good)

    def _good_run(self) -> Path:
        config = self.folder / "small.yaml"
        config.write_text(
            "dataset: {name: sine, n_train: 8, n_val: 4, n_test: 4}\narchitecture: {hidden: [3]}\n"
            "regularizers: [l2: 0.1]\ntraining: {epochs: 3, snapshots: 2}\nseeds: 2\n",
            encoding="utf-8",
        )
        from regx.config.load import load_config

        good = self.folder / "good"
        if not good.exists():
            bring_up_to_date([Target(load_config(config), good)], Options(1))
        return good

    def _config(self) -> None:
        path = self.input.with_suffix(".yaml")
        path.write_bytes(changed_config(self.rng.choice(CONFIGS).read_bytes(), self.rng))
        found = check(path)
        if found.error is not None:
            found.as_json()
            raise found.error
        found.line()
        found.warnings()

    def _table(self) -> None:
        path = self.input.with_suffix(".csv")
        path.write_bytes(changed_table(self.rng.choice(self.tables), self.rng))
        task = self.rng.choice(["auto", "auto", "regression", "classification"])
        CSV(path=str(path), target="y", task=task).load(0)

    def _run(self) -> None:
        shutil.rmtree(self.input, ignore_errors=True)
        shutil.copytree(self.good, self.input)
        victim = self.rng.choice(sorted(path for path in self.input.iterdir() if path.is_file()))
        if self.rng.random() < 0.1:
            victim.unlink()
        else:
            victim.write_bytes(changed_bytes(victim.read_bytes(), self.rng))
        run = read_run(self.input)
        # What is read is what was written, whatever happened to the files.
        assert run.metrics.equals(self.good_run.metrics)
        assert _same(run.weights, self.good_run.weights)
        assert run.snapshots.keys() == self.good_run.snapshots.keys()
        assert all(_same(run.snapshots[epoch], self.good_run.snapshots[epoch]) for epoch in run.snapshots)
        assert (run.config, run.summary, run.about) == (
            self.good_run.config,
            self.good_run.summary,
            self.good_run.about,
        )

    def one(self) -> str:
        """What becomes of one input: `accepted` or `refused`. A foreign exception comes out."""
        if hasattr(signal, "alarm"):
            signal.alarm(HANG)
        try:
            self.attempt()
        except RegxError as error:
            if not str(error).strip():
                raise AssertionError("an error without a message") from error
            return "refused"
        finally:
            if hasattr(signal, "alarm"):
                signal.alarm(0)
        return "accepted"


def fuzz(
    target: str, folder: Path, seed: int, tries: int | None = None, seconds: float = float("inf")
) -> tuple[Counter[str], list[str]]:
    """How many inputs became what, and the foreign exceptions, each as text. Ends by tries or by time."""
    trials = Trials(target, folder, seed)
    counts: Counter[str] = Counter()
    foreign: list[str] = []
    end = time.monotonic() + seconds
    while (tries is None or sum(counts.values()) < tries) and time.monotonic() < end:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                counts[trials.one()] += 1
        except Exception:
            counts["foreign"] += 1
            kept = folder / f"{target}-foreign-{len(foreign)}"
            for path in (trials.input, trials.input.with_suffix(".yaml"), trials.input.with_suffix(".csv")):
                if path.is_dir():
                    shutil.copytree(path, kept, dirs_exist_ok=True)
                elif path.exists():
                    shutil.copy(path, kept)
            foreign.append(f"{kept}\n{traceback.format_exc()}")
    return counts, foreign


def main() -> int:
    """Fuzz each target for so many seconds; 1 if anything foreign was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--target", choices=TARGETS, action="append", help="else all of them")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="regx-fuzz-"))
    found = 0
    for target in given.target or TARGETS:
        counts, foreign = fuzz(target, folder, given.seed, seconds=given.seconds)
        print(
            f"{target}: {sum(counts.values()):,} inputs, " + ", ".join(f"{n:,} {w}" for w, n in sorted(counts.items()))
        )
        print("".join(foreign[:5]) or "  no foreign exception", flush=True)
        found += len(foreign)
    if not found:
        shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
