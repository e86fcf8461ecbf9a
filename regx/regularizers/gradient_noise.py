import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number, over


class GradientNoise(Regularizer):
    """g <- g + N(0, σ²) with σ² = eta/(1 + t)^gamma, anew for every weight and bias and step t = 0, 1, 2, ...

    Much noise at first, which leaves poor minima and saddles, and less and less later. Gains and offsets of a norm get
    none, so that a norm in the stack changes no other draw. The paper tries eta 0.01, 0.3 and 1 with gamma 0.55. Noise
    that stands before `clip_norm` in the stack is clipped along with the gradient.

    Update: adds noise to the gradient.
    Usual: 0.01 to 1, gamma 0.55.
    Example: eta 0.01, seed 0: gradient [1, 2] give gradient [1.128, 2.124].

    Elsewhere: no layer or option of PyTorch, Keras or scikit-learn; there, add it to `p.grad` before the step.
    """

    kind = "gradient_noise"
    source = "Neelakantan et al. 2015, Adding Gradient Noise Improves Learning for Very Deep Networks, section 3"

    eta: Array = number(0.01, neutral=0.0, ge=0, help="variance of the noise at the first step")
    gamma: Array = number(0.55, ge=0, help="how fast the variance falls; 0 keeps it")

    def on_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        sigma = np.sqrt(self.eta) * float(at.step) ** (-self.gamma / 2)  # steps are counted from 1, so 1 + t
        output = at.weights[-1]  # behind it lies its bias, and behind that what layers in the stack have added
        noise = at.streams.normal((output.stop + output.shape[1],), gradient.dtype)
        noise *= over(sigma, noise)
        gradient[:, : noise.shape[1]] += noise
