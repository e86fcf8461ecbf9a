import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, choice, number, over


class WeightAverage(Regularizer):
    """Report an average of the weights along the way instead of the last ones. Training itself is not changed.

    `ema`: average <- decay·average + (1 - decay)·w after every step, from 0, and divided by 1 - decay^steps: the first
    steps count no more than others do.
    `swa`: the equal mean of the weights after every step of the epochs after start·epochs (rounded). A network
    that ends before reports its last weights.
    The running statistics of batch norm are measured anew on the training rows, without noise. The metrics of each
    epoch are those of the weights in training; the average's own are in the summary. It averages what those before it
    in the stack leave of a step, so it stands last there; with `early_stopping` the later of the two is reported.

    Update: nothing; it reports another mean of the weights along the way.
    Usual: ema 0.99 to 0.9999, swa from 0.75 of the epochs on.
    Example: method swa, start 0.75: steps [1, 2, 6] give average 3.

    Elsewhere: PyTorch's AveragedModel(use_buffers=True) for swa, updated after every step from the start epoch on. Its
    get_ema_multi_avg_fn(decay) begins with the first weights and keeps decay^steps of them; so does Keras' ema. Keras'
    ema_momentum is decay. Many average at the ends of epochs alone.
    """

    kind = "weight_average"
    source = (
        "ema: Polyak & Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; Tarvainen & Valpola 2017, "
        "Mean Teachers Are Better Role Models, section 2. swa: Izmailov et al. 2018, Averaging Weights Leads to Wider "
        "Optima and Better Generalization, algorithm 1 with c = 1"
    )
    steadies = True
    averages = True
    reports = "weights averaged over steps by weight_average"

    method: str = choice("ema", ("ema", "swa"), help="exponential moving average, or equal mean over the last epochs")
    decay: Array = number(0.999, neutral=0.0, ge=0, lt=1, help="ema: share of the average that is kept at each step")
    start: Array = number(0.75, neutral=1.0, ge=0, le=1, help="swa: share of the epochs before averaging begins")

    def begin(self, at: Site, values: Array) -> None:
        at.state["average"] = values.copy()
        at.state["count"] = np.zeros(len(values), values.dtype)
        at.state["after"] = np.zeros(len(values)) if self.method == "ema" else np.rint(self.start * at.epochs)

    def on_step(self, values: Array, at: Site) -> None:
        average, count = at.state["average"], at.state["count"]
        count += at.epoch > at.state["after"]
        # The share of the new weights: all, as long as nothing else has been averaged.
        if self.method == "ema":
            decay = self.decay.astype(np.float64)
            share = (1 - decay) / (1 - decay**count)
        else:
            share = 1 / np.maximum(count, 1)
        share = over(share, average)
        average *= 1 - share
        average += np.multiply(values, share, out=at.scratch)

    def on_finish(self, values: Array, at: Site) -> None:
        values[:] = at.state["average"]
