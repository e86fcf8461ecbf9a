"""The shape of a network, and how long and in what steps it is trained."""

from dataclasses import dataclass

from regx.core.parameters import Parameter, choice, declared, flag, integer, integers, number, numbers_by_name
from regx.nn.activations import ACTIVATIONS
from regx.nn.initialisations import INITIALISATIONS


@dataclass(frozen=True)
class Architecture:
    """The shape of the network.

    An image goes through blocks of convolution, activation and pooling, then through the dense layers. Convolutions
    have stride 1 and the padding with zeros that keeps height and width, as PyTorch's `padding="same"`; pooling leaves
    over what does not fill a window. A block whose convolution keeps the number of channels is residual where
    `residual` is set, and pools the sum.

    init: a key of `initialisations.INITIALISATIONS`, or a positive number, the standard deviation of normal weights.
    conv: LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, section II.A. residual: He et al.
    2016. tied: Lan et al. 2020, ALBERT, section 3.1.
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
    conv: tuple[int, ...] = integers(
        [], ge=1, example="[8, 16]", help="filters of each convolution, before the dense layers; empty for none"
    )
    kernel: int = integer(3, ge=1, help="height and width of a convolution's filters, in pixels")
    pool: int = integer(2, ge=1, help="pixels each way that pooling makes one of, after each convolution; 1 for none")
    pooling: str = choice("max", ("max", "average"), help="what pooling takes of its window")
    shared: bool = flag(
        True,
        help="a convolution's filters are the same at every place (weight tying); false: each place has its own",
    )

    @property
    def depth(self) -> int:
        """How many hidden layers there are: convolutions, then dense ones."""
        return len(self.conv) + len(self.hidden)


@dataclass(frozen=True)
class Training:
    """How long, in what steps, and at what precision.

    steps: a budget in place of epochs, which then are those that it takes; the last may be cut short.
    batch_size: None for all samples. snapshots: the epoch at which the first seed stops early leaves its weights too.
    """

    epochs: int = integer(1000, ge=1, help="passes over the training split")
    steps: int | None = integer(
        None,
        ge=1,
        optional=True,
        help="optimizer steps in all, in place of epochs, so that batch sizes compare at equal steps; null for none",
    )
    batch_size: int | None = integer(
        "full", ge=1, options=("full",), absent="full", help="samples per step; full takes all of them"
    )
    dtype: str = choice("float32", ("float32", "float64"), help="precision that is computed in")
    class_weight: str | tuple[tuple[str, float], ...] | None = numbers_by_name(
        ("balanced",),
        ge=0,
        example="{cat: 1, dog: 3}",
        help="how much the training rows of each class count in the loss; balanced: every class the same in total",
    )
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
