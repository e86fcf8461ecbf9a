"""What runs are called: in tables by their names, in sentences, figures and pages by what regularizes them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.store.summary import DATA_AND_SHAPE

SHORT = 34  # letters, at most, of what regularizes a run where that is its name


def labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to call each row: its name, or where several have one name, as much of their paths' ends as tells them."""
    called = [row.get("name") or "" for row in rows]
    parts = [Path(row["run"]).parts for row in rows]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        times = Counter(called)
        called = ["/".join(own[-depth:]) if times[one] > 1 else one for one, own in zip(called, parts, strict=True)]
    return called


def spoken(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a sentence calls each row: what regularizes it; where several are alike in that, with their labels."""
    stacks = _told_apart(rows)
    return [
        label if stack is None else words if stacks.count(stack) == 1 else f"{words} ({label})"
        for label, stack in zip(labels(rows), stacks, strict=True)
        for words in ["no regularizer" if stack == "none" else str(stack)]
    ]


def short_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a figure or a page calls each row: what regularizes it if short and no other's; else its label."""
    stacks = _told_apart(rows)
    return [
        stack if stack is not None and stacks.count(stack) == 1 and len(stack) <= SHORT else label
        for stack, label in zip(stacks, labels(rows), strict=True)
    ]


def _told_apart(rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """What regularizes each of several rows, without label noise and the like that the data or shape of all have."""
    stacks = [row.get("stack") for row in rows]
    parts = [str(stack).split(" + ") for stack in stacks]
    shared = set.intersection(*map(set, parts)) if len(rows) > 1 else set()
    without = {part for part in shared if part.partition("(")[0] in DATA_AND_SHAPE}
    return [
        stack and (" + ".join(part for part in own if part not in without) or "none")
        for stack, own in zip(stacks, parts, strict=True)
    ]


def seeds_text(seeds: Iterable[int]) -> str:
    """Ascending seeds in short, such as `0, 3-5`."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], seed]
        else:
            spans.append([seed])
    return ", ".join("-".join(map(str, span)) for span in spans)
