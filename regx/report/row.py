"""A row of the comparison table: one run, and how it stands beside its baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from regx.metrics import REGISTRY
from regx.report.names import seeds_text
from regx.report.numbers import verdict_text
from regx.report.settings import plain, short_key
from regx.stats.aggregate import UNKNOWN, Interval
from regx.stats.comparison import NO_DIFFERENCE, ComparisonVerdict, Difference

# Not in the JSON of a row that has nothing to say of it.
WHERE_KNOWN = ("changed", "shrinkage", "judged_loss", "point", "interpolates")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run in a comparison.

    run: its folder. changed: the config keys that differ within the group, where they are shown instead of the stack,
    which then is empty. group: what is special about its data. seeds: how many are finished. missing_seeds: which are
    not, though its config asks for them or others of the group have them. metrics: over seeds, by name. judged_loss:
    the loss that chooses, cross-fitted, where early stopping has chosen the epoch by it. metric: what `difference` is
    in. baseline: what it is called, and why it is this one of several. point, interpolates: in a sweep the values of
    its axes, and whether it fits its training data.
    """

    run: str
    name: str
    stack: str
    changed: Mapping[str, Any] | None = None
    group: str
    dataset: str
    task: str
    status: str
    seeds: int
    diverged: int
    missing_seeds: Sequence[int]
    peek: bool
    metrics: Mapping[str, Interval]
    shrinkage: float | None = None
    judged_loss: Interval | None = None
    metric: str = "test_loss"
    difference: Difference = field(default_factory=lambda: NO_DIFFERENCE)
    verdict: ComparisonVerdict | Literal["baseline"] | None = None
    won: int | None = None
    tied: int | None = None
    shared: int | None = None
    seeds_to_tell: int | None = None
    baseline: str | None = None
    baseline_because: str | None = None
    point: Mapping[str, Any] | None = None
    interpolates: Literal["yes", "no"] | None = None

    @property
    def folder(self) -> Path:
        return Path(self.run)

    def mean(self, metric: str) -> float | None:
        """The mean of a metric over seeds; None where the run has none."""
        return self.metrics.get(metric, UNKNOWN)["mean"]

    @property
    def differs(self) -> bool:
        """Whether the verdict tells the run from its baseline."""
        return self.verdict in ("better", "worse", "lower", "higher")

    @property
    def is_equal(self) -> bool:
        """Whether the run does at every shared seed exactly as the baseline: no number of seeds would tell them."""
        return bool(self.shared) and self.tied == self.shared

    def cell(self, column: str) -> Any:
        """What stands in a column: a word, a number, or an interval; None where there is none."""
        if column == "p":
            return self.difference["p"]
        if column == "verdict":
            return self.verdict and verdict_text(self.verdict, self.shared)
        if column == "stack":
            return self.stack or None
        if column == "missing_seeds":
            return seeds_text(self.missing_seeds) or None
        if column == "changed" and self.changed is not None:
            return ", ".join(f"{short_key(key)}={plain(item)}" for key, item in self.changed.items()) or "-"
        return self.metrics.get(column) if column in REGISTRY else getattr(self, column)

    def as_json(self) -> dict[str, Any]:
        """The row as `regx compare --json` prints it."""
        found: dict[str, Any] = {}
        for name, item in ((one.name, getattr(self, one.name)) for one in fields(self)):
            if name == "metrics":
                found |= self.metrics
            elif item is not None or name not in WHERE_KNOWN:
                found[name] = item
        if self.changed is not None:
            del found["stack"]
        return {**found, "verdict": self.cell("verdict")}
