"""The shape of a network, and how long and in what steps it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from regx.core.parameters import Parameter, choice, declared, flag, integer, integers, number
from regx.nn.activations import ACTIVATIONS
from regx.nn.initialisations import INITIALISATIONS


@dataclass(frozen=True)
class Architecture:
    """The shape of the network.

    init: a key of `initialisations.INITIALISATIONS`, or a positive number, the standard deviation of normal weights.
    residual: He et al. 2016. tied: Lan et al. 2020, ALBERT, section 3.1.
    """

    hidden: tuple[int, ...] = integers(
        [64, 64, 64],
        ge=1,
        example="[64, 64]",
        help="units of each hidden layer, from the input on; empty for a linear model",
    )
    activation: str = choice("relu", tuple(ACTIVATIONS), help="function after every hidden layer")
    init: str | float = declared(
        Parameter(
            dict,
            "initial weights; {normal: 0.1} draws them with that standard deviation",
            "he",
            options=tuple(INITIALISATIONS),
            key="normal",
            item=Parameter(float, gt=0),
        )
    )
    residual: bool = flag(False, help="every hidden layer as wide as the one before adds its input to its output")
    tied: bool = flag(False, help="hidden layers of equal shape share one weight and bias")


@dataclass(frozen=True)
class Training:
    """How long, in what steps, and at what precision.

    batch_size: None for all samples. snapshots: the epoch at which the first seed stops early leaves its weights too.
    """

    epochs: int = integer(1000, ge=1, help="passes over the training split")
    batch_size: int | None = integer(
        "full", ge=1, options=("full",), absent="full", help="samples per step; full takes all of them"
    )
    dtype: str = choice("float32", ("float32", "float64"), help="precision that is computed in")
    eval_every: int = integer(1, ge=1, help="metrics are taken at epoch 0, at every k-th and at the last one")
    snapshots: int | None = integer(
        None,
        ge=0,
        le=1000,
        optional=True,
        help="epochs, spread evenly, at which the weights of the first seed are kept for pictures; 0 for none, null "
        "for 40 in a race and in a run of one or two features",
    )
    checkpoint_seconds: float = number(
        30.0, gt=0, help="seconds between checkpoints, from which a killed training goes on"
    )
