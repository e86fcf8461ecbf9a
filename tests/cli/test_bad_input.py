"""Every error that a user can cause: its exit code, its message, no traceback, no hang.

The commands run in this process, by the function that ends every command, so that one case costs a blink. An exception
that is none of ours comes out of it and fails the test.
"""

from __future__ import annotations

import importlib.util
import io
import os
import pickle
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import regx.cli.app
from regx.config.load import load_config
from regx.core.errors import InputError

pytestmark = pytest.mark.timeout(60)

SMALL = (
    "dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}\narchitecture: {hidden: [4]}\n"
    "training: {epochs: 2}\nseeds: 2\n"
)
RACE = SMALL + "lanes: {none: [], l2: [l2: 0.1]}\n"

Call = Callable[..., str]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """`regx ARGUMENTS` in an empty folder with `small.yaml` and `race.yaml`: what it says on stderr, or on stdout."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL, encoding="utf-8")
    Path("race.yaml").write_text(RACE, encoding="utf-8")

    def run(*arguments: str, code: int = 2, out: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["regx", *arguments])
        ended = regx.cli.app._exit_code()
        said = capsys.readouterr()
        assert ended == code, said.out + said.err
        assert "Traceback" not in said.err
        if code == 2:
            assert not said.out
        return said.out if out else said.err

    return run


def in_order(said: str, *words: str) -> None:
    assert re.search("(?s)" + ".*".join(map(re.escape, words)), said), said


# YAML

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{','.join(['*' + old] * 10)}]}}\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "key twice": ("seeds: 1\nseeds: 2", ("c.yaml:2:1 seeds: this key was given before, at line 1",)),
    "key twice below": ("optimizer: {lr: 1, lr: 2}", ("c.yaml:1:20 optimizer.lr: this key was given before",)),
    "alias bomb": (BOMB, ("c.yaml:", "expected at most 100,000 values, aliases written out; found more")),
    "merge bomb": (MERGE_BOMB, ("c.yaml:", "expected at most 100,000 values, aliases written out; found more")),
    "merge key": ("optimizer: {<<: {lr: 1}}", ("c.yaml:1:13 optimizer.<<: expected one of name, lr", "found the key")),
    "alias of itself": ("a: &a [*a]", ("c.yaml:1:8", "the alias *a has no anchor")),
    "deep": ("[" * 100_000, ("c.yaml:1:51: expected at most 50 levels, found more",)),
    "deep mappings": ("{a: " * 100_000, ("expected at most 50 levels, found more",)),
    "5,000 digits": (f"seeds: {'9' * 5000}", ("c.yaml:1:8 seeds: expected a number of at most 18 digits",)),
    "5,000 digits as key": (f"{'9' * 5000}: 1", ("c.yaml:1:1", "expected a number of at most 18 digits")),
    "5,000 digits of a real number": (f"optimizer: {{lr: 1{'0' * 5000}.0}}", ("expected a number with lr > 0",)),
    "Latin-1": ("name: é".encode("latin-1"), ("c.yaml:1:7: expected UTF-8, found the byte 0xe9; save the file as",)),
    "UTF-16": ("seeds: 1".encode("utf-16"), ("c.yaml: expected UTF-8, found UTF-16; save the file as UTF-8",)),
    "UTF-32": ("seeds: 1".encode("utf-32"), ("c.yaml: expected UTF-8, found",)),
    "binary": (bytes(range(256)), ("c.yaml:", "expected")),
    "NUL": ("seeds: \0", ("c.yaml:1:8: expected text, found the control character U+0000",)),
    "tab": ("optimizer:\n\tlr: 1", ("c.yaml:2:1: a tab cannot indent or separate here; use spaces",)),
    "several documents": ("seeds: 1\n---\nseeds: 2", ("c.yaml:2:1: expected one document, found a second; remove",)),
    "size": (b"#" * 1_100_000, ("c.yaml: expected a config of at most 1,048,576 bytes, found 1,048,577",)),
    "tag": ("seeds: !!python/object/apply:os.abort []", ("c.yaml:1:8", "tags such as !!python/object/apply:os.abort")),
    "list": ("[1]", ("c.yaml:1:1: expected a mapping of keys such as `dataset: sine`, found a list",)),
    "word": ("sine", ("c.yaml:1:1: expected a mapping of keys such as `dataset: sine`, found 'sine'",)),
    "empty": ("", ("c.yaml:1:1: expected a mapping of keys such as `dataset: sine`, found nothing",)),
}


@pytest.mark.parametrize("case", YAML)
def test_yaml(call: Call, case: str) -> None:
    content, message = YAML[case]
    Path("c.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    begun = time.process_time()
    with pytest.raises(InputError):
        load_config("c.yaml")
    assert time.process_time() - begun < 0.5
    in_order(call("validate", "c.yaml"), "error: ", *message)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("{l2: {lam: log(1e-3, 1e-1,3)}}", "0.001 0.01 0.1"),
        ("{l2: log(1e-3,1e-1,3)}", "0.001 0.01 0.1"),
        ("l2: {lam: [5, log(1,100,3)]}", "5.0 1.0 10.0 100.0"),
        ("l2: linear( 0 , .5, 3)", "0.0 0.25 0.5"),
    ],
)
def test_axes_in_brackets_need_no_quotes(call: Call, written: str, values: str) -> None:
    Path("c.yaml").write_text(f"regularizers: [{written}]\n", encoding="utf-8")
    lines = call("sweep", "c.yaml", "--dry-run", code=0, out=True).splitlines()
    assert [line.rpartition("=")[2] for line in lines] == values.split()


# Config values

VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "negative lam": ("regularizers: [l2: -1]", ("c.yaml:1:20 regularizers.l2.lam", "with lam >= 0, found -1")),
    "p = 1": ("regularizers: [dropout: {p: 1}]", ("c.yaml:1:29 regularizers.dropout.p", "with 0 <= p < 1, found 1")),
    "lr 0": ("optimizer: {lr: 0}", ("c.yaml:1:17 optimizer.lr", "with lr > 0, found 0")),
    "epochs 0": ("training: {epochs: 0}", ("c.yaml:1:20 training.epochs", "with epochs >= 1, found 0")),
    "half an epoch": ("training: {epochs: 0.5}", ("training.epochs: expected a whole number with", "found 0.5")),
    "batch of 0": ("training: {batch_size: 0}", ("training.batch_size: expected a whole number with", "found 0")),
    "NaN": ("optimizer: {lr: .nan}", ("c.yaml:1:17 optimizer.lr", "found .nan")),
    "infinity": ("optimizer: {lr: .inf}", ("c.yaml:1:17 optimizer.lr", "found .inf")),
    "beyond the largest number": ("optimizer: {lr: 1e400}", ("c.yaml:1:17 optimizer.lr", "found 1e400")),
    "true as number": ("optimizer: {lr: true}", ("c.yaml:1:17 optimizer.lr: expected a number", "found true")),
    "true as whole number": ("training: {epochs: true}", ("training.epochs: expected a whole number", "found true")),
    "true as units": ("architecture: {hidden: [true]}", ("architecture.hidden[0]: expected a whole", "found true")),
    "true as seeds": ("seeds: true", ("c.yaml:1:8 seeds: expected a whole number from 1", "found true")),
    "true as name": ("name: true", ("c.yaml:1:7 name: expected a name", "found true")),
    "number in quotes": ("optimizer: {lr: '0.1'}", ("expected a number with lr > 0, found '0.1'. Remove the quotes",)),
    "no seed": ("seeds: []", ("c.yaml:1:8 seeds: expected a whole number from 1 to", "found an empty list")),
    "too many seeds": ("seeds: 100001", ("seeds: expected a whole number from 1 to 100000", "found 100001")),
    "negative seed": ("seeds: [-1]", ("seeds[0]: expected a whole number with 0 <= seed", "found -1")),
    "unknown regularizer": ("regularizers: [l3]", ("c.yaml:1:16 regularizers", "found 'l3'. Did you mean 'l2'?")),
    "regularizer twice": ("regularizers: [l2: 1, l2: 2]", ("the regularizer l2 was given before, at line 1",)),
    "unknown dataset": ("dataset: sin", ("c.yaml:1:10 dataset.name: expected one of", "Did you mean 'sine'?")),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_config_values(call: Call, case: str) -> None:
    content, message = VALUES[case]
    Path("c.yaml").write_text(content + "\n", encoding="utf-8")
    said = call("validate", "c.yaml")
    in_order(said, "error: ", *message)
    assert call("run", "c.yaml") == said


def test_unknown_keys_are_named_at_every_level(call: Call) -> None:
    Path("c.yaml").write_text(
        "aa: 1\ndataset: {name: sine, bb: 1}\narchitecture: {cc: 1, init: {normal: 1, dd: 1}}\n"
        "regularizers: [l2: {lam: 1, ee: 1}]\noptimizer: {ff: 1, schedule: {name: cosine, gg: 1}}\ntraining: {hh: 1}\n",
        encoding="utf-8",
    )
    said = call("validate", "c.yaml")
    keys = ("aa", "dataset.bb", "architecture.cc", "regularizers.l2.ee", "optimizer.ff", "optimizer.schedule.gg")
    for key in (*keys, "training.hh"):
        assert re.search(rf"c\.yaml:\d+:\d+ {re.escape(key)}: expected one of .* found the key", said), said
    assert "architecture.init: expected one of" in said
    Path("c.yaml").write_text("lanes: {a: [l2: {lam: 1, ii: 1}], b: [l3]}\n", encoding="utf-8")
    in_order(
        call("validate", "c.yaml"), "lanes.a.l2.ii: expected one of lam, layers, found the key 'ii'", "lanes.b", "'l3'"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("architecture.hidden=[1000000000]", "expected a network that fits in memory, found"),
        ("architecture.hidden=[1000000000,1000000000]", "expected a network that fits in memory, found"),
        ("architecture.hidden=[999999999999999999]", "Make architecture.hidden or the table smaller"),
        ("training.epochs=100000000000000", "expected metrics that fit in memory"),
        ("dataset.n_train=100000000000", "found 100,000,000,018 rows of sine"),
        ("dataset.n_test=999999999999999999", "Make dataset.n_train, n_val or n_test smaller"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_allocated(call: Call, setting: str, message: str) -> None:
    in_order(call("run", "small.yaml", "-s", setting), "error: ", message)
    assert not any(Path("runs").rglob("*.json"))


def test_a_batch_larger_than_the_data_is_clipped_and_said(call: Call) -> None:
    said = call("run", "small.yaml", "-s", "training.batch_size=1000", code=0)
    assert said.count("training.batch_size is 1000, and there are 12 training rows: every step takes all") == 1
    (larger,) = Path("runs").glob("small-*")
    call("run", "small.yaml", "--quiet", code=0)
    (full,) = set(Path("runs").glob("small-*")) - {larger}
    assert (larger / "metrics.csv").read_bytes() == (full / "metrics.csv").read_bytes()
    for size in ("12", "full"):
        said = call("run", "small.yaml", "-s", f"training.batch_size={size}", "--out", "fitting", code=0)
        assert "batch_size" not in said


# Tables. What is wrong in each of them is tested in tests/data/test_csv.py; here, that every command says it.


def lines(header: str, row: Callable[[int], str], n: int = 40) -> str:
    return "\n".join([header, *map(row, range(n))]) + "\n"


def good(k: int) -> str:
    return f"{k},{k / 4},{k % 2}"


TABLES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "missing target": (lines("x,z,w", good), ("t.csv:1: no column 'y' to predict", "Found columns x, z, w")),
    "one class": (lines("x,y", lambda k: f"{k},1"), ("t.csv: target 'y' is '1' in every row",)),
    "constant columns": (lines("x,z,y", lambda k: f"1,2,{k % 2}"), ("t.csv: no column varies in the training split",)),
    "NaN everywhere": (lines("x,y", lambda k: f"nan,{k % 2}"), ("t.csv: no column varies in the training split",)),
    "infinity": (lines("x,y", lambda k: f"{'inf' if k == 3 else k},{k % 2}"), ("t.csv:5: column 'x'", "'inf'")),
    "text among numbers": (lines("x,y", lambda k: f"{'a' if k == 3 else k},{k % 2}"), ("t.csv:5: column 'x'", "'a'")),
    "ragged, short": (lines("x,z,y", lambda k: "1,2" if k == 3 else good(k)), ("t.csv:5: expected 3 cells", "found 2")),
    "ragged, long": (lines("x,z,y", lambda k: "1,2,3,0" if k == 3 else good(k)), ("t.csv:5: expected 3", "found 4")),
    "shifted to the left": (
        lines("x,z,y", lambda k: f"{k / 4},{k % 2}," if k > 2 else good(k)),
        ("t.csv:5: target 'y' is missing here and in 37 of 40 rows",),
    ),
    "shifted to the right": (
        lines("n,x,y", lambda k: f"word,{k},{k}" if k == 3 else good(k)), ("t.csv:5: column 'n'", "'word'"),
    ),
    "decimal commas in columns cut by commas": (
        lines("x,y", lambda k: f"{k},5,{k % 2}"), ("t.csv:2: expected 2 cells, as in the header, found 3",),
    ),
    "both decimal signs": (lines("x;z;y", lambda k: f"{k},5;{k}.5;{k % 2}"), ("Expected one decimal sign",)),
    "duplicate header": (lines("x,x,y", good), ("t.csv:1: column 'x' stands in the header twice",)),
    "missing header": (lines("1,2,0", good), ("t.csv:1: the first line looks like data",)),
    "nameless column": (lines("x,,y", good), ("t.csv:1: column 2 has no name",)),
    "empty": ("", ("t.csv: the file is empty",)),
    "header only": ("x,y\n", ("t.csv: found 0 rows below the header",)),
    "one row": ("x,y\n1,2\n", ("t.csv: found 1 rows below the header",)),
    "a byte order mark alone": (b"\xef\xbb\xbf", ("t.csv: the file is empty",)),
    "UTF-16": (lines("x,z,y", good).encode("utf-16"), ("t.csv:1: the file is not in UTF-8",)),
    "control characters": (lines("a\x1b[31m,z,y", good), ("t.csv:1: found the control character U+001B",)),
    "5,000 digits": (lines("x,y", lambda k: f"{'9' * 5000},{k % 2}"), ("t.csv:2: column 'x'", "below 1e+100")),
    "digits that a number cannot hold": (
        lines("x,y", lambda k: f"{10**17 + k},{k % 2}"), ("t.csv:3: column 'x'", "at most 15 digits", "categorical"),
    ),
    "classes that a number cannot tell apart": (
        lines("x,y", lambda k: f"{k},{10**17 + k % 2}"), ("t.csv:3: column 'y'", "at most 15 digits"),
    ),
    "a cell without end": (lines("x,y", lambda k: f"{'a' * 200_000},1", 3), ("t.csv:2: field larger than",)),
    "only names of rows": (lines("x,y", lambda k: f"r{k},{k % 2}"), ("no column is left", "look like an identifier")),
    "as many classes as rows": (lines("x,y", lambda k: f"{k},c{k}"), ("t.csv: a test split of 10 rows cannot",)),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_tables(call: Call, case: str) -> None:
    content, message = TABLES[case]
    Path("t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    Path("c.yaml").write_text("dataset: {name: csv, path: t.csv, target: y}\n" + SMALL.split("\n", 1)[1])
    said = call("run", "c.yaml")
    in_order(said, "error: ", *message)
    assert max(map(len, said.splitlines())) < 500
    for command in (["data", "c.yaml", "--out", "o"], ["recommend", "t.csv", "--target", "y"], ["sweep", "c.yaml"]):
        in_order(call(*command), "error: ", *message)
    assert not Path("o").exists()


def test_a_large_table_is_refused_by_its_size_without_being_read(call: Call) -> None:
    with Path("t.csv").open("wb") as file:
        file.truncate(700_000_000)  # a hole: nothing is written
    Path("c.yaml").write_text("dataset: {name: csv, path: t.csv, target: y}\n", encoding="utf-8")
    said = call("run", "c.yaml")
    in_order(said, "t.csv: expected a table of at most 600 MB, found 700 MB. Take a sample of its rows")


def test_words_that_do_not_fit_in_memory_are_refused(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("t.csv").write_text(lines("w,x,y", lambda k: f"w{k // 2},{k},{k % 2}", 200), encoding="utf-8")
    Path("c.yaml").write_text("dataset: {name: csv, path: t.csv, target: y}\n", encoding="utf-8")
    monkeypatch.setattr("regx.core.memory.memory", lambda: 100_000)
    in_order(call("run", "c.yaml"), "expected features that fit in memory", "dataset.drop", "'w' (", "different words)")


@pytest.mark.parametrize("key", ["config", "table", "diabetes"])
@pytest.mark.parametrize("what", ["pipe", "endless", "folder", "nothing", "a name without end"])
def test_what_is_no_file(call: Call, key: str, what: str) -> None:
    path = Path("x" * 5000 if what == "a name without end" else "it")
    if what == "pipe":
        os.mkfifo(path)
    elif what == "endless":
        path.symlink_to("/dev/zero")
    elif what == "folder":
        path.mkdir()
    if key == "config":
        for command in ("run", "validate", "sweep", "race", "ablate", "bias-variance"):
            assert "expected a config file" in call(command, str(path))
        return
    dataset = f"{{name: csv, path: {path}, target: y}}" if key == "table" else f"{{name: diabetes, path: {path}}}"
    Path("c.yaml").write_text(f"dataset: {dataset}\n", encoding="utf-8")
    assert re.search(r"expected a CSV file|Expected a CSV file|no file at", call("run", "c.yaml"))
    assert "Expected a CSV file" in call("recommend", str(path), "--target", "y")


# Names

BAD_NAMES = ("../../x", "/etc/x", "a/b", "..", ".hidden", "-rf", "[red]x[/red]", "<b>x</b>", "a b", "é", "x" * 101, "")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_no_folders_names(call: Call, name: str) -> None:
    for content in (f"name: '{name}'\n", f"lanes: {{'{name}': [l2: 1]}}\n"):
        Path("c.yaml").write_text(content, encoding="utf-8")
        in_order(call("validate", "c.yaml"), "expected a name of at most 100 letters, digits", "found '")
    call("run", "small.yaml", "-s", f"name='{name}'")
    assert sorted(path.name for path in Path().iterdir()) == ["c.yaml", "race.yaml", "small.yaml"]


def test_control_characters_are_refused_or_shown(call: Call) -> None:
    Path("c.yaml").write_text('name: "a\\e[31m"\n', encoding="utf-8")
    in_order(call("validate", "c.yaml"), "found the control character U+001B")
    for arguments in (["compare", "a\x1b[31m"], ["run", "a\x1b[31m"], ["explain", "\x1b[31m"], ["diagnose", "\x9b1m"]):
        said = call(*arguments)
        assert "\x1b" not in said
        assert "\x9b" not in said
    in_order(call("run", "small.yaml", "-s", "\x1b[31m=1"), "found control characters")
    Path("\x1b[31m.yaml").write_text(SMALL, encoding="utf-8")
    assert "\x1b" not in call("validate", "\x1b[31m.yaml", code=0, out=True)


MARKUP = "[bold red]a[/bold red]", "<script>alert(1)</script>", "$x^2_{$", "&lt;b&gt;", "[/]"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a table whose columns and classes have markup in their names."""
    folder = tmp_path_factory.mktemp("marked")
    rng = np.random.default_rng(0)
    table = folder / "t.csv"
    table.write_text(
        lines(f"{MARKUP[0]},{MARKUP[1]},{MARKUP[2]},{MARKUP[3]}",
              lambda k: f"{rng.normal():.3f},{rng.normal():.3f},{MARKUP[k % 3]},{MARKUP[k % 2 + 1]}", 60),
        encoding="utf-8",
    )  # fmt: skip
    config = folder / "c.yaml"
    config.write_text(
        f"dataset: {{name: csv, path: t.csv, target: '{MARKUP[3]}'}}\narchitecture: {{hidden: [4]}}\n"
        "training: {epochs: 2}\nseeds: 2\n",
        encoding="utf-8",
    )
    from regx.api import run

    run(config, out=folder / "runs")
    return folder


