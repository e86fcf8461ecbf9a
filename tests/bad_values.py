"""Values that a config may not hold, made of the bounds that a parameter declares."""

import math
from collections.abc import Iterator

from regx.core.parameters import Parameter


def bad_values(parameter: Parameter) -> Iterator[object]:
    """Values that a config may not hold: just beyond each bound, and of the wrong type."""
    for bound, away, inclusive in (("ge", -1, True), ("gt", -1, False), ("le", 1, True), ("lt", 1, False)):
        if (limit := getattr(parameter, bound)) is not None:
            beyond = limit + away if parameter.type is int else math.nextafter(limit, away * math.inf)
            yield parameter.type(beyond if inclusive else limit)
    if parameter.options:
        yield f"{parameter.options[0]}x"
    if not parameter.optional:
        yield None
    if parameter.type in (int, float):
        yield from (True, "3", {"a": 1}, math.nan, math.inf)
    if parameter.type is int:
        yield 1.5
    if parameter.type is bool:
        yield from (1, "true")
    if parameter.type is str:
        yield from (3, True)
    if parameter.item is not None:
        yield from ("a", 1, {"a": [1]})
        for value in bad_values(parameter.item):
            yield [value] if parameter.type is list else {parameter.key or "a": value}
