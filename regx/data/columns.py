"""What the cells of a column mean: numbers or words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.data.cells import NUMBER, Cells, is_missing

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
WITH_COMMA = re.compile(r"[+-]?\d[\d.]*,[\d.,]*", re.ASCII)
WITH_SIGN = re.compile(r"[-+−]?[$€£¥]? ?(\d+\.?\d*|\.\d+) ?[%$€£¥]?", re.ASCII)

# Beyond it squares overflow; no measurement is so large.
LARGEST = 1e100

# Up to here float64 tells all whole numbers apart.
EXACT = 2.0**53
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)

REMEDY = (
    "Most of the column is numbers: correct the cell, leave it empty if its value is not known, or set "
    "dataset.categorical: [{name}] or dataset.drop: [{name}]."
)


def decimal_comma(cells: Cells, names: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether `1,5` is a number in these columns, and the note that says so.

    It is where cells are not separated by commas, and then `1.5` must not occur beside it.
    """
    comma = None if cells.separator == "," else _first(DECIMAL_COMMA, cells, names)
    if comma is None:
        return False, []
    if point := _first(DECIMAL_POINT, cells, names):
        raise InputError(
            f"{comma[0]} has '{comma[1]}', and {point[0]} has '{point[1]}'. Expected one decimal sign in the whole "
            "file; use the point."
        )
    return True, [f"Numbers are written with a decimal comma: '{comma[1]}' is read as {comma[1].replace(',', '.')}."]


def all_numbers(cells: Cells, name: str, comma: bool) -> bool:
    """Whether every cell of a column is a number or missing."""
    return all(_is_number(cell, comma) or is_missing(cell) for cell in cells.columns[name])


def numbers(cells: Cells, name: str, comma: bool, remedy: str) -> Array:
    """A column as numbers, (n,) float64, NaN where missing.

    Raises InputError at the first cell that is none; `remedy` ends its message.
    """
    ordinary = _ordinary(cells.columns[name])
    if ordinary is not None:
        return ordinary
    return np.array([_number(cells, name, row, comma, remedy) for row in range(len(cells.lines))])


def numbers_or_words(cells: Cells, name: str, comma: bool, as_words: bool = False, remedy: str = "") -> Array:
    """A column as numbers, or as words (object, None where missing), whichever its cells are.

    Words stay words where they are the majority; a few of them among numbers are taken for mistakes: InputError. So are
    numbers with a sign beside them, such as 12%.
    """
    column = cells.columns[name]
    if not as_words:
        ordinary = _ordinary(column)
        if ordinary is not None:
            return ordinary
        present = [cell for cell in column if not is_missing(cell)]
        numeric = [_is_number(cell, comma) for cell in present]
        grouped = any(WITH_COMMA.fullmatch(cell) for cell, known in zip(present, numeric, strict=True) if not known)
        quantities = sum(known or bool(WITH_SIGN.fullmatch(cell)) for cell, known in zip(present, numeric, strict=True))
        if 2 * quantities >= len(present) or grouped:
            return numbers(cells, name, comma, remedy or REMEDY.format(name=name))
    return np.array([None if is_missing(cell) else cell for cell in column], dtype=object)


def _first(pattern: re.Pattern[str], cells: Cells, names: Sequence[str]) -> tuple[str, str] | None:
    """Where the first cell of that pattern stands, and the cell."""
    for name in names:
        for row, cell in enumerate(cells.columns[name]):
            if pattern.fullmatch(cell):
                return f"{cells.place(row)}: column '{name}'", cell
    return None


def _is_number(cell: str, comma: bool) -> bool:
    return bool(NUMBER.fullmatch(cell) or (comma and DECIMAL_COMMA.fullmatch(cell)))


def _number(cells: Cells, name: str, row: int, comma: bool, remedy: str) -> float:
    cell = cells.columns[name][row]
    if is_missing(cell):
        return np.nan
    if not _is_number(cell, comma):
        if WITH_COMMA.fullmatch(cell):
            remedy = "Write it with a decimal point and without a separator of thousands."
        elif WITH_SIGN.fullmatch(cell):
            remedy = f"Write the number alone. {remedy}"
        raise InputError(f"{cells.place(row)}: column '{name}': expected a number, found '{cell[:60]}'. {remedy}")
    value = float(cell.replace(",", "."))
    if not abs(value) < LARGEST:
        raise InputError(
            f"{cells.place(row)}: column '{name}': expected a finite number below {LARGEST:g}, found '{cell[:60]}'. "
            "Leave the cell empty if the value is not known."
        )
    if abs(value) > EXACT and WHOLE.fullmatch(cell) and int(value) != int(cell):
        raise InputError(
            f"{cells.place(row)}: column '{name}': expected a number of at most 15 digits, since longer ones are not "
            f"told apart, found '{cell[:60]}'. If it is a name, set dataset.categorical: [{name}] or dataset.drop: "
            f"[{name}]; if it is a quantity, round it."
        )
    return value


def _ordinary(column: Sequence[str]) -> Array | None:
    """A column of ordinary numbers and missing cells, (n,); None if there is any other cell.

    As `_number` does it cell by cell, but several times faster, since it leaves the checks to `float`.
    """
    try:
        values = np.array([np.nan if is_missing(cell) else float(cell) for cell in column])
    except ValueError:
        return None
    # What `float` reads and NUMBER does not: `1_000`, and the digits of other scripts.
    usual = all(cell.isascii() and "_" not in cell for cell in column)
    return values if usual and not (np.abs(values) > EXACT).any() else None