def test_markup_in_columns_and_classes_is_text(call: Call, marked: Path) -> None:
    config, (stored,) = str(marked / "c.yaml"), (marked / "runs").glob("c-*")
    said = call("run", config, "--out", str(marked / "runs"), code=0)
    run = shutil.copytree(stored, f"runs/{MARKUP[1].replace('/', '|')}{MARKUP[0].replace('/', '|')}")
    shutil.copytree(stored, "runs/[red]b[|red]")
    assert f"0 is '{MARKUP[2]}', 1 is '{MARKUP[1]}'" in said
    assert f"'{MARKUP[2]}' (3 values)" in said
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        patch.setenv("COLUMNS", "160")
        assert "[red]b[|red]" in call("compare", str(run), "runs/[red]b[|red]", code=0, out=True)
    call("diagnose", str(run), code=0)
    call("report", str(run), "-o", "page.html", code=0)
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    call("plot", str(run), "-o", "plots", "--format", "svg", code=0)
    assert not any("<script>alert" in file.read_text(encoding="utf-8") for file in Path("plots").iterdir())
    call("data", config, "--out", "o", code=0)
    header = Path("o/train.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {*header[:2], header[-1]} == {*MARKUP[:2], "target"}
    assert {*header[2:-1]} == {f"{MARKUP[2]}={word}" for word in MARKUP[:3]}


# Saved arrays


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(SMALL + "regularizers: [l2: 0.1]\n", encoding="utf-8")
    from regx.api import run

    return Path(run(folder / "small.yaml", out=folder / "runs").folder)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    from regx.config.load import load_grid
    from regx.runner.networks import Options
    from regx.studies.sweep.question import sweep

    grid = load_grid(folder / "small.yaml", ["regularizers.l2.lam=0,0.1"])
    return sweep(grid, grid.cells, folder, Options(1)).folder


class Loud:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("opened",))


