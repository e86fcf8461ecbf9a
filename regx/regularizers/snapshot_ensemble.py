import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, integer


class SnapshotEnsemble(Regularizer):
    """Keep the weights at the ends of equal cycles of training, and predict by the mean over the `last` of them.

    Of classes it is the mean of probabilities, of a regression that of the numbers. A cycle is epochs/cycles long,
    rounded down. The learning rate should fall in each and begin anew with the next: `optimizer.schedule: {name:
    warm_restarts, period: epochs/cycles, multiplier: 1}`. Before the first cycle ends the network is that in
    training; from then on what is measured of an epoch, by early stopping too, is measured of the ensemble as it then
    is. A run keeps the weights of every snapshot. It stands behind whatever else changes a step.

    Update: nothing; it keeps copies of the weights along the way.
    Usual: 5 cycles.
    Example: cycles 2, last 2: epochs [1, 2, 3, 4] give copies [2, 4].

    Elsewhere: the paper's code in Keras (a callback), and torchensemble's SnapshotEnsembleClassifier.
    """

    kind = "snapshot_ensemble"
    source = "Huang et al. 2017, Snapshot Ensembles: Train 1, Get M for Free, section 3"
    steadies = True

    cycles: int = integer(5, ge=1, le=100, static=True, help="so many snapshots are taken, at the ends of equal cycles")
    last: Array = integer(5, ge=1, help="of these so many are averaged, the last that were taken")

    @property
    def copies(self) -> int:
        return self.cycles

    def on_step(self, values: Array, at: Site) -> None:
        cycle, left = divmod(at.epoch, max(at.epochs // self.cycles, 1))
        if left or cycle > self.cycles:
            return
        size, number = (values.shape[1] - self.cycles) // (self.cycles + 1), cycle - 1
        values[:, (number + 1) * size : (number + 2) * size] = values[:, :size]
        counted = np.arange(self.cycles)
        values[:, -self.cycles :] = (counted <= number) & (counted > number - self.last[:, None])
