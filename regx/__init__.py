"""Find out, honestly and fast, which regularization helps a network on your data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regx.api import compare, load, run
    from regx.core.errors import InputError, RegxError
    from regx.evidence.run import Run

__version__ = "0.1.0"
__all__ = ["InputError", "RegxError", "Run", "__version__", "compare", "load", "run"]


def __getattr__(name: str) -> Any:
    # NumPy and the rest are loaded by the first call, not by `import regx`: the command line's help is to be quick.
    import importlib

    if name == "Run":
        return importlib.import_module("regx.evidence.run").Run
    if name in ("compare", "load", "run"):
        return getattr(importlib.import_module("regx.api"), name)
    if name in ("InputError", "RegxError"):
        return getattr(importlib.import_module("regx.core.errors"), name)
    raise AttributeError(f"module 'regx' has no attribute '{name}'")
