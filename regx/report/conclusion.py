"""What a comparison table says, in sentences: the one set of words of terminal, page, notebook and Python."""

from collections.abc import Iterable, Sequence

from regx.data import REGISTRY as DATASETS
from regx.metrics import REGISTRY
from regx.report.names import labels, seeds_text, spoken
from regx.report.numbers import MOST_NAMES, count, listed, told
from regx.report.row import Row


def opening(rows: Sequence[Row]) -> list[str]:
    """The sentence that matters of the rows of one group: what helped, and by how much; and what it leaves open.

    Of several that helped it speaks of the one that validation chooses.
    """
    names = dict(zip((row.run for row in rows), spoken(rows), strict=True))
    base = next((row for row in rows if row.verdict == "baseline"), None)
    if base is None:
        return [without_baseline(rows)]
    against = names[base.run]
    others = [row for row in rows if row is not base and row.difference["mean"] is not None]
    if not others:
        return [f"There is nothing to compare yet: no finished seed stands beside {against}."]
    found = [row for row in others if row.verdict in ("better", "lower", "higher")]
    first = min(found or others, key=_rank)
    peeked = " (by peeking)" if first.peek else ""
    said = f"{names[first.run]}{peeked} {outcome(first, base, f'with {against}')}."
    if not found and len(others) > 1:
        nothing = f"Nothing is shown to help against {against}."
        return [nothing, f"That does not show that nothing helps. The first by validation loss: {said}"]
    if len(found) > 1 and first.verdict == "better":
        rest = "Each is compared with the baseline alone: which is best is not shown."
        return [said, f"{len(found)} of {len(others)} helped. {rest}"]
    return [said]


def _rank(row: Row) -> tuple[bool, float]:
    """The validation loss chooses; where a run has none, its difference in the metric, which flatters it."""
    loss = row.judged_loss["mean"] if row.judged_loss is not None else row.mean("val_loss")
    sign = -1 if REGISTRY[row.metric].better == "higher" else 1
    return loss is None, sign * (row.difference["mean"] or 0.0) if loss is None else loss


def outcome(row: Row, base: Row, without: str = "without it") -> str:
    """Whether a run did better than the baseline, with its numbers: `helped: test loss 0.036 instead of ...`.

    Both have a mean and share a seed. without: what the baseline is called, after `with` or `without`.
    """
    name, seeds = row.metric.replace("_", " "), count(row.shared or 0, "seed")
    found = {
        "better": "helped", "worse": "hurt", "lower": f"has a lower {name}", "higher": f"has a higher {name}",
        "cannot tell": f"cannot be judged by {seeds}",
    }.get(str(row.verdict), f"made no difference that {seeds} could tell")  # fmt: skip
    if row.is_equal and row.verdict != "cannot tell":
        found = f"changed no {name}"
    if all(one.seeds - one.diverged == row.shared for one in (row, base)):
        means = [told(one.mean(row.metric) or 0.0) for one in (row, base)]
        numbers = f"{means[0]} instead of {means[1]} {without}"
    else:  # each mean is over seeds of its own
        difference = row.difference["mean"] or 0.0
        numbers = f"{told(abs(difference))} {'lower' if difference < 0 else 'higher'} than {without}"
    won = f"better at {row.won} of {seeds}" if row.won is not None else f"over {seeds}"
    return f"{found}: {'' if name in found else f'{name} '}{numbers}, {won}"


def without_baseline(rows: Sequence[Row]) -> str:
    """Why the rows of one group have no verdicts."""
    metric = rows[0].metric
    if all(row.mean(metric) is None for row in rows):
        return f"No verdicts, since no run here has a {metric}. Choose another --metric."
    return "No verdicts, since no run here is without regularizers. Name one to compare with: --baseline RUN."


def conclusion(rows: Sequence[Row]) -> list[str]:
    """What the rows of one group say: a sentence for each verdict, and for each reason to read a run with care.

    Verdicts name regularizers; warnings name runs.
    """
    if not rows:
        return []
    is_judged = any(row.differs or row.verdict == "unclear" for row in rows)
    about = of_one_table(rows[0].dataset) if is_judged else []
    return [*_verdicts(rows, spoken(rows)), *about, *_marks(rows, labels(rows))]


def about_numbers(rows: Sequence[Row], shown: Iterable[str]) -> list[str]:
    """What a reader must know of the numbers in these columns."""
    said, shown = [], set(shown)
    if "accuracy_gap" in shown and any(row.mean("val_accuracy") is None for row in rows):
        said.append("accuracy_gap: to the test accuracy, where a run has no validation split.")
    if any(key.startswith("test_") for key in shown):
        kinds = dict.fromkeys(row.dataset for row in rows if row.dataset in DATASETS)
        said += [f"{kind}: {DATASETS[kind].about_test}" for kind in kinds if DATASETS[kind].about_test]
    return said


def of_one_table(dataset: str) -> list[str]:
    """What a reader must know of differences over seeds that are splits of one table; nothing of generated data.

    Nadeau & Bengio 2003, Inference for the Generalization Error; `regx.stats.resampled` says how much it matters.
    """
    from regx.evidence.data import is_of_one_table

    if not is_of_one_table(dataset):
        return []
    return [
        "The seeds are splits of one table and share its rows. Intervals and p of differences allow for that by the "
        "corrected resampled t-test, so more seeds tell little more: more rows would."
    ]


