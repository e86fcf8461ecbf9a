"""What a notebook shows of a result by itself."""

import importlib


class Shown:
    """A result that a notebook shows as HTML: its name, what follows from it, its table and a small figure."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        # Imported by name: this floor may not import the one that draws.
        return str(importlib.import_module("regx.notebook.cards").card(self))
