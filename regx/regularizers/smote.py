import numpy as np

from regx.core.regularizer import Array, Regularizer, integer, number


class SMOTE(Regularizer):
    """Add rows x + u·(x' - x), u ~ U(0, 1), between a random row x of a minority class and x' near it.

    x' is one of the k nearest rows of the same class, of all its others where there are fewer. Once, before training,
    from the training split alone; the losses in the tables are those of the split without the synthetic rows. Every
    class but the largest gets `share` of the rows that it lacks; one of a single row has nothing to interpolate and
    stays. A larger share adds the same rows and more. For numbers: columns that stand for categories become fractions.

    Update: rows of small classes count more, by new ones between them.
    Usual: share 1, k 5.
    Example: k 1, seed 0: rows [[5], [6], [7], [8], [0], [1]] give rows [[0.839], [0.416]].

    Elsewhere: imbalanced-learn's SMOTE(k_neighbors=k). Chawla's paper takes each row of the class equally often.
    """

    kind = "smote"
    source = "Chawla et al. 2002, SMOTE: Synthetic Minority Over-sampling Technique, section 4.2"
    steadies = True

    share: Array = number(1.0, neutral=0.0, ge=0, le=1, help="share of the way to classes of equal size")
    k: Array = integer(5, ge=1, help="nearest rows of the class to interpolate with")

    def unusable(self, task: str, n_val: int) -> str | None:
        if task == "regression":
            return "it balances classes, and a regression has none: set regularizers.smote=off"
        return None

    def on_data(self, x: Array, y: Array, task: str, rng: np.random.Generator) -> tuple[Array, Array]:
        from sklearn.neighbors import NearestNeighbors

        classes, label, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)
        more_x, more_y = [x], [y]
        for number_of_class, count in enumerate(counts):
            missing = counts.max() - count
            if count == 1 or missing == 0:
                continue
            rows = x[label.reshape(-1) == number_of_class]
            k = min(int(self.k), count - 1)
            nearest = NearestNeighbors(n_neighbors=k).fit(rows).kneighbors(return_distance=False)
            # Drawn for full balance, so that the share changes no draw.
            first = rng.integers(count, size=missing)
            second = nearest[first, rng.integers(k, size=missing)]
            synthetic = rows[first] + rng.random((missing, 1)) * (rows[second] - rows[first])
            more_x.append(synthetic[: round(float(self.share) * missing)])
            more_y.append(np.repeat(classes[[number_of_class]], len(more_x[-1]), axis=0))
        return np.concatenate(more_x), np.concatenate(more_y)
