from regx.core.regularizer import Array, choice, number
from regx.regularizers.normalisation import Normalisation


class LayerNorm(Normalisation):
    """y = gain·(z - μ)/√(σ² + eps) + offset, each sample by mean and biased variance of its units.
    After a convolution these are all channels at all places, and gain and offset belong to a channel.

    A layer of the network, after the product and before the activation of every hidden layer unless `position: after`.
    The same in training and at evaluation, whatever the batch. Gain and offset are learned, from 1 and 0, and never
    penalised.

    Update: as of batch norm, over the units of a sample in place of the samples of a unit.
    Usual: eps 0.00001.
    Example: eps 0.00001: units [1, 3, 5] give units [-1.225, 0, 1.225].

    Elsewhere: PyTorch's LayerNorm(width), after a convolution GroupNorm(1, channels); Keras' LayerNormalization has eps
    1e-3.
    """

    kind = "layer_norm"
    source = "Ba et al. 2016, Layer Normalization, section 3"

    eps: Array = number(1e-5, gt=0, help="added to the variance")
    position: str = choice("before", ("before", "after"), help="where it stands, before or after the activation")
