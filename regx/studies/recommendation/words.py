"""The words of a recommendation: what a table is taken to be, what will be trained, notes, and what is concluded."""

from collections.abc import Mapping, Sequence

from regx.core.text import capital
from regx.report.numbers import chance, count, told
from regx.studies.recommendation.inspection import Inspection
from regx.studies.recommendation.judgement import (
    FEWEST_SPLITS,
    PLAIN,
    USABLE,
    WORTH,
    Conclusion,
    LossDifference,
    Measured,
    Raced,
    mean,
)
from regx.studies.recommendation.references import LINEAR, TREES, TRIVIAL
from regx.studies.recommendation.result import Recommendation

MOST_CLASSES = 10  # whose shares are told
LEGEND = (
    "*: recommended: the first whose validation loss is within one standard error of the least. Losses of a lane: with "
    "the strengths that each split's validation rows choose for it; those of all splits together, which the config "
    "has, may do better. difference: test loss minus that of none, ±: 95 % interval of Nadeau and Bengio over splits; "
    "verdict: corrected for the number of lanes. chosen on each split: the lane with the least validation loss there."
)
# What a reader should know of how it was raced.
NOTES = {
    "some rows": "The race asks {asked:,} of the {rows:,} rows, drawn at random. The config that is written is for all "
    "of them; -s dataset.rows={rows} asks all, which takes longer.",
    "fewer epochs": "{minutes:g} minutes are few for this table: networks train {shorter} epochs instead of {epochs}.",
    "fewer splits": "{splits} splits instead of {wanted} to keep to {minutes:g} minutes, since {why} here. --minutes "
    "gives more.",
    "split by time": "Split by time, all splits have the same test rows, the latest, and differ in initial weights "
    "alone, so what holds for other times cannot be told by any number of them.",
    "split left out": "Split {seed} is left out: {error}",
    "network": "The network of all lanes: {name}, up to {epochs} epochs, {parameters:,} parameters.",
    "network chosen": "The network of all lanes, chosen first, by validation loss, of the {tried} that were tried: "
    "{name}, up to {epochs} epochs, {parameters:,} parameters.",
    "not raced": "Not raced to the end, for want of time, so nothing is said of them: {lanes}. --minutes gives more.",
    "lane left out": "Left out, since networks diverged or failed whatever was tried: {lane}.",
    "failed": "Networks that could not be trained, and count as diverged: {networks}. The reason of the last: {reason}",
    "folds": "Validation rows are few, so the lanes are compared by {folds} folds of each split, disjoint, beside the "
    "same test rows.",
    "few run folders": "Run folders of {lanes} alone, for want of time; `regx run` trains the config.",
    "no run folders": "No run folders, for want of time; `regx run` trains the config.",
    "unfinished": "In the run folders of these lanes networks diverged or failed: {lanes}.",
}


def inspection_lines(inspection: Inspection) -> list[str]:
    """What the table is taken to be, a sentence each."""
    if inspection.images:
        first = f"{inspection.path}: {inspection.rows} images, {inspection.inputs} inputs of the network."
    else:
        first = _of_columns(inspection)
    train, val, test = inspection.split
    lines = [first, *inspection.notes]
    if inspection.classes:
        largest = sorted(inspection.classes.items(), key=lambda item: -item[1])[:MOST_CLASSES]
        counts = ", ".join(f"{name} {rows / inspection.rows:.0%}" for name, rows in largest)
        lines.append(f"Shares of the classes: {counts}.")
    lines.append(
        f"Each split: {train} rows to train on, {val} to choose with, {test} to judge by. The first network tried has "
        f"{inspection.parameters:,} parameters, {inspection.parameters / train:.1f} for each row it is trained on."
    )
    return lines


def _of_columns(inspection: Inspection) -> str:
    kinds = [
        f"{count(columns, 'column')} of {kind}"
        for columns, kind in ((inspection.numeric, "numbers"), (inspection.categorical, "words"))
        if columns
    ]
    return (
        f"{inspection.path}: {inspection.rows} rows, {' and '.join(kinds)} beside the target, "
        f"{count(inspection.inputs, 'input')} of the network."
    )