def _verdicts(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """A sentence for each verdict, and why it is this one of several runs that nothing regularizes."""
    here = next((name for name, row in zip(names, rows, strict=True) if row.verdict == "baseline"), None)
    baseline = here or rows[0].baseline  # which --top may have cut off
    found: dict[str, list[str]] = {}
    for name, row in zip(names, rows, strict=True):
        kind, about = str(row.verdict), ""
        if kind == "unclear":
            kind, about = ("equal", "") if row.is_equal else (kind, f" ({_needed(row)})")
        elif row.peek and kind in ("better", "worse"):
            about = " (by peeking)"
        found.setdefault(kind, []).append(name + about)
    if "unclear" in found:  # says once what the numbers are
        found["unclear"][0] = found["unclear"][0].removesuffix(")") + " seeds would tell)"
    metric = rows[0].metric.replace("_", " ")
    openings = {
        **{kind: f"{kind.capitalize()} than {baseline} in {metric}" for kind in ("better", "worse", "lower", "higher")},
        "unclear": f"Not told apart from {baseline}",
        "equal": f"At every shared seed exactly as {baseline} in {metric}",
        "cannot tell": f"Fewer than five seeds shared with {baseline}, so nothing can be told",
    }
    said = [f"{words}: {listed(found[kind], MOST_NAMES)}." for kind, words in openings.items() if kind in found]
    because = rows[0].baseline_because
    which = f"Of several runs that nothing regularizes the baseline is {rows[0].baseline}, {because}."
    return [*(said if baseline is not None else ()), *([which] if because is not None else ())]


def _marks(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """A sentence for each reason to read a run with care."""
    named = list(zip(names, rows, strict=True))
    peeked = [name for name, row in named if row.peek]
    said = []
    if peeked:
        who = "all runs here" if 1 < len(peeked) == len(rows) else listed(peeked, MOST_NAMES)
        said.append(f"The test split was used for choosing (--peek), so its loss is no honest estimate: {who}.")
    judged = [(name, row.judged_loss["mean"]) for name, row in named if row.judged_loss is not None]
    if early := [f"{name} {told(mean)}" for name, mean in judged if mean is not None]:
        said.append(
            "What stopped early by a loss is flattered by it; it is chosen and sorted by one where each half of the "
            f"rows judges the epoch that the other half chooses: {listed(early, MOST_NAMES)}."
        )
    diverged = [f"{name} (seeds: {row.diverged} of {row.seeds})" for name, row in named if row.diverged]
    if diverged:
        said.append(f"Diverged, and in no mean: {listed(diverged, MOST_NAMES)}.")
    lacking: dict[str, list[str]] = {}
    for name, row in named:
        if row.missing_seeds:
            plural = "s" * (len(row.missing_seeds) > 1)
            lacking.setdefault(f"Without seed{plural} {seeds_text(row.missing_seeds)}", []).append(name)
    return said + [f"{lack}: {listed(members, MOST_NAMES)}." for lack, members in lacking.items()]


def _needed(row: Row) -> str:
    """How many seeds would tell a run from the baseline. Of splits of one table there may be no such number."""
    seeds = row.seeds_to_tell
    if seeds is None:
        return "no number of" if of_one_table(row.dataset) else "more than 1000"
    return f"about {seeds if seeds < 100 else -(-seeds // 10) * 10}"


def why(row: Row, base: Row) -> str:
    """What changed in the network beside the metric, as far as the rows show it; empty where they show nothing.

    What that means is said only where the verdict bears it.
    """
    meaning = {
        "better": ", which is what learning less of the noise looks like",
        "worse": ", but more is held back than noise",
    }.get(str(row.verdict), "")
    train, gap = _means(row, base, "train_loss"), _means(row, base, "gap")
    norm, zeros = _means(row, base, "weight_norm"), _means(row, base, "zero_fraction")
    fits = f"(train loss {train[1]:.3g} before, {train[0]:.3g} with it)" if train else ""
    was, now = (_signed(gap[1]), _signed(gap[0])) if gap else ("", "")
    falls = f"the gap between validation and training falls from {was} to {now}"
    found = []
    looser = train is not None and train[0] > train[1] * 1.05
    over = gap is not None and gap[1] > 0  # else there is no gap to close
    if gap and looser and over and gap[0] < gap[1]:
        found.append(f"it fits its training data less closely {fits}, and {falls}{meaning}")
    elif gap and looser:
        closing = f"where there was no gap to validation to close ({was})"
        closing = f"without closing the gap to validation ({was} before, {now} with it)" if over else closing
        found.append(f"it holds the fit of the training data back {fits} {closing}")
    elif gap and over and gap[0] < gap[1] * 0.95:
        found.append(f"{falls} while the training data is fitted as closely as before")
    if norm and norm[1] > 0 and not 0.8 < norm[0] / norm[1] < 1.25:
        word = "smaller" if norm[0] < norm[1] else "greater"
        found.append(f"the weights are {word} (norm {norm[1]:.3g} before, {norm[0]:.3g} with it)")
    if zeros and zeros[0] > zeros[1] + 0.05:
        found.append(f"{zeros[0]:.0%} of the weights are exactly zero".replace("%", " %"))
    return "; ".join(found) + "." if found else ""


def beside(row: Row, base: Row, settings: Sequence[str]) -> str:
    """That a run differs from the baseline in more than its regularizers. settings: the keys in which it does."""
    if not settings:
        return ""
    name, against = labels([row, base])
    did = {"better": "helped", "worse": "hurt"}.get(str(row.verdict), "made a difference")
    return f"{name} differs from {against} in {listed(settings)} too, so what {did} need not be a regularizer."


def _means(row: Row, base: Row, key: str) -> tuple[float, float] | None:
    own, other = row.mean(key), base.mean(key)
    return None if own is None or other is None else (own, other)


def _signed(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")
