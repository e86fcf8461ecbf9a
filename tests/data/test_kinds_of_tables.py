"""Tables as people have them: for each kind of trap what is read, what is said, and what is refused with its line."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.core.errors import InputError
from regx.data.csv import CSV
from regx.data.dataset import Dataset
from regx.data.table import Table

ROWS = 60
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    numbers = itertools.count()

    def to_file(*columns: tuple[str, Callable[[int], object]], separator: str = ",", n: int = ROWS) -> Path:
        path = tmp_path / f"table{next(numbers)}.csv"
        header = separator.join(name for name, _ in columns)
        rows = [separator.join(str(cell(k)) for _, cell in columns) for k in range(n)]
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return to_file


def half(k: int) -> float:
    """An ordinary number that is no row number."""
    return (k * 7 % 31) / 2


def label(k: int) -> int:
    return int(half(k) > 7)


X, Y = ("x", half), ("y", label)


def test_few_common_words_among_few_numbers_are_levels_and_rare_ones_mistakes(write: Write) -> None:
    doors = ["2", "3", "4", "5more"]
    table = read(write(X, ("doors", lambda k: doors[k % 4]), Y))
    assert table.columns["doors"].tolist()[:5] == [*doors, "2"]
    assert any("'doors' is read as 4 levels, since '5more' stands in 25%" in note for note in table.notes)
    table = read(write(X, ("doors", lambda k: doors[k % 4]), Y), missing_values=["5more"])
    np.testing.assert_array_equal(table.columns["doors"][:5], [2, 3, 4, np.nan, 2])
    few: list[Callable[[int], object]] = [
        lambda k: "more" if k % 30 == 0 else k % 4,
        lambda k: "more" if k % 4 == 0 else k,
        lambda k: k % 4 if k % 3 else f"{k % 4} kg",
    ]
    for cell in few:
        with pytest.raises(InputError, match=r"column 'doors': expected a number, found '(more|0 kg)'"):
            read(write(X, ("doors", cell), Y))


def read(path: Path, target: str = "y", **settings: object) -> Table:
    return CSV(path=str(path), target=target, **settings).table()  # type: ignore[arg-type]


def load(path: Path, target: str = "y", **settings: object) -> Dataset:
    return CSV(path=str(path), target=target, **settings).load(0)  # type: ignore[arg-type]


# Words for missing


@pytest.mark.parametrize("word", ["none", "None", "NA", "null", "nan", "?", "n/a"])
def test_a_level_and_a_class_may_be_called_as_missing_is_elsewhere(write: Write, word: str) -> None:
    path = write(X, ("w", lambda k: ["mild", word, "severe"][k % 3]), Y)
    table = read(path)
    assert set(table.columns["w"]) == {"mild", word, "severe"}
    assert any(f"'{word}' in 'w' (33%)" in note and "dataset.missing_values" in note for note in table.notes)
    named = read(write(X, ("y", lambda k: ["mild", word, "severe"][k % 3])))
    assert set(named.classes) == {"mild", word, "severe"}
    assert len(named.y) == ROWS
    told = read(path, missing_values=[word])
    assert set(told.columns["w"]) == {"mild", None, "severe"}
    assert len(read(write(X, ("y", lambda k: ["a", word, "b"][k % 3])), missing_values=[word]).y) == ROWS * 2 // 3


@pytest.mark.parametrize("word", ["none", "NA", "?", "", "NaN", "null", "-", ".", "unknown", "#N/A", "#DIV/0!", "<NA>"])
def test_among_numbers_they_are_missing(write: Write, word: str) -> None:
    table = read(write(("x", lambda k: word if k % 5 == 0 else half(k)), Y))
    assert np.isnan(table.columns["x"]).sum() == ROWS // 5
    assert any("'x' (20%)" in note for note in load(Path(table.origin)).notes)


def test_words_that_stand_for_missing_can_be_told(write: Write) -> None:
    path = write(("x", lambda k: -99 if k % 4 == 0 else half(k)), Y)
    assert np.isnan(read(path, missing_values=["-99"]).columns["x"]).sum() == ROWS // 4
    path = write(("x", lambda k: "NA" if k == 4 else half(k)), Y)
    with pytest.raises(InputError, match=r":6: column 'x': expected a number, found 'NA'"):
        read(path, missing_values=["-"])


def test_a_column_of_ticks_has_two_levels_and_a_mostly_empty_one_is_named(write: Write) -> None:
    data = load(write(X, ("ticked", lambda k: "x" if k % 4 == 0 else ""), Y))
    assert {"ticked=x", "ticked=(missing)"} <= set(data.features)
    assert any(note.startswith("Mostly missing: 'ticked'.") for note in data.notes)


def test_rows_without_a_target_are_dropped_and_counted(write: Write) -> None:
    for missing, classes in (("", ("0", "1")), ("NA", ("0", "1"))):
        table = read(write(X, ("y", lambda k, cell=missing: cell if k % 6 == 1 else label(k))))
        assert (len(table.y), table.classes) == (ROWS * 5 // 6, classes)
        assert "10 rows have no value of target 'y' (17%) and are left out." in table.notes
        kept = [k for k in range(ROWS) if k % 6 != 1]
        assert table.columns["x"].tolist() == [half(k) for k in kept]
        assert table.y.tolist() == [label(k) for k in kept]


# Numbers


@given(
    values=st.lists(st.integers(0, 10**9), min_size=ROWS, max_size=ROWS, unique=True), mark=st.sampled_from(", '.  ")
)
def test_thousands_are_read_or_refused_and_never_changed(
    tmp_path_factory: pytest.TempPathFactory, values: list[int], mark: str
) -> None:
    path = tmp_path_factory.mktemp("thousands") / "table.tsv"
    grouped = [f"{value:,}".replace(",", mark) for value in values]
    path.write_text("\n".join(["x\ty", *(f"{cell}\t{k % 2}" for k, cell in enumerate(grouped))]), encoding="utf-8")
    try:
        table = read(path)
    except InputError as error:
        assert "can be" in str(error) or "decimal" in str(error) or "expected a number" in str(error)  # noqa: PT017
        table = read(path, decimal="point" if mark != "." else "comma")
    if mark == "." and all(value < 10**6 for value in values):  # 27.693 is a number as it stands
        return
    np.testing.assert_array_equal(table.columns["x"], values)


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (lambda k: f"{k * 1000 + 12345:,}" if k % 3 else str(k * 9 + 20), 13345),  # beside whole numbers below 1000
        (lambda k: f"{k + 1},{k + 234567:,}", 2234568),  # two groups
        (lambda k: f"{k * 1000 + 12345:,}.5", 13345.5),  # beside a decimal point
        (lambda k: f"{k * 1000 + 12345:,}".replace(",", " "), 13345),
        (lambda k: f"{k * 1000 + 12345:,}".replace(",", "\u202f"), 13345),
        (lambda k: f"{k * 1000 + 12345:,}".replace(",", ".") + ",5", 13345.5),  # the other way round
    ],
)
def test_thousands(write: Write, cells: Callable[[int], str], value: float) -> None:
    assert read(write(("x", cells), Y, separator="\t")).columns["x"][1] == value


def test_commas_that_can_be_either_are_refused_until_they_are_told(write: Write) -> None:
    path = write(("x", lambda k: f"{k * 13 + 11},{k * 7 + 100:03d}"), Y, separator=";")
    with pytest.raises(InputError, match=r":2: column 'x': '11,100' can be 11100 or 11\.1\. .*dataset\.decimal"):
        read(path)
    assert read(path, decimal="point").columns["x"][0] == 11100
    assert read(path, decimal="comma").columns["x"][0] == 11.1
    # In a file that is separated by commas they are no decimal signs.
    quoted = write(("x", lambda k: f'"{k * 13 + 11},{k * 7 + 100:03d}"'), Y)
    assert read(quoted).columns["x"][0] == 11100
    assert any("Commas separate thousands: '11,100' is read as 11100." in note for note in read(quoted).notes)


@pytest.mark.parametrize("unit", [" CC", "kg", "%", " km/h", " €", "m²", " µg", " m2", "m^2", " sq ft", " ₹"])
def test_a_unit_beside_every_number_is_left_out_and_said(write: Write, unit: str) -> None:
    table = read(write(("x", lambda k: f"{half(k)}{unit}" if k != 9 else "?"), Y))
    assert table.columns["x"][:3].tolist() == [half(k) for k in range(3)]
    assert np.isnan(table.columns["x"][9])
    assert any(f"is in '{unit.strip()}': '0.0{unit}' is read as 0." in note for note in table.notes)


def test_a_currency_before_the_number(write: Write) -> None:
    assert read(write(("x", lambda k: f"$ {half(k)}"), Y)).columns["x"][1] == half(1)


def test_two_units_are_refused_by_line_and_names_with_numbers_are_words(write: Write) -> None:
    with pytest.raises(InputError, match=r":3: column 'x': expected one unit, found '3\.5 kmpl' beside '0\.0 km/kg'"):
        read(write(("x", lambda k: f"{half(k)} {'kmpl' if k % 2 else 'km/kg'}"), Y))
    table = read(write(X, ("place", lambda k: ["1st", "2nd", "3rd"][k % 3]), ("code", lambda k: f"A{k % 4}"), Y))
    assert {table.columns[name].dtype for name in ("place", "code")} == {np.dtype(object)}


@pytest.mark.parametrize("codes", [["07030", "00501", "10001"], ["007", "12", "0042"], ["01", "02", "11"]])
def test_numbers_with_leading_zeros_are_words_unless_told_otherwise(write: Write, codes: list[str]) -> None:
    path = write(X, ("zip", lambda k: codes[k % 3]), Y)
    assert set(read(path).columns["zip"]) == set(codes)
    assert any("'zip' is read as words" in note for note in read(path).notes)
    assert set(read(path, keep=["zip"]).columns["zip"]) == set(map(float, codes))


def test_one_zero_too_many_does_not_make_a_column_of_numbers_one_of_words(write: Write) -> None:
    assert read(write(("x", lambda k: "05" if k == 7 else 10 * k % 37), Y)).columns["x"].dtype == np.float64


@pytest.mark.parametrize(
    ("pattern", "more"),
    [
        ("%Y-%m-%d", ()),
        ("%d.%m.%Y", ()),
        ("%m/%d/%Y", ()),
        ("%d/%m/%Y", ()),
        ("%Y-%m-%d %H:%M:%S", ("hour",)),
        ("%m/%d/%y", ()),
        ("%d.%m.%y", ()),
        ("%m/%d/%Y %I:%M %p", ("hour",)),
        ("%d-%b-%Y", ()),
        ("%d %B %Y", ()),
        ("%b %d, %Y", ()),
        ("%B %d, %Y %H:%M", ("hour",)),
    ],
)
def test_dates_become_numbers_that_mean_something(write: Write, pattern: str, more: tuple[str, ...]) -> None:
    import pandas

    days = pandas.date_range("2023-11-20 06:00", periods=ROWS, freq="27h")
    table = read(write(X, ("day", lambda k: "" if k == 5 else f'"{days[k].strftime(pattern)}"'), Y))
    assert list(table.columns) == ["x", "day", *(f"day.{part}" for part in ("year", "month", "day", "weekday", *more))]
    known = [k for k in range(ROWS) if k != 5]
    for part in ("year", "month", "day", "weekday", *more):
        expected = getattr(days, "day_of_week" if part == "weekday" else part).to_numpy()[known].astype(float)
        np.testing.assert_array_equal(table.columns[f"day.{part}"][known], expected)
        assert np.isnan(table.columns[f"day.{part}"][5])
    stamps = days if more else days.normalize()
    expected = (stamps - pandas.Timestamp(0)) / pandas.Timedelta(days=1)
    np.testing.assert_allclose(table.columns["day"][known], expected[known], atol=1e-9)


@pytest.mark.parametrize("far", ["9999-12-31", "1066-10-14"])
def test_a_date_farther_off_than_nanoseconds_go_is_one(write: Write, far: str) -> None:
    table = read(write(X, ("day", lambda k: far if k == 3 else "" if k == 5 else f"2024-01-{1 + k % 28:02d}"), Y))
    expected = np.datetime64(far).astype(int)
    assert (table.columns["day"][3], table.columns["day.year"][3]) == (expected, int(far[:4]))
    assert np.isnan(table.columns["day"][5])
    assert table.columns["day"][0] == np.datetime64("2024-01-01").astype(int)


def test_points_that_may_separate_thousands_are_refused_unless_told(write: Write) -> None:
    def grouped(k: int) -> str:
        return f"{100 + k}" if k % 5 == 0 else f"{10 + k}.{100 + 7 * k}"

    path = write(("people", grouped), ("k", lambda k: k % 7), Y)
    with pytest.raises(InputError, match=r"can be 11107 or 11.107. Expected to be told which"):
        read(path)
    assert read(path, decimal="comma").columns["people"][1] == 11107
    assert read(path, decimal="point").columns["people"][1] == 11.107
    assert read(write(("people", grouped), ("z", lambda k: k / 4), Y)).columns["people"][1] == 11.107
    millions = write(("people", lambda k: f"1.{100 + k}.567" if k % 9 == 0 else grouped(k)), ("k", lambda k: k % 7), Y)
    assert read(millions).columns["people"][[0, 1]].tolist() == [1100567, 11107]


def test_year_and_month_are_the_first_of_it(write: Write) -> None:
    table = read(write(X, ("month", lambda k: f"{2000 + k // 12}-{1 + k % 12:02d}"), Y))
    np.testing.assert_array_equal(table.columns["month.month"], 1 + np.arange(ROWS) % 12)
    assert (table.columns["month.day"] == 1).all()


def test_dates_that_can_be_read_in_two_ways_are_refused_and_a_wrong_one_is_named(write: Write) -> None:
    with pytest.raises(InputError, match=r":3: column 'day': '02/01/2024' can be day and month"):
        read(write(X, ("day", lambda k: f"0{1 + k % 9}/01/2024"), Y))
    with pytest.raises(InputError, match=r":6: column 'day': expected a date such as '2024-01-01', found 'soon'"):
        read(write(X, ("day", lambda k: "soon" if k == 4 else f"2024-01-{1 + k % 28:02d}"), Y))


@pytest.mark.parametrize(
    "ids", [lambda k: k, lambda k: 1000 + 59 - k, lambda k: k + k // 20], ids=["in order", "reversed", "with gaps"]
)
def test_row_numbers_are_named_and_left_out_unless_asked_for(write: Write, ids: Callable[[int], int]) -> None:
    path = write(("nr of it", ids), X, Y)
    assert list(read(path).columns) == ["x"]
    assert any("Left out column 'nr of it'" in note and "dataset.keep: [nr of it]" in note for note in read(path).notes)
    assert list(read(path, keep=["nr of it"]).columns) == ["nr of it", "x"]
    assert list(read(write(("nr of it", ids), Y)).columns) == ["nr of it"]  # there is nothing else


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "PassengerId", "row"])
def test_unequal_whole_numbers_that_are_called_so_are_identifiers(write: Write, name: str) -> None:
    def wide(k: int) -> int:
        return 15_600_000 + k * 7919 % 100_003

    assert list(read(write((name, wide), X, Y)).columns) == ["x"]
    assert list(read(write(("income", wide), X, Y)).columns) == ["income", "x"]
    assert list(read(write((name, lambda k: wide(k % 50)), X, Y)).columns) == [name, "x"]  # some stand twice


@pytest.mark.parametrize("cell", ["1e60", "-1e15", "1e99"])
def test_a_cell_beside_which_nothing_is_left_of_the_others_is_refused(write: Write, cell: str) -> None:
    far = ("far", lambda k: cell if k == 9 else half(k))
    for path, target in ((write(far, Y), "y"), (write(X, far), "far")):
        with pytest.raises(InputError, match=r":11: column 'far': .* is very far from the others"):
            read(path, target)


def test_far_numbers_and_vanishing_ones_are_told(write: Write) -> None:
    table = read(write(("x", lambda k: 1e9 if k == 9 else half(k)), Y))
    assert any(":11: column 'x': 1e+09 is very far from the others" in note for note in table.notes)
    with pytest.raises(InputError, match=r"column 'x': its largest number is 1.5e-199, whose square is 0"):
        read(write(("x", lambda k: half(k) * 1e-200), Y))


# Files


def test_separators_and_line_ends_inside_a_quoted_header(write: Write) -> None:
    path = write(('"Weight\n(kg; net)"', lambda k: f"{k},5"), ('"Height, or\nso"', label), Y, separator=";")
    assert list(read(path).columns) == ["Weight (kg; net)", "Height, or so"]
    path.write_text(path.read_text().replace(",5;", ",5x;", 1))
    with pytest.raises(InputError, match=r":4: column 'Weight \(kg; net\)'"):
        read(path, categorical=["Height, or so"])


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_line_of_excel(write: Write, separator: str) -> None:
    path = write(X, Y, separator=separator)
    path.write_text(f"sep={separator}\r\n" + path.read_text())
    assert list(read(path).columns) == ["x"]
    path.write_text(path.read_text().replace("0.0", "zero", 1))
    with pytest.raises(InputError, match=r":3: column 'x'"):
        read(path)


@pytest.mark.parametrize("header", ["x,y,", "x,y"])
def test_a_separator_at_every_end(write: Write, header: str) -> None:
    path = write(X, ("y", lambda k: f"{label(k)},"))
    path.write_text(path.read_text().replace("x,y\n", header + "\n"))
    assert list(read(path).columns) == ["x"]
    assert any("is left out" in note for note in read(path).notes)


@pytest.mark.parametrize("names", [lambda k: f'"car {k}"', lambda k: k + 1], ids=["words", "numbers"])
@pytest.mark.parametrize("header", ['"",x,y', "x,y"])
def test_row_names_of_r(write: Write, header: str, names: Callable[[int], object]) -> None:
    path = write(("r", names), X, Y)
    path.write_text(path.read_text().replace("r,x,y", header))
    assert list(read(path).columns) == ["x"]
    assert any("left out" in note for note in read(path).notes)


def test_numbers_as_names_of_columns_where_the_target_is_one(write: Write) -> None:
    path = write(("0", half), ("1", lambda k: half(k + 1)), ("2", label))
    assert list(read(path, "2").columns) == ["0", "1"]
    path.write_text("," + "\n".join(f"{k - 1},{line}" for k, line in enumerate(path.read_text().splitlines()))[3:])
    assert list(read(path, "2").columns) == ["0", "1"]
    with pytest.raises(InputError, match="the first line looks like data"):
        read(path, "y")


def test_gzip_is_known_by_its_content(write: Write) -> None:
    path = write(X, Y)
    plain = read(path)
    for name in ("table.csv.gz", "table.csv"):
        packed = path.with_name(name)
        packed.write_bytes(gzip.compress(path.read_bytes()))
        np.testing.assert_array_equal(read(packed).columns["x"], plain.columns["x"])
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(InputError, match="damaged"):
        read(packed)
    packed.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(InputError, match="workbook of Excel"):
        read(packed)


def test_a_table_that_is_too_large_says_the_way_out(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regx.data.cells.MAX_BYTES", 200)
    with pytest.raises(InputError, match="Take a sample of its rows"):
        read(write(X, Y))


# Splits


def person(k: int) -> str:
    return f"p{k // 5}"


@pytest.mark.parametrize("target", [("y", lambda k: k // 5 % 2), ("y", half), ("y", label)])
def test_a_group_stands_in_one_split_and_is_no_feature(write: Write, target: tuple) -> None:
    path = write(("person", person), ("x", lambda k: k * 1.5), target)
    for seed in range(5):
        data = CSV(path=str(path), target="y", group="person").load(seed)
        assert data.features == ("x",)
        mean, scale = data.preparation.numbers[0].mean, data.preparation.numbers[0].scale
        groups = [
            {person(round(x)) for x in (split.x[:, 0] * scale + mean) / 1.5}
            for split in (data.train, data.val, data.test)
        ]
        assert sum(map(len, groups)) == len(set.union(*groups)) == ROWS // 5
        assert sum(len(split.x) for split in (data.train, data.val, data.test)) == ROWS
    assert load(path, group="person").features == load(path, group="person", drop=["person"]).features


def test_time_splits_into_earlier_and_later(write: Write) -> None:
    order = np.random.default_rng(0).permutation(ROWS)
    path = write(X, ("day", lambda k: f"2024-{1 + order[k] // 28:02d}-{1 + order[k] % 28:02d}"), Y)
    data = load(path, time="day")
    at = data.features.index("day")
    train, val, test = (split.x[:, at] for split in (data.train, data.val, data.test))
    assert train.max() < val.min() <= val.max() < test.min()
    assert (len(train), len(val), len(test)) == (36, 9, 15)
    assert "day" not in load(path, time="day", drop=["day"]).features
    np.testing.assert_array_equal(load(path, time="day", drop=["day"]).test.y, data.test.y)
    few = load(path, time="day", n_train=10)
    assert len(few.train.x) == 10
    with pytest.raises(InputError, match=r":2: column 'w': expected a date or a number in every row"):
        read(write(X, ("w", lambda k: "abc"[k % 3]), Y), time="w")


def test_weights_are_carried_with_their_rows(write: Write) -> None:
    path = write(X, ("w", lambda k: half(k) + 1), Y)
    data = load(path, weight="w")
    assert data.features == ("x",)
    for split in (data.train, data.val, data.test):
        scaled = data.preparation.numbers[0]
        expected = split.x[:, 0] * scaled.scale + scaled.mean + 1
        np.testing.assert_allclose(split.weight, expected / expected.mean())
    assert load(path).train.weight is None
    with pytest.raises(InputError, match=r":3: column 'w': expected a weight of 0 or more in every row, found '-1'"):
        read(write(X, ("w", lambda k: -k), Y), weight="w")


@pytest.mark.parametrize("key", ["group", "time", "weight", "keep"])
def test_columns_that_are_not_there_are_named(write: Write, key: str) -> None:
    with pytest.raises(InputError, match=rf"dataset\.{key}: no column 'z'"):
        read(write(X, Y), **{key: ["z"] if key == "keep" else "z"})
