"""What a metric is: one quantity that can be said of a network, and all that tables, sentences and pages need of it."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self

from regx.core.arrays import Array
from regx.stats.aggregate import Interval

# What each split is called in words, and what is to be known of every metric on it.
SPLITS = {"train": "training", "val": "validation", "test": "test"}
_ON = {
    "train": "",
    "val": " Selection and early stopping look at the validation split.",
    "test": " Without --peek nothing is chosen by the test split.",
}
ALL_TASKS = ("regression", "binary", "multiclass")
CLASSES = ("binary", "multiclass")


@dataclass(frozen=True)
class Metric:
    """One quantity that can be said of a network.

    name: as columns and options have it. Of one on splits it is what follows the split's name: `loss` is declared once
    and stands for `train_loss`, `val_loss` and `test_loss`, which `on_each_split` makes. split: which of them it is.
    help: what `regx explain` prints; `{split}` in it is the split's name in words. better: which of two values is; None
    where neither is. low, high: the range of possible values; None where there is no end. tasks: those that have it.
    each_epoch: whether it is a column of metrics.csv, measured at every evaluated epoch; else it is said of the
    reported network alone. kept: whether the summary of a run keeps it, though it is no such column.
    has_interval: whether an interval over seeds says anything. importance: its place among the columns of a table;
    those with a greater one go first where space is short. None: it is shown where it is asked for only.

    How it is computed, one of:

    of: from networks that have just answered (`Seen`, or of a metric on splits its `SplitRows`), one value each, (R,).
    of_seed: from what the summary says of a seed; None where that does not suffice.
    neither: training itself hands it over, as the learning rate.
    """

    name: str
    help: str
    better: Literal["lower", "higher", None] = None
    low: float | None = None
    high: float | None = None
    tasks: tuple[str, ...] = ALL_TASKS
    splits: tuple[str, ...] = ()
    split: str = ""
    each_epoch: bool = False
    kept: bool = False
    has_interval: bool = True
    importance: float | None = None
    of: Callable[[Any], Array] | None = None
    of_seed: Callable[[Mapping[str, Any]], float | None] | None = None

    def on_each_split(self) -> list[Self]:
        """Itself, or of a metric on splits one for each."""
        return [self._on(split) for split in self.splits] or [self]

    def _on(self, split: str) -> Self:
        # The test split is what people look for first.
        importance = None if self.importance is None else self.importance + (9, 4.5, 0)[list(SPLITS).index(split)]
        said = self.help.replace("{split}", SPLITS[split]) + _ON[split]
        return dataclasses.replace(
            self, name=f"{split}_{self.name}", split=split, splits=(), help=said, importance=importance
        )

    def in_words(self) -> str:
        """How sentences call it: `the validation loss`."""
        words = self.name.removeprefix(f"{self.split}_").replace("_", " ")
        return f"the {SPLITS[self.split]} {words}" if self.split else f"the {words}"

    @property
    def lower_is_better(self) -> bool | None:
        """None where neither is."""
        return None if self.better is None else self.better == "lower"

    def text(self) -> str:
        """What `regx explain` prints."""
        tasks = "" if self.tasks == ALL_TASKS else f" For {' and '.join(self.tasks)} tasks."
        ends = [f"{end:g}" if end is not None else "" for end in (self.low, self.high)]
        between = {(True, True): "between {} and {}", (True, False): "at least {}{}", (False, True): "at most {}{}"}
        reach = between.get((self.low is not None, self.high is not None), "").format(*ends)
        facts = [f"{self.better} is better" if self.better else "", reach]
        said = ", ".join(filter(None, facts))
        return f"{self.help}{tasks}{f' {said[0].upper()}{said[1:]}.' if said else ''}"

    @property
    def reach(self) -> float | None:
        """How far two values can be apart; None where they can be as far as they like."""
        return None if self.low is None or self.high is None else self.high - self.low

    def value(self, seed: Mapping[str, Any]) -> float | None:
        """What the summary of a run says of it for one seed; None where it does not say it."""
        if self.of_seed is not None:
            return self.of_seed(seed)
        found = seed["metrics"].get(self.name)
        return found if found is not None else (seed.get("diagnostics") or {}).get(self.name)

    def inside(self, interval: Interval) -> Interval:
        """An interval without what the metric cannot be, and without ends where they say nothing."""
        low, high = (interval["low"], interval["high"]) if self.has_interval else (None, None)
        return Interval(
            mean=interval["mean"],
            low=low if low is None or self.low is None else max(low, self.low),
            high=high if high is None or self.high is None else min(high, self.high),
        )


on_splits = partial(Metric, splits=tuple(SPLITS))
of_classes = partial(on_splits, tasks=CLASSES, low=0.0, high=1.0)
