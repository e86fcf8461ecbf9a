"""What is found in the columns of a table: numbers far from the others, identifiers, words."""

from collections.abc import Collection, Mapping

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.data.cells import Cells
from regx.data.columns import SMALLEST, Reading
from regx.data.numerals import MISSING
from regx.data.preparation import percent

# Words of which there are more than this, and one for every second row or more, tell rows apart, not kinds of rows.
IDENTIFIERS = 10
# Whole numbers, none twice, are row numbers if they leave out few between the least and the largest, or are called so.
DENSE = 1.1
NAMES_OF_ROWS = frozenset(("id", "ids", "index", "idx", "row", "rowid", "rownames", "nr", "no", "number", "key", "uid"))
# So many times the usual distance from the middle a number is said, or refused: squares of it leave nothing of others.
FAR, TOO_FAR = 1e6, 1e12


def extremes(columns: Mapping[str, Array], cells: Cells, rows: Array, reading: Reading) -> list[str]:
    """Notes on numbers that are very far from the others; raises InputError where squares overflow, or vanish."""
    notes, errors = [], []
    for name, values in columns.items():
        if values.dtype == object or name not in cells.blocks or np.isnan(values).all():
            continue
        largest = np.nanmax(np.abs(values))
        if 0 < largest < SMALLEST:
            row = int(rows[np.nanargmax(np.abs(values))])
            errors.append(
                f"{cells.place(row, name)}: its largest number is {largest:g}, whose square is 0 to a computer. Write "
                "the column in another unit."
            )
            continue
        away = np.abs(values - np.nanmedian(values))
        usual = np.nanmedian(away[away > 0]) if (away > 0).any() else 0.0
        if not usual or not np.nanmax(away) > FAR * usual:
            continue
        row = int(np.nanargmax(away))
        told = f"{cells.place(int(rows[row]), name)}: {values[row]:g} is very far from the others"
        if away[row] > TOO_FAR * usual:
            errors.append(
                f"{told}, which lie about {usual:.2g} from their middle: beside it nothing is left of them. Correct "
                "the cell, leave it empty if its value is not known, or leave the column or the row out."
            )
        else:
            notes.append(f"{told}. If it is a mistake, correct the cell: scaling and losses follow such a number.")
    if errors:
        raise InputError("\n".join(errors))
    return notes


def left_out(columns: dict[str, Array], kept: Collection[str], time: str | None) -> list[str]:
    """Take out of `columns` those that look like identifiers, and say so; row numbers only while others are left.

    kept: columns that stay whatever they look like, as the one of times does.
    """
    notes = []
    for name in [name for name, values in columns.items() if values.dtype == object and name not in kept]:
        levels = len({word for word in columns[name] if word is not None})
        if levels > max(IDENTIFIERS, len(columns[name]) / 2):
            del columns[name]
            notes.append(
                f"Left out column '{name}': {levels} different values in so few rows look like an identifier. "
                f"To keep it, set dataset.categorical: [{name}]."
            )
    numbered = [name for name, values in columns.items() if name not in kept and _numbers_rows(name, values)]
    if time in numbered:
        numbered.remove(time)
    for name in numbered if len(numbered) < len(columns) else ():
        del columns[name]
        notes.append(
            f"Left out column '{name}': whole numbers of which none stands twice number the rows. To keep it, set "
            f"dataset.keep: [{name}]."
        )
    return notes


def _numbers_rows(name: str, values: Array) -> bool:
    """Whether a column is row numbers: whole, none twice, and called so or with hardly a gap."""
    if values.dtype == object or len(values) < 2 or np.isnan(values).any() or (values != np.rint(values)).any():
        return False
    # Of many unequal numbers the span tells quickly whether there can be a gap.
    dense = values.max() - values.min() + 1 <= DENSE * len(values)
    simple = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    camel = name[-2:] in ("Id", "ID")
    called = camel or bool(simple and simple[-1] in NAMES_OF_ROWS)
    return (dense or called) and len(np.unique(values)) == len(values)


def words_said(columns: Mapping[str, Array], classes: tuple[str, ...], told: bool) -> list[str]:
    """Notes on the columns of words, and on words in them that stand for missing elsewhere, unless these were told."""
    notes, kept, usual = [], [], []
    for name in [name for name, values in columns.items() if values.dtype == object]:
        levels = {word for word in columns[name] if word is not None}
        kept.append(f"'{name}' ({len(levels)} values)")
        usual += [
            f"'{word}' in '{name}' ({percent(float(np.mean(columns[name] == word)))})"
            for word in sorted(levels)
            if word.lower() in MISSING
        ]
    if kept:
        notes.append(f"Read as categories, one-hot encoded: {', '.join(kept)}.")
    usual += [f"class '{word}'" for word in classes if word.lower() in MISSING]
    if usual and not told:
        notes.append(
            f"Taken for words like any other: {', '.join(usual)}. If such a word stands for missing, set "
            "dataset.missing_values to a list of it."
        )
    return notes
