"""What to change next in a run's config, as overrides that `--set` takes.

Against overfitting the order is the usual playbook's: augment (move images, disturb rows by noise), decay the weights,
stop early, drop units, then more data or a smaller network. The verdict says how strong, and the rows of the training
split how much of the list is worth trying: the more rows, the less explicit regularization is needed.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.grid import MAX_NAME
from regx.config.load import stored_config
from regx.core.errors import InputError, RegxError
from regx.core.parameters import parameters
from regx.data.batching import steps_per_epoch
from regx.evidence.run import Run, read_runs
from regx.evidence.shrinkage import ADAPTIVE, shrinkage, travelled
from regx.optim import REGISTRY as OPTIMIZERS
from regx.regularizers import REGISTRY as REGULARIZERS
from regx.runner.plan import dataset
from regx.store.files import CONFIG
from regx.studies.diagnosis.foreign import diagnose_log, is_log
from regx.studies.diagnosis.judgement import DEAD, NOTHING_LEARNED, STILL_LEARNING, VANISHED_GRADIENT, Seed, mean_of
from regx.studies.diagnosis.question import diagnose
from regx.studies.diagnosis.result import Advice, Diagnosed, Diagnosis
from regx.studies.diagnosis.words import REASONS

# Lesson 000's sizes: with fewer rows than the first everything is of use, with more than the second little is.
SMALL_DATA, LARGE_DATA = 10_000, 1_000_000
FEW_STEPS, ENOUGH_STEPS = 200, 1000
# How much weights are to shrink over a whole training (`evidence.shrinkage`), by how much the gap asks for: where steps
# are as long as the gradient, and where they are as long whatever its size, so that decay meets more resistance. Chosen
# on the seeds 0 to 4 of the settings in tests/benchmarks/trials_advice.py, which prints what comes of it on others.
SHRINKAGE = {"light": 0.3, "mild": 1.0, "severe": 3.0}
ADAPTIVE_SHRINKAGE = {"light": 1.0, "mild": 10.0, "severe": 10.0}
UNITS_NOISES = [kind for kind, cls in REGULARIZERS.items() if cls.drops_units]
DECAYS = [kind for kind, cls in REGULARIZERS.items() if cls.decays]


def advice(run: Run, diagnosis: Diagnosis) -> tuple[Advice, ...]:
    """The changes worth trying, in order; none for a healthy run. Against divergence of some seeds comes before all."""
    facts = _Facts(run, diagnosis)
    found: list[Advice] = []
    if diagnosis.verdict == "diverged" or any(seed.diverged is not None for seed in diagnosis.seeds):
        found += _against_divergence(facts)
    if diagnosis.verdict in ("mild overfitting", "severe overfitting"):
        found += _against_overfitting(facts)
    elif diagnosis.verdict == "underfitting":
        found += _against_underfitting(facts)
    elif diagnosis.verdict == "cannot tell" and diagnosis.seeds:
        found += _to_see_more(facts)
    return tuple(found)


def diagnosed(
    paths: Sequence[str | Path], columns: Mapping[str, str] | None = None
) -> tuple[list[Diagnosed], list[str]]:
    """The diagnosis of every run at the paths, and what is wrong with those that cannot be read, a message each.

    A path may also be another program's log, whose losses stand in `columns`, or in such as are usually called so.
    Raises InputError if a path holds neither, or if none can be read.
    """
    logs = [path for path in map(Path, paths) if is_log(path)]
    others = [path for path in map(Path, paths) if path not in logs]
    found = [diagnose_log(path, columns) for path in logs]
    runs, problems = read_runs(others) if others else ([], [])
    for run in runs:
        try:
            diagnosis = diagnose(run)
            found.append(Diagnosed(run, diagnosis, advice(run, diagnosis)))
        except RegxError as error:
            problems.append(str(error))
    if not found:
        raise InputError("\n".join(problems))
    return found, problems


def changed(run: Run, chosen: Advice) -> Config:
    """The run's config with the overrides of an advice, under a name that says so. Raises InputError if it is none."""
    tail = f"-{chosen.name}"
    name = f"{run.name[: MAX_NAME - len(tail)]}{tail}"
    return stored_config(run.config, run.folder / CONFIG, run.about.get("table"), [*chosen.overrides, f"name={name}"])


