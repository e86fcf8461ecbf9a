from regx.core.regularizer import Array, Regularizer, Site, number, over


class LabelSmoothing(Regularizer):
    """(1 - eps)·y + eps/K for K classes: the network is asked to be less than certain.

    Two classes with one output: (1 - eps)·y + eps/2. Regression: towards the mean of the batch, (1 - eps)·y + eps·ȳ,
    which shrinks the predictions and is biased. The losses in the tables are those of the unsmoothed labels; only
    `objective` has the smoothed ones.

    Update: at the output the gradient is the prediction minus the smoothed label.
    Usual: 0.05 to 0.2.
    Example: eps 0.1: targets [[1, 0, 0, 0]] give targets [[0.925, 0.025, 0.025, 0.025]].

    Elsewhere: `label_smoothing=eps` of PyTorch's CrossEntropyLoss and of Keras' CategoricalCrossentropy and
    BinaryCrossentropy.
    """

    kind = "label_smoothing"
    source = "Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, section 7"

    eps: Array = number(0.1, neutral=0.0, ge=0, le=1, help="share of the target that is spread over all classes")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        eps = over(self.eps, y)
        centre = y.mean(axis=2, keepdims=True) if at.task == "regression" else 1 / max(y.shape[1], 2)
        return x, (1 - eps) * y + eps * centre
