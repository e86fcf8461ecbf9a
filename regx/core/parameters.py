"""Declared parameters: a name's type, default and bounds, written once.

Regularizers, optimizers, schedules and datasets are frozen dataclasses whose fields are made with `number`,
`integer`, `choice`, `flag` or `text`. The YAML schema, the error messages, `regx explain` and the tests of bad
values all read the same `Parameter`.

In a population a `number` or `integer` that is not `static` holds one value per network, shape (R,). A `static`
parameter changes the compute graph, so networks of one population share it.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

MISSING = dataclasses.MISSING


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    type is float, int, bool or str, or `list` of str. `neutral` is the value at which the thing does nothing.
    A parameter without a default must be given; `optional` ones may be left out or null and are then None.
    """

    type: type
    help: str
    default: Any = MISSING
    neutral: Any = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    static: bool = True
    name: str = ""

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def bounds(self) -> str:
        """The permitted values in words, such as `0 <= p < 1` or `one of adam, sgd`."""
        if self.options:
            return "one of " + ", ".join(self.options)
        low = f"{self.ge:g} <= " if self.ge is not None else f"{self.gt:g} < " if self.gt is not None else ""
        high = f" <= {self.le:g}" if self.le is not None else f" < {self.lt:g}" if self.lt is not None else ""
        if low and not high:
            return f"{self.name} >= {self.ge:g}" if self.ge is not None else f"{self.name} > {self.gt:g}"
        return f"{low}{self.name}{high}" if low or high else ""


def _field(parameter: Parameter) -> Any:
    metadata = {"parameter": parameter}
    if parameter.required:
        return dataclasses.field(metadata=metadata)
    if isinstance(parameter.default, list):
        return dataclasses.field(default_factory=lambda: list(parameter.default), metadata=metadata)
    return dataclasses.field(default=parameter.default, metadata=metadata)


def number(default: Any = MISSING, *, help: str, **bounds: Any) -> Any:
    """A real number; one per network of a population unless `static=True`."""
    return _field(Parameter(float, help, default, **{"static": False, **bounds}))


def integer(default: Any = MISSING, *, help: str, **bounds: Any) -> Any:
    """A whole number; one per network of a population unless `static=True`."""
    return _field(Parameter(int, help, default, **{"static": False, **bounds}))


def flag(default: bool, *, help: str) -> Any:
    """True or false; shared by all networks of a population."""
    return _field(Parameter(bool, help, default))


def choice(default: str, options: tuple[str, ...], *, help: str) -> Any:
    """One of a few words; shared by all networks of a population."""
    return _field(Parameter(str, help, default, options=options))


def text(default: Any = MISSING, *, help: str, optional: bool = False) -> Any:
    """Free text, such as a path or a column's name."""
    return _field(Parameter(str, help, default, optional=optional))


def words(default: Any = MISSING, *, help: str, optional: bool = False) -> Any:
    """A list of words, such as columns' names."""
    return _field(Parameter(list, help, default, optional=optional))


def parameters(cls: type) -> dict[str, Parameter]:
    """The declared parameters of a dataclass, in order, by name."""
    declaring: Any = cls  # a dataclass without a hash for its instances is itself hashable, which mypy does not see
    return _declared(declaring)


@functools.cache
def _declared(cls: Any) -> dict[str, Parameter]:
    return {
        field.name: dataclasses.replace(field.metadata["parameter"], name=field.name)
        for field in dataclasses.fields(cls)
        if "parameter" in field.metadata
    }
