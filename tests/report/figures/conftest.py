"""A few small trained runs, shared by the tests of all kinds of figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import regx
from regx.config.load import load_grid
from regx.evidence.run import Run, read_run
from regx.figures import KINDS
from regx.figures.style import styled
from regx.figures.subjects import read_subjects
from regx.runner.networks import Options
from regx.studies.sweep.compact import compact_sweep
from regx.studies.sweep.question import sweep
from regx.studies.sweep.result import Sweep

SINE = "dataset: {name: sine, n_train: 12, n_val: 8, n_test: 9}"
CIRCLE = "dataset: {name: circle, n_train: 40, n_val: 20, n_test: 60}"
CONFIGS = {
    "sine": f"{SINE}\nregularizers: []",
    "sparse": f"{SINE}\nregularizers: [{{l1: {{lam: 0.3}}}}]",
    "stopped": f"{SINE}\nregularizers: [{{early_stopping: {{patience: 5}}}}]",
    "one_seed": f"{SINE}\nregularizers: []\nseeds: [4]",
    "unvalidated": "dataset: {name: sine, n_train: 12, n_val: 0, n_test: 9}\nregularizers: []",
    "circle": f"{CIRCLE}\nregularizers: []",
    "table": "dataset: {name: csv, path: PATH, target: kind}\nregularizers: []",
}
REST = "architecture: {hidden: [6, 5]}\noptimizer: {name: adam, lr: 0.02}\ntraining: {epochs: 60, eval_every: 5}\n"


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("figures")
    rng = np.random.default_rng(0)
    kinds = ("_first$", "<b>second", "third")
    rows = [f"{k + rng.normal():.3f},{(-1) ** k + rng.normal():.3f},{kinds[k]}" for k in [0, 1, 2] * 30]
    (folder / "table.csv").write_text("\n".join(["a$b$,_c (cm),kind", *rows]) + "\n")
    found = {}
    for name, text in CONFIGS.items():
        path = folder / f"{name}.yaml"
        seeds = "" if "seeds" in text else "seeds: 3\n"
        path.write_text(f"{text.replace('PATH', str(folder / 'table.csv'))}\n{REST}{seeds}")
        found[name] = read_run(regx.run(path, out=folder / "runs").folder)
    return found


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sweep]:
    """Train a sweep of the sine over some axes, the key's values each."""
    folder = tmp_path_factory.mktemp("sweeps")
    path = folder / "base.yaml"
    path.write_text(f"{SINE}\nregularizers: []\n{REST}seeds: 2\n")

    def train(compact: bool = False, **axes: str) -> Sweep:
        grid = load_grid(path, [f"{key.replace('__', '.')}={values}" for key, values in axes.items()], {}, None)
        if compact:
            made = compact_sweep(grid, range(len(grid.cells)), folder / "runs", Options(1)).folder
        else:
            made = sweep(grid, grid.cells, folder / "runs", Options(1)).folder
        (found,) = read_subjects([made]).sweep
        return found

    return train


@pytest.fixture(scope="session")
def drawn() -> Callable[..., Any]:
    """The figure of some subjects."""

    def draw(kind: str, *subjects: Any) -> Any:
        (found,) = [one for one in KINDS if one.name == kind]
        assert [found.unfit(subject) for subject in subjects] == [None] * len(subjects)
        with styled():
            figure = found.draw([found.read(subject) for subject in subjects])
            figure.draw_without_rendering()  # so that what only drawing finds out is found
        return figure

    return draw


@pytest.fixture(scope="session")
def decomposed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with a bias_variance.json of these values, a point each; one value of None for no axis."""

    def write(values: list[Any], noise: float | None = 0.09) -> Path:
        folder = tmp_path_factory.mktemp("decomposed")

        def interval(mean: float) -> dict[str, float]:
            return {"mean": mean, "low": 0.9 * mean, "high": 1.1 * mean}

        points = [
            {
                "value": value,
                "bias2": interval(0.01 + 0.02 * index),
                "variance": interval(0.1 / (1 + index)),
                "noise": None if noise is None else interval(noise),
                "error": interval(0.01 + 0.02 * index + 0.1 / (1 + index) + (noise or 0)),
                "diverged": 0,
            }
            for index, value in enumerate(values)
        ]
        axis = None if values == [None] else {"key": "regularizers.l2.lam", "values": values}
        content = {"name": "a$b$", "axis": axis, "draws": 20, "points": points, "separable": noise is not None}
        (folder / "bias_variance.json").write_text(json.dumps(content))
        return folder

    return write