def pickled(size: int) -> bytes:
    """An archive of at least so many bytes, as a shorter one is refused by its size."""
    array = np.empty(1, dtype=object)
    array[0] = Loud()
    content, archive = io.BytesIO(), io.BytesIO()
    np.save(content, array, allow_pickle=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("seed0/reported/0/weight.npy", content.getvalue())
        file.writestr("padding.npy", bytes(size))
    return archive.getvalue()


ARRAYS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "an array of pickles": lambda content: pickled(len(content)),
    "a pickle": lambda content: pickle.dumps(Loud()) + bytes(len(content)),
    "bits flipped": lambda content: content[:300] + bytes(byte ^ 4 for byte in content[300:310]) + content[310:],
    "text": lambda content: b"weights" * len(content),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_saved_arrays(call: Call, trained: Path, case: str) -> None:
    shutil.copytree(trained, "run")
    weights = Path("run/weights.npz")
    weights.write_bytes(ARRAYS[case](weights.read_bytes()))
    before = weights.read_bytes()
    in_order(call("plot", "run", "-k", "fitted"), "weights.npz: damaged: expected", "found")
    assert weights.read_bytes() == before
    assert not Path("opened").exists()


# Text of sweep.json, what takes its place, and how `plot` ends: a value or a run too many hides no other.
SWEEPS = {
    "another key": ('"key": "regularizers.l2.lam"', '"key": "x"', 2),
    "another value": ('"values": [', '"values": ["x", ', 0),
    "a run that is not there": ('"run": "', '"run": "no', 0),
    "a cell of another kind": ('"cells": [', '"cells": [1, ', 2),
    "a point of another kind": ('"point": {', '"point": 1, "was": {', 2),
    "a missing key": ('"axes"', '"was"', 2),
    "no mapping": ("{", "[", 2),
    "cut": ("}", "", 2),
}


@pytest.mark.parametrize("case", SWEEPS)
def test_a_damaged_sweep(call: Call, swept: Path, case: str) -> None:
    old, new, code = SWEEPS[case]
    folder = Path(shutil.copytree(swept, "swept"))
    sealed = (folder / "sweep.json").read_text(encoding="utf-8")
    (folder / "sweep.json").write_text(sealed.replace(old, new, 1), encoding="utf-8")
    said = call("plot", "swept", "-k", "validation_curve", code=2)
    assert re.search(r"sweep\.json: damaged: expected", said), said
    # As it was written before files were sealed.
    content = re.sub(r',\s*"sha256": "[0-9a-f]{64}"', "", sealed)
    assert content != sealed
    (folder / "sweep.json").write_text(content.replace(old, new, 1), encoding="utf-8")
    said = call("plot", "swept", "-k", "validation_curve", code=code)
    assert code == 0 or re.search(r"sweep\.json: damaged: expected", said), said
    call("report", "swept", code=0)
    call("compare", "swept", code=0)


def test_a_flip_of_any_bit_of_the_arrays_is_refused_or_changes_nothing(trained: Path, tmp_path: Path) -> None:
    from regx.core.errors import InputError
    from regx.evidence.run import read_run

    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    content = (folder / "weights.npz").read_bytes()
    arrays = read_run(folder).weights
    refused = 0
    for at in range(0, 8 * len(content), 997):
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << at % 8
        (folder / "weights.npz").write_bytes(damaged)
        try:
            found = read_run(folder).weights
        except InputError:
            refused += 1
            continue
        assert found.keys() == arrays.keys()
        assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert refused


# Arguments

TWO = ["nothing", "empty", "small.yaml", "x" * 5000]
ARGUMENTS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "no such command": (["rnu"], ("Error: ", "rnu")),
    "run: no config": (["run"], ("Missing argument 'CONFIG'",)),
    "run: a race": (["run", "race.yaml"], ("expected one stack, found lanes", "Type: regx race race.yaml")),
    "run: a sweep": (
        ["run", "small.yaml", "-s", "optimizer.lr=1,2"], ("expected one value, found 2", "Type: regx sweep small.yaml"),
    ),
    "run: near": (["run", "smal.yaml"], ("smal.yaml: expected a config file, found nothing there", "'small.yaml'?")),
    "set: no value": (["run", "small.yaml", "-s", "optimizer.lr"], ("--set:1:7: expected KEY=VALUE",)),
    "set: empty value": (["run", "small.yaml", "-s", "optimizer.lr="], ("--set:1:20 optimizer.lr", "found nothing")),
    "set: unknown": (["run", "small.yaml", "-s", "optimiser.lr=1"], ("unknown key 'optimiser.lr'", "'optimizer.lr'?")),
    "set: off": (["run", "small.yaml", "-s", "regularizers.l2=off"], ("expected a regularizer of the", "found l2")),
    "seeds: word": (["run", "small.yaml", "--seeds", "x"], ("--seeds:1:9 seeds: expected a whole number", "'x'")),
    "seeds: none": (["run", "small.yaml", "--seeds", "0"], ("--seeds:1:9 seeds: expected a whole number", "found 0")),
    "seeds: twice": (["run", "small.yaml", "--seeds", "1,1"], ("--seeds:1:11", "the seed 1 was given before")),
    "jobs": (["run", "small.yaml", "--jobs", "0"], ("Invalid value for '--jobs'",)),
    "sweep: a race": (["sweep", "race.yaml"], ("expected one stack, found lanes", "regx race race.yaml")),
    "sweep: word": (["sweep", "small.yaml", "--lam", "x"], ("--lam:1:7", "expected a number with lam >= 0", "'x'")),
    "sweep: log of 0": (["sweep", "small.yaml", "--lam", "log(0,1,3)"], ("low > 0 and high > 0, found 'log(0,1,3)'",)),
    "sweep: too many": (
        ["sweep", "small.yaml", "--lam", "linear(0,1,200)", "--lr", "linear(1,2,200)", "--dropout", "linear(0,0.9,99)"],
        ("expected a grid of at most 2,000,000 cells, found 3,960,000: optimizer.lr (200)",),
    ),
    "sweep: value twice": (["sweep", "small.yaml", "--lr", "0.1,0.1"], ("--lr:1:10", "0.1 is given twice")),
    "sweep: --random 0": (["sweep", "small.yaml", "--random", "0"], ("Invalid value for '--random'",)),
    "sweep: off and on": (
        ["sweep", "small.yaml", "-s", "regularizers.l2=off,on,off"],
        ("--set:1:30 regularizers.l2: the value 'off' is given twice",),
    ),
    "sweep: off among strengths": (
        ["sweep", "small.yaml", "-s", "regularizers.dropout=off,1.5"], ("--set:1:32 regularizers.dropout.p: expected",),
    ),
    "race: off and on": (
        ["race", "race.yaml", "-s", "lanes.l2.batch_norm=off,7"], ("lanes.l2.batch_norm.momentum: expected a number",),
    ),
    "race: no lanes": (["race", "small.yaml"], ("expected a race, whose `lanes:`", "type: regx run small.yaml")),
    "race: an axis": (["race", "race.yaml", "-s", "dataset.noise=1,2"], ("share their data",)),
    "race: unknown lane": (["race", "race.yaml", "-s", "lanes.l3=off"], ("unknown key 'lanes.l3'. Did you mean",)),
    "race: a stack": (["race", "race.yaml", "-s", "regularizers.l2.lam=1"], ("no stack but those of its lanes",)),
    "race: picture": (["race", "race.yaml", "--svg", "none/x.svg"], ("--svg: expected a file in a folder",)),
    "ablate: no stack": (["ablate", "small.yaml"], ("expected a stack with regularizers to switch on and off",)),
    "ablate: a race": (["ablate", "race.yaml"], ("expected one stack, found lanes",)),
    "ablate: metric": (
        ["ablate", "small.yaml", "-s", "regularizers.l2.lam=1", "--metric", "test_los"],
        ("--metric: expected a metric of regression tasks", "found 'test_los'", "Did you mean 'test_loss'?"),
    ),
    "bias-variance: one draw": (["bias-variance", "small.yaml", "--draws", "1"], ("at least 3 training sets",)),
    "bias-variance: both": (
        ["bias-variance", "small.yaml", "--draws", "3", "--seeds", "3"], ("expected --draws or --seeds, found both",),
    ),
    "bias-variance: a race": (["bias-variance", "race.yaml"], ("expected one stack, found lanes",)),
    "recommend: no target": (["recommend", "small.yaml"], ("small.yaml:2: expected 4 cells",)),
    "recommend: no table": (["recommend", "t.csv", "--target", "y"], ("t.csv: no such table", "Expected a CSV file")),
    "recommend: a config": (["recommend", "small.yaml", "--target", "y"], ("small.yaml:2: expected 4 cells",)),
    "recommend: minutes": (
        ["recommend", "t.csv", "--target", "y", "--minutes", "nan"], ("Invalid value for '--minutes'",),
    ),
    "recommend: over a file": (
        ["recommend", "t.csv", "--target", "y", "-o", "small.yaml"], ("small.yaml: there is a file", "--force"),
    ),
    "explain": (["explain", "drouput"], ("found 'drouput'. Did you mean 'dropout'?",)),
    "init: a file": (["init", "small.yaml"], ("small.yaml: expected a folder to write into",)),
    "data: a file": (["data", "small.yaml", "--out", "small.yaml"], ("Cannot write to small.yaml",)),
    "data: seed": (["data", "small.yaml", "--out", "o", "--seed", "-1"], ("Invalid value for '--seed'",)),
    **{
        f"{command}: {path[:20]}": ([command, path], (f"{path}: expected a run folder", "`regx run CONFIG` prints"))
        for command in ("ls", "compare", "diagnose", "plot", "report")
        for path in TWO
    },
    **{f"{command}: nothing": ([command], ("Missing argument 'RUN...'",)) for command in ("rm", "diagnose")},
    **{
        f"{command}: no runs": ([command], ("runs: expected a run folder", "found nothing"))
        for command in ("ls", "compare")
    },
}  # fmt: skip


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(call: Call, case: str) -> None:
    arguments, message = ARGUMENTS[case]
    Path("empty").mkdir()
    in_order(call(*arguments), *message)
    assert sorted(path.name for path in Path().iterdir()) == ["empty", "race.yaml", "small.yaml"]


