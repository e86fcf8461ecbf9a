import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, integer, number
from regx.regularizers.masks import thresholds


class GroupDropout(Regularizer):
    """Dropout of whole groups: blocks of `size` neighbouring hidden units are zeroed together with probability p.

    What is kept is divided by 1 - p. One mask per sample and step, after the activation of every hidden layer, never on
    the output. Where the width is no multiple of `size` the last block is shorter. With `size: 1` it is dropout.
    Made for feature maps, whose neighbours carry the same information; the units of a dense layer have no order, so
    here the groups only make the noise coarser.

    Update: the gradient goes through the groups that were kept, times 1/(1 - p).
    Usual: 0.1 to 0.3.
    Example: p 0.5, size 2, seed 0: hidden [1, 2, 3, 4, 5, 6, 7, 8] give hidden [2, 4, 6, 8, 10, 12, 0, 0].

    Elsewhere: PyTorch's Dropout1d and Dropout2d and Keras' SpatialDropout1D, with a channel for a block.
    """

    kind = "group_dropout"
    source = "Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, section 3.2"
    drops_units = True

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to drop a group")
    size: int = integer(4, ge=1, static=True, help="hidden units in a group")

    def begin(self, at: Site, values: Array) -> None:
        at.state["drop"], at.state["scale"] = thresholds(self.p, values.dtype)

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        _, units, samples = h.shape
        kept = at.streams.bits((-(-units // self.size), samples)) >= at.state["drop"]
        mask = np.repeat(kept * at.state["scale"], self.size, axis=1)[:, :units]
        h *= mask
        return h, lambda gradient: np.multiply(gradient, mask, out=gradient)
