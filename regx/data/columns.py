"""What the cells of a column mean: numbers, words or dates. What is found is plain data, by which new rows are read."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.data.cells import BETWEEN, Cells
from regx.data.numerals import MISSING, SIGNS, is_number, quantity, value_of

# Beyond it squares overflow, and no measurement is so large; below it they vanish.
LARGEST, SMALLEST = 1e100, 1e-100
# Up to here float64 tells all whole numbers apart.
EXACT = 2.0**53
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
LEADING_ZERO = re.compile(rf"(?:\A|{BETWEEN})0\d+(?={BETWEEN}|\Z)", re.ASCII)

# A date's three parts, and perhaps a time, or year and month alone; and how pandas reads them.
DATE_LIKE = re.compile(
    r"(\d{1,4}([-/. ])(\d{1,2}|[a-z]{3,9})\2\d{1,4}|[a-z]{3,9} \d{1,2},? \d{4})([t ].*)?|\d{4}-\d\d",
    re.ASCII | re.IGNORECASE,
)
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y",
    "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
SEPARATORS = set("-/.:, ")
FORMATS = ("ISO8601", *(day + time for time in TIMES for day in DAYS))
PARTS = ("year", "month", "day", "weekday")
# A column of so few different cells whose words are each so common is one of levels, `5more` beside 2, 3 and 4; a rare
# word among numbers is a mistake.
FEW_LEVELS, COMMON = 12, 0.05

REMEDY = (
    "Most of the column is {kind}: correct the cell, leave it empty or name it in dataset.missing_values if its value "
    "is not known, or set dataset.categorical: [{name}] or dataset.drop: [{name}]."
)


@dataclass(frozen=True)
class Form:
    """How the cells of one column are read.

    unit: what stands beside every number. format: of dates, as pandas takes it. parts: what becomes of a date beside
    its number of days since 1970.
    """

    kind: Literal["number", "words", "date"] = "number"
    unit: str = ""
    format: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a table is read: the form of each column, the decimal sign, and the words that stand for missing.

    missing: None for the usual ones: MISSING among numbers and dates, and among words the empty cell alone.
    """

    forms: Mapping[str, Form] = field(default_factory=dict)
    decimal: str = "."
    missing: tuple[str, ...] | None = None

    def is_missing(self, cell: str, words: bool = False) -> bool:
        """Whether a cell says that its value is not known."""
        if self.missing is None:
            return not cell if words else cell.lower() in MISSING
        return not cell or cell in self.missing

    def columns(self, cells: Cells, remedy: str = "") -> dict[str, Array]:
        """Columns by name, (n,): float64 with NaN where missing, or words (object) with None.

        Raises InputError at the first cell of each that is of another form; remedy ends its message.
        """
        found: dict[str, Array] = {}
        errors = []
        for name in self.forms:
            try:
                found |= read(cells, name, self.forms[name], self, remedy)
            except InputError as error:
                errors.append(str(error))
        if errors:
            raise InputError("\n".join(errors))
        return found


def form_of(
    cells: Cells, name: str, reading: Reading, as_words: bool = False, as_numbers: bool = False
) -> tuple[Form, str | None]:
    """What a column is, and the note that says so where it is not obvious.

    Words stay words where they are the majority, or few and common; else those among numbers or dates are taken for
    mistakes. Raises InputError where two units stand in it, and where day and month cannot be told apart.
    """
    if as_words:
        return Form("words"), None
    ordinary = _ordinary(cells, name, reading)
    if ordinary is not None and (as_numbers or not any(map(LEADING_ZERO.search, cells.blocks[name]))):
        only_missing = np.isnan(ordinary).all() and any(block.strip(BETWEEN) for block in cells.blocks[name])
        return Form("words" if only_missing else "number"), None
    counts = Counter(cells.column(name))
    present = {cell: count for cell, count in counts.items() if not reading.is_missing(cell)}
    if not (total := sum(present.values())):
        return Form("words" if any(counts) else "number"), None
    if not as_numbers and (code := _code(present)):
        return Form("words"), (
            f"Column '{name}' is read as words, since numbers do not begin with a zero: '{code}'. To read it as "
            f"numbers, set dataset.keep: [{name}]."
        )
    numbers = sum(count for cell, count in present.items() if is_number(cell, reading.decimal))
    units: Counter[str] = Counter()
    values: dict[str, dict[str, str]] = {}  # by unit, of each number the first cell that has it
    for cell, count in present.items():
        if found := quantity(cell, reading.decimal):
            units[found[1]] += count
            values.setdefault(found[1], {}).setdefault(found[0], cell)
    unit, count = max(units.items(), key=lambda item: item[1], default=("", 0))
    if count >= 0.9 * total and count > numbers:
        bare, cell = next(iter(values[unit].items()))
        number = value_of(bare, reading.decimal)
        return Form(unit=unit), f"Column '{name}' is in '{unit}': '{cell}' is read as {number:.15g}."
    if sum(units.values()) + numbers == total and 1 < len(units) <= 3 and all(len(of) >= 5 for of in values.values()):
        first, second = (next(iter(values[one].values())) for one in list(units)[:2])
        raise InputError(
            f"{cells.first(name, second)}: expected one unit, found '{second}' beside '{first}'. Write all of them in "
            f"one, or set dataset.categorical: [{name}] or dataset.drop: [{name}]."
        )
    words = {cell: count for cell, count in present.items() if not is_number(cell, reading.decimal)}
    is_unit = any(len(of) > 1 or one in f"%{SIGNS}" for one, of in values.items())
    few = len(present) <= FEW_LEVELS and min(words.values(), default=0) >= max(5, COMMON * total)
    if numbers and words and few and not is_unit and not as_numbers:
        cell, count = max(words.items(), key=lambda item: item[1])
        return Form("words"), (
            f"Column '{name}' is read as {len(present)} levels, since '{cell}' stands in {count / total:.0%} of its "
            f"rows beside numbers. If that means missing, set dataset.missing_values: [{cell}]."
        )
    if 2 * (numbers + units.get("%", 0) + sum(units[one] for one in units if one in SIGNS)) >= total:
        return Form(), None
    return _date(cells, name, present, total) or (Form("words"), None)


