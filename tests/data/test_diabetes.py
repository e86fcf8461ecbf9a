"""The Pima table: where it is looked for, both forms of it, its missing values, and its download."""

from __future__ import annotations

import functools
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from regx.core.errors import InputError, RegxError
from regx.data import diabetes
from regx.data.diabetes import HEADER, ZERO_IS_MISSING, Diabetes, download

CONTENT = b"one,two\n1,2\n"
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    """A table of the right shape."""
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.integers(0, 3, size=(768, 8)), rng.integers(0, 2, size=768)])
    path = tmp_path / "own" / "diabetes.csv"
    path.parent.mkdir()
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in values)]), encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "regx"


class Server(ThreadingHTTPServer):
    requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "small.csv").write_bytes(CONTENT)
    with Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_download_once(server: Server, cache: Path) -> None:
    for _ in range(2):
        path = download(f"{server.url}/small.csv", CHECKSUM, "kept.csv")
        assert path == cache / "kept.csv"
        assert path.read_bytes() == CONTENT
    assert server.requests == 1
    assert files(cache) == ["kept.csv"]


def test_a_damaged_cache_is_mended(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "kept.csv").write_bytes(CONTENT[:-3])
    assert download(f"{server.url}/small.csv", CHECKSUM, "kept.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "checksum", "message"),
    [
        ("small.csv", "0" * 64, "the file is not the expected one"),
        ("absent.csv", CHECKSUM, "404"),
        (None, CHECKSUM, "refused"),
    ],
)
def test_a_failed_download_says_what_to_do_and_leaves_nothing(
    server: Server, cache: Path, path: str | None, checksum: str, message: str
) -> None:
    url = f"{server.url}/{path}" if path else "http://127.0.0.1:" + str(closed_port())
    with pytest.raises(RegxError) as raised:
        download(url, checksum, "kept.csv")
    for expected in (message, url, str(cache / "kept.csv"), "REGX_DATA_DIR", "dataset.path"):
        assert expected in str(raised.value)
    assert files(cache) == []


def test_a_cache_that_cannot_be_written_is_said(server: Server, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(RegxError, match="Cannot download"):
        download(f"{server.url}/small.csv", CHECKSUM, "kept.csv")


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_where_it_is_looked_for(
    made_up: Path, server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = made_up.read_bytes()
    monkeypatch.setattr(diabetes, "URL", f"{server.url}/whole.csv")
    monkeypatch.setattr(diabetes, "SHA256", hashlib.sha256(content).hexdigest())
    (tmp_path / "served" / "whole.csv").write_bytes(content)
    monkeypatch.setenv("REGX_DATA_DIR", str(made_up.parent))
    expected = Diabetes(path=str(made_up)).load(0).train.x
    np.testing.assert_array_equal(Diabetes().load(0).train.x, expected)
    assert server.requests == 0
    monkeypatch.setenv("REGX_DATA_DIR", str(tmp_path))  # a folder without the table
    np.testing.assert_array_equal(Diabetes().load(0).train.x, expected)
    monkeypatch.delenv("REGX_DATA_DIR")
    np.testing.assert_array_equal(Diabetes().load(0).train.x, expected)
    assert (server.requests, files(cache)) == (1, ["diabetes.csv"])


def test_with_and_without_the_header(made_up: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text(made_up.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    first, second = (Diabetes(path=str(path)).table() for path in (made_up, plain))
    for name, values in first.columns.items():
        np.testing.assert_array_equal(values, second.columns[name])
    np.testing.assert_array_equal(first.y, second.y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], "found 767 rows of 9 numbers; expected the Pima table: 768 rows of 9"),
        (lambda lines: [line.rpartition(",")[0] for line in lines[1:]], "found 768 rows of 8 numbers"),
        (lambda lines: [*lines[:-1], "a,1,1,1,1,1,1,1,1"], "could not convert string 'a'"),
        (lambda lines: [*lines[:-1], "1,1,1,1,1,1,1,1,2"], "an outcome neither 0 nor 1"),
        (lambda lines: [*lines[:-1], "nan,1,1,1,1,1,1,1,1"], "a value is not finite"),
        (lambda lines: ["pregnancies,glucose", *lines[1:]], "could not convert string 'pregnancies'"),
    ],
)
def test_another_table_is_refused(made_up: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    lines = made_up.read_text(encoding="utf-8").splitlines()
    made_up.write_text("\n".join(change(lines)), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        Diabetes(path=str(made_up)).load(0)
    assert str(made_up) in str(raised.value)


def test_a_path_without_a_file_is_not_replaced_by_a_download(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dataset\.path: no file at .*absent\.csv"):
        Diabetes(path=str(tmp_path / "absent.csv")).load(0)


@pytest.mark.diabetes
def test_zeros_that_cannot_be_are_filled_with_the_training_median(diabetes_path: Path) -> None:
    kept, filled = (Diabetes(path=str(diabetes_path), missing=missing).load(0) for missing in ("keep", "zero"))
    table = Diabetes(path=str(diabetes_path)).table()
    for index, name in enumerate(kept.features):
        raw = table.columns[name]
        zero = (raw.min() - raw.mean()) / raw.std()
        if name not in ZERO_IS_MISSING:
            np.testing.assert_array_equal(kept.train.x[:, index], filled.train.x[:, index])
            continue
        # In the kept form zeros are the least value; in the filled one they stand at the median of the others.
        was_zero = kept.train.x[:, index] == kept.train.x[:, index].min()
        assert zero < 0
        others = filled.train.x[~was_zero, index]
        np.testing.assert_allclose(filled.train.x[was_zero, index], np.median(others), atol=1e-12)
    assert "'insulin' (49%)" in filled.notes[0]
