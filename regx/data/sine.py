"""A noisy sine: the smallest regression that a network overfits."""

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import integer, number
from regx.core.streams import stream
from regx.data.dataset import Dataset, Source, Split, check_rows, with_label_noise


class Sine(Source):
    """y = sin x + noise·N(0, 1) with x uniform on [-3, 3]; training and validation are noisy.

    The test split is the clean curve at evenly spaced x, so the test loss holds no noise.
    """

    kind = "sine"
    source = "generated"
    known_task = "regression"
    about_test = "the test rows are without noise, so a test loss is the distance from the true curve."

    n_train: int = integer(30, ge=1, static=True, help="rows of the training split")
    n_val: int = integer(30, ge=0, static=True, help="rows of the validation split")
    n_test: int = integer(200, ge=1, static=True, help="rows of the test split")
    noise: float = number(0.3, ge=0, static=True, help="standard deviation of the noise on y")
    label_noise: float = number(0.0, ge=0, le=1, static=True, help="share of the training labels drawn anew at random")

    def load(self, seed: int) -> Dataset:
        check_rows(self.kind, self.n_train, self.n_val, self.n_test)
        rng = stream(seed, "data")

        def draw(n: int) -> Split:
            x = rng.uniform(-3, 3, size=(n, 1))
            return Split(x, np.sin(x) + self.noise * rng.standard_normal((n, 1)))

        val = draw(self.n_val)  # first, so that it stays when n_train changes
        train = with_label_noise(draw(self.n_train), "regression", self.label_noise, seed)
        x = np.linspace(-3, 3, self.n_test)[:, None]
        return Dataset("regression", train, val, Split(x, np.sin(x)), features=("x",), target="y")

    def truth(self, x: Array) -> Array:
        return np.sin(x)

    def residuals(self, x: Array, rng: np.random.Generator) -> Array:
        return self.noise * rng.standard_normal((len(x), 1))
