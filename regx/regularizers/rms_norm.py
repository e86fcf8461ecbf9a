from regx.core.regularizer import Array, choice, number
from regx.regularizers.normalisation import Normalisation


class RMSNorm(Normalisation):
    """y = gain·z/√(mean z² + eps), each sample by its units: layer norm without the mean and without an offset.
    After a convolution the units are all channels at all places, and the gain belongs to a channel.

    A layer of the network, after the product and before the activation of every hidden layer unless `position: after`.
    The same in training and at evaluation. The gain is learned, from 1, and never penalised.

    Update: the gradient loses its part along the normalised values, and is divided by the root mean square.
    Usual: eps 0.000001.
    Example: eps 0.000001: units [3, 4] give units [0.849, 1.131].

    Elsewhere: PyTorch's RMSNorm(width, eps=1e-6).
    """

    kind = "rms_norm"
    source = "Zhang & Sennrich 2019, Root Mean Square Layer Normalization, section 3"

    eps: Array = number(1e-6, gt=0, help="added to the mean square")
    position: str = choice("before", ("before", "after"), help="where it stands, before or after the activation")

    def own_tensors(self, width: int) -> dict[str, tuple[float, bool]]:
        return {"gain": (1, True)}
