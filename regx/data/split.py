"""Which rows train, which choose, and which are reported on."""

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.streams import stream


def split_rows(
    n: int, seed: int, test_fraction: float, val_fraction: float, n_train: int | None = None,
    labels: Array | None = None, classes: tuple[str, ...] = (), origin: str = "the table",
    groups: Array | None = None, times: Array | None = None, fold: int = 0,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Row numbers of the training, validation and test split; stratified by `labels`, (n,), where there are any.

    The fractions are of all n rows; a split whose fraction is 0 is empty. `n_train` keeps so many of the
    training rows: fewer are always among the more, every class is among them, and the other splits stay as they are.
    groups: (n,), rows of one group stand in one split; the fractions are then of all groups. times: (n,), the test
    split is the latest rows, validation those before them, whatever the seed; rows of one time stand in one split.
    fold: of several with the same test rows, whose validation rows are disjoint; not by time.
    Raises InputError where rows are too few for that; whether they are does not depend on the seed.
    """
    if test_fraction + val_fraction >= 1:
        raise InputError(
            f"dataset.test_fraction + dataset.val_fraction is {test_fraction + val_fraction:g}; expected less than 1, "
            "so that rows are left to train on. The usual values are 0.25 and 0.15."
        )
    n_test = max(1, round(n * test_fraction)) if test_fraction else 0
    n_val = max(1, round(n * val_fraction)) if val_fraction else 0
    available = n - n_test - n_val
    if available < 1:
        raise InputError(f"{origin}: {n} rows are too few for a training, a validation and a test split.")
    if times is not None:
        train, val, test = _by_time(times, n_test, n_val, origin)
        _check_training(labels, classes, train, origin)
        return train[-(n_train or n) :], val, test
    if groups is not None:
        train, val, test = _by_group(groups, seed, test_fraction, val_fraction, labels, origin, fold)
        _check_training(labels, classes, train, origin)
        return nested_order(train, labels)[:n_train], val, test
    if labels is not None:
        _check_classes(labels, classes, n_test, n_val, origin)
    least = 1 if labels is None else len(classes)
    if n_train is not None and not least <= n_train <= available:
        raise InputError(
            f"dataset.n_train is {n_train}; expected {least} to {available}, the rows that {origin} has left beside "
            f"{n_val} for validation and {n_test} for the test."
        )
    state_test, state_val = (int(state) for state in stream(seed, "split").integers(2**31, size=2))
    rest, test = _part(np.arange(n), n_test, labels, state_test)
    train, val = _part(rest, n_val, labels, state_val)
    left = train
    for number in range(fold):
        if not len(left):
            raise InputError(f"{origin}: there are {number + 1} folds of a split at most, as rows stay together.")
        others = np.concatenate([train, val])
        left, val = _part(left, min(n_val, len(left)), labels, (state_val + number + 1) % 2**31)
        train = others[~np.isin(others, val)]
        _check_training(labels, classes, train, origin)
    return train if n_train is None else nested_order(train, labels)[:n_train], val, test


def _by_time(times: Array, n_test: int, n_val: int, origin: str) -> tuple[Array, Array, Array]:
    """The earliest rows, those after them, and the latest, each in the order of their times."""
    order = np.argsort(times, kind="stable")
    n = len(order)
    sizes = (n_test, n_test + n_val)
    cuts = [int(np.searchsorted(times[order], times[order][n - size])) if size else n for size in sizes]
    cuts[1] = cuts[0] if not n_val else cuts[1]
    if cuts[1] < 1 or (n_val and cuts[0] == cuts[1]):
        raise InputError(
            f"{origin}: too few different times for a training, a validation and a test split: rows of one time are "
            "kept together. Expected a finer column as dataset.time."
        )
    return order[: cuts[1]], order[cuts[1] : cuts[0]], order[cuts[0] :]


def _by_group(
    groups: Array, seed: int, test_fraction: float, val_fraction: float, labels: Array | None, origin: str, fold: int
) -> tuple[Array, Array, Array]:
    """Splits of whole groups, stratified where every group has one label and every label groups enough."""
    names, of_row = np.unique(groups, return_inverse=True)
    count = len(names)
    own = None
    if labels is not None:
        own = np.zeros(count, dtype=np.int64)
        own[of_row] = labels
        sizes = [max(1, round(count * share)) for share in (test_fraction, val_fraction) if share]
        groups_of = np.bincount(own)
        few = groups_of[groups_of > 0].min() < 4 or min(sizes, default=count) < len(groups_of)
        if few or (own[of_row] != labels).any():
            own = None
    if count < 3:
        raise InputError(f"{origin}: {count} groups are too few for a training, a validation and a test split.")
    parts = split_rows(
        count, seed, test_fraction, val_fraction, labels=own,
        classes=() if own is None else tuple(map(str, range(int(own.max()) + 1))), origin=origin, fold=fold,
    )  # fmt: skip
    rng = stream(seed, "split")
    train, val, test = (rng.permutation(np.flatnonzero(np.isin(of_row, part))) for part in parts)
    return train, val, test


def _check_training(labels: Array | None, classes: tuple[str, ...], train: Array, origin: str) -> None:
    if labels is not None and (absent := sorted(set(range(len(classes))) - set(labels[train]))):
        raise InputError(
            f"{origin}: no training row of class {', '.join(classes[k] for k in absent[:5])}, since groups or times "
            "are kept together. Add rows of it, take it out of the table, or choose other seeds."
        )


def _check_classes(labels: Array, classes: tuple[str, ...], n_test: int, n_val: int, origin: str) -> None:
    """Every class must be left in training, and has two rows wherever rows are split."""
    for name, size in (("test", n_test), ("val", n_val)):
        if 0 < size < len(classes):
            raise InputError(
                f"{origin}: a {name} split of {size} rows cannot hold {len(classes)} classes. "
                f"Raise dataset.{name}_fraction{' or set it to 0' if name == 'val' else ''}."
            )
    # The fewest that stratification can leave of a class after each split.
    n, counts = len(labels), np.bincount(labels, minlength=len(classes))
    rest = counts * (n - n_test) // n
    train = rest * (n - n_test - n_val) // (n - n_test)
    few = (rest < (2 if n_val else 1)) | (train < 1) | (counts < 2)
    if few.any():
        named = ", ".join(f"'{classes[k]}' ({counts[k]})" for k in np.flatnonzero(few)[:5])
        raise InputError(
            f"{origin}: classes with too few rows for a training, a validation and a test split of their own: {named}. "
            "Add rows of them, take them out of the table, or lower dataset.test_fraction and dataset.val_fraction; "
            "if the target is a quantity, set dataset.task: regression."
        )


def _part(rows: Array, size: int, labels: Array | None, state: int) -> tuple[Array, Array]:
    """Rows split in two, each in random order, the second of `size`: as scikit-learn's `train_test_split` does it.

    Which is not called since its import takes longer than most trainings. NumPy's RandomState never changes.
    """
    if size == 0:
        return rows, rows[:0]
    draw = np.random.RandomState(state)
    if labels is None:
        order = draw.permutation(len(rows))
        return rows[order[size:]], rows[order[:size]]
    _, of_row, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
    first = _shares(counts, len(rows) - size, draw)
    second = _shares(counts - first, size, draw)
    members = np.split(np.argsort(of_row, kind="stable"), np.cumsum(counts)[:-1])
    members = [own[draw.permutation(len(own))] for own in members]
    ahead = np.concatenate([own[:n] for own, n in zip(members, first, strict=True)])
    behind = np.concatenate([own[n : n + m] for own, n, m in zip(members, first, second, strict=True)])
    return rows[draw.permutation(ahead)], rows[draw.permutation(behind)]


def _shares(counts: Array, size: int, draw: np.random.RandomState) -> Array:
    """How many of `size` rows each class has, of classes with so many rows: in proportion, rounded.

    Down first; what is left goes to those that lost most, among equals by lot.
    """
    exact = counts / counts.sum() * size
    shares = np.floor(exact)
    lost, left = exact - shares, int(size - shares.sum())
    for loss in np.unique(lost)[::-1]:
        if left <= 0:
            break
        losers = np.flatnonzero(lost == loss)
        chosen = draw.choice(losers, size=min(len(losers), left), replace=False)
        shares[chosen] += 1
        left -= len(chosen)
    return np.asarray(shares, np.int64)


def nested_order(rows: Array, labels: Array | None) -> Array:
    """Rows in random order put so that every beginning is stratified and holds each class once before any twice."""
    if labels is None:
        return rows
    key = np.empty(len(rows))
    for label in np.unique(labels):
        members = labels[rows] == label
        key[members] = np.arange(members.sum()) / members.sum()
    return rows[np.argsort(key, kind="stable")]