def plan_lines(lanes: Sequence[str], splits: int, epochs: int, seconds: float, notes: Sequence[str]) -> list[str]:
    """What will be trained."""
    duration = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    return [
        f"Lanes: {', '.join(lanes)}.",
        f"{count(splits, 'split')}, up to {count(epochs, 'epoch')} a network, about {duration}.",
        *notes,
    ]


def conclusion_lines(found: Recommendation) -> list[str]:
    """What is concluded, a paragraph each: what to do, whether a regularizer helps, what the plain models say."""
    # The sentences are about losses; what lanes were chosen and judged by may be another cost.
    return [line if found.cost == "loss" else line.replace("test loss", f"test {found.cost}") for line in _lines(found)]


def _lines(found: Recommendation) -> list[str]:
    inspection, lanes, references, conclusion = found.inspection, found.lanes, found.references, found.conclusion
    named = {lane.name: lane for lane in lanes}
    recommended, plain = found.recommended, named[PLAIN]
    by_role = {one.reference.role: one for one in references}
    rival = by_role[conclusion.rival]
    trivial = by_role[TRIVIAL]
    splits = conclusion.to_plain.splits
    stack = recommended.stack if recommended.name != PLAIN else "no regularizer"
    procedure = mean(conclusion.procedure)
    if splits < FEWEST_SPLITS:
        return [
            f"{count(splits, 'split')} {'is' if splits == 1 else 'are'} too few to tell anything: it takes "
            f"{FEWEST_SPLITS}, and 15 are usual. On validation the network with {stack} looks best, as the simplest of "
            "those within one standard error."
        ]
    if len(lanes) == 1:
        return ["Time sufficed for the plain network alone, so regularizers are an open question: try more --minutes."]
    answer = trivial.reference.sentence
    if conclusion.learnable is False:
        models = [one for one in references if one.reference.role != TRIVIAL]
        plain_models = ", ".join(f"{one.reference.sentence} {told(mean(one.test))}" for one in models)
        return [
            f"Nothing helps. No network is shown to predict better than {answer}, whose test loss is "
            f"{told(mean(trivial.test))}: those that validation chooses have {told(procedure)}, {plain_models}. There "
            f"is nothing to learn here that {inspection.rows} rows show.",
            f"If it has to be a network, the one with {stack} does the least harm.",
        ]
    return [
        *([] if conclusion.learnable else [_doubt(conclusion, by_role, answer)]),
        *_beside_the_trivial(conclusion, by_role, answer, mean(trivial.test), procedure),
        _advice(conclusion, recommended, rival),
        _regularization(conclusion, recommended, plain, mean(trivial.test)),
        *_single(conclusion, named),
        _contest(conclusion, rival, procedure)
        + _unusable(conclusion, mean(trivial.test))
        + _lowest(conclusion, references, procedure),
        *_found(conclusion),
        *_would_tell(conclusion, inspection.rows),
    ]


def _doubt(conclusion: Conclusion, by_role: Mapping[str, Measured], answer: str) -> str:
    """That nothing is shown to be better than the trivial answer, where something looks as if it were."""
    name = min(conclusion.to_trivial, key=lambda name: conclusion.to_trivial[name].mean)
    compared = conclusion.to_trivial[name]
    what = by_role[name].reference.sentence if name in by_role else "the network"
    return (
        f"Whether there is anything to learn, the data cannot tell. {capital(what)} looks better than {answer}, its "
        f"test loss {-compared.mean:.0%} lower in the mean over splits and {_often(compared)}, but so much can be luck "
        f"({_luck(conclusion)}). What follows is a first guess."
    )


def _luck(conclusion: Conclusion) -> str:
    """How likely what looks best is where there is nothing to learn; by permutation where that was asked."""
    chances = conclusion.by_chance
    if chances:
        return f"{chance(min(chances.values()))} by permutation of the test rows, when {len(chances)} models are tried"
    best = min(conclusion.to_trivial.values(), key=lambda one: one.mean)
    return f"{chance(best.p)} when {len(conclusion.to_trivial)} models are tried"