def read(cells: Cells, name: str, form: Form, reading: Reading, remedy: str = "") -> dict[str, Array]:
    """What becomes of a column: itself, and a date's parts. remedy: ends the message at a cell that does not fit."""
    if not form.unit and form.kind == "number" and (ordinary := _ordinary(cells, name, reading)) is not None:
        return {name: ordinary}
    column = cells.column(name)
    if form.kind == "words":
        missing = {cell: None if reading.is_missing(cell, words=True) else cell for cell in dict.fromkeys(column)}
        return {name: np.array([missing[cell] for cell in column], dtype=object)}
    if form.kind == "date":
        return _date_columns(cells, name, form, reading, remedy)
    remedy = remedy or REMEDY.format(kind="numbers", name=name)
    values = {cell: _number(cells, name, cell, form, reading, remedy) for cell in dict.fromkeys(column)}
    return {name: np.array([values[cell] for cell in column])}


def _number(cells: Cells, name: str, cell: str, form: Form, reading: Reading, remedy: str) -> float:
    if reading.is_missing(cell):
        return np.nan
    found = quantity(cell, reading.decimal)
    bare = cell
    if form.unit:
        bare = found[0] if found and found[1] == form.unit else ""
    if not is_number(bare, reading.decimal):
        wanted = f"a number of '{form.unit}'" if form.unit else "a number"
        if found and not form.unit:
            remedy = f"Write the number alone. {remedy}"
        elif re.fullmatch(r"[+-]?\d[\d.]*,[\d.,]*", cell):
            remedy = f"Write it with a decimal point and without a separator of thousands. {remedy}"
        raise InputError(f"{cells.first(name, cell)}: expected {wanted}, found '{cell[:60]}'. {remedy}")
    value = value_of(bare, reading.decimal)
    if not abs(value) < LARGEST:
        raise InputError(
            f"{cells.first(name, cell)}: expected a finite number below {LARGEST:g}, found '{cell[:60]}'. Leave the "
            "cell empty if the value is not known."
        )
    if abs(value) > EXACT and WHOLE.fullmatch(cell) and int(value) != int(cell):
        raise InputError(
            f"{cells.first(name, cell)}: expected a number of at most 15 digits, since longer ones are not told apart, "
            f"found '{cell[:60]}'. If it is a name, set dataset.categorical: [{name}] or dataset.drop: [{name}]; if it "
            "is a quantity, round it."
        )
    return value


def _ordinary(cells: Cells, name: str, reading: Reading) -> Array | None:
    """A column of ordinary numbers and missing cells, (n,); None if there is any other cell.

    As `_number` does it cell by cell, but several times faster, since it leaves the checks to `float`.
    """
    if name not in cells.parsed:
        cells.parsed[name] = _parsed(cells.column(name), reading)
    return cells.parsed[name]


