"""What `regx ablate` prints along an axis: the effect of every member at every value, and how it depends on it."""

from collections.abc import Sequence
from typing import Any

from regx.report.conclusion import of_one_table
from regx.report.listing import Listed, print_found
from regx.report.numbers import count, in_words, listed, verdict_text
from regx.report.output import Output
from regx.report.run import ended
from regx.report.settings import setting, setting_value
from regx.report.table import compare_rows
from regx.stats.aggregate import UNKNOWN
from regx.stats.paired import FEWEST_SEEDS
from regx.studies.ablation.along import AblationAlong, side_of
from regx.studies.ablation.display import Words, about_metric


def print_along(study: AblationAlong, out: Output) -> int:
    """Write the study, or one JSON document. The exit code that the ablation ends with."""
    said = answers_along(study)
    if out.as_json:
        rows = [row.as_json() for row in compare_rows(study.runs, metric=study.metric)]
        out.document({"ablation": str(study.folder), **as_json(study), "answers": said, "rows": rows})
    else:
        against = setting_value(study.values[0])
        legend = (
            "Changes by switching on, seed by seed, on average over all combinations of the others, 95 % interval in "
            f"brackets. against {against}: that change minus the change at {against}, over the seeds of both. p: "
            "corrected for the number of verdicts."
        )
        below = [legend, *about_metric(study.runs[0], study.metric), str(study.folder)]
        print_found(_rows(study), said, below, f"regx plot {study.folder} -k ablation", out)
    return ended(study.runs, out)


def as_json(study: AblationAlong) -> dict[str, Any]:
    """The study as plain values, as `regx ablate --json` prints them."""
    return {
        "metric": study.metric,
        "axis": {"key": study.key, "values": list(study.values)},
        "members": list(study.members),
        "seeds": [list(some) for some in study.seeds],
        "diverged": [{str(seed): stacks for seed, stacks in some.items()} for some in study.diverged],
        "effects": [
            {"member": name, "value": value, "average": effect.difference}
            | {"verdict": verdict_text(effect.verdict, effect.shared)}
            for name, effects in zip(study.members, study.effects, strict=True)
            for value, effect in zip(study.values, effects, strict=True)
        ],
        "interactions": [
            {"member": name, "value": value, "against": study.values[0]}
            | {"interaction": change.difference, "verdict": verdict_text(change.verdict, change.shared)}
            | {"seeds_to_tell": change.seeds_to_tell}
            for name, changes in zip(study.members, study.changes, strict=True)
            for value, change in zip(study.values[1:], changes, strict=True)
        ],
        "turns": {name: study.turns(number) for number, name in enumerate(study.members)},
    }


def answers_along(study: AblationAlong) -> list[str]:
    """Of each member where it helps and where it harms, whether its sign turns, and whether it depends on the axis."""
    said = []
    for value, seeds, diverged in zip(study.values, study.seeds, study.diverged, strict=True):
        if diverged:
            said.append(
                f"At {_at(study, [value])} networks diverged at {count(len(diverged), 'seed')}, which are left out "
                f"there in every combination: {len(seeds)} are judged by."
            )
    for number, name in enumerate(study.members):
        said += [_where(study, number, name), _dependence(study, number, name)]
    return said + (of_one_table(study.runs[0].summary.dataset) if said else [])


def _where(study: AblationAlong, number: int, name: str) -> str:
    words, places = Words(study.metric), list(zip(study.values, study.effects[number], strict=True))
    told = [f"{words.change(one.difference)} at {_at(study, [value])}" for value, one in places if side_of(one)]
    unsure = [value for value, one in places if not side_of(one)]
    if not told:
        return f"Whether {name} changes {words.metric} these seeds cannot tell at any value of {study.key}."
    rest = f"; at {_at(study, unsure)} these seeds cannot tell" if unsure else ""
    if turn := study.turns(number):
        return f"{name}: the sign of its effect turns between {_at(study, turn)}. It {'; it '.join(told)}{rest}."
    worse = ", which is worse" * (max(side_of(one) * words.sign for _, one in places) > 0)
    everywhere = " at every value that was tried" * (not unsure)
    return f"{name} changes {words.metric}{everywhere}: it {'; it '.join(told)}{worse}{rest}."


def _dependence(study: AblationAlong, number: int, name: str) -> str:
    first = _at(study, study.values[:1])
    found = [
        f"{in_words(change.difference, turned=side_of(change) < 0)} {'higher' if side_of(change) > 0 else 'lower'} at "
        f"{_at(study, [value])}"
        for value, change in zip(study.values[1:], study.changes[number], strict=True)
        if side_of(change)
    ]
    if found:
        return f"The effect of {name} depends on {study.key}: beside that at {first} it is {listed(found)}."
    few = min(map(len, study.seeds))
    if few < FEWEST_SEEDS:
        return f"Whether that depends on {study.key} cannot be told from {count(few, 'seed')}: expected {FEWEST_SEEDS}."
    needed = [change.seeds_to_tell for change in study.changes[number] if change.seeds_to_tell]
    more = f" (about {min(needed)} seeds would tell)" if needed else ""
    return f"Whether the effect of {name} depends on {study.key} these seeds cannot tell{more}."


def _at(study: AblationAlong, values: Sequence[Any]) -> str:
    """`optimizer.lr=0.01`, or `optimizer.lr=0.01 and 0.1`."""
    first, *others = values
    return listed([setting(study.key, first), *map(setting_value, others)])


def _rows(study: AblationAlong) -> list[Listed]:
    against = f"against {setting_value(study.values[0])}"
    return [
        {
            "switched on": name, "at": setting_value(value), f"change of {study.metric}": effect.difference,
            "p": effect.difference["p"], "verdict": verdict_text(effect.verdict, effect.shared),
            against: change.difference if change else UNKNOWN,
        }
        for name, effects, changes in zip(study.members, study.effects, study.changes, strict=True)
        for value, effect, change in zip(study.values, effects, (None, *changes), strict=True)
    ]  # fmt: skip