OF_RUNS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "compare: baseline": (["compare", "RUN", "--baseline", "nothing"], ("nothing",)),
    "compare: sort": (["compare", "RUN", "--sort", "tst_loss"], ("tst_loss", "test_loss")),
    "compare: columns": (["compare", "RUN", "--columns", "nam"], ("nam",)),
    "compare: metric": (["compare", "RUN", "--metric", "test_accuracy"], ("test_accuracy",)),
    "compare: format": (["compare", "RUN", "--format", "xml"], ("expected one of table, json, csv, md", "xml")),
    "compare: top": (["compare", "RUN", "--top", "0"], ("top",)),
    "diagnose: advice": (["diagnose", "RUN", "--apply", "new.yaml", "--advice", "99"], ("99",)),
    "diagnose: over a file": (["diagnose", "RUN", "--apply", "small.yaml"], ("small.yaml", "--force")),
    "plot: kind": (["plot", "RUN", "-k", "fited"], ("fited", "fitted")),
    "plot: unfit kind": (["plot", "RUN", "-k", "boundary"], ("boundary",)),
    "plot: format": (["plot", "RUN", "--format", "bmp"], ("expected one of png, svg, pdf", "bmp")),
    "plot: dpi": (["plot", "RUN", "--dpi", "5"], ("--dpi",)),
    "plot: into a file": (["plot", "RUN", "-o", "small.yaml"], ("small.yaml",)),
    "report: into a folder": (["report", "RUN", "-o", "empty"], ("empty",)),
    "report: no folder": (["report", "RUN", "-o", "none/page.html"], ("none",)),
    "report: over a file": (["report", "RUN", "-o", "small.yaml"], ("small.yaml", "--force")),
    "report: metric": (["report", "RUN", "--metric", "loss"], ("loss",)),
}


