"""What the page says in words: which regularizer helped, how sure that is, why, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regx.data.dataset import Dataset
from regx.metrics import REGISTRY
from regx.page.surface import Surface
from regx.report.conclusion import of_one_table
from regx.report.table import Row, is_equal

Labels = Mapping[str, str]  # a run's folder -> what the page calls it
MOST_NAMES = 8  # that a sentence lists


def conclusion(
    rows: Sequence[Row], labels: Labels, metric: str, also: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """A few sentences over the rows of one group: what helped, how sure that is, why, what cannot be told.

    rows: of `compare_rows`, one group, in the order of their validation loss. also: by run, the settings other than
    its regularizers in which it differs from the baseline.
    """
    base = next((row for row in rows if row["verdict"] == "baseline"), None)
    if base is None:
        return [
            "There is no run without regularizers among these, so nothing here says whether one helped. Add such a "
            "run, or name another to compare with by --baseline."
        ]
    others = [row for row in rows if row is not base]
    against = _against(base, labels)
    if not others:
        return [f"Nothing stands beside {against}, so there is nothing to compare yet."]
    better, worse, lower, higher = (
        [row for row in others if row["verdict"] == word] for word in ("better", "worse", "lower", "higher")
    )
    gone = [row for row in others if row["difference"]["mean"] is None]
    few = [row for row in others if row not in gone and str(row["verdict"]).startswith("cannot tell")]
    same = [row for row in others if row not in few and is_equal(row)]
    untold = [row for row in others if row not in [*better, *worse, *lower, *higher, *gone, *few, *same]]
    said = []
    if better:
        first, chosen_by = _choice(better, metric)
        if len(better) > 1:
            every = "both" if len(others) == 2 else f"all {len(others)}"
            count = every if len(better) == len(others) else f"{len(better)} of {len(others)}"
            said.append(
                f"{_listed([labels[row['run']] for row in better])} helped against {against}: {count} runs. Of those "
                f"that helped, {chosen_by} chooses {labels[first['run']]}: {_numbers(first, base, metric)}. Each is "
                f"compared with the baseline alone: that {labels[first['run']]} does better than the others that "
                "helped is not shown."
            )
        else:
            said.append(f"{labels[first['run']]} helped against {against}: {_numbers(first, base, metric)}.")
        said += _because(first, base, rows)
        said += [_peeked([labels[row["run"]] for row in better if row["peek"]])]
        said += [_confounded(labels[row["run"]], base, labels, (also or {}).get(row["run"], ())) for row in better]
    elif len(others) == 1 and worse:
        said.append(f"{labels[worse[0]['run']]} did harm against {against}: {_numbers(worse[0], base, metric)}.")
        said += _because(worse[0], base, rows)
        worse = []
    elif len(others) == 1 and untold and REGISTRY[metric].better:
        said += [
            f"It cannot be told whether {labels[untold[0]['run']]} helps against {against}.",
            *_nearest(untold, base, labels, metric),
        ]
        untold = []
    elif REGISTRY[metric].better is None:
        said += [
            f"{word} in {_metric(metric)} than {against}: {_listed([labels[row['run']] for row in found])}."
            for word, found in (("Lower", lower), ("Higher", higher))
            if found
        ]
    else:
        said += [f"No run is shown to help against {against}.", *_nearest(untold, base, labels, metric)]
    if worse:
        said.append(f"Did harm: {_listed([labels[row['run']] for row in worse])}.")
    if untold:
        said.append(f"Cannot be told from {labels[base['run']]}: {_listed([labels[row['run']] for row in untold])}.")
    if same:
        said.append(
            f"The same {_metric(metric)} as {labels[base['run']]} at every seed: "
            f"{_listed([labels[row['run']] for row in same])}."
        )
    if few:
        said.append(
            f"Fewer than five seeds shared with {labels[base['run']]}, so nothing can be told yet: "
            f"{_listed([labels[row['run']] for row in few])}. Train more seeds, such as --seeds 10."
        )
    if gone:
        said.append(
            f"Without a finished seed to compare with {labels[base['run']]}: "
            f"{_listed([_gone(row, labels) for row in gone])}."
        )
    said += of_one_table(base["dataset"]) if len(gone) < len(others) else []
    return [text for text in said if text]


def picture(surface: Surface) -> dict[str, str]:
    """What the picture of a prediction is of, in the plural if it is, what it shows, and how that is to be read."""
    points = "signs are the training points by their label"
    if surface.kind == "line":
        test = "the dotted line is" if surface.test_is_a_curve else "dots are"
        return {
            "of": "fitted curves",
            "shows": "Fitted curves of the runs over the training points",
            "reads": f"Fitted curves; circles are the training points, {test} the test split.",
        }
    of, reads = {
        "binary": ("boundary", f"Probability over the two features; the line is the boundary, {points}"),
        "multiclass": ("map of classes", f"Areas are the most probable class at each place, {points}"),
        "regression": ("map of predictions", "Prediction over the two features; circles are the training points."),
    }[surface.dataset.task]
    return {"of": of, "shows": f"The {of} over the two features, with the training points", "reads": reads}


def undrawable(dataset: Dataset) -> str:
    """Why there is no picture of what networks on this dataset predict."""
    features, outputs = dataset.train.x.shape[1], dataset.train.y.shape[1]
    has = f"{features:,} features" if features > 1 else f"one feature and {outputs} classes"
    return (
        f"There is no fit or boundary to draw: the data has {has}, and a picture has room for one feature and one "
        "output, or for two features."
    )


def _because(row: Row, base: Row, rows: Sequence[Row]) -> list[str]:
    cause = why(row, base)
    return [f"How sure: {_sure(row, _comparisons(rows))}", f"Why: {cause}" if cause else ""]


def _nearest(untold: Sequence[Row], base: Row, labels: Labels, metric: str) -> list[str]:
    """Which of the runs that cannot be told looks most as if it helped, and how many seeds would tell."""
    sign = {True: 1, False: -1, None: 0}[REGISTRY[metric].lower_is_better]
    hopeful = [row for row in untold if row.get("seeds_to_tell") and sign * row["difference"]["mean"] < 0]
    if not hopeful:
        return []
    row = min(hopeful, key=lambda row: row["seeds_to_tell"])
    return [
        f"That does not show that nothing helps. Nearest to it comes {labels[row['run']]}: "
        f"{_numbers(row, base, metric)}; if that is what it looks like, about {row['seeds_to_tell']:,} seeds would "
        f"tell, and there are {row['shared']}."
    ]


def _peeked(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"Chose by the test split (--peek), so that the numbers flatter: {_listed(names)}."


def _confounded(name: str, base: Row, labels: Labels, also: Sequence[str]) -> str:
    if not also:
        return ""
    return (
        f"{name} differs from {labels[base['run']]} in {_listed(also)} too, so what helped need not be a regularizer."
    )


def _gone(row: Row, labels: Labels) -> str:
    cause = "diverged" if row["diverged"] else "" if row["status"] == "completed" else str(row["status"])
    return labels[row["run"]] + (f" ({cause})" if cause else "")


def sentence(
    row: Row, rows: Sequence[Row], labels: Labels, metric: str, also: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The verdict on one row in words, with its numbers. also: as for `conclusion`."""
    name, verdict = labels[row["run"]], str(row["verdict"] or "")
    base = next((other for other in rows if other["verdict"] == "baseline"), None)
    diverged = (
        f" {_seeds(row['diverged'])} diverged and {'is' if row['diverged'] == 1 else 'are'} left out."
        if row["diverged"]
        else ""
    )
    peeked = " It chose by the test split (--peek), so its numbers flatter." if row["peek"] else ""
    if base is None:
        return f"{name}: there is no baseline to compare with.{diverged}{peeked}"
    if row is base:
        return f"{name} is the baseline: {_metric(metric)} {_interval(row.get(metric))}.{diverged}{peeked}"
    if row["difference"]["mean"] is None:
        return f"{name} shares no finished seed with {labels[base['run']]}, so nothing can be said.{diverged}{peeked}"
    if is_equal(row):
        judged = f"{name} gives the same {_metric(metric)} as {labels[base['run']]} at every seed."
    elif verdict in ("better", "worse", "lower", "higher"):
        word = {"better": "helped", "worse": "did harm"}.get(verdict, f"is {verdict}")
        sure = _sure(row, _comparisons(rows))
        judged = f"{name} {word}: {_numbers(row, base, metric)}. {sure[0].upper()}{sure[1:]}"
    else:
        enough = row.get("seeds_to_tell")
        more = ""
        if verdict == "unclear":
            number = f"about {enough:,} seeds" if enough else "only more than 1,000 seeds"
            more = f" If the difference is what it looks like now, {number} would tell."
        difference = row["difference"]
        if verdict.startswith("cannot tell"):
            because = f"{_seeds(row['shared'] or 0)} shared with it are too few for a verdict"
        elif difference["low"] is not None and difference["low"] <= 0 <= difference["high"]:
            because = (
                f"the 95 % interval of the difference, {_signed(difference['low'])} to {_signed(difference['high'])}, "
                "holds 0"
            )
        else:
            because = (
                f"a difference this large turns up by chance in {_chance(difference['p'])} tables of so many "
                f"comparisons ({_p(difference['p'])})"
            )
        judged = (
            f"{name} cannot be told from {labels[base['run']]}: {_numbers(row, base, metric)}, but {because}.{more}"
        )
    too = (also or {}).get(row["run"], ())
    differs = f" It differs from {labels[base['run']]} in {_listed(too)} too." if too else ""
    return judged + diverged + peeked + differs


