"""Writing the page: what may be overwritten, and the one file."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError
from regx.page.build import build
from regx.store.atomic import check_place, write_atomically

MARK = b'<meta name="generator" content="regx">'
MARK_WITHIN = 4096  # bytes from the start
FILES = Path(__file__).parent


def write_page(
    paths: Sequence[str], output: Path, baseline: str | None = None, metric: str = "test_loss", force: bool = False
) -> list[str]:
    """Write one self-contained page over the runs at the paths. Returns what is wrong with runs that it leaves out.

    Raises InputError for wrong paths or options, and where `output` is something other than a page of this kind, unless
    `force`; RegxError where it cannot be written.
    """
    check_output(output, force)
    content, problems = build(paths, baseline, metric)
    write_atomically(output, render(content).encode())
    return problems


def check_output(output: Path, force: bool) -> None:
    """Raise InputError unless the page may be written there."""
    check_place(output, "the page", "report.html")
    if output.exists() and not force:
        try:
            with output.open("rb") as file:
                marked = MARK in file.read(MARK_WITHIN)
        except OSError as error:
            raise RegxError(f"{output}: cannot be read: {error.strerror or error}.") from error
        if not marked:
            raise InputError(
                f"{output}: expected no file, or a page that `regx report` wrote, found another file. Choose another "
                "-o, or --force to overwrite it."
            )


def render(content: dict[str, Any]) -> str:
    """The page as HTML. Everything from runs is escaped, and no script runs but the page's own two, named by hash."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # The first sets what the second may send nowhere: nothing is sent, since connections are forbidden too.
    scripts = [script.replace("\r\n", "\n") for script in (get_plotlyjs(), (FILES / "page.js").read_text("utf-8"))]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    css = (FILES / "page.css").read_text("utf-8")
    own = {"plotly_js": scripts[0], "page_js": scripts[1], "page_css": css, "script_hashes": hashes}
    return environment.get_template("template.html.j2").render(**content, **own)
