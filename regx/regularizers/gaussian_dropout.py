import numpy as np

from regx.core.regularizer import LEVELS, Array, Pullback, Regularizer, Site, number, over


class GaussianDropout(Regularizer):
    """h·(1 + √(p/(1 - p))·ε) with ε ~ N(0, 1): each hidden unit times noise of mean 1, anew for every sample.

    The noise has the mean and the variance of dropout's mask with the same p, but drops nothing. After the activation
    of every hidden layer, never on the output. The same noise is used in the backward pass.

    Update: the gradient of each unit is multiplied by the noise that the unit was.
    Usual: 0.1 to 0.5.
    Example: p 0.5, seed 0: hidden [1, 2, 3] give hidden [2.283, 4.482, 8.186].

    Elsewhere: Keras' GaussianDropout(p). The paper gives the standard deviation σ instead: p = σ²/(1 + σ²).
    """

    kind = "gaussian_dropout"
    source = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 10"
    drops_units = True

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="the dropout probability whose variance the noise has")

    def begin(self, at: Site, values: Array) -> None:
        # A p just below 1 rounds to 1 in float32.
        at.state["deviation"] = np.sqrt(self.p / np.maximum(1 - self.p, 1 / LEVELS))

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        noise = at.streams.normal(h.shape[1:], h.dtype)
        noise *= over(at.state["deviation"], h)
        noise += 1
        h *= noise
        return h, lambda gradient: np.multiply(gradient, noise, out=gradient)
