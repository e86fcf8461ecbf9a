"""The sentences of a diagnosis: on everything that was measured, on what limits the verdict, and on each advice."""

import dataclasses
from collections.abc import Mapping, Sequence

from regx.core.errors import RegxError
from regx.evidence.run import Run
from regx.report.numbers import count
from regx.store.files import CONFIG
from regx.studies.diagnosis import judgement as limits
from regx.studies.diagnosis.judgement import Evidence, Seed, Verdict, evidence, finite, mean_of, value_of, verdict_of
from regx.studies.diagnosis.result import Diagnosed

_SHRINK = ": over the {steps:,} steps of this training, at its learning rate, weights that nothing holds shrink by "
_WAIT = "Training ends when the validation loss has stopped falling, and its best epoch is kept. "
# Why each change is advised, by its name, or by a word for the case where one name has several.
REASONS = {
    "crop": "Augmentation comes first: every step sees each image a little moved.",
    "rotate": "Small rotations keep most labels, too.",
    "input_noise": "Augmentation comes first, and for tables and curves it is noise on the inputs: every step sees "
    "each row a little elsewhere.",
    "more input_noise": "Augmentation comes first, and for tables and curves it is noise on the inputs, stronger than "
    "the {now:g} of now.",
    "weight_decay": f"Small weights make smooth functions; for a gap like this{_SHRINK}exp(-{{target:g}}).",
    "light weight_decay": f"Small weights make smooth functions; {{rows:,}} rows need it light{_SHRINK}"
    "exp(-{target:g}).",
    "more decay": "The weights may be decayed more than by {lam:g}.",
    "more decay than is felt": "The weights may be decayed more than by {lam:g}, which shrinks weights by "
    "exp(-{felt:.2g}) over this training.",
    "early_stopping": f"{_WAIT}The best epoch was better by {{points:.0f}} points.",
    "early_stopping at no cost": f"{_WAIT}It costs nothing, and may save time.",
    "dropout": "No unit can rely on another one being there.",
    "more dropout": "More units may be dropped than {now:g}.",
    "more_data": "{parameters:,} parameters stand against {rows:,} rows; more rows leave less to chance.",
    "more_data of the table": "{parameters:,} parameters stand against {rows:,} rows; the table has more rows than are "
    "used.",
    "more_data to collect": "{parameters:,} parameters stand against {rows:,} rows, all that the table has: more of "
    "them leave less to chance.",
    "smaller": "A smaller network has less room for noise: now {per_row} parameters a row.",
    "weaker": "What is to keep the network from overfitting keeps it from fitting.",
    "longer": "It may help: train longer.",
    "longer, still learning": "It was still learning: train longer.",
    "longer, few steps": "{steps:,} steps are few: train longer.",
    "longer, stopped": "Early stopping ended training by epoch {epochs}: let it wait longer for a better one.",
    "faster": "Longer steps come further in the same time: raise the learning rate from {lr:g}.",
    "faster, hardly moved": "The weights have hardly moved: raise the learning rate from {lr:g}.",
    "awake": "Units that answer every row alike learn nothing; these have a slope everywhere.",
    "bigger": "The network is wider, and can hold more.",
    "bigger than linear": "A linear model can only draw planes; hidden layers can bend them.",
    "lower_lr": "Steps of learning rate {lr:g} are too long to stay on course.",
    "clip_norm": "Where that does not suffice, gradients that explode are cut to a bearable length as well.",
    "init": "Initial weights of the size that keeps signals from growing by layer.",
    "validation": "A validation split shows how new rows fare, and the test split stays unseen.",
}
_AGAINST_OVERFITTING = {
    "augmentation": "Augment the inputs: for images flips and crops that keep the label, for tables noise.",
    "decay": "Decay the weights: 1e-4 with SGD, 0.01 decoupled with Adam (AdamW), more if the gap stays.",
    "early_stopping": "Stop early and keep the best weights: the validation loss was least at epoch {best}.",
    "dropout": "Drop units: p = {p} after the dense layers.",
    "data": "Collect more rows, or make the network smaller.",
}
# What is advised for the training of another program, by the verdict and the name of the advice.
ON_LOGS: Mapping[Verdict, Mapping[str, str]] = {
    "mild overfitting": _AGAINST_OVERFITTING,
    "severe overfitting": _AGAINST_OVERFITTING,
    "underfitting": {
        "longer": "Train longer, or with another learning rate, if the loss is still falling.",
        "larger": "Make the network larger, and its regularizers weaker.",
    },
    "diverged": {"rate": "Lower the learning rate tenfold, or clip the gradients' norm to 1."},
    "cannot tell": {"validation": "Log a validation loss."},
}


