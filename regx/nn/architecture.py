"""The shape of a network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """Dense layers between the inputs and the outputs.

    hidden: units of each hidden layer, from the input on; empty for a linear model.
    activation: a key of `activations.ACTIVATIONS`.
    init: a key of `initialisations.INITIALISATIONS`, or a positive number, the standard deviation of normal weights.
    """

    hidden: tuple[int, ...] = (64, 64, 64)
    activation: str = "relu"
    init: str | float = "he"


@dataclass(frozen=True)
class Training:
    """How long, in what steps, and at what precision.

    epochs: passes over the training split. batch_size: samples per step, or None for all of them.
    dtype: float32 or float64. eval_every: metrics are taken at epoch 0, at every k-th and at the last one.
    """

    epochs: int = 1000
    batch_size: int | None = None
    dtype: str = "float32"
    eval_every: int = 1
