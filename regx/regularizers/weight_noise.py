from regx.core.regularizer import Array, Pullback, Regularizer, Site, number, over


class WeightNoise(Regularizer):
    """W + sigma·ε with ε ~ N(0, 1): every step sees noisy weights, and its gradient moves the ones without noise.

    On every weight matrix, that of the output too, never on biases. Prefers minima where the loss changes little when
    the weights do. Evaluation uses the weights as they are.

    Update: the gradient is that at the noisy weights, and moves the ones without noise.
    Usual: 0.01 to 0.1.
    Example: sigma 0.1, seed 0: weights [[1, 2], [3, 4]] give weights [[1.128, 2.124], [3.173, 3.886]].

    Elsewhere: no layer of PyTorch or Keras. sigma is absolute: He's initial weights have √(2/inputs), 0.18 for 64.
    """

    kind = "weight_noise"
    source = "Graves et al. 2013, Speech Recognition with Deep Recurrent Neural Networks, section 3.4"

    sigma: Array = number(0.05, neutral=0.0, ge=0, help="standard deviation of the noise")

    def on_weight(self, weight: Array, at: Site) -> tuple[Array, Pullback]:
        noisy = at.streams.normal(weight.shape[1:], weight.dtype)
        noisy *= over(self.sigma, weight)
        noisy += weight
        return noisy, lambda gradient: gradient