def evidence_for(verdict: Verdict, seeds: Sequence[Seed]) -> tuple[Evidence, ...]:
    """What led to the verdict on the finished seeds of a run, the decisive first, a sentence each."""
    mean = mean_of(finite(seeds))
    return tuple(
        dataclasses.replace(item, text=_divergence(seeds) if item.name == "divergence" else _sentence(item, mean))
        for item in evidence(verdict, seeds)
    )


def _divergence(seeds: Sequence[Seed]) -> str:
    lost = [seed for seed in seeds if seed.diverged is not None]
    named = ", ".join(str(seed.seed) for seed in lost[:5]) + (", ..." if len(lost) > 5 else "")
    first = min(seed.diverged or 0 for seed in lost)
    if len(seeds) == 1:
        return f"The one seed, {named}, stopped being finite at epoch {first}."
    which = f"(seed {named}) at" if len(lost) == 1 else f"(seeds {named}), the first at"
    return (
        f"{len(lost)} of {len(seeds)} seeds stopped being finite {which} epoch {first}; "
        "from half of them on the run counts as diverged."
    )


def _sentence(item: Evidence, mean: Seed) -> str:
    """mean: over the seeds that stayed finite."""
    value, points_to = value_of(mean, item.name) or 0.0, item.points_to
    points, around = _points(value), _around(item, turned=item.name == "gap" and value < 0)
    match item.name:
        case "train":
            text = f"Training loss: {points} % of the trivial loss{around}."
            if points_to == "diverged":
                text += f" It began at {_points(mean.start or 0.0)} %, so training led away from a solution."
            elif points_to == "underfitting":
                text += f" From {100 * limits.NOTHING_LEARNED:g} % on the network has learned next to nothing."
        case "val":
            text = f"Validation loss: {points} % of the trivial loss{around}."
            if points_to == "diverged":
                text += " No learning by heart costs that much: the weights have exploded."
            elif item.threshold is not None:
                text += " On new rows the network is no better than the trivial predictor."
        case "gap":
            where = "above" if value >= 0 else "below"
            text = f"Gap: the validation loss lies {_points(abs(value))} points {where} the training loss{around}"
            text += _from_on(limits.MILD_GAP, limits.SEVERE_GAP, " above" * (value < 0))
        case "rise" if value < 0.0005:
            text = "The validation loss ends where it was least."
        case "rise":
            text = f"The validation loss was {points} points lower at its best epoch{around}"
            text += _from_on(limits.MILD_RISE, limits.SEVERE_RISE)
        case "gain":
            what = "validation" if mean.val is not None else "training"
            learning = "is still" if points_to else "would still be"
            text = f"The last half of the epochs lowered the {what} loss by {points} points{around}"
            text += f"; from {100 * limits.STILL_LEARNING:g} on it {learning} learning."
        case "pattern" if points_to:
            text = f"Training rows close to each other err alike: {points} points of the training loss{around} are "
            text += "such a pattern, which a network that fits better would learn."
        case "pattern":
            text = f"Training rows close to each other do not err alike: {points} points of the training loss are "
            text += "such a pattern, so what is left looks like noise."
        case "accuracy_gap":
            lower = f"{_points(abs(value))} points {'lower' if value >= 0 else 'higher'}"
            text = f"Accuracy: {lower} on validation than on training rows."
        case "growth":
            text = f"Weights: their mean size grew {value:.3g}-fold"
            if abs(value - 1) < 0.005:
                text = "Weights: their mean size is what it was"
            elif value < 1:
                text = f"Weights: their mean size shrank to {value:.2g} of what it was"
            grown = f"; from {limits.GROWN:g}-fold on that fits a network that learns by heart."
            text += grown if value >= limits.GROWN else "."
        case "gradient":
            digits = f"{float(f'{value:.2g}'):g}"
            text = f"Gradient of the first layer: {digits} (its norm, times that of the weights, over the loss)"
            text += "; it has vanished, so the first layer learns nothing." if points_to else "."
        case _:
            text = f"Dead units: {points} % of the hidden units answer all training rows alike"
            text += ", so the network is smaller than it looks." if points_to else "."
    return text


def _around(item: Evidence, turned: bool) -> str:
    """The interval in points; `turned` that of the opposite sign."""
    if item.low is None or item.high is None:
        return ""
    low, high = (-item.high, -item.low) if turned else (item.low, item.high)
    return f" [{_points(low)}, {_points(high)}]"


