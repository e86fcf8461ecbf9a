"""The commands' one voice, as HTML."""

import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regx.core.text import clean
from regx.report.output import Column, Output


class HtmlOutput(Output):
    """Takes what a command says to a document, and keeps it as HTML in `html`. Everything is escaped."""

    def __init__(self) -> None:
        super().__init__("md", stream=io.StringIO())

    @property
    def html(self) -> str:
        return self.stream.getvalue()  # type: ignore[attr-defined,no-any-return]

    def heading(self, text: str, rest: str = "", style: str = "") -> None:
        self.stream.write(f"<p><b>{escaped(text)}</b>{escaped(rest)}</p>\n")

    def text(self, sentences: Iterable[str], style: str = "", bullet: str = "", indent: int = 0) -> None:
        for sentence in sentences:
            if sentence:
                lines = "<br>".join(map(escaped, sentence.split("\n")))
                self.stream.write(f"<p>{escaped(bullet)} {lines}</p>\n")

    def line(self, text: object = "") -> None:
        self.text([str(text)])

    def note(self, *messages: str) -> None:
        self.text(messages)

    def table(self, columns: Sequence[Column], flat: Sequence[Mapping[str, Any]]) -> list[str]:
        rows = zip(*([cell.strip() for cell in column.cells] for column in columns), strict=True)
        self.stream.write(table([column.title for column in columns], rows))
        return []


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table. A cell that ends in a star is the best of its column."""

    def cell(text: str) -> str:
        return f"<td>{f'<b>{escaped(text[:-1])}</b>' if text.endswith('*') else escaped(text)}</td>"

    head = "".join(f"<th>{escaped(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>\n" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"


def escaped(text: object) -> str:
    return html.escape(clean(str(text)))
