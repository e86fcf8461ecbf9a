"""Declared parameters: a name's type, default and bounds, written once.

Regularizers, optimizers, schedules, datasets, the architecture and the training are frozen dataclasses whose fields are
made with `number`, `integer`, `choice`, `flag`, `text`, `words`, `integers` or `numbers_by_name`. The check of a
config, the JSON Schema, the error messages, `regx explain` and the tests of bad values all read the same `Parameter`.

In a population a `number` or `integer` that is not `static` holds one value per network, shape (R,). A `static`
parameter changes the compute graph, so networks of one population share it.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar, dataclass_transform

MISSING = dataclasses.MISSING


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: it checks a value and says what it must be.

    type is float, int, bool or str, or `list` or `dict` of values that are each an `item`; the keys of a dict are
    words. `options` are the words that a str is one of; of another type, words that it may be instead, of which
    `absent` stands for None. A dict with a `key` has this one key. `neutral` is the value at which the thing does
    nothing. A parameter without a default must be given; `optional` ones may be left out or null and are then None.
    """

    type: type
    help: str = ""
    default: Any = dataclasses.field(default_factory=lambda: MISSING)
    neutral: Any = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    options: tuple[str, ...] = ()
    absent: str = ""
    item: Parameter | None = None
    key: str = ""
    example: str = ""
    optional: bool = False
    static: bool = True
    name: str = ""

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def bounds(self) -> str:
        """The permitted values in words, such as `0 <= p < 1` or `one of adam, sgd`."""
        if self.type is str and self.options:
            return "one of " + ", ".join(self.options)
        low = f"{self.ge:.10g} <= " if self.ge is not None else f"{self.gt:.10g} < " if self.gt is not None else ""
        high = f" <= {self.le:.10g}" if self.le is not None else f" < {self.lt:.10g}" if self.lt is not None else ""
        if low and high and self.name:
            return f"{low}{self.name}{high}"
        above = f" >= {self.ge:.10g}" if self.ge is not None else f" > {self.gt:.10g}" if low else ""
        return f"{self.name}{above}{' and' if low and high else ''}{high}" if low or high else ""

    def accepts(self, value: object) -> bool:
        """Whether a config may hold this value."""
        if value is None:
            return self.optional
        if isinstance(value, str) and self.options:
            return value in self.options
        if self.type is float:
            return isinstance(value, (int, float)) and self._within(value)
        if self.type is int:
            return isinstance(value, int) and self._within(value)
        if self.item is None or not isinstance(value, (list, dict)):
            return isinstance(value, self.type)
        items = value.values() if isinstance(value, dict) else value
        keys = not self.key or list(value) == [self.key]
        return isinstance(value, self.type) and keys and all(map(self.item.accepts, items))

    def _within(self, value: Any) -> bool:
        return (
            not isinstance(value, bool)
            and math.isfinite(value)
            and (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def held(self, value: Any) -> Any:
        """A value of a config as the dataclass holds it: hashable, numbers as their type, dicts as pairs."""
        if isinstance(value, list):
            return tuple(map(self._item_held, value))
        if isinstance(value, dict):
            pairs = tuple((name, self._item_held(item)) for name, item in value.items())
            return pairs[0][1] if self.key else pairs
        if self.type is float and value is not None:
            return float(value)
        return None if self.absent and value == self.absent else value

    def _item_held(self, value: Any) -> Any:
        return value if self.item is None else self.item.held(value)

    def written(self, value: Any) -> Any:
        """What the dataclass holds as a config has it, the reverse of `held`."""
        if value is None:
            return self.absent or None
        if self.key and not isinstance(value, str):
            return {self.key: value}
        if isinstance(value, tuple):
            return dict(value) if self.type is dict else list(value)
        return value


def in_words(parameter: Parameter) -> str:
    """What a parameter's value must be, such as `a number with 0 <= p < 1`."""
    bounds, options = parameter.bounds(), parameter.options
    if parameter.type is str:
        words = bounds or "text"
    elif parameter.item is None:
        words = {float: "a number", int: "a whole number", bool: "true or false"}[parameter.type]
        words += f" with {bounds}" if bounds and parameter.name else bounds
        words += f", or {', '.join(options)}" if options else ""
    elif parameter.type is list:
        each = {str: "words", int: "whole numbers", float: "numbers"}[parameter.item.type]
        words = f"a list of {each}{parameter.item.bounds()}"
        words += f", such as {parameter.example}" if parameter.example else ""
    else:
        each = f"{{{parameter.key}: STD}} with STD{parameter.item.bounds()}"
        if not parameter.key:
            each = f"a mapping to numbers{parameter.item.bounds()}, such as {parameter.example}"
        words = f"{'one of ' if len(options) > 1 else ''}{', '.join(options)}, or {each}"
    return words + (", or null" if parameter.optional else "")


def declared(parameter: Parameter) -> Any:
    """The field of a dataclass with this parameter."""
    metadata = {"parameter": parameter}
    if parameter.required:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=parameter.held(parameter.default), metadata=metadata)


def number(default: Any = MISSING, *, help: str, **bounds: Any) -> Any:
    """A real number; one per network of a population unless `static=True`."""
    return declared(Parameter(float, help, default, **{"static": False, **bounds}))


def integer(default: Any = MISSING, *, help: str, **bounds: Any) -> Any:
    """A whole number; one per network of a population unless `static=True`."""
    return declared(Parameter(int, help, default, **{"static": False, **bounds}))


def flag(default: bool, *, help: str) -> Any:
    """True or false; shared by all networks of a population."""
    return declared(Parameter(bool, help, default))


def choice(default: str, options: tuple[str, ...], *, help: str) -> Any:
    """One of a few words; shared by all networks of a population."""
    return declared(Parameter(str, help, default, options=options))


def text(default: Any = MISSING, *, help: str, optional: bool = False) -> Any:
    """Free text, such as a path or a column's name."""
    return declared(Parameter(str, help, default, optional=optional))


def words(default: Any = MISSING, *, help: str, optional: bool = False) -> Any:
    """A list of words, such as columns' names; held as a tuple."""
    return declared(Parameter(list, help, default, item=Parameter(str), optional=optional))


def integers(default: Any, *, help: str, example: str, optional: bool = False, **bounds: Any) -> Any:
    """A list of whole numbers, such as layers or widths; held as a tuple. The bounds are each number's."""
    return declared(Parameter(list, help, default, item=Parameter(int, **bounds), example=example, optional=optional))


def chosen_layers() -> Any:
    """The layers whose weights a regularizer acts on; held as a tuple, or None for all."""
    said = "numbers of the layers whose weights it acts on: 0 the first, -1 the output's; null for all"
    return integers(None, help=said, example="[0, -1]", optional=True)


def numbers_by_name(options: tuple[str, ...], *, help: str, example: str, **bounds: Any) -> Any:
    """Null, one of a few words, or numbers by name such as {cat: 1, dog: 3}; held as None, the word or pairs.

    The bounds are each number's.
    """
    item = Parameter(float, **bounds)
    return declared(Parameter(dict, help, None, options=options, item=item, example=example, optional=True))


@dataclass_transform(frozen_default=True)
class Declaring:
    """Base of what declares parameters: who derives from it is a frozen dataclass. source: the paper and section."""

    kind: ClassVar[str]
    source: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()
        dataclasses.dataclass(frozen=True, **options)(cls)


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
