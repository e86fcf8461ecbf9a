"""How strong a decay is over a whole training, on one scale for every optimizer, learning rate and number of steps.

A weight that no gradient moves ends at exp(-shrinkage) times what it was: the sum over the steps of the learning rate
in force times lam. A lam that is strong over 10,000 steps does nothing in ten.
"""

from collections.abc import Mapping
from typing import Any

from regx.data.batching import steps_per_epoch
from regx.evidence.run import Run
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.optim.schedules import ReduceOnPlateau

ADAPTIVE = tuple(kind for kind, cls in OPTIMIZERS.items() if cls.adaptive)


def travelled(config: Mapping[str, Any], rows: int, epochs: int) -> float:
    """The sum of the learning rates of the steps of so many epochs on so many training rows.

    config: resolved. Of momentum m a gradient that stays as it is moves a weight by 1/(1 - m) times as much, which
    decoupled decay does not.
    """
    training, optimizer = config["training"], config["optimizer"]
    steps = steps_per_epoch(rows, training.get("batch_size"))
    given = dict(optimizer.get("schedule") or {"name": "constant"})
    kind = SCHEDULES.get(given.pop("name"))
    if kind is None:
        return float(optimizer["lr"]) * steps * epochs
    schedule = kind(**given)
    factors = (schedule.factor(epoch, training["epochs"]) for epoch in range(1, epochs + 1))
    return float(optimizer["lr"]) * steps * sum(factors)


def shrinkage(config: Mapping[str, Any], rows: int, epochs: int) -> float | None:
    """What the decay of a config shrinks weights by over so many epochs; None without any, or where it is not known.

    Known are decoupled decay, of the stack or of the optimizer, and an L2 penalty in gradient descent. Adam and RMSprop
    divide the penalty's gradient by the size of the loss's, so there nobody knows. Of some layers alone there is none.
    """
    optimizer = config["optimizer"]
    if (optimizer.get("schedule") or {}).get("name") == ReduceOnPlateau.kind:  # each network has its own rates
        return None
    distance = travelled(config, rows, epochs)
    found = []
    if optimizer.get("weight_decay"):
        found.append(optimizer["weight_decay"] * distance)
    for kind, given in ((kind, given) for item in config["regularizers"] for kind, given in item.items()):
        lam = given.get("lam")
        if kind not in ("weight_decay", "l2", "elastic_net") or not lam:
            continue
        is_of_all = isinstance(lam, int | float) and given.get("layers") is None
        if not is_of_all or (kind != "weight_decay" and optimizer["name"] in ADAPTIVE):
            return None
        if kind == "weight_decay":
            steps = distance if given.get("scaled_by_lr", True) else distance / float(optimizer["lr"])
            found.append(lam * steps)
        else:
            share = 1 - given.get("l1_ratio", 0.0) if kind == "elastic_net" else 1.0
            found.append(share * lam * distance / (1 - optimizer.get("momentum", 0.0)))
    return sum(found) if any(found) else None


def shrinkage_of(run: Run) -> float | None:
    """The same of a run, over the epochs that its seeds were trained for in the mean.

    Early stopping without decay is on that scale where it is known: a linear model that gradient descent leaves after
    t steps is about the one with an L2 of lam = 1/(lr·t), so over all T steps it shrinks by T/t.

    Goodfellow et al. 2016, Deep Learning, section 7.8.
    """
    trained = [network.last_epoch for network in run.summary.networks.values() if network.completed]
    rows = run.about.get("rows") or [run.config["dataset"].get("n_train")]
    full_batch = run.config["training"].get("batch_size", "full") == "full"
    if not trained or not (rows[0] or full_batch):
        return None
    epochs, rows_of_training = round(sum(trained) / len(trained)), int(rows[0] or 1)
    found = shrinkage(run.config, rows_of_training, epochs)
    stops = any("early_stopping" in item for item in run.config["regularizers"])
    if found is not None or not stops or run.config["optimizer"]["name"] in ADAPTIVE:
        return found
    reported = [network.reported_epoch for network in run.summary.networks.values() if network.completed]
    at = round(sum(reported) / len(reported))
    if not 0 < at < run.config["training"]["epochs"]:
        return None
    whole = travelled(run.config, rows_of_training, int(run.config["training"]["epochs"]))
    return whole / travelled(run.config, rows_of_training, at)
