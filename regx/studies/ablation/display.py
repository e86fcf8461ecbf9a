"""What `regx ablate` prints: every combination, the effects of the members, and what follows from them."""

from typing import Any

from regx.evidence.run import Run
from regx.metrics import REGISTRY
from regx.report.conclusion import about_numbers, of_one_table
from regx.report.listing import Listed, print_listing
from regx.report.numbers import brief, chance, count, in_words, listed, verdict_text
from regx.report.output import Output
from regx.report.run import ended
from regx.report.table import compare_rows
from regx.stats.aggregate import Interval, side
from regx.stats.paired import FEWEST_SEEDS
from regx.studies.ablation.judgement import Contrasts, Pair, design
from regx.studies.ablation.result import Ablation

MOST_ROWS = 16  # combinations that are shown; more are `regx compare`'s
MOST_STACKS = 4  # that a sentence names


class Words:
    """How changes of a metric are told: `lowers the test loss by 0.1 [0.05, 0.15]`."""

    def __init__(self, metric: str) -> None:
        self.metric = REGISTRY[metric].in_words()
        lower_is_better = REGISTRY[metric].lower_is_better
        self.sign = {True: 1, False: -1, None: 0}[lower_is_better]  # of what is worse
        self.better, self.worse = ("lower", "raise") if lower_is_better else ("raise", "lower")

    def change(self, interval: Interval) -> str:
        """Of an interval that does not hold 0."""
        found = side(interval)
        return f"{'raises' if found > 0 else 'lowers'} {self.metric} by {in_words(interval, turned=found < 0)}"

    def gain(self, interval: Interval) -> str:
        """The same where it is known to be a gain, as a positive number."""
        return in_words(interval, turned=self.sign > 0)

    def both(self, off: Interval, on: Interval, other: str) -> str:
        """What a member changes without another and with it, the means alone."""
        means = [interval["mean"] or 0.0 for interval in (off, on)]
        verbs = ["raises" if mean > 0 else "lowers" for mean in means]
        first, second = (brief(abs(mean)) for mean in means)
        second = f"by {second}" if verbs[0] == verbs[1] else f"{verbs[1]} it by {second}"
        return f"{verbs[0]} {self.metric} by {first} while {other} is off and {second} while it is on"


def print_ablation(study: Ablation, out: Output) -> int:
    """Write the study, or one JSON document. The exit code that the ablation ends with.

    Programs get the table of effects alone.
    """
    said, runs = answers(study), study.runs
    if len(study.seeds) >= FEWEST_SEEDS:
        said += of_one_table(runs[0].summary.dataset)
    if out.as_json:
        rows = [row.as_json() for row in compare_rows(runs, metric=study.metric)]
        out.document({"ablation": str(study.folder), **as_json(study), "answers": said, "rows": rows})
    else:
        if out.for_people and len(runs) <= MOST_ROWS:
            print_listing(_combinations(study), out, ends=True)
            out.text([""])
        if study.contrasts is not None:
            print_listing(_rows(study, study.contrasts), out, ends=True, dispensable=["p"])
            out.text([""])
        out.conclusion(said)
        out.text(["", *_legend(study), *about_metric(runs[0], study.metric), str(study.folder)])
        out.next(f"regx report {study.folder}")
    return ended(runs, out)


def about_metric(run: Run, metric: str) -> list[str]:
    """What a reader must know of the metric of runs like this one."""
    return about_numbers(compare_rows([run], metric=metric), [metric])


def as_json(study: Ablation) -> dict[str, Any]:
    """The effects as plain values, as `regx ablate --json` prints them."""
    found = study.contrasts
    plain: dict[str, Any] = {
        "metric": study.metric,
        "members": list(study.members),
        "seeds": list(study.seeds),
        "diverged": {str(seed): stacks for seed, stacks in study.diverged.items()},
    }
    if found is None:
        return {**plain, "effects": [], "interactions": [], "together": None}
    return plain | {
        "effects": [
            {"member": name, **vars(one), "verdict": verdict_text(one.verdict, len(study.seeds))}
            for name, one in zip(study.members, found.effects, strict=True)
        ],
        "interactions": [
            {
                "members": _names(study, pair),
                "interaction": pair.interaction,
                "verdict": pair.verdict,
                "seeds_to_tell": pair.seeds_to_tell,
                "with_other_on": list(pair.with_other),
                "with_other_off": list(pair.without_other),
            }
            for pair in found.pairs
        ],
        "together": found.together,
        "sum_alone": found.sum_alone,
        "shortfall": found.shortfall,
        "diminishing_return": found.diminishing,
    }


