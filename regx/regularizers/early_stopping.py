import numpy as np

from regx.core.regularizer import CROSS_FITTED, NO_VALIDATION, Array, Regularizer, Scores, Site, choice, integer, number


class EarlyStopping(Regularizer):
    """Stop when the validation score has not improved for `patience` epochs, and restore the best weights, always.

    For the patience an improvement is one by more than `min_delta`; what is restored is the best of all. Each network
    stops by itself, and none before `start_epoch` + patience: a plateau at the beginning is no end. Epoch 0, before
    training, counts as seen. The score is read at evaluated epochs, so with `training.eval_every: k` a network stops at
    the first multiple of k at which its patience is over. For a linear model trained by gradient descent it acts like
    L2 with lam of about 1/(lr·t).

    Where rows or classes have weights it watches the validation loss under the same weights, which is what training
    lowers; what is reported and compared is the loss without.

    Its validation loss is the least of many, and so better than on new rows. Where lanes or cells are chosen among, it
    counts with `cross_fitted_loss`: each half of the validation rows judges the epoch that the other half chooses.

    Update: nothing; it ends training and restores the weights of the best epoch.
    Usual: patience 5 to 50.
    Example: patience 2: losses [3, 2, 2.5, 2.6, 1] give epochs [3, 1].

    Elsewhere: Keras' `EarlyStopping(restore_best_weights=True)`; without it Keras and most loops keep the last weights.
    The code of 000 of the lessons looks at every 50th epoch and counts looks, so that its patience of 200 is four of
    them, and it watches the test rows.
    """

    kind = "early_stopping"
    source = "Prechelt 1998, Early Stopping - But When?, section 2; Goodfellow et al. 2016, Deep Learning, section 7.8"
    steadies = True
    reports = "best validation score, restored by early_stopping"

    patience: Array = integer(20, ge=1, help="epochs without improvement until the network stops")
    min_delta: Array = number(0.0, ge=0, help="the least change that counts as an improvement")
    start_epoch: Array = integer(0, ge=0, help="epoch from which on the patience is counted")
    metric: str = choice("val_loss", ("val_loss", "val_accuracy"), help="the validation score that is watched")

    def unusable(self, task: str, n_val: int) -> str | None:
        if n_val == 0:
            return NO_VALIDATION
        if task == "regression" and self.metric == "val_accuracy":
            return "a regression has no val_accuracy: set regularizers.early_stopping.metric=val_loss"
        return None

    def begin(self, at: Site, values: Array) -> None:
        at.state["best"] = np.full(len(values), np.inf)
        at.state["mark"] = np.full(len(values), np.inf)  # the score that has to be improved on by min_delta
        at.state["mark_epoch"] = np.zeros(len(values), dtype=np.int64)
        at.state["best_epoch"] = np.zeros(len(values), dtype=np.int64)
        at.state["best_values"] = values.copy()
        at.state["best_of_halves"] = np.full((len(values), 2), np.inf)
        at.state["loss_of_others"] = np.full((len(values), 2), np.nan)

    def on_epoch(self, values: Array, scores: Scores, at: Site) -> Array:
        watched, halves = scores.minimised
        if self.metric == "val_accuracy":
            assert scores.val_accuracy is not None
            assert scores.accuracy_of_halves is not None
            watched, halves = -scores.val_accuracy, -scores.accuracy_of_halves
        state = at.state
        improved = watched < state["mark"] - self.min_delta
        state["mark"] = np.where(improved, watched, state["mark"])
        state["mark_epoch"] = np.where(improved, scores.epoch, state["mark_epoch"])
        better = watched < state["best"]
        state["best"] = np.where(better, watched, state["best"])
        state["best_epoch"] = np.where(better, scores.epoch, state["best_epoch"])
        state["best_values"][better] = values[better]
        better = halves < state["best_of_halves"]
        state["best_of_halves"] = np.where(better, halves, state["best_of_halves"])
        state["loss_of_others"] = np.where(better, scores.loss_of_halves[:, ::-1], state["loss_of_others"])
        return scores.epoch - np.maximum(state["mark_epoch"], self.start_epoch) < self.patience

    def facts(self, at: Site) -> dict[str, Array]:
        """The validation loss without what choosing the epoch by it flatters: cross-fitted.

        Each half of the validation rows judges the epoch that the other half chooses. Of a single row there is none.
        """
        return {CROSS_FITTED: at.state["loss_of_others"].mean(axis=1)}

    def on_finish(self, values: Array, at: Site) -> Array:
        values[:] = at.state["best_values"]
        return at.state["best_epoch"]
