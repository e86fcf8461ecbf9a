"""What a check of a config file finds."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.grid import Grid
from regx.config.load import load_any
from regx.config.problems import ConfigError, dotted
from regx.core.errors import InputError
from regx.data.cautions import cautions
from regx.data.csv import CSV
from regx.data.dataset import Dataset
from regx.data.weights import row_weights
from regx.reference.interactions import hints, lane_hints, lane_warnings, warnings

ROWS_SPLIT = 200_000  # at most, to see whether the splits of further seeds can be made
TABLES = 8  # of the cells of one config, or ways to read one, that are checked


@dataclass(frozen=True)
class Check:
    """A config file: its grid, or the error that it ends in; of such a one there is `as_json` alone."""

    path: Path
    grid: Grid | None
    error: InputError | None
    notes: tuple[str, ...] = ()  # what its first cell would train, where that is a table that is there

    def line(self) -> str:
        """One line on a config that is right: file, name, stack, number of cells; of a race, its lanes."""
        grid, configs = self._found()
        cells = len(configs)
        if grid.lanes:
            names = ", ".join(config.name for config in configs)
            return f"{self.path}: ok, {grid.name}, a race of {cells}: {names}"
        count = "1 cell" if cells == 1 else f"{cells} cells"
        return f"{self.path}: ok, {grid.name}, {_stack(configs[0])}, {count}"

    def warnings(self) -> list[str]:
        """What to be wary of in any of its cells, once."""
        grid, configs = self._found()
        said = lane_warnings(configs) if grid.lanes else chain(*map(warnings, configs))
        absent = chain(*map(_without_validation, configs), *map(_without_table, configs))
        return list(dict.fromkeys([*said, *absent]))

    def hints(self) -> list[str]:
        """What is good to know of any of its cells, once, and what its first cell would train."""
        grid, configs = self._found()
        said = lane_hints(configs) if grid.lanes else chain(*map(hints, configs))
        return list(dict.fromkeys([*said, *self.notes]))

    def _found(self) -> tuple[Grid, list[Config]]:
        """The grid, and the configs of its cells."""
        assert self.grid is not None
        return self.grid, [cell.config for cell in self.grid.cells]

    def as_json(self) -> dict[str, Any]:
        if self.error is None:
            grid, configs = self._found()
            lanes = {config.name: _stack(config) for config in configs}
            return {
                "config": str(self.path),
                "ok": True,
                "name": grid.name,
                **({"lanes": lanes} if grid.lanes else {"stack": _stack(configs[0])}),
                "cells": len(configs),
                "errors": [],
                "warnings": self.warnings(),
                **({"notes": notes} if (notes := self.hints()) else {}),
            }
        problems = self.error.problems if isinstance(self.error, ConfigError) else []
        errors: list[dict[str, Any]] = [
            {
                "where": problem.place.text.name,
                "line": problem.place.line,
                "column": problem.place.column,
                "key": dotted(problem.path),
                "message": problem.message,
            }
            for problem in problems
        ]
        whole_file = {"where": str(self.path), "line": None, "column": None, "key": "", "message": str(self.error)}
        return {"config": str(self.path), "ok": False, "errors": errors or [whole_file], "warnings": []}


def _without_validation(config: Config) -> list[str]:
    """What of a stack needs the validation split that the config does without; --peek has the last word."""
    if 0 not in (getattr(config.dataset, "n_val", None), getattr(config.dataset, "val_fraction", None)):
        return []
    reasons = {member.kind: member.unusable(config.dataset.known_task or "binary", 0) for member in config.stack}
    said = {f"regularizers.{kind}": reason for kind, reason in reasons.items()}
    said["optimizer.schedule"] = config.schedule.unusable(0)
    return [f"{key}: {reason}" for key, reason in said.items() if reason]


def _without_table(config: Config) -> list[str]:
    """That there is no table at a path; it may be there where the config is run."""
    path = getattr(config.dataset, "path", None)
    there = path is None or os.path.exists(os.path.expanduser(path))  # noqa: PTH110, PTH111  # pathlib raises
    return [] if there else [f"dataset.path: there is nothing at {path}"]


def _stack(config: Config) -> str:
    """The regularizers in order, or `none`."""
    return " + ".join(regularizer.kind for regularizer in config.stack) or "none"


def _in_words(grid: Grid) -> list[str]:
    """What its cells would train, of each table that is there once. Raises InputError as training would."""
    of_table: dict[CSV, list[Config]] = {}
    for config in [cell.config for cell in grid.cells]:
        if isinstance(config.dataset, CSV) and not _without_table(config):
            of_table.setdefault(config.dataset, []).append(config)
    said = []
    for table, configs in list(of_table.items())[:TABLES]:
        first, *others = configs[0].seeds
        data = table.load(first)
        for config in configs:
            row_weights(data, config.training.class_weight)
        for seed in others[: ROWS_SPLIT // len(table.table().y)]:
            table.load(seed)
        said.append(trained_in_words(configs[0], data, len(configs)))
    if len(of_table) > TABLES:
        said.append([f"Of {len(of_table)} tables of its cells these {TABLES} were read; the others are not checked."])
    return list(dict.fromkeys(chain(*said)))


def trained_in_words(config: Config, data: Dataset, cells: int = 1) -> list[str]:
    """What a config trains, a sentence each: the rows and columns, how they are understood, the networks."""
    splits = [len(split.x) for split in (data.train, data.val, data.test)]
    sizes = "-".join(map(str, (len(data.features), *config.architecture.hidden, data.train.y.shape[1])))
    several = f"{cells} cells of it, each with" if cells > 1 else "with"
    return [
        f"Trains a network {sizes} for {config.training.epochs} epochs, {several} {len(config.seeds)} seeds, to "
        f"predict '{data.target}' from {len(data.features)} features of {sum(splits)} rows: {splits[0]} to train on, "
        f"{splits[1]} to choose with, {splits[2]} to judge by.",
        *data.notes,
        *(cautions(config.dataset.table()) if isinstance(config.dataset, CSV) else ()),
    ]


def check(path: Path, overrides: Sequence[str] = ()) -> Check:
    """Read a config as `regx sweep` or `regx race` would, and keep what is wrong with it."""
    try:
        grid = load_any(path, overrides)
        return Check(path, grid, None, tuple(_in_words(grid)))
    except InputError as error:
        return Check(path, None, error)