def answers(study: Ablation) -> list[str]:
    """Is there a diminishing return; does a member that is added last still change something; do two interfere."""
    found, seeds = study.contrasts, len(study.seeds)
    said = []
    if study.diverged:
        stacks = list(dict.fromkeys(stack for stacks in study.diverged.values() for stack in stacks))
        few = len(stacks) <= MOST_STACKS
        who = listed(stacks) if few else f"{len(stacks)} of the {2 ** len(study.members)} combinations"
        said.append(
            f"Networks diverged at {count(len(study.diverged), 'seed')}, with {who}; these seeds are left out "
            "everywhere, so that all combinations are judged by the same ones."
        )
    if found is None:
        return [*said, "No seed completed in every combination, so nothing can be said."]
    if seeds < FEWEST_SEEDS:
        return [*said, f"Nothing can be told from {count(seeds, 'seed')}: expected at least {FEWEST_SEEDS}."]
    words = Words(study.metric)
    if len(study.members) == 1:
        return [*said, _only(study, found, words)]
    diminishing = [] if words.sign == 0 else [_diminishing(found, words)]
    return [*said, *diminishing, _last(study, found, words), *_pairs(study, found, words)]


def _only(study: Ablation, found: Contrasts, words: Words) -> str:
    """What the one member of a stack does."""
    (name,), (one,) = study.members, found.effects
    if one.verdict in ("lower", "higher", "better", "worse"):
        which = f", which is {one.verdict}" * (one.verdict in ("better", "worse"))
        return f"{name} {words.change(one.average)}{which}."
    return (
        f"Whether {name} changes {words.metric} cannot be told from {len(study.seeds)} seeds: the change, "
        f"{in_words(one.average)}, may be chance ({chance(one.average['p'])})."
    )


def _diminishing(found: Contrasts, words: Words) -> str:
    question = "Is there a diminishing return?"
    if found.diminishing == "no gain":
        if side(found.sum_alone) * words.sign > 0:
            amount = in_words(found.sum_alone, turned=words.sign < 0)
            return (
                f"{question} There is no return that could diminish: in sum the changes that the members make alone "
                f"{words.worse} {words.metric} by {amount}."
            )
        return (
            f"{question} There is no sure return that could diminish: these seeds cannot tell whether the changes that "
            f"the members make alone in sum {words.better} {words.metric} ({in_words(found.sum_alone)})."
        )
    sums = f"What the members gain alone adds up to {words.gain(found.sum_alone)} of {words.metric}; all together "
    less = in_words(found.shortfall, words.sign < 0)
    if side(found.together) * words.sign < 0:
        sums, less = f"{sums}gain {words.gain(found.together)}", f"which is {less} less"
    elif side(found.together):
        loss = in_words(found.together, turned=words.sign < 0)
        sums, less = f"{sums}{words.worse} it by {loss}", f"so that {less} is lost"
    else:
        sums = f"{sums}change it by {in_words(found.together)}, which cannot be told from 0"
        less = f"so that {less} is lost"
    if found.diminishing == "yes":
        return f"{question} Yes. {sums}, {less}."
    if found.diminishing == "no":
        return f"{question} No, the return grows. {sums}, which is {in_words(found.shortfall, words.sign > 0)} more."
    return (
        f"{question} These seeds cannot tell. {sums}; the difference, {in_words(found.shortfall, words.sign < 0)}, may "
        f"be chance ({chance(found.shortfall['p'])})."
    )


def _last(study: Ablation, found: Contrasts, words: Words) -> str:
    """What each member adds to all the others."""
    said, useless = [], []
    for name, one in zip(study.members, found.effects, strict=True):
        if side(one.last):
            said.append(f"{name} {words.change(one.last)}{', which is worse' * (side(one.last) * words.sign > 0)}")
        else:
            useless.append(name)
    if useless:
        verb = "makes" if len(useless) == 1 else "make"
        said.append(f"{listed(useless)} {verb} no difference that {len(study.seeds)} seeds can tell from 0")
    return f"Added to all the others, {'; '.join(said)}."