def _parsed(column: Sequence[str], reading: Reading) -> Array | None:
    try:
        if reading.missing is not None:
            raise ValueError  # a number may stand for missing
        values = np.array([float(cell) if cell else np.nan for cell in column])
    except ValueError:
        missing = {cell for cell in dict.fromkeys(column) if reading.is_missing(cell)}
        try:
            values = np.array([np.nan if cell in missing else float(cell) for cell in column])
        except ValueError:
            return None
    if reading.missing is not None and any(
        column[int(row)].lower() == "nan" for row in np.flatnonzero(np.isnan(values))
    ):
        return None
    # `float` also reads what is no number here: `1_000`, and the digits of other scripts.
    text = "".join(column)
    usual = text.isascii() and "_" not in text and (reading.decimal == "." or "." not in text)
    return values if usual and not (np.abs(values) > EXACT).any() else None


def _code(present: Mapping[str, int]) -> str | None:
    """A code that would lose its leading zero as a number, in a column of codes."""
    if not all(cell.isascii() and cell.isdigit() for cell in present):
        return None
    zeros = [cell for cell in present if cell[0] == "0" and len(cell) > 1]
    often = 20 * sum(present[cell] for cell in zeros) >= sum(present.values())
    return zeros[0] if zeros and (often or len(set(map(len, present))) == 1) else None


def _date(cells: Cells, name: str, present: Mapping[str, int], total: int) -> tuple[Form, str] | None:
    """The form of a column of dates, and its note; None where it is none."""
    alike = [cell for cell in present if DATE_LIKE.fullmatch(cell)]
    if 2 * sum(present[cell] for cell in alike) < total:
        return None
    import pandas

    texts = pandas.Series(alike)
    # Each format reads all cells, so those are left out whose separator, month's name, or am and pm no cell has.
    signs = set("".join(alike).lower())
    able = [
        form
        for form in FORMATS
        if SEPARATORS & set(form) <= signs
        and ("%p" not in form or "m" in signs)
        and ("%b" not in form.lower() or any(map(str.isalpha, signs)))
    ]
    parsed = {form: pandas.to_datetime(texts, format=form, errors="coerce", utc=True) for form in able}
    rights = {form: int(stamps.notna().sum()) for form, stamps in parsed.items()}
    best = max(able, key=lambda form: rights[form])
    if 2 * rights[best] < len(alike):
        return None
    other = best.replace("%m", "%x").replace("%d", "%m").replace("%x", "%d")
    if other != best and rights.get(other) == rights[best] and not parsed[other].equals(parsed[best]):
        row = next(k for k, (a, b) in enumerate(zip(parsed[best], parsed[other], strict=True)) if a != b)
        raise InputError(
            f"{cells.first(name, alike[row])}: '{alike[row]}' can be day and month, or month and day, and so can all "
            f"dates here. Expected dates such as 2024-12-31; or set dataset.categorical: [{name}] or dataset.drop: "
            f"[{name}]."
        )
    stamps = parsed[best].dropna()
    timed = (stamps != stamps.dt.normalize()).any()
    parts = tuple(part for part in (*PARTS, *("hour",)[: int(timed)]) if f"{name}.{part}" not in cells.blocks)
    shown = stamps.iloc[0].strftime("%d %B %Y")
    note = (
        f"Column '{name}' is read as dates, '{alike[int(stamps.index[0])]}' as {shown}: its number of days since 1970, "
        f"{', '.join(parts[:-1])} and {parts[-1]}."
    )
    return Form("date", format=best, parts=parts), note


def _date_columns(cells: Cells, name: str, form: Form, reading: Reading, remedy: str) -> dict[str, Array]:
    import pandas

    column = cells.column(name)
    texts = pandas.Series(list(dict.fromkeys(column)))
    missing = texts.map(reading.is_missing)
    stamps = pandas.to_datetime(texts.mask(missing), format=form.format, errors="coerce", utc=True)
    if (wrong := stamps.isna() & ~missing).any():
        cell = texts[wrong].iloc[0]
        raise InputError(
            f"{cells.first(name, cell)}: expected a date such as "
            f"'{(texts[stamps.notna()].iloc[0] if stamps.notna().any() else '2024-12-31')}', found '{cell[:60]}'. "
            + (remedy or REMEDY.format(kind="dates", name=name))
        )
    try:
        days = (stamps - pandas.Timestamp(0, tz="UTC")) / pandas.Timedelta(days=1)
    except pandas.errors.OutOfBoundsDatetime:  # such as 9999-12-31, farther off than nanoseconds go
        seconds = stamps.dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
        days = pandas.Series(seconds / 86_400).mask(stamps.isna())
    of: dict[str, Any] = {name: days}
    for part in form.parts:
        of[f"{name}.{part}"] = getattr(stamps.dt, "day_of_week" if part == "weekday" else part)
    positions = pandas.Index(texts).get_indexer(pandas.Index(column))
    return {key: values.to_numpy(dtype=np.float64, na_value=np.nan)[positions] for key, values in of.items()}
