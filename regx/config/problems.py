"""What is wrong with a config: every problem with its place, all of them in one error."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from regx.core.errors import InputError

Path = tuple[str | int, ...]

# What PyYAML counts as the end of a line.
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
SHOWN_LINE = 100  # characters of a source line that a message shows
SHOWN_PROBLEMS = 50


@dataclass(frozen=True)
class Text:
    """A text that settings are read from: a config file, or one option of the command line.

    name: what messages call it. order: files first, then the options as given.
    """

    name: str
    content: str = field(repr=False)
    order: int = 0

    def line(self, number: int) -> str:
        """A line by its number, counted from 1; empty past the end."""
        lines = LINE_BREAK.split(self.content)
        return lines[number - 1] if number <= len(lines) else ""


@dataclass(frozen=True)
class Place:
    """A character of a text; line and column are counted from 1."""

    text: Text
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.text.name}:{self.line}:{self.column}"

    def order(self) -> tuple[int, str, int, int]:
        """By which places are sorted: text by text, from its start on."""
        return self.text.order, self.text.name, self.line, self.column

    def picture(self) -> str:
        """The source line, and below it a caret under the column."""
        line, column = self.text.line(self.line), self.column - 1
        start = max(0, column - SHOWN_LINE // 2) if len(line) > SHOWN_LINE else 0
        shown = "".join(c if c.isprintable() else " " for c in line[start : start + SHOWN_LINE])
        wide = sum(unicodedata.east_asian_width(c) in "WF" for c in shown[: column - start])
        return f"    {shown}\n    {' ' * (column - start + wide)}^"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a place; `path` is the key it belongs to, if any."""

    place: Place
    path: Path
    message: str

    def __str__(self) -> str:
        key = f" {dotted(self.path)}" if self.path else ""
        return f"{self.place}{key}: {self.message}\n{self.place.picture()}"


class ConfigError(InputError):
    """Everything that is wrong with a config, in order of position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems = sorted(unique, key=lambda p: p.place.order())
        shown = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            shown.append(f"and {len(self.problems) - SHOWN_PROBLEMS} more")
        super().__init__("\n".join(shown))


def independent(found: Iterable[Problem], before: Iterable[Problem]) -> list[Problem]:
    """The problems that do not follow from others: those at other places."""
    places = {problem.place for problem in before}
    return [problem for problem in found if problem.place not in places]


def stack_path(path: Path) -> Path | None:
    """The stack that a path leads into: `regularizers`, or the lane of a race; None for other paths."""
    if path[:1] == ("regularizers",):
        return path[:1]
    return path[:2] if path[:1] == ("lanes",) and len(path) > 1 else None


def dotted(path: Path) -> str:
    """A path as the user would type it after `--set`: `regularizers.l2.lam`, `lanes.both.l2.lam`, `seeds[3]`."""
    typed = ""
    for depth, part in enumerate(path):
        if isinstance(part, str):
            typed += f".{part}" if typed else part
        elif not (len(path) > depth + 1 and path[:depth] == stack_path(path)):
            # A regularizer is named by its kind, not by its number in the stack.
            typed += f"[{part}]"
    return typed
