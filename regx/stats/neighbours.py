"""Whether errors have a pattern that rows close to each other share."""

import numpy as np

from regx.core.arrays import Array

NEIGHBOURS = 4
FEWEST_ROWS = 3 * NEIGHBOURS


def shared_error(x: Array, error: Array) -> float | None:
    """Moran's I of the errors over the 4 nearest neighbours: near 0 for noise, towards 1 where neighbours err alike.

    x: (n, D), distances are Euclidean; error: (n, K), target minus prediction. None for fewer than 12 rows, or no
    error at all. About normal with mean -1/(n - 1) and deviation about 1/√(2n) where errors are independent.
    Moran 1950, Notes on Continuous Stochastic Phenomena; Cliff & Ord 1972, on residuals.
    """
    n = len(x)
    centred = np.asarray(error, np.float64) - np.mean(error, axis=0, dtype=np.float64)
    total = float(np.square(centred).sum())
    if n < FEWEST_ROWS or not np.isfinite(total) or total == 0:
        return None
    rows = np.asarray(x, np.float64)
    squares = np.square(rows).sum(axis=1)
    distance = squares[:, None] + squares - 2 * rows @ rows.T
    np.fill_diagonal(distance, np.inf)
    nearest = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return float((centred * centred[nearest].mean(axis=1)).sum() / total)
