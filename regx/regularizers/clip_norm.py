import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, norms, number


class ClipNorm(Regularizer):
    """g <- g·min(1, max_norm/(‖g‖ + 1e-6)), where ‖g‖ is the norm over all trained parameters of a network.

    Shortens a gradient that is too long and keeps its direction. The gradient is that of loss and penalties, as it
    stands where this is in the stack, and each network has its own norm. With Adam only changes of the norm between
    steps matter, since it divides by the gradient's size.

    Update: a gradient longer than max_norm is shortened to it.
    Usual: 0.5 to 5.
    Example: max_norm 1: gradient [3, 4] give gradient [0.6, 0.8].

    Elsewhere: PyTorch's `clip_grad_norm_`, whose 1e-6 this is; Keras' `global_clipnorm`. Keras' `clipnorm` clips each
    tensor by itself.
    """

    kind = "clip_norm"
    source = "Pascanu et al. 2013, On the Difficulty of Training Recurrent Neural Networks, algorithm 1"
    steadies = True
    clips = True

    max_norm: Array = number(1.0, neutral=float("inf"), gt=0, help="the largest norm of a network's gradient")

    def on_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        # At what is not trained the gradient is 0.
        norm = norms(gradient)
        # fmin, as ∞/∞ is no number: no clipping leaves even an infinite gradient alone.
        gradient *= np.fmin(self.max_norm / (norm + gradient.dtype.type(1e-6)), 1)[:, None]
