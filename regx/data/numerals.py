"""How numbers are written: with which decimal sign, in groups of thousands, beside a unit."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from regx.core.errors import InputError
from regx.data.cells import BETWEEN, Cells

# In a column of numbers; Excel's errors and what pandas takes for missing are among them.
MISSING = frozenset({
    "", "na", "n/a", "nan", "null", "none", "?", "-", "--", ".", "missing", "unknown", "<na>", "#n/a", "#na", "#div/0!",
    "#num!", "#ref!", "#value!", "#name?", "#null!", "#n/a n/a", "n.a.", "nat", "-nan", "1.#ind", "-1.#ind", "1.#qnan",
    "-1.#qnan",
})  # fmt: skip

POINT, COMMA = ".", ","
WORDS = {POINT: "point", COMMA: "comma"}
GROUPS = {POINT: ",", COMMA: "."}  # what may stand between thousands beside a decimal sign, as may a blank
SPACES = " \u00a0\u2009\u202f'"
SIGNS = "$€£¥₹₩₽₺"
SIGN, MINUS = "-+\u2212", {0x2212: "-"}  # the minus may be Unicode's own
# So many numbers of the form 27,693 without one of another length are no decimals.
MANY = 30

PLAIN = {
    d: re.compile(rf"[{SIGN}]?(\d+[{d}]?\d*|[{d}]\d+)(e[+-]?\d+)?|[{SIGN}]?inf(inity)?", re.IGNORECASE | re.ASCII)
    for d in GROUPS
}
GROUPED = {
    d: re.compile(rf"[{SIGN}]?[1-9]\d{{0,2}}([{other}{SPACES}])\d{{3}}(\1\d{{3}})*([{d}]\d*)?", re.ASCII)
    for d, other in GROUPS.items()
}
POINTS = re.compile(rf"(?:\A|{BETWEEN})[+-]?\d*\.\d+(?:e[+-]?\d+)?(?={BETWEEN}|\Z)", re.IGNORECASE | re.ASCII)
# A number, and the unit behind it or the currency's sign before it.
AREA = r"(?:[cdkm]?m|ft|in|yd|mi)\^?[23]|sq\.? ?(?:ft|m|km)"
QUANTITY = re.compile(rf"([{SIGNS}]?) ?([{SIGN}]?[\d.,{SPACES}]*\d\.?) ?({AREA}|[^\d\s.,+-][^\d\s]{{0,7}}|)", re.ASCII)


def is_number(cell: str, decimal: str) -> bool:
    """Whether a cell is a number and nothing else."""
    return bool(PLAIN[decimal].fullmatch(cell) or GROUPED[decimal].fullmatch(cell))


def value_of(cell: str, decimal: str) -> float:
    """The number in a cell for which `is_number` holds."""
    if PLAIN[decimal].fullmatch(cell):
        return float(cell.translate(MINUS).replace(decimal, POINT))
    groups: dict[int, str] = dict.fromkeys(map(ord, GROUPS[decimal] + SPACES), "")
    return float(cell.translate({**groups, **MINUS}).replace(decimal, POINT))


def quantity(cell: str, decimal: str) -> tuple[str, str] | None:
    """The number in a cell and the unit or sign beside it; None where there are not both."""
    found = QUANTITY.fullmatch(cell)
    if found is None or not (found[1] or found[3]) or not is_number(found[2], decimal):
        return None
    return found[2], found[1] + found[3]


class _Seen(NamedTuple):
    """A cell, and where it stands."""

    cell: str
    place: str


def decimal_sign(cells: Cells, names: Sequence[str], setting: str = "auto") -> tuple[str, list[str]]:
    """The decimal sign of the numbers in these columns, and the note that tells it where it is unusual.

    setting: auto, point or comma. `27,693` is a number of thousands beside `1,234,567` or `12.5`, in a file whose cells
    are separated by commas, or beside many like it and whole numbers below 1000; it is a decimal beside `0,25`.
    Raises InputError where neither is sure, and where both signs are decimal signs.
    """
    if setting != "auto":
        return POINT if setting == "point" else COMMA, []
    decimal = grouped = either = None  # the first cell that can only be the one, the other, that can be both
    unsure: list[str] = []
    for name in names:
        if not any(COMMA in block for block in cells.blocks[name]):
            continue
        counts = Counter(cells.column(name))
        numbers = {cell: _bare(cell) for cell in counts if any(is_number(_bare(cell), sign) for sign in GROUPS)}
        present = sum(count for cell, count in counts.items() if cell.lower() not in MISSING)
        if 2 * sum(counts[cell] for cell in numbers) < present:
            continue
        for cell, bare in numbers.items():
            if COMMA not in bare:
                continue
            as_decimal, as_group = is_number(bare, COMMA), is_number(bare, POINT)
            if as_decimal and not as_group and decimal is None:
                decimal = _seen(cells, name, cell)
            elif as_group and not as_decimal and grouped is None:
                grouped = _seen(cells, name, cell)
            elif either is None and as_decimal and as_group:
                either = _seen(cells, name, cell)
        whole = [bare for bare in numbers.values() if bare.isdecimal()]
        commas = sum(COMMA in bare for bare in numbers.values())
        if commas < MANY or not whole or any(int(bare) >= 1000 for bare in whole):
            unsure.append(name)
    if decimal is None and grouped is None and either is None:
        return _by_points(cells, names)
    point = _point(cells, names, grouped_too=decimal is None)
    if decimal is not None and (other := grouped or point):
        raise InputError(
            f"{decimal.place} has '{decimal.cell}', and {other.place} has '{other.cell}'. Expected one decimal sign in "
            "the whole file; use the point."
        )
    if decimal is not None:
        shown = f"{value_of(_bare(decimal.cell), COMMA):.15g}"
        return COMMA, [f"Numbers are written with a decimal comma: '{decimal.cell}' is read as {shown}."]
    if either is not None and not (grouped or point or cells.separator == COMMA) and unsure:
        raise _unsure(either, COMMA)
    told = either or grouped
    assert told is not None
    return POINT, [f"Commas separate thousands: '{told.cell}' is read as {value_of(_bare(told.cell), POINT):.15g}."]


def _by_points(cells: Cells, names: Sequence[str]) -> tuple[str, list[str]]:
    """The decimal sign of a file without commas. Beside `1.234.567` points separate thousands.

    Raises InputError where `27.693` may be either: beside many like it and whole numbers below 1000.
    """
    if _point(cells, names, grouped_too=False) is not None:
        return POINT, []
    for name in names:
        if not any(POINT in block for block in cells.blocks[name]):
            continue
        present = dict.fromkeys(cells.column(name))
        numbers = {cell: _bare(cell) for cell in present if is_number(_bare(cell), COMMA)}
        if 2 * len(numbers) < len(present):
            continue
        pointed = [cell for cell, bare in numbers.items() if POINT in bare]
        whole = [bare for bare in numbers.values() if bare.isdecimal()]
        if surely := [cell for cell in pointed if not is_number(numbers[cell], POINT)]:
            read = value_of(numbers[surely[0]], COMMA)
            return COMMA, [f"Points separate thousands: '{surely[0]}' is read as {read:.15g}."]
        if len(pointed) >= MANY and whole and all(int(bare) < 1000 for bare in whole):
            raise _unsure(_seen(cells, name, pointed[0]), POINT)
    return POINT, []


def _unsure(seen: _Seen, sign: str) -> InputError:
    """The error of a number in which this sign may be the decimal sign, or separate thousands."""
    other = COMMA if sign == POINT else POINT
    thousands, tenths = (f"{value_of(_bare(seen.cell), one):.15g}" for one in (other, sign))
    return InputError(
        f"{seen.place}: '{seen.cell}' can be {thousands} or {tenths}. Expected to be told which: set dataset.decimal: "
        f"{WORDS[other]}, where the {WORDS[sign]} separates thousands, or dataset.decimal: {WORDS[sign]}."
    )


def _bare(cell: str) -> str:
    """A cell without the unit beside its number."""
    found = QUANTITY.fullmatch(cell)
    return found[2] if found else cell


def _seen(cells: Cells, name: str, cell: str) -> _Seen:
    return _Seen(cell, cells.first(name, cell))


def _point(cells: Cells, names: Sequence[str], grouped_too: bool) -> _Seen | None:
    """The first cell in which a point is the decimal sign. grouped_too: also where it may separate thousands."""
    for name in names:
        for block in cells.blocks[name]:
            for found in POINTS.finditer(block):
                cell = found[0].strip(BETWEEN)
                if grouped_too or not GROUPED[COMMA].fullmatch(cell):
                    return _seen(cells, name, cell)
    return None
