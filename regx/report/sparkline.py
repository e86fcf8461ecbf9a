"""Lines of numbers and shares as characters: sparklines and bars."""

import math
from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.-~=+*#"
SPAN = 3.0
EIGHTHS = " ▏▎▍▌▋▊▉"


def sparkline(values: Sequence[float], width: int, ascii: bool = False) -> str:
    """The values, (n,), in `width` characters, each the mean of its part of them; low ones are low characters.

    On a logarithmic scale where all are positive, since losses fall by factors, from the least value to SPAN times it:
    at the start losses are so large that nothing else would show. What is not finite is left blank.
    """
    signs = ASCII_LEVELS if ascii else LEVELS
    if not values or width < 1:
        return " " * max(width, 0)
    means = []
    for column in range(min(width, len(values))):
        start = column * len(values) // min(width, len(values))
        stop = max((column + 1) * len(values) // min(width, len(values)), start + 1)
        part = [value for value in values[start:stop] if math.isfinite(value)]
        means.append(sum(part) / len(part) if part else math.nan)
    finite = [mean for mean in means if math.isfinite(mean)]
    scale = math.log if finite and min(finite) > 0 else float
    low, high = (scale(min(finite)), scale(max(finite))) if finite else (0.0, 0.0)
    if scale is math.log:
        high = min(high, low + math.log(SPAN))
    line = ""
    for mean in means:
        if not math.isfinite(mean):
            line += " "
        else:
            share = min((scale(mean) - low) / (high - low), 1.0) if high > low else 0.0
            line += signs[min(int(share * len(signs)), len(signs) - 1)]
    return line.ljust(width)


def bar(share: float, width: int, ascii: bool = False) -> str:
    """A bar over `share` of the width, from 0 to 1, in eighths of a character; nothing for what is not finite."""
    if not math.isfinite(share):
        return " " * width
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if ascii:
        return ("#" * round(eighths / 8)).ljust(width)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(width)
