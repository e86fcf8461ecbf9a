"""Pairs in a config that are known to interact badly: a warning each, with the reason and a remedy."""

from __future__ import annotations

from regx.config.config import Config

ADAPTIVE = ("adam", "adamw", "rmsprop")
SMALL_BATCH = 32


def warnings(config: Config) -> list[str]:
    """What to be wary of in a config, a sentence each; none is an error."""
    stack = {member.kind: member for member in config.stack}
    optimizer = config.optimizer.kind
    found = []
    noises = [kind for kind in ("dropout", "gaussian_dropout", "group_dropout", "dropconnect") if kind in stack]
    if "batch_norm" in stack and noises:
        found.append(
            f"{noises[0]} with batch_norm: units are missing while the running statistics are taken and present when "
            "they are used, so the variance at evaluation is another one (Li et al. 2019). Leave one of the two out, "
            f"such as -s regularizers.{noises[0]}=off."
        )
    if "l2" in stack and optimizer in ADAPTIVE:
        found.append(
            f"l2 with {optimizer}: its steps divide the penalty's gradient by the size of the loss's, so weights with "
            "large gradients are decayed less than others (Loshchilov & Hutter 2019). For decay that is the same for "
            "all, use weight_decay instead of l2."
        )
    l1 = stack.get("l1")
    if l1 is not None and getattr(l1, "method", None) == "subgradient" and optimizer in ADAPTIVE:
        found.append(
            f"l1 by subgradient with {optimizer}: near zero its steps are as long for a small weight as for a large "
            "one, so weights rattle about zero and hardly any rests there. Use -s regularizers.l1.method=proximal."
        )
    batch = _batch(config)
    if "batch_norm" in stack and batch is not None and batch < SMALL_BATCH:
        found.append(
            f"batch_norm on batches of {batch}: the statistics of so few samples are noisy and not those of "
            f"evaluation. Use training.batch_size={SMALL_BATCH} or more, or layer_norm instead of batch_norm."
        )
    if "stochastic_depth" in stack and not config.architecture.residual:
        found.append(
            "stochastic_depth without residual blocks: there is no branch to leave out, so it does nothing. Use "
            "-s architecture.residual=true, with hidden layers of equal width."
        )
    return found


def _batch(config: Config) -> int | None:
    """The samples of a step, as far as the config says."""
    said = (config.training.batch_size, getattr(config.dataset, "n_train", None))
    return min((number for number in said if number is not None), default=None)
