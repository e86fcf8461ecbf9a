"""The shape of a network, and how long and in what steps it is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """Dense layers between the inputs and the outputs.

    hidden: units of each hidden layer, from the input on; empty for a linear model.
    activation: a key of `activations.ACTIVATIONS`.
    init: a key of `initialisations.INITIALISATIONS`, or a positive number, the standard deviation of normal weights.
    residual: each hidden layer as wide as the one before adds its input to its output (He et al. 2016).
    tied: hidden layers of equal shape share one weight and bias (Lan et al. 2020, ALBERT, section 3.1).
    """

    hidden: tuple[int, ...] = (64, 64, 64)
    activation: str = "relu"
    init: str | float = "he"
    residual: bool = False
    tied: bool = False


@dataclass(frozen=True)
class Training:
    """How long, in what steps, and at what precision.

    epochs: passes over the training split. batch_size: samples per step, or None for all of them.
    dtype: float32 or float64. eval_every: metrics are taken at epoch 0, at every k-th and at the last one.
    snapshots: how many evaluated epochs, spread evenly from the first to the last, leave the weights of the first seed;
        the one at which it stops early does too.
    checkpoint_seconds: how often a long training writes down where it is, so that it can go on from there.
    """

    epochs: int = 1000
    batch_size: int | None = None
    dtype: str = "float32"
    eval_every: int = 1
    snapshots: int = 0
    checkpoint_seconds: float = 30.0