def _beside_the_trivial(
    conclusion: Conclusion, by_role: Mapping[str, Measured], answer: str, trivial: float, procedure: float
) -> list[str]:
    """That there is something to learn, where no model makes anything of it by its loss."""
    least = min(procedure, *(mean(one.test) for role, one in by_role.items() if role != TRIVIAL))
    if not conclusion.learnable or least < trivial:
        return []
    how = f" The columns tell something of the target ({_luck(conclusion)}), but not enough for that."
    return [
        f"No model has a lower test loss than {answer} ({told(trivial)}); the least is {told(least)}."
        f"{how if conclusion.by_chance else ''}"
    ]


def _advice(conclusion: Conclusion, recommended: Raced, rival: Measured) -> str:
    how = f"with {recommended.stack}" if recommended.name != PLAIN else "without a regularizer"
    of_network = f"the network {how}"
    if conclusion.contest == "better":
        return f"Use {of_network}, at learning rate {recommended.lr:g}."
    if conclusion.contest == "unclear" and conclusion.rival != LINEAR:
        if conclusion.rival == TREES and conclusion.to_reference[TREES].mean > 0:
            return (
                f"Start with {rival.reference.sentence}: its test loss is the lower here, though not shown to be. "
                "The network beats the linear model; if it has to be a network, use "
                f"the one {how}, at learning rate {recommended.lr:g}."
            )
        return (
            f"Use {of_network}, at learning rate {recommended.lr:g}: it beats the linear model. "
            f"{capital(rival.reference.sentence)} may do as well."
        )
    if conclusion.contest == "worse":
        which = "No network" if conclusion.rival == LINEAR else "No network of this race"
        return (
            f"{which} beats the plain reference: use {rival.reference.sentence}, which is better. "
            f"If it has to be a network, use {of_network}, at learning rate {recommended.lr:g}."
        )
    return (
        f"Nothing is shown to beat the plain reference: start with {rival.reference.sentence}, which is simpler. "
        f"If it has to be a network, use {of_network}, at learning rate {recommended.lr:g}."
    )


def _single(conclusion: Conclusion, named: Mapping[str, Raced]) -> list[str]:
    """That stacks are better than none though choosing among all of them is not shown to be."""
    said = [f"{named[name].stack} ({_interval(conclusion.lanes[name])})" for name in conclusion.single]
    if not said:
        return []
    return [
        f"Taken alone, better than no regularizer on test rows: {', '.join(said)}; p is corrected for the number of "
        "stacks. The validation rows do not single that out, so choosing by them does not bring it."
    ]


def _regularization(conclusion: Conclusion, recommended: Raced, plain: Raced, trivial: float) -> str:
    compared, before = conclusion.to_plain, mean(plain.test)
    losses = f"a test loss of {told(mean(conclusion.procedure))}, against {told(before)} for the network without one"
    how = f"With the regularizers that each split's validation rows choose, it has {losses}"
    if conclusion.regularization == "helps":
        return f"Regularization helps the network. {how}; it is {_often(compared)} splits ({_interval(compared)})."
    if conclusion.regularization == "helps by nothing":
        return (
            f"Regularization lowers the loss of the network by less than anybody could use: {told(-compared.mean)}, "
            f"{-compared.mean / trivial:.2%} of what the trivial answer costs. {how} ({_interval(compared)}). So the "
            "network without one will do as well."
        )
    if conclusion.regularization == "does not help":
        nothing = "Choosing a regularizer does not help" if conclusion.single else "No regularizer helps"
        if set(conclusion.chosen.values()) == {PLAIN}:
            return (
                f"{nothing} the network: on every split the validation rows choose the one without, whose "
                f"test loss is {told(before)}."
            )
        worse = compared.verdict == "worse"
        gain = -(compared.low or 0.0) / before
        most = f" At most it is {gain:.1%} lower, and less than {WORTH:.0%} is not worth a regularizer."
        left_out = " So the network without one will do as well." if recommended.name != PLAIN else ""
        return (
            f"{nothing} the network{'; choosing one makes it worse' if worse else ''}. {how} "
            f"({_interval(compared)}).{most if gain > 0 else ''}{left_out}"
        )
    if compared.verdict == "better":  # but the validation rows recommend the plain network
        return (
            f"Whether a regularizer helps, the data cannot tell: on test rows it does, and validation rows single none "
            f"out. {how} ({_interval(compared)}), but none is ahead on validation by more than a standard error."
        )
    return f"Whether a regularizer helps, the data cannot tell. {how} ({_interval(compared)})."