@pytest.mark.parametrize("case", OF_RUNS)
def test_arguments_beside_a_run(call: Call, trained: Path, case: str) -> None:
    arguments, message = OF_RUNS[case]
    Path("empty").mkdir()
    said = call(*(str(trained) if argument == "RUN" else argument for argument in arguments))
    in_order(said.partition("rror: ")[2], *message)
    assert sorted(path.name for path in Path().iterdir()) == ["empty", "race.yaml", "small.yaml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_neither_waited_for_nor_replaced(call: Call, trained: Path) -> None:
    pipe = Path("pipe")
    os.mkfifo(pipe)
    Path("t.csv").write_text("x,y\n" + "1,2\n" * 40, encoding="utf-8")
    for options in ([], ["--force"]):
        in_order(call("report", str(trained), "-o", "pipe", *options), "pipe: expected a file", "found a pipe")
        in_order(call("recommend", "t.csv", "--target", "y", "-o", "pipe", *options), "pipe: expected a file", "a pipe")
    said = call("diagnose", str(trained), "--apply", "pipe", "--force", code=1)
    in_order(said, "pipe: expected a file to write, found a pipe")
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["small.yaml", "/proc/x", "x" * 5000])
def test_a_place_that_cannot_be_written_is_said(call: Call, place: str) -> None:
    for arguments in (["run", "small.yaml"], ["sweep", "small.yaml", "--lam", "1,2"], ["race", "race.yaml"]):
        assert call(*arguments, "--quiet", "--out", place, code=1).startswith(f"error: {place}/")


# A little of tests/fuzz/fuzz_configs_and_tables.py, which goes on for as long as one likes.


def test_fuzzed_configs_tables_and_runs_end_in_input_errors(trained: Path, tmp_path: Path) -> None:
    path = Path(__file__).parents[1] / "fuzz" / "fuzz_configs_and_tables.py"
    spec = importlib.util.spec_from_file_location("fuzz_configs_and_tables", path)
    assert spec is not None
    assert spec.loader is not None
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    for target, tries in (("configs", 120), ("tables", 150), ("runs", 100)):
        tried, foreign = fuzz.fuzz(target, tmp_path, seed=0, tries=tries)
        assert sum(tried.values()) == tries
        assert not foreign, foreign[0]
        assert tried["refused"]
        assert tried["accepted"] or target == "runs"
