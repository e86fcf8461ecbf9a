"""The user's own table: what is understood, what is said about it, and the message for each way it can be wrong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.core.errors import InputError
from regx.data.cells import SEPARATORS, read_cells
from regx.data.columns import Form, Reading
from regx.data.csv import CSV
from regx.data.table import Table

Write = Callable[[str | bytes], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes) -> str:
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return to_file


def lines(header: str, row: Callable[[int], str], n: int = 40) -> str:
    return "\n".join([header, *(row(k) for k in range(n))]) + "\n"


def table(path: str, target: str = "y", **settings: object) -> Table:
    return CSV(path=path, target=target, **settings).table()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "task", "classes", "note"),
    [
        (lambda k: f"{k / 10}", "regression", (), "40 different numbers, so the task is regression. Otherwise set"),
        (lambda k: f"{k}", "regression", (), "40 different numbers"),  # whole, but too many for classes
        (lambda k: f"{k % 3 + 0.5}", "regression", (), "3 different numbers"),  # few, but not whole
        (lambda k: f"{k % 2}.0", "binary", ("0", "1"), "0 is '0', 1 is '1'. Otherwise set dataset.task: regression."),
        (lambda k: "yes" if k % 2 else "no", "binary", ("no", "yes"), "0 is 'no', 1 is 'yes'."),
        (lambda k: f"{k % 3 + 5}", "multiclass", ("5", "6", "7"), "3 classes (5, 6, 7), so the task is multiclass."),
        (lambda k: "cab"[k % 3], "multiclass", ("a", "b", "c"), "3 classes (a, b, c)"),
    ],
)
def test_task_is_inferred_and_said(
    write: Write, cell: Callable[[int], str], task: str, classes: tuple, note: str
) -> None:
    found = table(write(lines("x,y", lambda k: f"{k * 1.5},{cell(k)}")))
    assert (found.task, found.classes) == (task, classes)
    assert note in found.notes[0]
    named = [found.classes[k] for k in found.y] if classes else found.y.tolist()
    assert named == [cell(k).removesuffix(".0") if classes else float(cell(k)) for k in range(40)]


def test_task_can_be_told(write: Write) -> None:
    path = write(lines("x,y,grade", lambda k: f"{k},{k % 4},{'3+' if k % 4 == 3 else k % 4}"))
    assert table(path, task="regression", drop=["grade"]).task == "regression"
    assert table(path, task="regression", categorical=["grade"]).y.tolist() == [k % 4 for k in range(40)]
    assert table(path, "grade", task="classification").classes == ("0", "1", "2", "3+")


def test_regression_target_is_standardised_by_the_training_split(write: Write) -> None:
    path = write(lines("x,y", lambda k: f"{k},{k * k / 10}"))
    dataset = CSV(path=path, target="y").load(0)
    assert dataset.train.y.mean() == pytest.approx(0, abs=1e-12)
    assert dataset.train.y.std() == pytest.approx(1)
    assert "is standardised" in dataset.notes[-1]
    # x and y were encoded by the same rows: y is x squared over ten, up to two linear maps.
    raw = {
        name: np.concatenate([getattr(split, name) for split in (dataset.train, dataset.val, dataset.test)])
        for name in "xy"
    }
    residual = np.polyfit(raw["x"][:, 0], raw["y"][:, 0], 2, full=True)[1]
    assert residual == pytest.approx(0, abs=1e-20)


def test_columns_are_read_as_numbers_words_and_missing(write: Write) -> None:
    content = lines(
        "n,w,y,gone", lambda k: f"{'NA' if k == 3 else k}, {'?' if k == 4 else ['red', 'blue'][k % 2]} ,{k % 2},"
    )
    found = table(write(content))
    assert np.isnan(found.columns["n"]).nonzero()[0].tolist() == [3]
    assert list(found.columns["w"][:5]) == ["red", "blue", "red", "blue", "?"]
    assert np.isnan(found.columns["gone"]).all()
    assert found.notes[1] == "Read as categories, one-hot encoded: 'w' (3 values)."
    notes = CSV(path=found.origin, target="y").load(0).notes
    assert "Left out, constant in the training split: 'gone'." in notes


def test_identifiers_are_left_out_and_it_is_said(write: Write) -> None:
    path = write(lines("x,name,y", lambda k: f"{k / 2},person {k},{k % 2}"))
    assert list(table(path).columns) == ["x"]
    assert "Left out column 'name': 40 different values" in table(path).notes[1]
    assert list(table(path, categorical=["name"]).columns) == ["x", "name"]


def test_codes_can_be_told_to_be_words(write: Write) -> None:
    path = write(lines("x,code,y", lambda k: f"{k / 2},0{k % 3}1,{k % 2}"))
    dataset = CSV(path=path, target="y", categorical=["code"]).load(0)
    assert dataset.features == ("x", "code=001", "code=011", "code=021")


@pytest.mark.parametrize("name", sorted(SEPARATORS))
@pytest.mark.parametrize("separator", ["auto", "told"])
def test_separators_byte_order_mark_and_line_ends(write: Write, name: str, separator: str) -> None:
    mark = SEPARATORS[name]
    content = lines("x,y", lambda k: f"{k}.5,{k % 2}").replace(",", mark).replace("\n", "\r\n")
    found = table(write(b"\xef\xbb\xbf" + content.encode()), separator=name if separator == "told" else "auto")
    assert list(found.columns) == ["x"]
    assert found.columns["x"][:3].tolist() == [0.5, 1.5, 2.5]


def test_decimal_commas_are_read_and_said(write: Write) -> None:
    found = table(write(lines("x;y", lambda k: f"{k},25;{k % 2}")))
    assert found.columns["x"][:2].tolist() == [0.25, 1.25]
    assert "Numbers are written with a decimal comma: '0,25' is read as 0.25." in found.notes


@given(values=st.lists(st.floats(-1e99, 1e99), min_size=10, max_size=30))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("numbers") / "table.csv"
    path.write_text(lines("x,y", lambda k: f"{values[k]!r},{k % 2}", len(values)), encoding="utf-8")
    np.testing.assert_array_equal(Reading({"x": Form()}).columns(read_cells(path))["x"], values)


def test_a_changed_file_is_read_anew_and_the_same_is_not(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(lines("x,y", lambda k: f"{k},{k % 2}"))
    source = CSV(path=path, target="y")
    first = source.table()
    assert source.table() is first
    Path(path).write_text(lines("x,y", lambda k: f"{k + 1},{k % 2}"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert source.table().columns["x"][0] == 1
    assert source.fingerprint() != CSV(path=write(lines("x,y", lambda k: f"{k},{k % 2}")), target="y").fingerprint()


def corrupted(row: int, text: str, header: str = "x,z,y") -> str:
    """A good table but for one row, which stands in line row + 2."""
    return lines(header, lambda k: text if k == row else f"{k},{k / 4},{k % 2}")


WRONG: dict[str, tuple[str | bytes, dict[str, object], str]] = {
    "empty": ("", {}, r"the file is empty"),
    "blank": (" \n\n", {}, r"the file is empty"),
    "header only": ("x,y\n", {}, r"found 0 rows below the header"),
    "one row": ("x,y\n1,2\n", {}, r"found 1 rows below the header"),
    "no header": (lines("1,2,0", lambda k: f"{k},{k},{k % 2}"), {}, r":1: the first line looks like data"),
    "nameless column": (corrupted(0, "1,2,0", "x,,y"), {}, r":1: column 2 has no name.*index=False"),
    "duplicate column": (corrupted(0, "1,2,0", "x,x,y"), {}, r":1: column 'x' stands in the header twice"),
    "one column": (lines("y", str), {}, r"found one column, 'y'.*dataset\.separator"),
    "no such target": (corrupted(0, "1,2,0"), {"target": "yy"}, r"no column 'yy' .*Did you mean 'y'\?.*x, z, y"),
    "no such drop": (corrupted(0, "1,2,0"), {"drop": ["zz"]}, r"dataset\.drop: no column 'zz'.*Did you mean 'z'\?"),
    "target dropped": (corrupted(0, "1,2,0"), {"drop": ["y"]}, r"dataset\.drop: 'y' is the target"),
    "all dropped": (corrupted(0, "1,2,0"), {"drop": ["x", "z"]}, r"no column is left beside target 'y'"),
    "nothing varies": (lines("x,y", lambda k: f"1,{k % 2}"), {}, r"no column varies"),
    "ragged": (corrupted(5, "1,2"), {}, r":7: expected 3 cells, as in the header, found 2"),
    "a comment": (corrupted(5, "# half of it"), {}, r":7: expected 3 cells.*remove the lines that begin with '#'"),
    "two comments first": (
        "# made by me\n# half of it\n" + lines("x,y", lambda k: f"{k},{k % 2}"), {},
        r":3: expected 1 cells.* Comments are not read",
    ),
    "a comment first": (
        "# made by me\n" + lines("x,y", lambda k: f"{k},{k % 2}"), {}, r":2: expected 1 cells.* Comments are not read",
    ),
    "ragged after a quoted line end": (corrupted(5, '"a\nb",2,0\n1,2'), {}, r":9: expected 3 cells"),
    "open quote": (corrupted(5, '"1,2,0'), {}, r":7: .*is a quote left open"),
    "latin-1": (corrupted(5, "1,é,0").encode("latin-1"), {}, r":7: the file is not in UTF-8"),
    "utf-16": (corrupted(5, "1,2,0").encode("utf-16"), {}, r":1: the file is not in UTF-8"),
    "nul": (corrupted(5, "1,\0,0"), {}, r":7: found a NUL character"),
    "word among numbers": (corrupted(5, "1,oops,0"), {}, r":7: column 'z': .*found 'oops'.*dataset\.drop: \[z\]"),
    "infinite": (corrupted(5, "1,inf,0"), {}, r":7: column 'z': expected a finite number .*found 'inf'"),
    "huge": (corrupted(5, "1,1e300,0"), {}, r":7: column 'z': expected a finite number below 1e\+100"),
    "two decimal signs": (lines("x;z;y", lambda k: f"{k},5;{k}.5;{k % 2}"), {}, r"'0,5', .*'0\.5'\. Expected one"),
    "percent": (corrupted(5, "1,7%,0"), {}, r":7: .*found '7%'\. Write the number alone\..*categorical"),
    "a currency": (corrupted(5, "1,$ 7.50,0"), {}, r":7: column 'z': expected a number, found '\$ 7\.50'"),
    "underscored": (corrupted(5, "1,1_0,0"), {}, r"found '1_0'"),
    "target missing": (lines("x,y", lambda k: f"{k},"), {}, r":2: target 'y' is missing here and in 40 of 40 rows"),
    "target infinite": (corrupted(5, "1,2,-inf"), {}, r":7: column 'y': expected a finite number"),
    "target mixed": (corrupted(5, "1,2,maybe"), {}, r":7: column 'y'.*'maybe'.*dataset\.task: classification"),
    "target in words": (
        lines("x,y", lambda k: f"{k},{'ab'[k % 2]}"), {"task": "regression"}, r":2: column 'y': .*found 'a'",
    ),
    "one class": (lines("x,y", lambda k: f"{k},yes"), {}, r"target 'y' is 'yes' in every row"),
    "constant target": (lines("x,y", lambda k: f"{k},7"), {"task": "regression"}, r"target 'y' is 7 in every row"),
    "rare class": (corrupted(5, "1,2,2"), {"task": "classification"}, r"classes with too few rows .*'2' \(1\)"),
    "constant in training": (
        lines("x,y", lambda k: f"{k},{int(k == 0)}"), {"task": "regression", "n_train": 2}, r"'y' is constant in the 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_is_wrong_is_said(write: Write, case: str) -> None:
    content, settings, message = WRONG[case]
    source = CSV(**{"path": write(content), "target": "y", **settings})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"(?s){message}"):
        source.load(0)


def test_all_wrong_columns_are_named_at_once(write: Write) -> None:
    with pytest.raises(InputError) as raised:
        table(write(corrupted(5, "one,two,0")))
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == ["column 'x'", "column 'z'"]


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"no file at .*absent|cannot be read"):
        CSV(path=str(tmp_path / name), target="y").load(0)


@given(cells=st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=3), max_size=12))
def test_any_text_is_a_table_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "table.csv"
    body = "\n".join(",".join(row) for row in cells)
    path.write_bytes(f"x,y\n{body}".encode("utf-8", "surrogatepass"))
    with contextlib.suppress(InputError):  # and nothing else, no warning either
        CSV(path=str(path), target="y").load(0)


def test_some_rows_are_the_same_for_every_seed_and_hold_every_class(write: Write) -> None:
    path = write("x,y\n" + "".join(f"{k},{'rare' if k % 20 == 0 else 'often'}\n" for k in range(400)))
    few = table(path, rows=40, keep=("x",))
    assert few.columns["x"].tolist() == table(path, rows=40, keep=("x",)).columns["x"].tolist()
    assert list(few.columns["x"]) == sorted(few.columns["x"])
    assert len(set(few.columns["x"])) == 40
    assert np.bincount(few.y).tolist() == [38, 2]
    assert len(table(path, rows=9999).y) == 400
    first = CSV(path=path, target="y", rows=40, keep=("x",), n_train=10, val_fraction=0.0)
    assert len(first.load(0).test.x) == 10
