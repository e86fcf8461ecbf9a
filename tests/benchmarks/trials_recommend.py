"""What `regx recommend` concludes where the truth is known, and on the tables that the README names.

`python tests/benchmarks/trials_recommend.py [--first N] [--draws N] [--minutes M] [--only KIND,...]` prints a row per
table. The Pima table is read from $REGX_DATA_DIR and left out without it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regx.studies.recommendation.judgement import PLAIN, mean
from regx.studies.recommendation.question import TableQuestion, planned
from regx.studies.recommendation.race import recommend

LEARNABLE = {True: "yes", False: "no", None: "cannot tell"}
FAST = ("architecture.hidden=[16]", "training.epochs=200", "training.eval_every=10")  # for counting false positives


def write(path: Path, x: np.ndarray, y: np.ndarray) -> None:
    header = ",".join([*(f"x{number}" for number in range(x.shape[1])), "outcome"])
    np.savetxt(path, np.column_stack([x, y]), delimiter=",", header=header, comments="", fmt="%.6g")


def generated(kind: str, draw: int, path: Path) -> None:
    """A table whose truth is known."""
    rng = np.random.default_rng(draw)
    if kind == "sparse":  # 200 rows, 50 columns of which 3 count: L1
        x = rng.standard_normal((200, 50))
        write(path, x, x[:, :3] @ [2.0, -1.5, 1.0] + rng.standard_normal(200))
    elif kind == "noise":  # nothing to learn
        write(path, rng.standard_normal((100, 5)), rng.standard_normal(100))
    elif kind == "noisy_classes":
        write(path, rng.standard_normal((100, 5)), rng.integers(0, 2, 100))
    elif kind == "helped":  # a good regularizer takes about 38 % off the loss of the best plain network
        x = rng.standard_normal((200, 30))
        write(path, x, x[:, :3] @ [1.5, -1.0, 0.8] + rng.standard_normal(200))
    elif kind == "curved":  # a network is needed, a line does not do, and rows are few
        x = rng.uniform(-2, 2, (300, 4))
        write(path, x, np.sin(2 * x[:, 0]) * x[:, 1] + 0.3 * rng.standard_normal(300))
    else:
        from sklearn import datasets

        table = getattr(datasets, f"load_{kind}")()
        write(path, table.data, table.target)


def trial(path: Path, draw: int, minutes: float, overrides: Sequence[str] = ()) -> list[str]:
    begun = time.monotonic()
    question = TableQuestion(path, "outcome", tuple(overrides), minutes=minutes)
    with tempfile.TemporaryDirectory() as out:
        found = recommend(question, planned(question), Path(out))
    conclusion = found.conclusion
    losses = {one.reference.table: mean(one.test) for one in found.references}
    plain = next(lane for lane in found.lanes if lane.name == PLAIN)
    recommended = next(lane for lane in found.lanes if lane.name == conclusion.recommended)
    return [
        path.stem, str(draw), str(len(plain.test)), recommended.stack, LEARNABLE[conclusion.learnable],
        conclusion.regularization, f"{conclusion.contest} ({conclusion.rival})",
        f"{mean(conclusion.procedure):.3f}", f"{mean(plain.test):.3f}", *(f"{loss:.3f}" for loss in losses.values()),
        f"{conclusion.to_plain.p or 0:.3g}", f"{(time.monotonic() - begun) / 60:.1f}",
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=3)
    options.add_argument("--first", type=int, default=0, help="number of the first draw")
    options.add_argument("--minutes", type=float, default=5.0)
    options.add_argument("--only", default="breast_cancer,digits,diabetes,curved,sparse,noise,noisy_classes")
    options.add_argument("--fast", action="store_true", help="small networks, to count over many draws")
    given = options.parse_args()
    columns = "table draw splits recommended learnable regularization network chosen none trivial linear trees mlp p"
    columns += " minutes"
    print("\t".join(columns.split()), flush=True)
    helps = tables = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in given.only.split(","):
            path = Path(folder) / f"{kind}.csv"
            if kind == "diabetes":
                path = Path(os.environ.get("REGX_DATA_DIR", "")) / "diabetes.csv"
                if not path.is_file():
                    continue
            fixed = kind in ("breast_cancer", "digits", "diabetes")
            for draw in range(given.first, given.first + (1 if fixed else given.draws)):
                if kind != "diabetes":
                    generated(kind, draw, path)
                row = trial(path, draw, given.minutes, FAST if given.fast else ())
                print("\t".join(row), flush=True)
                tables, helps = tables + 1, helps + (row[5] == "helps")
    print(f"# 'helps' on {helps} of {tables} tables", flush=True)


if __name__ == "__main__":
    main()
