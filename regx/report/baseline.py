"""The run that others are compared with."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from regx.config.identity import question
from regx.core.errors import InputError, did_you_mean
from regx.core.parameters import parameters
from regx.evidence.run import Run
from regx.regularizers import REGISTRY
from regx.report.settings import dotted
from regx.store.summary import in_data_and_shape, in_optimizer


def with_baseline(paths: Iterable[Path | str], baseline: Path | str | None) -> list[Path | str]:
    """The paths, and the baseline where it is a folder."""
    return [*paths, *([baseline] if baseline is not None and Path(baseline).is_dir() else [])]


def plain_run(runs: Sequence[Run]) -> tuple[Run | None, str | None]:
    """The run that nothing regularizes, and where several qualify why it is this one, whatever their order.

    That is one without members in its stack, decay or SAM in its optimizer, but for strengths that do nothing, such as
    the l2(0) of a sweep. Label noise, residual connections and tied weights may be there if all runs have them. Of
    several it is the one whose remaining settings most runs share.
    """
    apart = {id(run): in_data_and_shape(run.config) for run in runs}
    common = set.intersection(*(set(map(repr, one.items())) for one in apart.values())) if runs else set()

    def others(run: Run) -> str:
        without = {*in_optimizer(run.config), *apart[id(run)]}
        own = {key: item for key, item in dotted(question(run.config)).items() if key.rpartition(".")[2] not in without}
        plain = {key: item for key, item in own.items() if not key.startswith("regularizers.")}
        return json.dumps(plain, sort_keys=True, default=str)

    shared = Counter(map(others, runs))

    def rank(run: Run) -> tuple[Any, ...]:
        finished, stack = len(run.per_seed("test_loss")), bool(run.config["regularizers"])
        # With a run that has no finished seed nothing can be compared.
        return finished == 0, -shared[others(run)], stack, -finished, run.name, str(run.folder)

    plain = [run for run in runs if is_plain(run.config) and set(map(repr, apart[id(run)].items())) <= common]
    if not plain:
        return None, None
    first, *rest = sorted(plain, key=rank)
    if not rest:
        return first, None
    of = f"whose other settings {shared[others(first)]} of {len(runs)} runs share"
    reasons = ("which alone has finished seeds", of, "whose stack is empty", "which has the most seeds")
    pairs = zip(reasons, rank(first), rank(rest[0]), strict=False)
    return first, next((why for why, own, other in pairs if own != other), "the first by name")


def is_plain(resolved: dict[str, Any]) -> bool:
    """Whether nothing regularizes: no member that does anything, nothing in the optimizer."""
    stack = [one for item in resolved["regularizers"] for one in item.items()]
    return not in_optimizer(resolved) and all(_does_nothing(*one) for one in stack)


def _does_nothing(kind: str, given: Any) -> bool:
    """Whether a regularizer has strengths, and all of them at the value at which it does nothing."""
    declared = parameters(REGISTRY[kind]).values() if kind in REGISTRY else ()
    strengths = [one for one in declared if one.neutral is not None]
    return bool(strengths) and isinstance(given, dict) and all(given.get(one.name) == one.neutral for one in strengths)


def find_run(runs: Sequence[Run], wanted: Run | Path | str) -> Run:
    """The run of a folder or of a name. Raises InputError where it is none of these, or the name of several."""
    if isinstance(wanted, Run):
        wanted = wanted.folder
    named = [run for run in runs if run.folder.resolve() == Path(wanted).resolve()]
    named = named or [run for run in runs if str(wanted) in (run.name, run.folder.name)]
    if len(named) == 1:
        return named[0]
    found = f"several of that name: {', '.join(str(run.folder) for run in named)}" if named else "none of that name"
    raise InputError(
        f"--baseline: expected a run folder, or the name of one run, found {found}: '{wanted}'."
        + did_you_mean(str(wanted), [run.name for run in runs])
    )
