"""One lane of the playground: the networks of a config over its seeds, trained a few epochs at a time."""

from operator import attrgetter
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.engine.state import State
from regx.runner.plan import Trainee, plan

CELLS = 24  # of a side of a heat map of weights
MOST_MAPS = 3  # layers that have one
MOST_ROWS, SHOWN_ROWS = 400, 120  # of the curves over epochs, kept and sent; older rows are thinned out


class Lane:
    """A lane in training. Nothing leaves it: a network that its regularizers would stop goes on, with a mark.

    config: every setting. epoch: the last one that is done. stopped: by seed the epoch at which early stopping would
    have ended, and 0 while it has not.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.epoch = 0
        self.states = _states(config)
        self.stopped = np.zeros(len(config.seeds), int)
        self.rows: list[tuple[int, dict[str, Array]]] = []
        self.kept: dict[int, list[Array]] = {}  # the parameters of each population by epoch, for looking back
        self.measure(np.full(len(config.seeds), np.nan))

    def change(self, config: Config) -> bool:
        """Go on with other settings; false, and nothing is changed, where they need other networks or other data."""
        fixed = attrgetter("architecture", "dataset", "seeds", "training.batch_size", "training.dtype")
        if fixed(config) != fixed(self.config):
            return False
        states = _states(config)
        if [state.layout.tensors.keys() for state in states] != [state.layout.tensors.keys() for state in self.states]:
            return False
        for state, before in zip(states, self.states, strict=True):
            state.adopt(before)
        self.config, self.states = config, states
        return True

    def train(self, epochs: int) -> None:
        """So many epochs more."""
        objective = np.full(len(self.config.seeds), np.nan)
        for _ in range(epochs):
            self.epoch += 1
            objective = np.concatenate([state.train_epoch(self.epoch, False)[0] for state in self.states])
        self.measure(objective)

    def measure(self, objective: Array) -> None:
        """Add a row of metrics, each (seeds,), and ask the regularizers whether they would stop."""
        each = [state.evaluator.metrics() for state in self.states]
        row = {name: np.concatenate([metrics[name] for metrics in each]) for name in each[0]}
        row["objective"] = objective
        going_on = [state.going_on(self.epoch, metrics) for state, metrics in zip(self.states, each, strict=True)]
        first = ~np.concatenate(going_on) & (self.stopped == 0)
        self.stopped[first] = self.epoch
        self.rows.append((self.epoch, row))
        self.kept[self.epoch] = [state.values.copy() for state in self.states]
        if len(self.rows) > MOST_ROWS:
            self.rows = [self.rows[0], *self.rows[2:-1:2], self.rows[-1]]
            self.kept = {epoch: self.kept[epoch] for epoch, _ in self.rows}

    def surface(self, inputs: Array, epoch: int | None = None) -> dict[str, list[float | None]]:
        """What the networks predict at inputs, (n, D): mean, least and greatest over the seeds, of the first output.

        epoch: one that has a row, to look back at; the last one if None.
        """
        found = []
        for number, state in enumerate(self.states):
            now = state.values.copy()
            if epoch is not None:
                np.copyto(state.values, self.kept[epoch][number])
            found.append(state.predict(inputs)[:, -1])
            np.copyto(state.values, now)
        return _band(np.concatenate(found))

    def weights(self) -> list[list[list[float | None]]]:
        """Heat maps of the first seed's weight matrices: rows of at most CELLS means of neighbouring weights."""
        state = self.states[0]
        return [_shrunk(tensor.of(state.values)[0]) for tensor in state.layout.weights[:MOST_MAPS]]

    def curves(self) -> dict[str, Any]:
        """Epochs, and of every loss and accuracy mean, least and greatest over seeds, at no more than SHOWN_ROWS."""
        every = -(-len(self.rows) // SHOWN_ROWS)
        rows = [*self.rows[:-1:every], self.rows[-1]]
        found: dict[str, Any] = {"epoch": [epoch for epoch, _ in rows]}
        for name in rows[0][1]:
            if name.endswith(("_loss", "_accuracy")):
                found[name] = _band(np.array([row[name] for _, row in rows], float).T)
        return found


def _states(config: Config) -> list[State]:
    return [State(work.population) for work in plan([config], [Trainee(0, seed) for seed in config.seeds], 1)]


def _band(values: Array) -> dict[str, list[float | None]]:
    """Mean, least and greatest over seeds, of (seeds, n)."""
    return {"mean": _plain(values.mean(axis=0)), "low": _plain(values.min(axis=0)), "high": _plain(values.max(axis=0))}


def _plain(values: Array) -> list[float | None]:
    """To four digits, and None for what is not finite, which JSON has no number for."""
    exact = np.asarray(values, float)
    finite = np.isfinite(exact)
    size = np.where(finite & (exact != 0), np.abs(exact), 1.0)
    scale = 10.0 ** (3 - np.floor(np.log10(size)))
    rounded = (np.round(np.where(finite, exact, 0) * scale) / scale).tolist()
    return rounded if finite.all() else [one if known else None for one, known in zip(rounded, finite, strict=True)]


def _shrunk(weights: Array) -> list[list[float | None]]:
    for axis, size in enumerate(weights.shape):
        if size > CELLS:
            starts = np.linspace(0, size, CELLS + 1)[:-1].astype(int)
            counts = np.diff([*starts, size])
            shape = (-1, 1) if axis == 0 else (1, -1)
            weights = np.add.reduceat(weights, starts, axis=axis) / counts.reshape(shape)
    return [_plain(row) for row in weights]
