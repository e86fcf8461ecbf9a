"""What makes a table look easier than new rows will be: copies of rows, and columns that are the target again."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from regx.core.arrays import DataFrame
from regx.data.preparation import percent
from regx.data.table import Table

TOLD = 0.98  # the share of rows from which on a column is said to tell the target
NEAR = 0.02  # of all ranks: so near to its order a target is told
MOST_ROWS = 5000  # that are looked at
# A jump in the distances that 5 in 1000 rows have by chance, and the share of rows from which on they are grouped. On
# the real tables of the benchmark and of scikit-learn at most 0.19 of the rows have one.
JUMP, GROUPED = 9.0, 0.3


@lru_cache(maxsize=4)
def cautions(table: Table) -> tuple[str, ...]:
    """A sentence each. Of a table of images there is none: pixels are much like each other."""
    if table.shape:
        return ()
    import pandas

    frame = pandas.DataFrame(table.columns).assign(**{"": table.y})
    words = {name for name, values in table.columns.items() if values.dtype == object}
    said: list[str] = []
    # Where all columns are words, rows are alike because there is little to differ in.
    copy = frame.duplicated() if len(words) < len(table.columns) else pandas.Series(data=False, index=frame.index)
    if copies := int(copy.sum()):
        what = "row is an exact copy of another" if copies == 1 else "rows are exact copies of others"
        said.append(
            f"{copies} {what} ({percent(copies / len(frame))}). Where a copy of a test row is trained on, the test "
            "loss is too low: if that is no coincidence, take copies out of the table."
        )
    frame = frame[~copy]  # a copy tells its own target and no other row's
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    target = frame.pop("")
    if table.groups is None and (near := _near_copies(frame[[name for name in frame if name not in words]])) > GROUPED:
        said.append(
            f"{percent(near)} of the rows lie in small groups much closer to each other than to all others, as where "
            "rows repeat a person or a thing. Then a test row has near copies among the training rows, and the test "
            "loss is too low: name the column that tells the persons apart as dataset.group."
        )
    for name in frame:
        told = _told(frame[name], name in words, target, bool(table.classes))
        if told >= TOLD:
            all_of_them = "" if told == 1 else f" in {percent(told)} of the rows"
            said.append(
                f"Column '{name}' alone tells '{table.target}'{all_of_them}. If it is known only once the target is, "
                f"take it out: -s '{'dataset.drop=' + json.dumps([name], ensure_ascii=False)}'."
            )
    return tuple(said)


def _told(column: Any, words: bool, target: Any, classes: bool) -> float:
    """The share of rows whose target a column alone tells, from the other rows; 0 where guessing does nearly as well.

    Of few values, each tells the commonest target of the others that have it. Of many numbers, for classes a tree of
    few leaves tells it; for numbers the order does, to a fiftieth of the ranks.
    """
    import pandas

    by_value = 0.0
    if column.nunique(dropna=False) <= len(column) / 4:  # many values go with one each by being many
        values, targets = (np.asarray(pandas.factorize(one, use_na_sentinel=False)[0]) for one in (column, target))
        counts = np.zeros((values.max() + 1, targets.max() + 1), dtype=np.int64)
        np.add.at(counts, (values, targets), 1)  # how many rows have each value of the column and of the target
        own, rows = counts[values, targets] - 1, counts[values]
        rows[np.arange(len(column)), targets] -= 1
        right = (own > 0) & (own == rows.max(axis=1))
        by_value = _beyond(float(right.mean()), np.bincount(targets).max() / len(target))
        if words or classes:
            return by_value
    if words:
        return 0.0
    known = column.notna().to_numpy()
    if not classes:
        ranks, of_target = (one[known].rank().to_numpy() / known.sum() for one in (column, target))
        near = [np.abs(order - of_target) <= NEAR for order in (ranks, 1 - ranks)]
        by_order = max(float(one.mean()) for one in near) * float(known.mean())
        return max(by_value, _beyond(by_order, 2 * NEAR))
    from sklearn.model_selection import cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    labels = target.to_numpy()
    fewest = np.bincount(labels.astype(int)).min()
    if fewest < 2:
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * len(np.unique(labels)), random_state=0)
    if column.abs().max() > np.finfo(np.float32).max / 2:  # a tree's largest number
        column = column / column.abs().max()
    filled = column.fillna(column.min() - 1).to_numpy()[:, None]
    guessed = cross_val_predict(tree, filled, labels, cv=int(min(5, fewest)))
    return _beyond(float(np.mean(guessed == labels)), np.bincount(labels.astype(int)).max() / len(labels))


def _beyond(share: float, base: float) -> float:
    """The share, if it errs a tenth as often as the best guess without the column, or less."""
    return share if 1 - share <= 0.1 * (1 - base) else 0.0


def _near_copies(frame: DataFrame) -> float:
    """The share of rows in small groups of near copies, by the numbers that hardly stand twice; 0 of fewer than two.

    In a dense cloud of m dimensions m·j·log(d[j+1] / d[j]), of the distances d to a row's neighbours, is exponential
    with mean 1 (Levina & Bickel 2005, Maximum Likelihood Estimation of Intrinsic Dimension); a jump is far beyond it.
    """
    from sklearn.neighbors import NearestNeighbors

    x = frame[[name for name in frame if frame[name].nunique() > len(frame) / 2]].to_numpy(dtype=np.float64)
    x = np.where(np.isnan(x), np.nanmedian(x, axis=0) if x.size else 0.0, x)
    if x.shape[1] < 2 or len(x) < 40:
        return 0.0
    neighbours = min(40, len(x) - 1)
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-300)
    distances = NearestNeighbors(n_neighbors=neighbours + 1).fit(x).kneighbors(x)[0][:, 1:]
    distances = np.maximum(distances, 1e-12)
    jumps = np.arange(1, neighbours) * np.log(distances[:, 1:] / distances[:, :-1])
    dimension = np.log(2) / max(float(np.median(jumps)), 1e-9)
    return float(np.mean((dimension * jumps).max(axis=1) > JUMP))
