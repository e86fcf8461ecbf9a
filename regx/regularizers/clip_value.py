import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number, over


class ClipValue(Regularizer):
    """g <- min(max(g, -clip_value), clip_value), every entry of the gradient by itself.

    Bounds each entry, and so may turn the gradient's direction, which `clip_norm` keeps. On all trained parameters,
    biases included. The gradient is that of loss and penalties, as it stands where this is in the stack.

    Update: entries beyond clip_value are cut to it.
    Usual: 0.5 to 5.
    Example: clip_value 1: gradient [3, -0.5] give gradient [1, -0.5].

    Elsewhere: PyTorch's `clip_grad_value_`, Keras' `clipvalue`.
    """

    kind = "clip_value"
    source = "Goodfellow et al. 2016, Deep Learning, section 10.11.1, after Mikolov 2012"
    steadies = True
    clips = True

    clip_value: Array = number(1.0, neutral=float("inf"), gt=0, help="the largest absolute entry of a gradient")

    def on_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        bound = over(self.clip_value, gradient)
        np.clip(gradient, -bound, bound, out=gradient)