def _from_on(mild: float, severe: float, where: str = "") -> str:
    return f"; from {100 * mild:g}{where} on it is mild overfitting, from {100 * severe:g} on severe."


def _points(share: float) -> str:
    """A share in percent, with a digit behind the point where there is only one before it."""
    percent = 100 * share
    if abs(percent) >= 1e5:
        return f"{percent:.1e}"
    return f"{percent:,.0f}" if abs(percent) >= 9.95 or percent == 0 else f"{percent:.1f}".replace("-0.0", "0.0")


def notes_on(
    run: Run, seeds: Sequence[Seed], verdict: Verdict, val_rows: int | None, unread: RegxError | None
) -> list[str]:
    """What limits the verdict on a run. val_rows: of the validation split, None where it is not known.

    unread: why the data could not be loaded, if they could not.
    """
    notes = []
    asked, finished = len(run.config["seeds"]), len(seeds)
    if finished < asked:
        notes.append(
            f"{finished} of {asked} seeds {'is' if finished == 1 else 'are'} finished, and the run is "
            f"{run.about['status']}: `regx run {run.folder / CONFIG} --out {run.folder.parent}` trains the others."
        )
    judged = finite(seeds)
    if len(judged) == 1:
        notes.append("There is one seed; another may come out differently. Try --seeds 5.")
    agreeing = sum(verdict_of(seed) == verdict for seed in seeds)
    if len(seeds) > 1 and agreeing < len(seeds):
        notes.append(f"Judged alone, {agreeing} of {len(seeds)} seeds get{'s' * (agreeing == 1)} this verdict.")
    if judged and all(seed.train is None for seed in judged):
        notes.append("It is not known what the trivial predictor would score here, so no loss can be judged.")
    elif judged and all(seed.val is None for seed in judged):
        notes.append(
            "There is no validation split, so only the fit to the training rows is judged. The test split is left "
            "alone: what is changed by its word is fitted to it."
        )
    elif val_rows is not None and val_rows < limits.FEW_ROWS:
        notes.append(f"The validation split has {count(val_rows, 'row')}: its loss, and so the gap, is partly luck.")
    if run.summary.peek:
        notes.append("This run looked at the test split while it was trained (--peek).")
    noise = run.config["dataset"].get("label_noise") or 0.0
    if noise:
        notes.append(
            f"A share of {noise:g} of the training labels is replaced at random and none of the validation labels, so "
            "the training loss holds noise that the validation loss lacks, and the gap is too small by it."
        )
    if unread is not None:
        notes.append(f"The training rows could not be loaded, so patterns in their errors are not looked for: {unread}")
    return notes


def notes_on_log(named: Mapping[str, str], has_val: bool) -> list[str]:
    """What another program's log cannot say. named: by what they are, the names that the losses have in it."""
    guessed = ", ".join(f"{role} is '{name}'" for role, name in named.items())
    notes = [
        f"Read from a log: {guessed}.",
        "The loss of a trivial predictor is not in it, so the first training loss stands for it: points are hundredths "
        "of that.",
        "It is one training: nobody knows how another seed would have come out, nor whether the training losses were "
        "measured with dropout and other noise on, which makes the gap look smaller.",
    ]
    if named.get("val_loss", "").lower().startswith("test"):
        notes.append("Its validation loss is called a test loss: what is changed by its word is fitted to those rows.")
    if not has_val:
        notes.append("There is no validation loss, so only the fit to the training rows is judged.")
    return notes


def about(one: Diagnosed) -> str:
    """What was diagnosed, and the unit of the numbers."""
    diagnosis = one.diagnosis
    if one.run is None:
        return f"{one.place}: a log of {len(diagnosis.curves.epochs)} epochs."
    summary = one.run.summary
    rows = "" if diagnosis.rows is None else f", {count(diagnosis.rows, 'row')}"
    parameters = "" if summary.parameters is None else f", {summary.parameters:,} parameters"
    seeds = count(len(diagnosis.seeds), "seed")
    stack = "no regularizer" if one.run.stack == "none" else one.run.stack
    text = f"{summary.dataset}{rows}{parameters}, {stack}, {seeds}."
    if diagnosis.trivial is None:
        return text
    answer = "the mean" if summary.task == "regression" else "the shares of the classes"
    return (
        f"{text} The trivial loss is {diagnosis.trivial:.3g}, that of always answering {answer} of the training rows; "
        "points are hundredths of it, brackets 95 % intervals over seeds."
    )
