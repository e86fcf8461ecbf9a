"""A disc in a square: the smallest classification with a boundary to draw."""

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import integer, number
from regx.core.streams import stream
from regx.data.dataset import Dataset, Source, Split, check_rows, with_label_noise

SQUARED_RADIUS = 1.5


class Circle(Source):
    """The label is 1 where x1² + x2² < 1.5, with both uniform on [-2, 2]."""

    kind = "circle"
    source = "generated"
    known_task = "binary"

    n_train: int = integer(200, ge=1, static=True, help="rows of the training split")
    n_val: int = integer(100, ge=0, static=True, help="rows of the validation split")
    n_test: int = integer(1000, ge=1, static=True, help="rows of the test split")
    label_noise: float = number(0.0, ge=0, le=1, static=True, help="share of the training labels drawn anew at random")

    def load(self, seed: int) -> Dataset:
        check_rows(self.kind, self.n_train, self.n_val, self.n_test)
        rng = stream(seed, "data")

        def draw(n: int) -> Split:
            x = rng.uniform(-2, 2, size=(n, 2))
            return Split(x, self.truth(x))

        test, val = draw(self.n_test), draw(self.n_val)  # first, so that they stay when n_train changes
        train = with_label_noise(draw(self.n_train), "binary", self.label_noise, seed)
        return Dataset("binary", train, val, test, ("x1", "x2"), "inside", classes=("outside", "inside"))

    def truth(self, x: Array) -> Array:
        """E[y | x], (n, 1): the label itself, which x decides."""
        return np.asarray(np.square(x).sum(axis=1, keepdims=True) < SQUARED_RADIUS, dtype=np.float64)

    def boundary(self) -> Array:
        angles = np.linspace(0, 2 * np.pi, 200)
        return np.asarray(SQUARED_RADIUS**0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1))

    def residuals(self, x: Array, rng: np.random.Generator) -> Array:
        """y - E[y | x], (n, 1), which is 0."""
        return np.zeros((len(x), 1))
