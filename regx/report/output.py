"""The one voice of the commands: whatever they print goes through an `Output`, and is cleaned here.

Results go to stdout, in the form that was asked for; notes and warnings to stderr (`core.notes`). A command says what
it has to say once, in the order in which people read it; what a form has no place for is left out.
"""

import csv
import functools
import io
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any, Literal

from regx.core.errors import InputError, did_you_mean
from regx.core.notes import note
from regx.core.text import clean, markdown

if TYPE_CHECKING:
    from rich.console import Console as Console
    from rich.text import Text
else:  # names for annotations: where nothing is drawn Rich is not loaded
    Console = Text = Any

Form = Literal["terminal", "table", "tabs", "csv", "md", "json"]
FORMATS = ("table", "json", "csv", "md")
WIDEST = 100  # of a line of prose
ENDLESS = 100_000  # the width of a pipe


@dataclass(frozen=True)
class Column:
    """A column as people read it. importance: the greatest are left out first where space is short; 0 never is.

    folds: between words, so that a long one takes a third of the terminal.
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    folds: bool = False
    importance: float = 0.0


class Output:
    """Where a command says what it found. format: one of FORMATS; None for a table on a terminal, tabs elsewhere.

    quiet: no notes. stream: stdout if None. console: what draws; made for the stream if None.
    Raises InputError for an unknown format.
    """

    def __init__(
        self, format: str | None = None, quiet: bool = False, stream: IO[str] | None = None, console: Any = None
    ) -> None:
        if format is not None and format not in FORMATS:
            expected = f"--format: expected one of {', '.join(FORMATS)}, found '{format}'."
            raise InputError(expected + did_you_mean(format, FORMATS))
        self.stream: IO[str] = stream or sys.stdout
        self.quiet, self._format, self._console = quiet, format, console

    @functools.cached_property
    def form(self) -> Form:
        if self._format in ("json", "csv", "md"):
            return self._format  # type: ignore[return-value]
        if self._console is not None or is_terminal(self.stream):
            return "terminal"
        return "tabs" if self._format is None else "table"

    @property
    def as_json(self) -> bool:
        return self._format == "json"

    @property
    def for_people(self) -> bool:
        return self.form in ("terminal", "table", "md")

    @property
    def shows_progress(self) -> bool:
        return not (self.quiet or self.as_json)

    @functools.cached_property
    def console(self) -> Console:
        if self._console is not None:
            return self._console  # type: ignore[no-any-return]
        terminal = self.form == "terminal"
        width = None if terminal or "COLUMNS" in os.environ else ENDLESS
        return console(self.stream, width=width, force_terminal=terminal)

    @property
    def width(self) -> int:
        return self.console.width

    def document(self, value: Any) -> None:
        """Write the JSON document of a command; null stands for numbers that are not finite."""
        from regx.store.files import strict

        text = json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False)
        for line in text.split("\n"):
            escaped = "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)
            self.stream.write(f"{line if line.isprintable() else escaped}\n")

    def line(self, text: object = "") -> None:
        """Write a line of a result, such as a path, for people and programs alike."""
        self.stream.write(f"{clean(str(text))}\n")

    def lines(self, rows: Iterable[Sequence[object]]) -> None:
        """Write rows of words with tabs between them, for people and programs alike."""
        for row in rows:
            self.stream.write("\t".join(clean(str(word)) for word in row).rstrip("\t") + "\n")

    def heading(self, text: str, rest: str = "", style: str = "") -> None:
        """Write what the following is about; `rest` behind it, in its own style."""
        if self.form == "md":
            self.stream.write(f"**{markdown(text)}**{markdown(rest)}\n\n")
        elif self.for_people:
            self._draw((clean(text), "bold"), (clean(rest), style))

    def text(self, sentences: Iterable[str], style: str = "", bullet: str = "", indent: int = 0) -> None:
        """Write paragraphs for people, folded on a terminal. bullet: the sign before the first line of each."""
        if self.form == "md":
            self.stream.writelines(f"{markdown(sentence)}\n\n" for sentence in sentences if sentence)
        elif self.for_people:
            rest = " " * (indent + (5 if bullet else 0))
            for sentence in sentences:
                first = f"{rest[:-5]}{bullet:>4} " if bullet else rest
                for line in sentence.split("\n"):
                    whole = textwrap.fill(
                        clean(line), min(self.width, WIDEST) if self.form == "terminal" else ENDLESS,
                        initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False,
                    )  # fmt: skip
                    self._draw((whole, style))
                    first = rest

    def conclusion(self, sentences: Sequence[str]) -> None:
        """Write what follows from a table: below it for people; where programs read stdout, on stderr."""
        if self.for_people:
            self.text(sentences)
        elif not self.as_json:
            self.note(*sentences)

    def say(self, *sentences: str) -> None:
        """Write sentences that are part of the result for programs too, a line each."""
        if self.for_people:
            self.text(sentences)
        else:
            self.lines([sentence] for sentence in sentences)

    def picture(self, lines: Iterable[Text | str]) -> None:
        """Write lines that are drawn, to a terminal alone."""
        for line in lines if self.form == "terminal" else ():
            if isinstance(line, str):
                self._draw((line, ""))
            else:
                self.console.print(line, soft_wrap=True)

    def next(self, command: str) -> None:
        """Write what to type next, to a terminal alone."""
        if self.form == "terminal" and not self.quiet:
            self._draw((clean(f"Next: {command}"), "dim"))

    def _draw(self, *parts: tuple[str, str]) -> None:
        """Write a line, each part of it in its style."""
        from rich.text import Text

        self.console.print(Text.assemble(*parts), soft_wrap=True)

    def note(self, *messages: str) -> None:
        """Write notes to stderr, unless quiet."""
        if not self.quiet:
            self.insist(*messages)

    def insist(self, *messages: str) -> None:
        """Write to stderr what is said even where it is quiet: an error, what was left out, a question."""
        for message in messages:
            note(message)

    def warn(self, messages: Iterable[str]) -> None:
        self.note(*(f"warning: {message}" for message in messages))

    def table(self, columns: Sequence[Column], flat: Sequence[Mapping[str, Any]]) -> list[str]:
        """Write a table: its columns for people, `flat` for programs. Returns the titles left out for want of space."""
        if not self.for_people:
            self.flat(flat)
            return []
        if self.form == "md":
            self._markdown(columns)
            return []
        from rich.cells import cell_len
        from rich.table import Table
        from rich.text import Text

        columns = [replace(column, title=clean(column.title)) for column in columns]
        cells = {column.title: [clean(cell) for cell in column.cells] for column in columns}
        widths, least = {}, {}
        for column in columns:
            words = [cell.split(" ") if column.folds else [cell] for cell in (column.title, *cells[column.title])]
            natural = max(cell_len(" ".join(cell)) for cell in words)
            least[column.title] = max(cell_len(word) for cell in words for word in cell)
            widths[column.title] = min(natural, max(least[column.title], self.width // 3))
        kept: list[str] = []
        for column in sorted(columns, key=lambda column: column.importance):
            total = sum(widths[title] + 2 for title in [*kept, column.title]) - 2
            if column.importance == 0 or total <= self.width:
                kept.append(column.title)
        for title in kept:
            beyond = sum(widths[title] + 2 for title in kept) - 2 - self.width
            widths[title] = max(widths[title] - max(beyond, 0), least[title])
        shown = [column for column in columns if column.title in kept]
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in shown:
            justify: Any = "right" if column.right else "left"
            table.add_column(Text(column.title), justify=justify, no_wrap=not column.folds, width=widths[column.title])
        for texts in zip(*(cells[column.title] for column in shown), strict=True):
            table.add_row(*(Text(text, style="bold" if text.endswith("*") else "") for text in texts))
        # As wide as its content: where that is wider than the terminal, lines wrap and nothing is cut.
        terminal, self.console.width = self.width, max(sum(widths[title] + 2 for title in kept), self.width)
        self.console.print(table, crop=False)
        self.console.width = terminal
        return [column.title for column in columns if column.title not in kept]

    def flat(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of plain values for programs: numbers with six digits between tabs, in full between commas."""
        if rows:
            writer = csv.writer(self.stream, delimiter="," if self.form == "csv" else "\t", lineterminator="\n")
            writer.writerow(map(clean, rows[0]))
            writer.writerows([self._plain(item) for item in row.values()] for row in rows)

    def _plain(self, item: Any) -> Any:
        if isinstance(item, float):
            return item if self.form == "csv" else f"{item:.6g}"
        return "" if item is None else clean(str(item))

    def _markdown(self, columns: Sequence[Column]) -> None:
        rows = zip(*([markdown(cell.strip()) for cell in column.cells] for column in columns), strict=True)
        self.stream.write(f"| {' | '.join(markdown(column.title) for column in columns)} |\n")
        self.stream.write(f"|{'|'.join('--:' if column.right else '---' for column in columns)}|\n")
        self.stream.writelines(f"| {' | '.join(row)} |\n" for row in rows)
        self.stream.write("\n")


def console(stream: IO[str], **given: Any) -> Console:
    """What draws on a stream; given: as Rich's consoles take it. No other place makes one.

    A word in brackets or a colon is text there, whatever a name looks like; who draws cleans what he is given.
    """
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, **given)


def picture_console(width: int) -> Console:
    """What draws into a file, such as an SVG."""
    where: Any = {"force_terminal": True, "force_jupyter": False, "color_system": "truecolor", "_environ": {}}
    return console(io.StringIO(), record=True, width=width, **where)


def is_terminal(stream: IO[str]) -> bool:
    """Whether people read a stream: it is a terminal, or the environment says so."""
    if os.environ.get("TTY_COMPATIBLE") in ("0", "1"):
        return os.environ["TTY_COMPATIBLE"] == "1"
    if "FORCE_COLOR" in os.environ:
        return os.environ["FORCE_COLOR"] != ""
    return stream.isatty()
