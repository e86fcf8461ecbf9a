"""A table as a grid of cells, each of which knows its line.

The file is read by Python's `csv`, since pandas' reader fills up short rows in silence and does not know the line of a
row below a cell with a line end in it. Cells are kept by column, as one text for every few thousand of them, which
takes a tenth of the memory of as many strings.
"""

import csv
import gzip
import itertools
import re
import stat
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from regx.core.arrays import Array, DataFrame
from regx.core.errors import InputError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

MAX_BYTES = 600_000_000  # of text, whatever it was compressed to
BLOCK = 4096  # rows whose cells lie together
SAMPLED = 50  # lines by which the separator is recognised

# What no text has, and no terminal should be sent.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
BETWEEN = "\0"  # the cells of a block: no cell has it
LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
WHOLE = re.compile(r"\d+", re.ASCII)
OF_FRAME = "row"  # the path of cells that no file holds


@dataclass(frozen=True)
class Cells:
    """A table's cells without blanks around them. lines: (n,), where each row begins.

    blocks: of each column its cells, BLOCK rows to a text. notes: what was understood of the file's form.
    parsed: columns of ordinary numbers as such, once they have been asked for; see `columns`.
    """

    path: Path | str
    blocks: dict[str, list[str]]
    lines: list[int]
    separator: str = ""
    notes: tuple[str, ...] = ()
    parsed: dict[str, Array | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> list[str]:
        return list(self.blocks)

    def column(self, name: str) -> list[str]:
        """The cells of a column, (n,)."""
        return [cell for block in self.blocks[name] for cell in block.split(BETWEEN)]

    def place(self, row: int, column: str = "") -> str:
        """`file:line` of a row, of a data frame `row 3`; of a cell in it `file:line: column 'age'`."""
        of_row = f"{self.path}{':' if self.path != OF_FRAME else ' '}{self.lines[row]}"
        return f"{of_row}: column '{column}'" if column else of_row

    def first(self, column: str, cell: str) -> str:
        """The place of the first cell of a column that is this one."""
        return self.place(self.column(column).index(cell), column)


def cells_of(frame: DataFrame) -> Cells:
    """A data frame's cells, as they would be written into a file; its rows are counted from 0."""
    blocks = {}
    for name in frame.columns:
        values = frame[name].astype(object).where(frame[name].notna(), "").map(str).map(str.strip)
        blocks[str(name)] = [BETWEEN.join(values.str.replace(BETWEEN, ""))]
    return Cells(OF_FRAME, blocks, list(range(len(frame))))


def read_cells(path: Path, separator: str = "auto", known: Collection[str] = (), fewest: int = 2) -> Cells:
    """The cells of a file with a header line, compressed by gzip or not. separator: `auto` or a key of SEPARATORS.

    known: columns that are looked for; where one of them is there, the header may consist of numbers. fewest: rows.
    Raises InputError, with the line, for a file that is no such table. Empty lines do not count.
    """
    text = _lines(path)
    start = list(itertools.islice(text, SAMPLED))
    text = itertools.chain(start, text)
    line, notes = 1, []
    if start and (told := re.fullmatch(r"\"?sep=(.)\"?\s*", start[0])):  # Excel's first line
        line, mark = 2, told[1]
        next(text)
    else:
        mark = _separator(start) if separator == "auto" else SEPARATORS[separator]
    reader = csv.reader(text, delimiter=mark, strict=True)
    rows = _rows(path, reader, line)
    at, header = next(rows, (0, []))
    if not header:
        raise InputError(f"{path}: the file is empty. Expected a header line and rows.")
    header = [" ".join(name.split()) for name in header]
    first = next(rows, None)
    width = len(header) if first is None else len(first[1])
    if width == len(header) - 1 and not header[-1]:
        header.pop()
    surplus = width == len(header) + 1
    if not surplus:
        width = len(header)
    columns: list[list[str]] = [[] for _ in range(width)]
    lines: list[int] = []
    rows = itertools.chain([] if first is None else [first], rows)
    while block := list(itertools.islice(rows, BLOCK)):
        for at_row, row in block:
            if len(row) != width:
                header_says = "in the row above it" if surplus else "in the header"
                raise InputError(
                    f"{path}:{at_row}: expected {width} cells, as {header_says}, found {len(row)}. "
                    f'A cell with {mark!r} in it stands in double quotes: "...".{_of_comments(header[0], row[0])}'
                )
        lines += [at_row for at_row, _ in block]
        for column, own in zip(columns, zip(*(row for _, row in block), strict=True), strict=True):
            joined = BETWEEN.join(own)
            has_blanks = joined.split(None, 1) != [joined]
            column.append(BETWEEN.join(map(str.strip, own)) if has_blanks else joined)
    if surplus:
        notes.append(_surplus(path, header, columns, lines[0]))
    notes += _nameless(path, at, header, columns)
    _check_header(path, at, header, known, fewest)
    if len(lines) < fewest:
        raise InputError(f"{path}: found {len(lines)} rows below the header. Expected a table of many.")
    return Cells(path, dict(zip(header, columns, strict=True)), lines, mark, tuple(notes))


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text with their ends, unpacked where it is compressed.

    Raises InputError for what cannot be read or is no text, and for more than MAX_BYTES of it.
    """
    size = number = 0
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
            # A pipe may never be written into, a device may never end.
            raise InputError(f"{path}: expected a CSV file, found a pipe or a device. Write the table into a file.")
        if about.st_size > MAX_BYTES:
            raise InputError(_too_large(path, f"{about.st_size / 1e6:,.0f} MB"))
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic == b"PK\x03\x04":
                raise InputError(f"{path}: a ZIP archive or a workbook of Excel. Unpack it, or save the table as CSV.")
            with gzip.open(file) if magic[:2] == b"\x1f\x8b" else nullcontext(file) as unpacked:
                for content in unpacked:
                    size += len(content)
                    if size > MAX_BYTES:
                        raise InputError(_too_large(path, "more"))
                    for line in _decoded(path, content, number):
                        number += 1
                        yield line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged: {error}. Expected a CSV file that gzip can unpack.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Expected a CSV file.") from error


def _too_large(path: Path, found: str) -> str:
    return (
        f"{path}: expected a table of at most {MAX_BYTES / 1e6:.0f} MB, found {found}. Take a sample of its rows, of "
        "which a tenth tells nearly as much, or leave out columns."
    )


def _decoded(path: Path, content: bytes, before: int) -> Iterator[str]:
    """What ends with a line feed, or the file, as lines, behind so many others."""
    try:
        text = content.decode("utf-8-sig" if before == 0 else "utf-8")
    except UnicodeDecodeError as error:
        inside = len(LINES.findall(content[: error.start].decode(errors="replace"))) if b"\r" in content else 0
        at = before + max(inside, 1)
        raise InputError(f"{path}:{at}: the file is not in UTF-8. Save it as CSV in UTF-8.") from error
    for number, line in enumerate(LINES.findall(text) if "\r" in text else (text,), start=before + 1):
        if found := CONTROL.search(line):
            name = "a NUL character" if found[0] == "\0" else f"the control character U+{ord(found[0]):04X}"
            raise InputError(f"{path}:{number}: found {name}. Expected text: save the table as CSV in UTF-8.")
        yield line


def _rows(path: Path, reader: Iterator[list[str]], line: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line that it begins in; `line` is the first."""
    before = line - 1  # lines that the reader has not seen
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                yield line, row
            line = before + reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        raise InputError(f"{path}:{line}: {error}. Expected cells of CSV; is a quote left open?") from error


def _separator(start: list[str]) -> str:
    """The separator that cuts the header into cells as it cuts the rows: the one that most rows agree with."""

    def agreement(mark: str) -> tuple[bool, float, int]:
        try:
            rows = [row for row in csv.reader(start, delimiter=mark) if any(map(str.strip, row))]
        except csv.Error:
            return False, 0.0, 0
        header, *others = map(len, rows or [[]])
        agree = sum(-1 <= count - header <= 1 and count > 1 for count in others)
        return header > 1, agree / max(1, len(others)), header

    # Of equals the comma comes last: it may be a decimal sign too.
    return max((";", "\t", "|", ","), key=agreement) if any(map(str.strip, start)) else ","


def _surplus(path: Path, header: list[str], columns: list[list[str]], line: int) -> str:
    """Take out the column that the header does not name, and say which it is. Raises InputError if it is no names."""
    if not any(block.strip(BETWEEN) for block in columns[-1]):
        columns.pop()
        return "Every row ends in a separator; the empty column behind it is left out."
    names = [cell for block in columns.pop(0) for cell in block.split(BETWEEN)]
    numbered = names == [str(k) for k in range(1, len(names) + 1)]
    if len(set(names)) < len(names) or (not numbered and any(map(_is_value, names))):
        raise InputError(
            f"{path}:{line}: expected {len(header)} cells, as in the header, found {len(header) + 1}. A cell with a "
            f'separator in it stands in double quotes: "...".{_of_comments(header[0])}'
        )
    return f"The rows have one cell more than the header: their names, which stand before '{header[0]}', are left out."


def _nameless(path: Path, line: int, header: list[str], columns: list[list[str]]) -> list[str]:
    """Take out columns without a name: empty ones, and row names. Raises InputError for others."""
    notes = []
    for index in reversed([index for index, name in enumerate(header) if not name and len(header) > 1]):
        cells = [cell for block in columns[index] for cell in block.split(BETWEEN)]
        if not any(cells):
            notes.append(f"Column {index + 1} has no name and no cells; it is left out.")
        elif index == 0 and len(set(cells)) == len(cells):
            notes.append(f"The first column has no name and no value twice: row names such as '{cells[0]}', left out.")
        else:
            raise InputError(
                f"{path}:{line}: column {index + 1} has no name. Give it one, or write the table without its row "
                "numbers (pandas: index=False)."
            )
        del header[index], columns[index]
    return notes


def _check_header(path: Path, line: int, header: list[str], known: Collection[str], fewest: int) -> None:
    if all(_is_value(name) for name in header) and not (
        all(map(WHOLE.fullmatch, header)) and any(name in header for name in known)
    ):
        raise InputError(
            f"{path}:{line}: the first line looks like data ({', '.join(header[:4])}, ...). "
            "Expected a header line with the columns' names."
        )
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise InputError(f"{path}:{line}: column '{twice[0]}' stands in the header twice. Expected different names.")
    if len(header) < 2 <= fewest:
        raise InputError(
            f"{path}:{line}: found one column, '{header[0][:60]}'. Expected two or more, a target and a feature; "
            f"if another character separates them, set dataset.separator to one of {', '.join(SEPARATORS)}."
            f"{_of_comments(header[0])}"
        )


def _of_comments(*firsts: str) -> str:
    """What is said where the first cell of a line that cannot be read makes it look like a comment."""
    is_comment = any(cell.lstrip().startswith("#") for cell in firsts)
    return " Comments are not read: remove the lines that begin with '#'." if is_comment else ""


def _is_value(name: str) -> bool:
    """Whether a name would rather be a number, or say that there is none."""
    try:
        float(name.replace(",", "."))
    except ValueError:
        return name.lower() in ("", "na", "n/a", "null", "none", "?")
    return True
