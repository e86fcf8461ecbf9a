from regx.core.regularizer import Array, Regularizer, Site, number, over


class InputNoise(Regularizer):
    """x + sigma·ε with ε ~ N(0, 1): every feature of every sample is disturbed anew in every step.

    For small sigma and squared error like the penalty sigma²·‖∂f/∂x‖², which asks for a smooth function. sigma is in
    units of the inputs as the network sees them: of their standard deviation where the dataset is standardised.

    Update: the gradient is that at the disturbed rows.
    Usual: 0.1 to 0.3 of standardised inputs.
    Example: sigma 0.1, seed 0: inputs [[1, 2], [3, 4]] give inputs [[1.128, 2.173], [3.124, 3.886]].

    Elsewhere: Keras' GaussianNoise(sigma) as the first layer.
    """

    kind = "input_noise"
    source = "Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization, section 2"

    sigma: Array = number(0.1, neutral=0.0, ge=0, help="standard deviation of the noise, in units of the inputs")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        noisy = at.streams.normal(x.shape[1:], x.dtype)
        noisy *= over(self.sigma, x)
        noisy += x
        return noisy, y