# By the verdict on two members what is said of them.
ACTING = {
    **dict.fromkeys(("lower", "higher"), "act on each other: {means}. The difference is {amount}."),
    "harm less together": "do less harm together than apart: {means}. Together they cost {amount} less than the sum of "
    "what each changes alone; that is no help, since adding one to the other gains nothing.",
    "help each other": "help each other: {means}. Together they gain {amount} more than apart.",
    "overlap": "overlap: {means}. Together they gain {amount} less than apart, as if they did part of the same work. "
    "That they interfere is not seen: adding one to the other makes nothing worse that can be told.",
    "harm more together": "do more harm together than apart: {means}. Together they cost {amount} more than the sum of "
    "what each costs alone.",
    "interfere": "interfere: {harmed}. Together they gain {amount} less than apart.",
}


def _pairs(study: Ablation, found: Contrasts, words: Words) -> list[str]:
    said = []
    for pair in found.pairs:
        one, other = _names(study, pair)
        amount = in_words(pair.interaction, turned=(pair.interaction["mean"] or 0) < 0)
        means = f"{one} {words.both(pair.without_other[0], pair.with_other[0], other)}"
        if pair.verdict in ACTING:
            harmed = [
                f"with {present} on, adding {added} {words.change(interval)}, which is worse"
                for added, present, interval in ((one, other, pair.with_other[0]), (other, one, pair.with_other[1]))
                if side(interval) * words.sign > 0
            ]
            acting = ACTING[pair.verdict].format(means=means, amount=amount, harmed="; ".join(harmed))
            said.append(f"{one} and {other} {acting}")
        elif pair.interaction["low"] == pair.interaction["high"] == 0:
            said.append(
                f"{one} and {other} do not touch each other: what either changes is the same with the other on."
            )
        else:
            needed = pair.seeds_to_tell
            more = f"about {needed} seeds would tell" if needed else "more than 1000 seeds would be needed"
            said.append(
                f"Whether {one} and {other} interfere cannot be told from {len(study.seeds)} seeds ({more}): "
                f"{means}, and the difference, {in_words(pair.interaction)}, may be chance "
                f"({chance(pair.interaction['p'])})."
            )
    return said


def _rows(study: Ablation, found: Contrasts) -> list[Listed]:
    change = f"change of {study.metric}"
    rows: list[Listed] = []
    for name, one in zip(study.members, found.effects, strict=True):
        of, average, verdict = {"switched on": name}, one.average, verdict_text(one.verdict, len(study.seeds))
        rows.append({**of, "when": "on average", change: average, "p": average["p"], "verdict": verdict})
        for when, interval in (("alone", one.alone), ("last", one.last)) if len(study.members) > 1 else ():
            rows.append({**of, "when": when, change: interval, "p": None, "verdict": ""})
    for pair in found.pairs:
        of = {"switched on": " x ".join(_names(study, pair)), "when": "interaction"}
        rows.append({**of, change: pair.interaction, "p": pair.interaction["p"], "verdict": pair.verdict})
    return rows


def _legend(study: Ablation) -> list[str]:
    if study.contrasts is None:
        return []
    better, worse = ("above", "below") if REGISTRY[study.metric].lower_is_better is False else ("below", "above")
    directed = REGISTRY[study.metric].better is not None
    said = [
        f"Changes by switching on, seed by seed over {count(len(study.seeds), 'seed')}, 95 % interval in brackets"
        f"{f'; {better} 0 is better' * directed}. p: corrected for the number of verdicts."
    ]
    if len(study.members) > 1:
        said.append(
            "on average: over all combinations of the others. alone: the others off. last: the others on. interaction: "
            "what the one changes with the other on, minus what it changes with the other off"
            + f"; {worse} 0 the two gain less together than apart, {better} 0 more" * directed
            + "."
        )
    return said


def _combinations(study: Ablation) -> list[Listed]:
    """The metric of every combination, over all of its own seeds."""
    rows = design(len(study.members))
    stacks = [[name for name, is_on in zip(study.members, row, strict=True) if is_on] for row in rows]
    return [
        {"on": " + ".join(stack) or "none", study.metric: run.over_seeds(study.metric)}
        for stack, run in zip(stacks, study.runs, strict=True)
    ]


def _names(study: Ablation, pair: Pair) -> list[str]:
    return [study.members[number] for number in pair.members]
