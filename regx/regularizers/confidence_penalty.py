import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, number, over


class ConfidencePenalty(Regularizer):
    """-beta·H added to the loss, H = -Σ p·log p the entropy of the predicted distribution, the mean over the samples.

    Predictions near certainty have low entropy and are pushed back. The penalty is negative. Related to label
    smoothing, which pulls towards the uniform distribution by the other Kullback-Leibler divergence, but strong where
    the network is confident rather than everywhere. On the output: softmax for several classes, sigmoid for two.

    Update: adds beta·p·(log p + H) to the gradient of the outputs.
    Usual: 0.1 to 1.
    Example: beta 0.1: logits [2, 0] give penalty -0.037.

    Elsewhere: minus beta times the mean `entropy()` of PyTorch's Categorical or Bernoulli(logits=...), in nats.
    """

    kind = "confidence_penalty"
    source = "Pereyra et al. 2017, Regularizing Neural Networks by Penalizing Confident Output Distributions, section 3"
    adds_penalty = True

    beta: Array = number(0.1, neutral=0.0, ge=0, help="strength: the penalty is -beta times the mean entropy")

    def unusable(self, task: str, n_val: int) -> str | None:
        if task == "regression":
            return "a regression predicts no distribution: set regularizers.confidence_penalty=off"
        return None

    def on_logits(self, z: Array, at: Site) -> tuple[Array, Pullback]:
        entropy, slope = _binary_entropy(z) if at.task == "binary" else _softmax_entropy(z)
        at.add_penalty(-self.beta * entropy.mean(axis=1))
        slope *= over(-self.beta / z.dtype.type(z.shape[2]), z)
        return z, lambda gradient: gradient + slope


def _binary_entropy(z: Array) -> tuple[Array, Array]:
    """The entropy, (R, B), of σ(z), and its derivative with respect to z, (R, 1, B): -σ(z)·σ(-z)·z."""
    size = np.abs(z)
    e = np.exp(-size)
    rarer = e / (1 + e)  # the probability of the less likely class
    return (np.log1p(e) + size * rarer)[:, 0], -rarer / (1 + e) * z


def _softmax_entropy(z: Array) -> tuple[Array, Array]:
    """The entropy, (R, B), of softmax(z), and its derivative with respect to z, (R, K, B): -p·(log p + H)."""
    shifted = z - z.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    p, log_p = e / total, shifted - np.log(total)
    entropy = -(p * log_p).sum(axis=1, keepdims=True)
    return entropy[:, 0], -p * (log_p + entropy)
