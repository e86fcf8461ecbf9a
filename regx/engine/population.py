"""The unit of training: R networks of one shape, differing in seed, data and hyperparameters."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer
from regx.data.dataset import Dataset
from regx.nn.architecture import Architecture, Training
from regx.nn.layout import Layout
from regx.optim.optimizer import Optimizer
from regx.optim.schedules import Schedule


@dataclass(frozen=True)
class Population:
    """What is to be trained; plain data that can be sent to another process.

    optimizer and stack are of the population's form, one value per network. seeds: R of them. datasets: those in use,
    equal in shape, and `which` of them, (R,), each network is trained on. pictured: (R,), of whom snapshots are taken;
    none if empty. peek: what is chosen by the validation split is chosen by the test split instead.
    """

    architecture: Architecture
    training: Training
    optimizer: Optimizer
    schedule: Schedule
    stack: tuple[Regularizer, ...]
    seeds: tuple[int, ...]
    datasets: tuple[Dataset, ...]
    which: tuple[int, ...]
    pictured: tuple[bool, ...] = ()
    peek: bool = False

    @property
    def task(self) -> str:
        return self.datasets[0].task

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.training.dtype)

    def layout(self) -> Layout:
        """Where the parameters lie."""
        first = self.datasets[0]
        return Layout(first.shape, self.architecture, first.train.y.shape[1], self.stack)

    def select(self, keep: Array) -> Self:
        """The networks where `keep`, (R,), is true, with the datasets that they still use."""
        which = np.array(self.which)[keep]
        used, which = np.unique(which, return_inverse=True)
        return dataclasses.replace(
            self,
            optimizer=self.optimizer.select(keep),
            stack=tuple(member.select(keep) for member in self.stack),
            seeds=tuple(np.array(self.seeds)[keep].tolist()),
            datasets=tuple(self.datasets[index] for index in used),
            which=tuple(which.tolist()),
            pictured=tuple(np.array(self.pictured)[keep].tolist()) if self.pictured else (),
        )