class _Facts:
    """What advice depends on."""

    def __init__(self, run: Run, diagnosis: Diagnosis) -> None:
        _ = run.typed  # raises InputError where the config names what is not known here
        config: dict[str, Any] = run.config
        self.dataset, self.optimizer, self.training = config["dataset"], config["optimizer"], config["training"]
        self.architecture: dict[str, Any] = config["architecture"]
        self.hidden: list[int] = list(self.architecture.get("hidden", []))
        self.stack: dict[str, Any] = {kind: given for item in config["regularizers"] for kind, given in item.items()}
        self.severe = diagnosis.verdict == "severe overfitting"
        self.rows = diagnosis.rows or self.dataset.get("n_train") or 1
        self.parameters: int = run.summary.parameters or 0
        self.steps_per_epoch = steps_per_epoch(self.rows, self.training.get("batch_size"))
        self.image: tuple[int, ...] = ()  # height and width, where rows are images and can still be read
        with contextlib.suppress(RegxError):
            if run.typed.dataset.is_images:
                self.image = dataset(run.typed.dataset, run.typed.seeds[0]).shape[1:]
        self.mean: Seed = mean_of([seed for seed in diagnosis.seeds if seed.diverged is None])
        trained = [network.last_epoch for network in run.summary.networks.values() if network.completed]
        # By the seed that trained longest.
        self.epochs = max(trained, default=int(self.training["epochs"]))
        self.stopped = "early_stopping" in self.stack and self.epochs < self.training["epochs"]
        self.steps = self.epochs * self.steps_per_epoch
        self.distance = travelled(config, self.rows, self.epochs)
        self.shrinkage = shrinkage(config, self.rows, self.epochs)


# Overfitting


def _against_overfitting(facts: _Facts) -> Iterator[Advice]:
    yield from _images_moved(facts) if facts.image else _input_noise(facts)
    if facts.rows < LARGE_DATA:
        yield from _decay(facts)
    yield from _early_stopping(facts)
    if facts.rows < SMALL_DATA:
        yield from _dropout(facts)
    yield from _more_data(facts)
    yield from _smaller(facts)


