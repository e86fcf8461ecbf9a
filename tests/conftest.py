"""What all tests share: deterministic examples, no network, no cache outside the test, and what may be missing."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command_line import Regx
from hypothesis import HealthCheck, settings

settings.register_profile(
    "regx",
    derandomize=True,  # the same examples in every run
    deadline=None,  # shared machines are slow at times
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # for the same reason
)
settings.load_profile("regx")

# Commands under test are to hear these, which under nohup or in a shell's background are ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests, those of the pages, come first, so that at the end no process waits for another's."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")


def _absent(what: str) -> None:
    """Skip, but fail where everything is expected to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches in a folder of the session, and connections to this machine alone."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"  # no tuple: a socket in the file system
        assert host in ("localhost", "::1") or str(host).startswith("127."), f"a test connects to {host}"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(autouse=True)
def _begins_in_numpy() -> Iterator[None]:
    """Each test begins as a process does: without compiled loops, and with no seconds asked of them so far."""
    yield
    kernels = sys.modules.get("regx.core.kernels")
    if kernels is not None:
        kernels.unload()


@pytest.fixture(scope="session")
def diabetes_path() -> Path:
    """The Pima table, from REGX_DATA_DIR."""
    path = Path(os.environ.get("REGX_DATA_DIR", "")) / "diabetes.csv"
    if not os.environ.get("REGX_DATA_DIR") or not path.is_file():
        _absent("needs the Pima table: set REGX_DATA_DIR to the folder of diabetes.csv")
    return path


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, the oracle. On one thread: two workers of these tests share two cores."""
    try:
        module = importlib.import_module("torch")
    except ImportError:
        _absent("needs PyTorch: pip install 'regx[oracles]'")
        raise
    module.set_num_threads(1)
    return module


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window, its console and its requests kept."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        missing = "needs chromium and chromedriver: apt-get install chromium chromium-driver"
        _absent(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "disable-dev-shm-usage", "window-size=1280,900",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(chromedriver))
    yield driver
    driver.quit()


SMALL = """
name: small
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [6]}
regularizers:
  - l2: {lam: 0.01}
  - dropout: {p: 0.2}
optimizer: {name: adam, lr: 0.01}
training: {epochs: 7, eval_every: 2}
seeds: 3
"""


@pytest.fixture
def few_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lanes of each kind, so that a race takes a second; the ladder as it is has tests of its own."""
    from regx.studies.recommendation import ladder

    few = ("crop", "input_noise", "mixup", "l2", "early_stopping", "dropout", "small")
    monkeypatch.setattr(ladder, "PARTS", {name: ladder.PARTS[name] for name in few})
    monkeypatch.setattr(ladder, "COCKTAILS", 4)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A config that trains in a blink."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


Started = Callable[[list[str], Path, Mapping[str, str]], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def started(_isolated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Runs the command line in a process of its own, whose imports are done where this system forks."""
    if sys.platform != "linux":
        yield lambda arguments, folder, environment: subprocess.run(
            [sys.executable, "-m", "regx", *arguments],
            cwd=folder, capture_output=True, text=True, timeout=120, env=environment,
        )  # fmt: skip
        return
    folder = tmp_path_factory.mktemp("commands")
    files = {name: folder / name for name in ("stdout", "stderr")}
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("command_server.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None

        def start(arguments: list[str], cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
            request = {"arguments": arguments, "folder": str(cwd), "environment": dict(environment)}
            print(json.dumps({**request, **{name: str(path) for name, path in files.items()}}), file=server.stdin)
            server.stdin.flush()
            code = int(server.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, *(path.read_text() for path in files.values()))

        yield start
        server.stdin.close()


@pytest.fixture
def regx(tmp_path: Path, started: Started) -> Regx:
    """The command line, run in an empty folder."""

    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = started([*map(str, arguments)], tmp_path, {**os.environ, "COLUMNS": "160"})
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return call
