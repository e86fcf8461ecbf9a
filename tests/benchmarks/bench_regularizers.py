"""What each regularizer costs per epoch, relative to none.

    python tests/benchmarks/bench_regularizers.py

On 16 networks 1-64-64-64-1, 30 points, Adam, every member at its defaults: an epoch without evaluation, and one with
all that is recorded and evaluated. In turns with the plain one, and the median of the ratios within each round. Ends
with 1 where a member costs more than twice the plain epoch, or dropout more than 1.5 times.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from regx.data import REGISTRY as DATASETS
from regx.data.dataset import Dataset
from regx.engine.population import Population
from regx.engine.state import State
from regx.nn.architecture import Architecture, Training
from regx.optim import Adam, Constant
from regx.regularizers import MEMBERS

NETWORKS, STEPS, ROUNDS = 16, 40, 15
AT_MOST = {"dropout": 1.5}
F4 = np.dtype(np.float32)


def epoch_of(kinds: tuple[type, ...], task: str, evaluate: bool) -> Callable[[], None]:
    """A function that trains one epoch more of networks with these members, and where asked for evaluates it."""
    data: Dataset = DATASETS["sine" if task == "regression" else "circle"](n_train=30).load(0)
    population = Population(
        Architecture(residual=any("on_branch" in kind.hooks() for kind in kinds)),
        Training(epochs=10**6),
        Adam.of_population([Adam()] * NETWORKS, F4),
        Constant(),
        tuple(kind.of_population([kind()] * NETWORKS, F4) for kind in kinds),
        tuple(range(NETWORKS)),
        (data,),
        (0,) * NETWORKS,
    )
    state = State(population)
    epoch = 0

    def train() -> None:
        nonlocal epoch
        epoch += 1
        state.train_epoch(epoch, record=evaluate)
        if evaluate:
            state.evaluator.metrics()

    return train


def seconds(call: Callable[[], None]) -> float:
    """The time of some calls."""
    start = time.perf_counter()
    for _ in range(STEPS):
        call()
    return time.perf_counter() - start


def main() -> int:
    """Print a line per member. The exit code."""
    missed = 0
    with threadpool_limits(1), np.errstate(all="ignore"):
        for kind in MEMBERS:
            task = "binary" if kind().unusable("regression", 1) else "regression"
            ratios = []
            for evaluate in (False, True):
                plain, with_member = epoch_of((), task, evaluate), epoch_of((kind,), task, evaluate)
                ratios.append(statistics.median(seconds(with_member) / seconds(plain) for _ in range(ROUNDS)))
            limit = AT_MOST.get(kind.kind, 2.0)
            missed += max(ratios) > limit
            said = "" if max(ratios) <= limit else f", more than {limit}"
            print(f"{kind.kind:20} {ratios[0]:5.2f} without evaluation, {ratios[1]:5.2f} with it{said}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
