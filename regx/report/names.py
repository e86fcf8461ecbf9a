"""What runs are called: in tables by their names, in sentences, figures and pages by what regularizes them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from regx.store.summary import DATA_AND_SHAPE

SHORT = 34  # letters, at most, of what regularizes a run where that is its name


class Called(Protocol):
    """A run, or a row of a table."""

    @property
    def folder(self) -> Path: ...

    @property
    def name(self) -> str: ...

    @property
    def stack(self) -> str: ...


def labels(runs: Sequence[Called]) -> list[str]:
    """What to call each run: its name, or where several have one name, as much of their paths' ends as tells them."""
    called = [run.name for run in runs]
    parts = [run.folder.parts for run in runs]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        times = Counter(called)
        called = ["/".join(own[-depth:]) if times[one] > 1 else one for one, own in zip(called, parts, strict=True)]
    return called


def spoken(runs: Sequence[Called]) -> list[str]:
    """What a sentence calls each run: what regularizes it; where several are alike in that, with their labels."""
    stacks = _told_apart(runs)
    return [
        label if not stack else words if stacks.count(stack) == 1 else f"{words} ({label})"
        for label, stack in zip(labels(runs), stacks, strict=True)
        for words in ["no regularizer" if stack == "none" else stack]
    ]


def short_names(runs: Sequence[Called]) -> list[str]:
    """What a figure or a page calls each run: what regularizes it if short and no other's; else its label."""
    stacks = _told_apart(runs)
    return [
        stack if stack and stacks.count(stack) == 1 and len(stack) <= SHORT else label
        for stack, label in zip(stacks, labels(runs), strict=True)
    ]


def _told_apart(runs: Sequence[Called]) -> list[str]:
    """What regularizes each of several runs, without label noise and the like that the data or shape of all have."""
    parts = [run.stack.split(" + ") for run in runs]
    shared = set.intersection(*map(set, parts)) if len(runs) > 1 else set()
    without = {part for part in shared if part.partition("(")[0] in DATA_AND_SHAPE}
    return [
        run.stack and (" + ".join(part for part in own if part not in without) or "none")
        for run, own in zip(runs, parts, strict=True)
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
