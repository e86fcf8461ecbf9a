"""What training itself says of a network: how far it came, and what that took."""

from regx.metrics.metric import Metric

EPOCH = Metric(
    "epoch", "Passes over the training split that were made; 0 is before training.", low=0.0, each_epoch=True
)
OBJECTIVE = Metric(
    "objective",
    "What was minimised: data loss plus penalties, in training mode, mean over the epoch's samples. Empty at epoch 0.",
    better="lower", each_epoch=True,
)  # fmt: skip
PENALTY = Metric("penalty", "The part of the objective that regularizers added.", each_epoch=True)
LEARNING_RATE = Metric("lr", "Learning rate in force, after the schedule.", low=0.0, each_epoch=True)
BEST_EPOCH = Metric(
    "best_epoch",
    "The reported epoch: the last one, or the one that early stopping restored.",
    low=0.0, importance=14, of_seed=lambda seed: seed["reported_epoch"],
)  # fmt: skip
EPOCHS_TRAINED = Metric(
    "epochs_trained",
    "The epochs that were trained: `training.epochs`, or fewer where early stopping ended training.",
    better="lower", low=0.0, of_seed=lambda seed: seed["last_epoch"],
)  # fmt: skip
EPOCHS_SAVED = Metric(
    "epochs_saved",
    "The epochs of `training.epochs` that were not trained, since early stopping had ended training.",
    better="higher", low=0.0,
    of_seed=lambda seed: None if seed.get("epochs") is None else float(seed["epochs"] - seed["last_epoch"]),
)  # fmt: skip
SECONDS = Metric(
    "seconds",
    "The network's share of the time its population took to train. Networks of one population share its time out "
    "evenly, so that an interval over their seeds would say nothing.",
    better="lower", low=0.0, has_interval=False, importance=17, of_seed=lambda seed: seed["seconds"],
)  # fmt: skip
