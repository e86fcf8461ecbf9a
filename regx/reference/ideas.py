"""Ideas of the field, and the names by which people know what has another name here."""

import re

# By name: the text of `regx explain`, and where it comes from.
IDEAS: dict[str, tuple[str, str]] = {
    "overfitting": (
        "The network learns what is particular to its training rows, noise included, and does worse on\n"
        "others. Seen as a gap between validation and training loss, or as a validation loss that rises while\n"
        "the training loss falls. `regx diagnose RUN` says whether it is there; `regx lesson 000.1` shows it.",
        "Bishop 2006, Pattern Recognition and Machine Learning, section 1.1",
    ),
    "capacity": (
        "How many different functions a network can fit: it grows with width, depth and the length of\n"
        "training. Fewer units are one way to regularize, and a blunt one. `regx sweep -s\n"
        "'architecture.hidden=[[4],[64]]'`; `regx lesson 003.2` and `004.3`.",
        "Goodfellow et al. 2016, Deep Learning, section 5.2",
    ),
    "bias_variance": (
        "The expected squared error is bias² (how far the mean network is from the truth), variance (how much\n"
        "networks of different training sets differ) and noise. Regularization trades more of the first for\n"
        "less of the second. `regx bias-variance CONFIG --draws 20` measures them.",
        "Geman, Bienenstock & Doursat 1992, Neural Networks and the Bias/Variance Dilemma",
    ),
    "ensemble": (
        "Several networks whose predictions are averaged; their errors cancel in part. Here the seeds of a\n"
        "run are one: `regx predict` gives their mean and spread. Dropout trains 2^n thinned networks that\n"
        "share weights, and the whole network approximates their mean: exactly where only a linear output\n"
        "follows (`regx lesson 004.6`).",
        "Srivastava et al. 2014, section 1; Hinton et al. 2012",
    ),
    "prior": (
        "A penalty on weights is the logarithm of a prior belief about them: L2 of a Gaussian, L1 of a\n"
        "Laplacian. Beside a loss that is the mean over n rows, `l2` with lam is N(0, 1/(n·lam)); a penalty\n"
        "written lam·Σw² beside a sum over rows is N(0, 1/(2·lam)).",
        "MacKay 1992, A Practical Bayesian Framework for Backpropagation Networks",
    ),
    "augmentation": (
        "Training rows changed so that their label stays: flips and crops for images, noise for tables and\n"
        "curves. It tells the network what does not matter. Members: `regx explain regularizers`; which\n"
        "changes keep a label is a question about the data, so a race answers it.",
        "Shorten & Khoshgoftaar 2019, A Survey on Image Data Augmentation",
    ),
    "calibration": (
        "Whether a probability of 0.8 is right in 8 of 10 cases. Accuracy does not show it;\n"
        "`test_calibration_error`, `test_brier_score` and `regx plot --kind reliability` do. `regx lesson\n"
        "002.7` asks whether smoothing helps.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
    ),
    "double_descent": (
        "As a network or its training grows, the test error falls, rises to a peak where the training rows\n"
        "are just fitted, and falls again beyond it. Regularization of the right strength flattens the peak.",
        "Belkin et al. 2019, Reconciling Modern Machine-Learning Practice; Nakkiran et al. 2020, Deep Double Descent",
    ),
    "weight_tying": (
        "Several places of a network use one weight, so there is less to fit and each use learns for all. A\n"
        "convolution is a layer whose outputs see a few pixels each, with the same weights at every place:\n"
        "`architecture.shared: false` gives each place its own, and `regx sweep configs/convolution.yaml` says\n"
        "what sharing gains. `architecture.tied` shares one weight among hidden layers of equal shape\n"
        "(`configs/tied.yaml`, `regx lesson 000.14`).",
        "LeCun et al. 1989, Backpropagation Applied to Handwritten Zip Code Recognition; Goodfellow et al. 2016, "
        "Deep Learning, section 7.9",
    ),
    "flat_minima": (
        "Weights around which the loss changes little. Small batches and SAM are said to find them, and they\n"
        "are said to generalise better. `hessian_eigenvalue` and `sharpness` measure it; `regx lesson 000.12`\n"
        "asks.",
        "Hochreiter & Schmidhuber 1997, Flat Minima; Keskar et al. 2017",
    ),
}
# What people call it, in lower case without signs between the words, and its name here.
ALIASES = {
    "lasso": "l1", "ridge": "l2", "tikhonov": "l2", "l2regularization": "l2", "l1regularization": "l1",
    "elasticnet": "elastic_net", "grouplasso": "group_lasso", "swa": "weight_average",
    "ema": "weight_average", "polyak": "weight_average", "batchnormalization": "batch_norm", "bn": "batch_norm",
    "batchnorm1d": "batch_norm", "layernormalization": "layer_norm", "rms": "rms_norm", "droppath": "stochastic_depth",
    "gradientclipping": "clip_norm", "clipping": "clip_norm",
    "jitter": "input_noise",
    "gaussiannoise": "input_noise", "smoothing": "label_smoothing",
    "sharpnessawareminimization": "sam", "maxnormconstraint": "max_norm", "overfit": "overfitting",
    "generalizationgap": "gap", "biasvariancetradeoff": "bias_variance", "dataaugmentation": "augmentation",
    "mcdropout": "ensemble", "bagging": "ensemble", "overconfidence": "calibration", "ece": "calibration",
    "sharpminima": "flat_minima", "weightsharing": "weight_tying", "parametersharing": "weight_tying",
    "convolution": "weight_tying", "skipconnections": "residual", "resnet": "residual",
}  # fmt: skip


def plain(name: str) -> str:
    """A name in lower case, without the signs and spaces that people write between its words."""
    return re.sub(r"[^a-z0-9²]+", "", name.lower())
