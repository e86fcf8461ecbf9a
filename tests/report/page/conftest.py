"""Small runs that are trained once, pages over them, and a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import regx
from regx.config.load import load_grid
from regx.page.write import write_page
from regx.runner.networks import Options
from regx.store.files import SUMMARY, read_json, write_json
from regx.studies.sweep.question import sweep

HOSTILE = "<script>alert(1)</script>"
LINK = "<a href=javascript:alert(2)>x</a>"
SINE = """
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 30}
architecture: {hidden: [8, 6]}
optimizer: {name: adam, lr: 0.02}
training: {epochs: 40, eval_every: 2, snapshots: 8}
seeds: 6
"""
TABLE = """
dataset: {name: csv, path: PATH, target: kind}
architecture: {hidden: [6]}
optimizer: {name: adam, lr: 0.02}
training: {epochs: 20, snapshots: 5}
seeds: 2
"""


def rename(folder: Path, name: str) -> None:
    """Give a run a name that no config may have: the file is then what somebody else has written."""
    write_json(folder / SUMMARY, {**read_json(folder / SUMMARY), "name": name})


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Train a config under a name in a folder of its own, and return the run's folder."""
    configs = tmp_path_factory.mktemp("configs")

    def trained(out: Path, name: str, text: str = SINE, **changes: Any) -> Path:
        config = configs / f"{name}.yaml"
        config.write_text(text)
        return regx.run(config, set=changes, out=out, jobs=1).folder

    return trained


@pytest.fixture(scope="session")
def sine(tmp_path_factory: pytest.TempPathFactory, train: Callable[..., Path]) -> Path:
    """A folder with three runs, one of a hostile name, and a sweep over the strength of l2."""
    out = tmp_path_factory.mktemp("sine")
    train(out, "none")
    train(out, "l2", **{"regularizers.l2.lam": 0.02})
    # Its stack is so long that the page calls it by its name.
    long = {"regularizers.dropout.p": 0.1, "regularizers.gaussian_dropout.p": 0.1}
    rename(train(out, "hostile", **long), HOSTILE)
    config = out / "swept.yaml"
    config.write_text(SINE)
    grid = load_grid(config, ["regularizers.l2.lam=0,0.001,0.01,0.1"])
    sweep(grid, grid.cells, out, Options(1))
    return out


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, train: Callable[..., Path]) -> Path:
    """A run on a table of two features, whose columns and classes have hostile names."""
    out = tmp_path_factory.mktemp("table")
    rows = [f"{x / 7:.3f},{x * x % 11 / 5:.3f},{'<i>yes</i>' if x * x % 11 > 5 else 'no'}" for x in range(60)]
    path = out / "table.csv"
    path.write_text("\n".join([f"{HOSTILE},{LINK},kind", *rows]) + "\n")
    train(out, "table", TABLE.replace("PATH", str(path)))
    return out


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory, sine: Path, table: Path) -> Path:
    """The page over all of them."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert write_page([str(sine), str(table)], path) == []
    return path
