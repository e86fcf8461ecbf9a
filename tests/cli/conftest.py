"""Runs of random numbers, for commands that train nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fabricated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fabricated", Path(__file__).parents[1] / "store" / "fabricated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
