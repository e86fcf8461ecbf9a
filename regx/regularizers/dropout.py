from typing import Any

import numpy as np

from regx.core.regularizer import LEVELS, Array, Pullback, Regularizer, Site, flag, number
from regx.regularizers.masks import drop, thresholds


class Dropout(Regularizer):
    """Zero each hidden unit with probability p and divide the others by 1 - p, anew for every sample and step.

    Inverted dropout: the expectation stays, so evaluation needs no change. After the activation of every hidden layer,
    never on the output. The same mask is used in the backward pass. Probabilities are rounded to a multiple of 2^-16,
    and the kept units divided by the rounded one, so the expectation is exact. With `input` above 0 the same is done
    to the features, at that rate.

    `inverted: false` is its first form: nothing is divided in training, and at evaluation all units are multiplied by
    1 - p. With plain SGD it is the inverted form whose weights behind dropped units learn at (1 - p)² of the rate. What
    the mean over masks predicts instead of this approximation to it is said by metrics such as
    `test_monte_carlo_loss`.

    Update: the gradient goes through the units that were kept, times 1/(1 - p).
    Usual: 0.1 to 0.5, inputs 0.1 to 0.2.
    Example: p 0.5, seed 0: hidden [1, 2, 3, 4, 5] give hidden [2, 4, 6, 0, 10].

    Elsewhere: p is the probability to drop, as in PyTorch and Keras' `rate`. Srivastava's paper and 004 of the lessons
    write p for the probability to keep; the backward pass of 001 forgets the mask.
    """

    kind = "dropout"
    source = (
        "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 4; "
        "inverted: section 10; Hinton et al. 2012, Improving Neural Networks by Preventing Co-Adaptation of Feature "
        "Detectors"
    )
    drops_units = True

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to drop a hidden unit")
    input: Array = number(0.0, neutral=0.0, ge=0, lt=1, help="probability to drop a feature of the input")
    inverted: bool = flag(True, help="whether kept units are divided by 1 - p in training; else evaluation multiplies")

    def hooks(self) -> tuple[str, ...]:
        rates = {"on_batch": self.input, "on_hidden": self.p}
        return tuple(hook for hook, rate in rates.items() if np.any(rate))

    def begin(self, at: Site, values: Array) -> None:
        at.state["input_drop"], at.state["input_scale"] = self._dropping(self.input, values.dtype)
        at.state["drop"], at.state["scale"] = self._dropping(self.p, values.dtype)

    def _dropping(self, p: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        least, scale = thresholds(p, dtype)
        return least, scale if self.inverted else np.ones_like(scale)

    def at_rest(self, dtype: np.dtype[Any]) -> tuple[Array, Array] | None:
        on_inputs, on_hidden = ((1 - thresholds(p, dtype)[0] / LEVELS).astype(dtype) for p in (self.input, self.p))
        return None if self.inverted else (on_inputs, on_hidden)

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        least, scale = at.state["input_drop"], at.state["input_scale"]
        return x * ((at.streams.bits(x.shape[1:]) >= least) * scale), y

    def dropping(self, dtype: np.dtype[Any]) -> tuple[Array, Array] | None:
        return self._dropping(self.p, dtype)

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        mask = drop(h, at.streams.bits(h.shape[1:]), at.state["drop"], at.state["scale"])
        return h, lambda gradient: np.multiply(gradient, mask, out=gradient)
