"""A CSV file as a grid of cells, each of which knows its line."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from regx.core.errors import InputError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

MAX_BYTES = 64_000_000  # reading takes 15 times as much memory

# What no text has, and no terminal should be sent.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)


def is_missing(cell: str) -> bool:
    """Whether a cell says that its value is not known."""
    return cell.lower() in MISSING


@dataclass(frozen=True)
class Cells:
    """columns: the cells of each, (n,), by name, without blanks around them. lines: (n,), where each row begins."""

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]
    separator: str

    def place(self, row: int) -> str:
        """`file:line` of a row."""
        return f"{self.path}:{self.lines[row]}"


def read_cells(path: Path, separator: str = "auto") -> Cells:
    """The cells of a file with a header line. separator: `auto` or a key of SEPARATORS.

    Raises InputError, with the line, for a file that is no such table. Empty lines do not count.
    """
    content = _text(path)
    if not content.strip():
        raise InputError(f"{path}: the file is empty. Expected a header line and rows.")
    mark = _separator(content) if separator == "auto" else SEPARATORS[separator]
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=mark, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                rows.append([cell.strip() for cell in row])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}:{line}: {error}. Expected cells of CSV; is a quote left open?") from error
    header = rows[0]
    _check_header(path, lines[0], header)
    for row, at in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            raise InputError(
                f"{path}:{at}: expected {len(header)} cells, as in the header, found {len(row)}. "
                f'A cell with {mark!r} in it stands in double quotes: "...".'
            )
    if len(rows) < 3:
        raise InputError(f"{path}: found {len(rows) - 1} rows below the header. Expected a table of many.")
    columns = {name: list(column) for name, column in zip(header, zip(*rows[1:], strict=True), strict=True)}
    return Cells(path, columns, lines[1:], mark)


def _text(path: Path) -> str:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
            # A pipe may never be written into, a device may never end.
            raise InputError(f"{path}: expected a CSV file, found a pipe or a device. Write the table into a file.")
        if about.st_size > MAX_BYTES:
            raise InputError(
                f"{path}: expected a table of at most {MAX_BYTES / 1e6:.0f} MB, found {about.st_size / 1e6:,.0f} MB. "
                "Take a sample of its rows, or leave out columns."
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Expected a CSV file.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: the file is not in UTF-8. Save it as CSV in UTF-8.") from error
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        name = "a NUL character" if found[0] == "\0" else f"the control character U+{ord(found[0]):04X}"
        raise InputError(f"{path}:{line}: found {name}. Expected text: save the table as CSV in UTF-8.")
    return text


def _separator(content: str) -> str:
    """The separator that cuts the first line into the most cells; a comma where none cuts it."""
    first = next(line for line in content.splitlines() if line.strip())
    return max(SEPARATORS.values(), key=lambda mark: len(next(csv.reader([first], delimiter=mark))))


def _check_header(path: Path, line: int, header: list[str]) -> None:
    if all(NUMBER.fullmatch(name) or is_missing(name) for name in header):
        raise InputError(
            f"{path}:{line}: the first line looks like data ({', '.join(header[:4])}, ...). "
            "Expected a header line with the columns' names."
        )
    for index, name in enumerate(header, start=1):
        if not name:
            raise InputError(
                f"{path}:{line}: column {index} has no name. Give it one, or write the table without its row numbers "
                "(pandas: index=False)."
            )
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise InputError(f"{path}:{line}: column '{twice[0]}' stands in the header twice. Expected different names.")
    if len(header) < 2:
        raise InputError(
            f"{path}:{line}: found one column, '{header[0][:60]}'. Expected two or more, a target and a feature; "
            f"if another character separates them, set dataset.separator to one of {', '.join(SEPARATORS)}."
        )
