"""Pairs in a config that are known to interact badly: a warning each, with the reason and a remedy."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from regx.config.config import Config

SMALL_BATCH = 32
FEW_ROWS = 20


def lane_warnings(lanes: Sequence[Config]) -> list[str]:
    """What to be wary of in the lanes of a race: each warning once, with the names of those that it is about."""
    return _by_lane(lanes, lambda lane: warnings(lane, "lanes.LANE"))


def lane_hints(lanes: Sequence[Config]) -> list[str]:
    """What is good to know of the lanes of a race, likewise."""
    return _by_lane(lanes, hints)


def _by_lane(lanes: Sequence[Config], said_of: Callable[[Config], list[str]]) -> list[str]:
    found: dict[str, list[str]] = {}
    for lane in lanes:
        for said in said_of(lane):
            found.setdefault(said, []).append(lane.name)
    return [f"{', '.join(names)}: {said}" for said, names in found.items()]


def hints(config: Config) -> list[str]:
    """What is good to know of a config that does what it says, a sentence each: shown on request, not at every run."""
    optimizer, found = config.optimizer.kind, []
    decaying = [
        member.kind
        for member in config.stack
        if member.decays and "add_gradient" in member.hooks() and getattr(member, "l1_ratio", 0) < 1
    ]
    if decaying and config.optimizer.adaptive:
        found.append(
            f"{decaying[0]} with {optimizer}: its steps divide the penalty's gradient by the size of the loss's, so "
            "weights with large gradients are decayed less than others (Loshchilov & Hutter 2019). For decay that is "
            f"the same for all, use weight_decay instead of {decaying[0]}."
        )
    return found


def warnings(config: Config, stack_key: str = "regularizers") -> list[str]:
    """What to be wary of in a config, a sentence each; none is an error. stack_key: what `--set` calls its stack."""
    stack = {member.kind: member for member in config.stack}
    optimizer, adaptive = config.optimizer.kind, config.optimizer.adaptive
    found = []
    noises = [member.kind for member in config.stack if member.drops_units]
    by_batch = [member.kind for member in config.stack if member.uses_batch]
    if by_batch and noises:
        found.append(
            f"{noises[0]} with {by_batch[0]}: units are missing while the running statistics are taken and present "
            "when they are used, so the variance at evaluation is another one (Li et al. 2019). Leave one of the two "
            f"out, such as -s {stack_key}.{noises[0]}=off."
        )
    own_decay = getattr(config.optimizer, "weight_decay", 0)
    if own_decay and "weight_decay" in stack:
        added = stack["weight_decay"].lam  # type: ignore[attr-defined]
        found.append(
            f"weight_decay with {optimizer}, which decays by {own_decay:g} of its own: both act, {own_decay + added:g} "
            f"in sum. Write it in one place, such as -s optimizer.weight_decay=0 -s {stack_key}.weight_decay.lam="
            f"{own_decay + added:g}."
        )
    rough = [member.kind for member in config.stack if getattr(member, "method", None) == "subgradient"]
    if rough and adaptive:
        found.append(
            f"{rough[0]} by subgradient with {optimizer}: near zero its steps are as long for a small weight as for a "
            "large one, so weights rattle about zero and hardly any rests there. Use -s "
            f"{stack_key}.{rough[0]}.method=proximal."
        )
    batch = config.training.batch_size
    if by_batch and batch is not None and batch < SMALL_BATCH:
        found.append(
            f"{by_batch[0]} on batches of {batch}: the statistics of so few samples are noisy and not those of "
            f"evaluation. Use training.batch_size={SMALL_BATCH} or more, or layer_norm instead of {by_batch[0]}."
        )
    if by_batch and batch is None:
        found.append(
            f"{by_batch[0]} on the full batch: every step sees the same rows, so the noise of batches by which it "
            f"regularizes is gone (Luo et al. 2019). Use training.batch_size={SMALL_BATCH}, or layer_norm instead of "
            f"{by_batch[0]}."
        )
    proximal = [member.kind for member in config.stack if {"penalty", "on_step"} <= set(member.hooks())]
    clipping = [member.kind for member in config.stack if member.clips]
    if proximal and clipping:
        found.append(
            f"{proximal[0]} with {clipping[0]}: the proximal step is not clipped and the loss's gradient is, so where "
            f"clipping acts the penalty is stronger than its lam says. Use -s {stack_key}.{clipping[0]}=off, or a "
            "limit that only rare steps reach."
        )
    if "mixup" in stack and batch == 1:
        found.append(
            "mixup on batches of 1: a sample has no partner but itself, so nothing is mixed. Use training.batch_size="
            f"{SMALL_BATCH}."
        )
    warmup, epochs = config.schedule.warmup, config.training.epochs
    if warmup >= epochs:
        found.append(
            f"warmup of {warmup} epochs in a training of {epochs}: the learning rate never reaches the one configured. "
            f"Use -s optimizer.schedule.warmup={epochs // 10}, or more epochs."
        )
    hidden = config.architecture.hidden
    equal = [*pairwise(hidden), *pairwise(config.architecture.conv)]
    blocks = config.architecture.residual and any(one == other for one, other in equal)
    for member in config.stack:
        if "on_branch" in member.hooks() and not blocks:
            found.append(
                f"{member.kind} without residual blocks: there is no branch to act on, so it does nothing. Use "
                "-s architecture.residual=true, with hidden layers of equal width."
            )
    averaging = [member.kind for member in config.stack if member.averages]
    if "snapshot_ensemble" in stack and averaging:
        found.append(
            f"{averaging[0]} with snapshot_ensemble: the snapshots are averaged with the weights, and are then none. "
            f"Leave one of the two out, such as -s {stack_key}.{averaging[0]}=off."
        )
    if "flip" in stack and config.dataset.mirrored:
        found.append(
            f"flip on {config.dataset.kind}: {config.dataset.mirrored}, so labels become wrong. Use crop, shift or a "
            f"small rotate instead, and -s {stack_key}.flip=off."
        )
    if "spatial_dropout" in stack and not config.architecture.conv:
        found.append(
            "spatial_dropout without convolutions: there are no channels to drop, so it does nothing. Use "
            "architecture.conv, or dropout instead."
        )
    return found + few_to_stop_by(config, getattr(config.dataset, "n_val", None), "dataset.n_val={} or more")


def few_to_stop_by(config: Config, n_val: int | None, remedy: str) -> list[str]:
    """That so few validation rows decide when to stop, if they are few; None where they are not known yet."""
    if not n_val or n_val >= FEW_ROWS or not any("on_epoch" in member.hooks() for member in config.stack):
        return []
    return [
        f"early_stopping on a validation split of {n_val} rows: its loss is noisy, so the best epoch is partly luck. "
        f"Use {remedy.format(FEW_ROWS)}, or a longer patience."
    ]