def why(row: Row, base: Row) -> str:
    """What changed in the network beside the metric, as far as the rows show it; empty where they show nothing.

    What that means is said only where the verdict bears it.
    """
    meaning = {
        "better": ", which is what learning less of the noise looks like",
        "worse": ", but more is held back than noise",
    }.get(str(row.get("verdict")), "")
    train, gap = _means(row, base, "train_loss"), _means(row, base, "gap")
    norm, zeros = _means(row, base, "weight_norm"), _means(row, base, "zero_fraction")
    found = []
    looser = train is not None and train[0] > train[1] * 1.05
    over = gap is not None and gap[1] > 0  # else there is no gap to close
    if train and gap and looser and over and gap[0] < gap[1]:
        found.append(
            f"it fits its training data less closely (train loss {train[1]:.3g} before, {train[0]:.3g} with it), and "
            f"the gap between validation and training falls from {_plain(gap[1])} to {_plain(gap[0])}{meaning}"
        )
    elif train and gap and looser:
        closing = (
            f"without closing the gap to validation ({_plain(gap[1])} before, {_plain(gap[0])} with it)"
            if over
            else f"where there was no gap to validation to close ({_plain(gap[1])})"
        )
        found.append(
            f"it holds the fit of the training data back (train loss {train[1]:.3g} before, {train[0]:.3g} with it) "
            f"{closing}"
        )
    elif gap and over and gap[0] < gap[1] * 0.95:
        found.append(
            f"the gap between validation and training falls from {_plain(gap[1])} to {_plain(gap[0])} while the "
            "training data is fitted as closely as before"
        )
    if norm and norm[1] > 0 and not 0.8 < norm[0] / norm[1] < 1.25:
        word = "smaller" if norm[0] < norm[1] else "greater"
        found.append(f"the weights are {word} (norm {norm[1]:.3g} before, {norm[0]:.3g} with it)")
    if zeros and zeros[0] > zeros[1] + 0.05:
        found.append(f"{zeros[0]:.0%} of the weights are exactly zero".replace("%", " %"))
    return "; ".join(found) + "." if found else ""


