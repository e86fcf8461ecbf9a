"""What a check of a config file finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.interactions import warnings
from regx.config.load import Grid, load_grid
from regx.config.problems import ConfigError, dotted
from regx.core.errors import InputError


@dataclass(frozen=True)
class Check:
    """A config file: its grid, or the error that it ends in."""

    path: Path
    grid: Grid | None
    error: InputError | None

    def line(self) -> str:
        """One line on a config that is right: file, name, stack, number of cells."""
        assert self.grid is not None
        cells = len(self.grid.cells)
        count = "1 cell" if cells == 1 else f"{cells} cells"
        return f"{self.path}: ok, {self.grid.name}, {self.stack()}, {count}"

    def warnings(self) -> list[str]:
        """What to be wary of in any of its cells, once."""
        cells = self.grid.cells if self.grid is not None else ()
        return list(dict.fromkeys(warning for cell in cells for warning in warnings(cell.config)))

    def stack(self) -> str:
        """The regularizers in order, or `none`."""
        assert self.grid is not None
        return " + ".join(regularizer.kind for regularizer in self.grid.cells[0].config.stack) or "none"

    def as_json(self) -> dict[str, Any]:
        if self.error is None:
            assert self.grid is not None
            return {
                "config": str(self.path),
                "ok": True,
                "name": self.grid.name,
                "stack": self.stack(),
                "cells": len(self.grid.cells),
                "errors": [],
                "warnings": self.warnings(),
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


def check(path: Path, overrides: Sequence[str] = ()) -> Check:
    """Read a config as `regx sweep` would, and keep what is wrong with it."""
    try:
        return Check(path, load_grid(path, overrides), None)
    except InputError as error:
        return Check(path, None, error)
