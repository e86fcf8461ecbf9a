"""Find out, honestly and fast, which regularization helps a network on your data."""

from __future__ import annotations

import sys
from types import ModuleType

from regx.core.shown import DRAWN
from regx.core.version import __version__

TYPE_CHECKING = False  # loading `typing` takes longer than all else that comes before the first signal is heard
if TYPE_CHECKING:
    from typing import Any

    from regx.api import (
        ablate,
        bias_variance,
        compare,
        diagnose,
        explain,
        lesson,
        load,
        plot,
        race,
        recommend,
        report,
        run,
        sweep,
        worth,
    )
    from regx.core.errors import InputError, RegxError
    from regx.estimators import Classifier, Regressor
    from regx.evidence.run import Run

__all__ = [
    "Classifier", "InputError", "Regressor", "RegxError", "Run", "__version__", "ablate", "bias_variance", "compare",
    "diagnose", "explain", "lesson", "load", "plot", "race", "recommend", "report", "run", "sweep", "worth",
]  # fmt: skip

ELSEWHERE = {
    "InputError": "regx.core.errors", "RegxError": "regx.core.errors", "Run": "regx.evidence.run",
    "Classifier": "regx.estimators", "Regressor": "regx.estimators",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # NumPy and the rest are loaded by the first call, not by `import regx`: the command line's help is to be quick.
    import importlib

    if name in __all__:
        return getattr(importlib.import_module(ELSEWHERE.get(name, "regx.api")), name)
    raise AttributeError(f"module 'regx' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__


def _card(result: Any) -> str:
    from regx.notebook.cards import card

    return card(result)


def _plot(run: Run, kind: Any) -> Any:
    from regx.api import plot

    return plot(run, kind)


DRAWN |= {"card": _card, "plot": _plot}


class _Package(ModuleType):
    """The package whose `report` is the call, and not the package regx.report, which every import of that puts here.

    That package is reached as it is anywhere in here, by `from regx.report.table import ...`.
    """

    @property
    def report(self) -> Any:
        return __getattr__("report")

    @report.setter
    def report(self, package: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
