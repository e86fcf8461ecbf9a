"""What a value of a stored file must be: small descriptions that are put together, and say where a value is another."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regx.core.parameters import Parameter, in_words, parameters

LONGEST_WORD, MOST_ITEMS, LONGEST_SHOWN = 1 << 16, 1 << 20, 60
Inside = Iterator[tuple[str, Any, "Shape | None"]]


@dataclass(frozen=True)
class Shape:
    """words: what a value must be, for messages. fits: whether it is, but for what it holds.

    inside: what it holds, by key, with the description of each; None for what may be anything.
    """

    words: str
    fits: Callable[[Any], bool]
    inside: Callable[[Any], Inside] = lambda value: iter(())

    def wrong(self, value: Any, where: str = "") -> str | None:
        """`expected ... under 'where', found ...` of the first value that is another; None where all are as they must.

        where: the keys that led here, joined by dots.
        """
        if not self.fits(value):
            return f"expected {self.words}{f' under {where!r}' if where else ''}, found {_shown(value)}"
        for key, item, shape in self.inside(value):
            if shape is not None and (found := shape.wrong(item, f"{where}.{key}" if where else key)):
                return found
        return None


def number(low: float | None = None, high: float | None = None, whole: bool = False) -> Shape:
    """A finite number, within bounds that belong to it, which rounding may exceed by a millionth."""
    low_end, high_end = (end if end is None or whole else end + sign * 1e-6 for end, sign in ((low, -1), (high, 1)))

    def fits(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return False
        inside = (low_end is None or value >= low_end) and (high_end is None or value <= high_end)
        return inside and abs(value) < 1 << 1023 and math.isfinite(value)

    ends = [f" of {end:.10g} or {more}" for end, more in ((low, "more"), (high, "less")) if end is not None]
    return Shape(f"a {'whole ' * whole}number{' and'.join(ends)}", fits)


def word(*options: str, pattern: str = "") -> Shape:
    """Text; one of `options`, or all of it after a pattern, if there are any."""
    words = f"one of {', '.join(options)}" if options else f"text such as {pattern}" if pattern else "text"

    def fits(value: Any) -> bool:
        return (
            isinstance(value, str)
            and len(value) <= LONGEST_WORD
            and (not options or value in options)
            and (not pattern or re.fullmatch(pattern, value) is not None)
        )

    return Shape(words, fits)


FLAG = Shape("true or false", lambda value: isinstance(value, bool))
COUNT = number(0, 1 << 53, whole=True)
ANY = Shape("anything", lambda value: True)


def maybe(shape: Shape) -> Shape:
    """The same, or null."""
    return Shape(
        f"{shape.words}, or null",
        lambda value: value is None or shape.fits(value),
        lambda value: iter(()) if value is None else shape.inside(value),
    )


def either(*shapes: Shape) -> Shape:
    """A value that fits one of these."""
    words = " or ".join(shape.words for shape in shapes)
    return Shape(words, lambda value: any(shape.wrong(value) is None for shape in shapes))


def listed(each: Shape, least: int = 0, most: int = MOST_ITEMS) -> Shape:
    """A list of so many values of one kind."""
    return Shape(
        f"a list of {least} to {most:,} values" if least else "a list" if most == MOST_ITEMS else f"at most {most:,}",
        lambda value: isinstance(value, list) and least <= len(value) <= most,
        lambda value: ((str(index), item, each) for index, item in enumerate(value)),
    )


def mapping(
    each: Shape | None = None, required: Mapping[str, Shape] | None = None,
    optional: Mapping[str, Shape] | None = None, keys: str = "",
) -> Shape:  # fmt: skip
    """A mapping with the keys that are `required`, and such as are `optional`.

    each: what others hold, which later versions may have added; None for anything. keys: a pattern for these others.
    """
    needed, known = required or {}, {**(required or {}), **(optional or {})}

    def fits(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and value.keys() >= needed.keys()
            and (not keys or all(key in known or re.fullmatch(keys, key) for key in value))
        )

    missing = f" with the keys {', '.join(needed)}" if needed else f" with keys such as {keys}" if keys else ""
    return Shape(
        f"a mapping{missing}", fits, lambda value: ((key, item, known.get(key, each)) for key, item in value.items())
    )


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with these keys; others, which later versions may have added, hold anything."""
    return mapping(None, required, optional)


def settings(cls: type, required: Mapping[str, Shape] | None = None, **others: Shape) -> Shape:
    """A mapping of what a class declares, as far as it is given; `required` and `others` beside."""
    return mapping(None, required, {**others, **{name: _declared(one) for name, one in parameters(cls).items()}})


def chosen(registry: Mapping[str, type], *needed: str, **others: Shape) -> Shape:
    """A mapping that chooses a class by its `name`, and gives its settings, `needed` ones among them.

    Of a class that a later version has added it is known that what is called as elsewhere is what it is there.
    """
    required = {"name": word(), **dict.fromkeys(needed, ANY)}
    shapes = {name: settings(cls, required, **others) for name, cls in registry.items()}
    declared = {name: _declared(one) for cls in registry.values() for name, one in parameters(cls).items()}
    unknown = mapping(None, required, {**others, **declared})

    def of(value: Any) -> Shape:
        name = value.get("name") if isinstance(value, dict) else None
        return shapes.get(name, unknown) if isinstance(name, str) else unknown

    return Shape(unknown.words, lambda value: unknown.fits(value), lambda value: of(value).inside(value))


def _declared(parameter: Parameter) -> Shape:
    """As a config may have it, or where it does nothing; later versions may know other words."""
    is_word = parameter.type is str and bool(parameter.options)

    def fits(value: Any) -> bool:
        is_neutral = isinstance(value, float) and value == parameter.neutral
        return parameter.accepts(value) or is_neutral or (is_word and isinstance(value, str))

    return Shape(in_words(parameter), fits)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"the keys {_clipped(', '.join(map(str, value)))}" if value else "no keys"
    return f"a list of {len(value):,}" if isinstance(value, list) else _clipped(repr(value))


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