def _choice(better: Sequence[Row], metric: str) -> tuple[Row, str]:
    """The row to speak of, and what chose it: not the test split, unless there is nothing else."""
    if any((row.get("val_loss") or {}).get("mean") is not None for row in better):
        return better[0], "the validation split"
    least = min(
        better, key=lambda row: row["difference"]["mean"] * (-1 if REGISTRY[metric].lower_is_better is False else 1)
    )
    return least, f"the {_metric(metric)} itself, which flatters it,"


def _comparisons(rows: Sequence[Row]) -> int:
    return sum(row["difference"]["p"] is not None for row in rows)


def _sure(row: Row, comparisons: int) -> str:
    difference = row["difference"]
    low, high = sorted((abs(difference["low"]), abs(difference["high"])))
    word = "lower" if difference["mean"] < 0 else "higher"
    won = row.get("won")
    times = "all" if won == row["shared"] else "none" if won == 0 else str(won)
    counted = f", and it does better at {times} of them" if won is not None else ""
    corrected = f", corrected for {comparisons} comparisons" if comparisons > 1 else ""
    return (
        f"over {_seeds(row['shared'])} the 95 % interval of the difference is {low:.3g} to {high:.3g} {word}{counted}. "
        f"If there were no difference, one this large would turn up in {_chance(difference['p'])} such tables "
        f"({_p(difference['p'])}{corrected})."
    )


def _numbers(row: Row, base: Row, metric: str) -> str:
    mean = row["difference"]["mean"]
    word = "lower" if mean < 0 else "higher"
    if not row.get(metric) or not base.get(metric) or row[metric]["mean"] is None or base[metric]["mean"] is None:
        return f"{_metric(metric)} {abs(mean):.3g} {word}"
    return f"{_metric(metric)} {row[metric]['mean']:.3g} against {base[metric]['mean']:.3g}, {abs(mean):.3g} {word}"


def _chance(p: float | None) -> str:
    """A probability as a frequency, which most people read more easily."""
    if p is None:
        return "an unknown share of"
    if p < 0.0001:
        return "fewer than 1 of 10,000"
    for scale in (100, 1000, 10_000):
        if round(p * scale) >= 2 or scale == 10_000:
            return f"about {round(p * scale):,} of {scale:,}"
    raise AssertionError


def _p(p: float) -> str:
    return f"p = {p:.2g}" if p >= 0.0001 else "p < 0.0001"


def _against(base: Row, labels: Labels) -> str:
    name = labels[base["run"]]
    return f"{name}, the run without regularizers" if base["stack"] == "none" else f"{name} ({base['stack']})"


def _means(row: Row, base: Row, key: str) -> tuple[float, float] | None:
    own, other = ((one.get(key) or {}).get("mean") for one in (row, base))
    return None if own is None or other is None else (own, other)


def _interval(interval: Mapping[str, Any] | None) -> str:
    if not interval or interval["mean"] is None:
        return "unknown"
    if interval["low"] is None:
        return f"{interval['mean']:.3g}"
    return f"{interval['mean']:.3g} (95 % interval {interval['low']:.3g} to {interval['high']:.3g})"


def _metric(metric: str) -> str:
    return metric.replace("_", " ")


def _signed(number: float) -> str:
    return f"{number:+.3g}".replace("-", "−")


def _plain(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    """`a, b and c`, or the first of many and how many more."""
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
