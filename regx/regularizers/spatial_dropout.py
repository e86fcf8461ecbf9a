import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, number
from regx.regularizers.masks import thresholds


class SpatialDropout(Regularizer):
    """Zero whole channels of a convolution's output with probability p and divide the others by 1 - p, for each sample.

    Neighbours in an image carry the same information, so a pixel that plain dropout takes away is still seen beside
    it; a channel that is gone is gone everywhere. After the pooling of every convolution, on the branch of a residual
    block. Dense layers have no channels and stay as they are: `dropout` is for them.

    Update: the gradient goes through the channels that were kept, times 1/(1 - p).
    Usual: 0.1 to 0.3.
    Example: p 0.5, seed 0: hidden [1, 2, 3, 4, 5, 6, 7, 8] give hidden [2, 4, 6, 8, 10, 12, 0, 0].

    Elsewhere: PyTorch's Dropout2d(p) and Keras' SpatialDropout2D(p).
    """

    kind = "spatial_dropout"
    source = "Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, section 3.2"
    drops_units = True

    p: Array = number(0.2, neutral=0.0, ge=0, lt=1, help="probability to drop a channel")

    def begin(self, at: Site, values: Array) -> None:
        at.state["drop"], at.state["scale"] = thresholds(self.p, values.dtype)

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        channels = at.channels[at.layer]
        if not channels:
            return h, lambda gradient: gradient
        kept = at.streams.bits((channels, h.shape[2])) >= at.state["drop"]
        mask = (kept * at.state["scale"])[:, :, None]
        by_channel = (len(h), channels, -1, h.shape[2])

        def masked(values: Array) -> Array:
            return np.multiply(values.reshape(by_channel), mask).reshape(h.shape)

        return masked(h), masked