def _images_moved(facts: _Facts) -> Iterator[Advice]:
    """Crops of at most an eighth of the image, then small rotations: what hardly any label minds."""
    reach = max(min(facts.image) // 8, 1)
    for kind, setting in (("crop", f"padding={reach}"), ("rotate", "degrees=10")):
        if kind not in facts.stack:
            yield Advice(kind, (f"regularizers.{kind}.{setting}",), REASONS[kind])


def _input_noise(facts: _Facts) -> Iterator[Advice]:
    now = facts.stack.get("input_noise", {}).get("sigma", 0.0)
    first = 0.3 if facts.severe else 0.1
    sigma = first if now < first else min(2 * now, 1.0)
    if sigma > now:
        reason = REASONS["more input_noise" if now else "input_noise"].format(now=now)
        yield Advice("input_noise", (f"regularizers.input_noise.sigma={sigma:g}",), reason)


def _decay(facts: _Facts) -> Iterator[Advice]:
    """Decay of a strength that the learning rate and the steps make felt; what decays already is made to decay more."""
    targets = ADAPTIVE_SHRINKAGE if facts.optimizer["name"] in ADAPTIVE else SHRINKAGE
    light = facts.rows >= SMALL_DATA
    target = targets["light" if light else "severe" if facts.severe else "mild"]
    now = facts.shrinkage
    present = next((kind for kind in DECAYS if facts.stack.get(kind, {}).get("lam")), None)
    own = facts.optimizer.get("weight_decay")
    if present is None and not own:
        reason = REASONS["light weight_decay" if light else "weight_decay"]
        reason = reason.format(rows=facts.rows, steps=facts.steps, target=target)
        yield Advice("weight_decay", (f"regularizers.weight_decay.lam={target / facts.distance:.2g}",), reason)
        return
    key = f"regularizers.{present}.lam" if present is not None else "optimizer.weight_decay"
    lam = facts.stack[present]["lam"] if present is not None else own
    raised = 10 * lam if facts.severe else 3 * lam
    if now is not None and now < target:  # at least as much as is advised where there is none
        raised = max(raised, lam * target / now)
    reason = REASONS["more decay" if now is None else "more decay than is felt"].format(lam=lam, felt=now)
    yield Advice(present or "weight_decay", (f"{key}={raised:.2g}",), reason)


def _early_stopping(facts: _Facts) -> Iterator[Advice]:
    if "early_stopping" in facts.stack:
        return
    every = facts.training.get("eval_every", 1)
    patience = min(max(20, 10 * every), max(int(facts.training["epochs"]) // 5, 1))
    rise = facts.mean.rise or 0.0
    reason = REASONS["early_stopping" if rise >= 0.01 else "early_stopping at no cost"].format(points=100 * rise)
    yield Advice("early_stopping", (f"regularizers.early_stopping.patience={patience}",), reason)


def _dropout(facts: _Facts) -> Iterator[Advice]:
    present = next((kind for kind in UNITS_NOISES if kind in facts.stack), None)
    if present is not None:
        now = facts.stack[present].get("p", 0.5)
        p = min(round(now + 0.2, 3), 0.7)
        if p > now:
            yield Advice(present, (f"regularizers.{present}.p={p:g}",), REASONS["more dropout"].format(now=now))
    # Where batches are normalised it does harm (see `reference.interactions`), and a narrow layer has no unit to spare.
    elif not any(REGULARIZERS[kind].uses_batch for kind in facts.stack) and facts.hidden and min(facts.hidden) >= 8:
        p = 0.4 if facts.severe else 0.2
        yield Advice("dropout", (f"regularizers.dropout.p={p:g}",), REASONS["dropout"])


def _more_data(facts: _Facts) -> Iterator[Advice]:
    case, overrides = "more_data to collect", []
    if "n_val" in facts.dataset:  # generated, so there can be as many as one likes
        case, overrides = "more_data", [f"dataset.n_train={4 * facts.rows}"]
    elif facts.dataset.get("n_train") is not None:
        case, overrides = "more_data of the table", ["dataset.n_train=null"]
    reason = REASONS[case].format(parameters=facts.parameters, rows=facts.rows)
    yield Advice("more_data", tuple(overrides), reason)


def _smaller(facts: _Facts) -> Iterator[Advice]:
    if not facts.hidden or facts.parameters <= 0:
        return
    # In the benchmark of the verdicts half of the units overfitted as much as all of them.
    part = 4 if facts.severe else 2
    widths = [max(width // part, 2) for width in facts.hidden] if min(facts.hidden) > 2 else facts.hidden[:-1]
    per_row = facts.parameters / facts.rows
    reason = REASONS["smaller"].format(per_row=f"{per_row:,.{0 if per_row >= 10 else 1}f}")
    yield Advice("smaller", (_hidden(widths),), reason)


# Underfitting


def _against_underfitting(facts: _Facts) -> Iterator[Advice]:
    mean = facts.mean
    short = facts.steps < FEW_STEPS or (mean.gain or 0.0) >= STILL_LEARNING
    nothing = mean.train is not None and mean.train >= NOTHING_LEARNED
    timid = nothing and float(facts.optimizer["lr"]) < _usual_rate(facts) / 10
    hardly_moved = timid or (nothing and mean.start is not None and (mean.train or 0.0) >= mean.start / 2)
    vanished = (mean.gradient or 1.0) < VANISHED_GRADIENT and (mean.train or 0.0) >= NOTHING_LEARNED
    asleep = (mean.dead or 0.0) >= DEAD or vanished
    weaker, longer = _weaker(facts), _longer(facts, short)
    faster, bigger = _faster(facts, hardly_moved), _bigger(facts)
    awake = _awake(facts) if asleep and facts.hidden else iter(())
    if timid:
        return chain(faster, longer, weaker, awake, bigger)
    if short:
        return chain(longer, faster, weaker, bigger)
    if hardly_moved and not facts.stack:
        return chain(faster, awake, bigger, longer)
    return chain(weaker, awake, bigger, faster, longer)


def _weaker(facts: _Facts) -> Iterator[Advice]:
    """Every strength in the stack lowered: a probability to half, all else to a tenth."""
    overrides = []
    for kind, given in facts.stack.items():
        if REGULARIZERS[kind].steadies:
            continue
        strength = next((key for key in parameters(REGULARIZERS[kind]).values() if key.neutral is not None), None)
        if strength is None or given.get(strength.name) in (None, strength.neutral):
            continue
        if strength.neutral != 0:
            overrides.append(f"regularizers.{kind}=off")
            continue
        factor = 0.5 if strength.lt is not None else 0.1
        overrides.append(f"regularizers.{kind}.{strength.name}={factor * given[strength.name]:.3g}")
    if overrides:
        yield Advice("weaker", tuple(overrides), REASONS["weaker"])


def _longer(facts: _Facts, short: bool) -> Iterator[Advice]:
    epochs = int(facts.training["epochs"])
    if facts.stopped:  # more epochs would not be reached
        patience = 4 * int(facts.stack["early_stopping"]["patience"])
        overrides = [f"regularizers.early_stopping.patience={patience}"]
        if epochs * facts.steps_per_epoch < FEW_STEPS:
            overrides.append(f"training.epochs={math.ceil(ENOUGH_STEPS / facts.steps_per_epoch)}")
        yield Advice("longer", tuple(overrides), REASONS["longer, stopped"].format(epochs=facts.epochs))
        return
    if not short and (facts.mean.gain or 0.0) < STILL_LEARNING / 5:  # more of what brought nothing
        return
    more = max(4 * epochs, math.ceil(ENOUGH_STEPS / facts.steps_per_epoch)) if short else 4 * epochs
    case = "longer, few steps" if facts.steps < FEW_STEPS else "longer, still learning" if short else "longer"
    yield Advice("longer", (f"training.epochs={more}",), REASONS[case].format(steps=facts.steps))


def _faster(facts: _Facts, hardly_moved: bool) -> Iterator[Advice]:
    lr, usual = float(facts.optimizer["lr"]), _usual_rate(facts)
    raised = min((10 if hardly_moved else 3) * lr, 10 * usual)
    if hardly_moved and lr < usual / 10:
        raised = usual
    if raised > lr:
        reason = REASONS["faster, hardly moved" if hardly_moved else "faster"].format(lr=lr)
        yield Advice("faster", (f"optimizer.lr={raised:.3g}",), reason)


def _awake(facts: _Facts) -> Iterator[Advice]:
    wanted = {"activation": ("relu", "leaky_relu"), "init": ("he", "he")}  # the default, and what is better here
    overrides = [
        f"architecture.{key}={better}"
        for key, (default, better) in wanted.items()
        if facts.architecture.get(key, default) != better
    ]
    if overrides:
        yield Advice("awake", tuple(overrides), REASONS["awake"])


def _bigger(facts: _Facts) -> Iterator[Advice]:
    widths = [max(2 * width, 16) for width in facts.hidden] or [32, 32]
    yield Advice("bigger", (_hidden(widths),), REASONS["bigger" if facts.hidden else "bigger than linear"])


# Divergence, and what cannot be seen


def _against_divergence(facts: _Facts) -> Iterator[Advice]:
    lr, usual = float(facts.optimizer["lr"]), _usual_rate(facts)
    lowered = usual if lr > 100 * usual else lr / 10
    slower = f"optimizer.lr={lowered:.3g}"
    yield Advice("lower_lr", (slower,), REASONS["lower_lr"].format(lr=lr))
    now = facts.stack.get("clip_norm", {}).get("max_norm")
    clipped = f"regularizers.clip_norm.max_norm={1.0 if now is None else now / 10:.3g}"
    yield Advice("clip_norm", (slower, clipped), REASONS["clip_norm"])
    if facts.architecture.get("init", "he") != "he":
        yield Advice("init", ("architecture.init=he",), REASONS["init"])


def _to_see_more(facts: _Facts) -> Iterator[Advice]:
    generated = "n_val" in facts.dataset
    if not facts.dataset.get("n_val" if generated else "val_fraction"):
        split = "dataset.n_val=100" if generated else "dataset.val_fraction=0.15"
        yield Advice("validation", (split,), REASONS["validation"])


def _usual_rate(facts: _Facts) -> float:
    """The default learning rate of the optimizer."""
    return float(parameters(OPTIMIZERS[facts.optimizer["name"]])["lr"].default)


def _hidden(widths: list[int]) -> str:
    return f"architecture.hidden=[{','.join(map(str, widths))}]"