def _contest(conclusion: Conclusion, rival: Measured, procedure: float) -> str:
    compared, name = conclusion.to_reference[conclusion.rival], rival.reference.sentence
    losses = f"{told(procedure)} against {told(mean(rival.test))}, {_often(compared)} splits"
    if conclusion.contest == "better":
        also = " also" if conclusion.regularization == "helps" else ""
        return (
            f"The network{also} beats the plain models: against the best of them, {name}, its test loss is {losses} "
            f"({_interval(compared)})."
        )
    if conclusion.contest == "worse":
        return f"{capital(name)} has the lower test loss: the network's is {losses} ({_interval(compared)})."
    return f"The network cannot be told from {name}: its test loss is {losses} ({_interval(compared)})."


def _unusable(conclusion: Conclusion, trivial: float) -> str:
    """That the difference to the plain model, though it is shown, is below what anybody could use; else nothing."""
    difference = conclusion.to_reference[conclusion.rival].mean
    if conclusion.contest == "unclear" or abs(difference) >= USABLE * trivial:
        return ""
    return f" That is {abs(difference) / trivial:.2%} of what the trivial answer costs, less than anybody could use."


def _lowest(conclusion: Conclusion, references: Sequence[Measured], procedure: float) -> str:
    """Which model has the least test loss, where it is neither the network nor the one that it is held against."""
    least = min(references, key=lambda one: mean(one.test))
    if least.reference.role == conclusion.rival or mean(least.test) >= procedure:
        return ""
    compared = conclusion.to_reference[least.reference.role]
    return (
        f" The lowest test loss is that of {least.reference.sentence}, {told(mean(least.test))}, "
        f"{'better too' if compared.verdict == 'worse' else 'not shown to be better'} than the network's "
        f"({_interval(compared)})."
    )


def _found(conclusion: Conclusion) -> list[str]:
    """Which gain would have been found, where none was."""
    if conclusion.detectable is None or conclusion.regularization in ("helps", "helps by nothing"):
        return []
    plain, splits = mean(conclusion.procedure) - conclusion.to_plain.mean, conclusion.to_plain.splits
    return [
        f"On tables like this {splits} splits find a regularizer's gain in 8 of 10 cases where it is "
        f"{told(conclusion.detectable)} or more, {conclusion.detectable / plain:.0%} of that of the network without."
    ]


def _would_tell(conclusion: Conclusion, rows: int) -> list[str]:
    """What would tell, where something is open."""
    if conclusion.regularization == "cannot tell":
        if conclusion.to_plain.verdict == "better":
            return []
        what = "the network with regularizers from the one without"
    elif conclusion.contest == "unclear":
        what = "the network from the plain model"
    else:
        return []
    splits_needed, rows_needed = conclusion.splits_needed, conclusion.rows_needed
    if splits_needed is not None and splits_needed > conclusion.to_plain.splits:
        return [
            f"If the difference is what it seems, about {splits_needed} splits would tell {what}: "
            f"--splits {splits_needed}."
        ]
    if rows_needed is not None and rows < rows_needed <= 100 * rows:
        return [
            f"More splits of the same {rows} rows would not tell {what}. If the difference is what it seems, a table "
            f"of about {_rounded(rows_needed)} rows would."
        ]
    if conclusion.gains:
        return [
            f"The network still gains from more epochs, so how many rows would tell {what} cannot be said. --minutes "
            "or -s training.epochs gives more of them."
        ]
    if conclusion.gains is None:
        return [
            f"Whether the network gains from more epochs was not asked, so how many rows would tell {what} cannot be "
            "said."
        ]
    return [f"If the difference is as small as it seems, no table of a size to be had would tell {what}."]


def _interval(compared: LossDifference) -> str:
    if compared.low is None or compared.high is None or compared.p is None:
        return f"{compared.splits} splits are too few for an interval"
    interval = f"{told(compared.low)} to {told(compared.high)}"
    return f"difference {told(compared.mean)}, 95 % interval {interval}, {chance(compared.p)}"


def _often(compared: LossDifference) -> str:
    return f"lower on {compared.lower} of {compared.splits}"


def _rounded(count: int) -> str:
    digits = len(str(count)) - 2
    return f"{round(count, -digits) if digits > 0 else count:,}"
