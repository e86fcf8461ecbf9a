"""Figures in a notebook."""

import base64
from collections.abc import Sequence
from pathlib import Path

from regx.core.errors import InputError
from regx.figures.plot import Plots
from regx.figures.style import Figure, Look, content, styled

DPI = 96


class Figures(tuple["Figure", ...]):
    """matplotlib figures, which a notebook shows below each other. files: where they were written, if anywhere."""

    files: tuple[Path, ...] = ()

    def _repr_html_(self) -> str:
        return "".join(map(inline, self))


def inline(figure: Figure) -> str:
    """A figure as an HTML image."""
    with styled():
        png = base64.b64encode(content(figure, "png", DPI)).decode()
    return f'<img alt="figure" src="data:image/png;base64,{png}">\n'


def picture(paths: Sequence[Path], kinds: Sequence[str], metric: str = "test_loss") -> str:
    """A small figure of the first of these kinds that can be drawn of what is there, as HTML; else nothing."""
    for kind in kinds:
        try:
            plots = Plots([str(path) for path in paths], [kind], None, metric=metric)
            return next(inline(figure) for _, figure in plots.draw())
        except InputError:
            continue
    return ""


def figures_of(
    paths: Sequence[str],
    kinds: Sequence[str],
    out: str | None,
    format: str | None,
    dpi: int,
    force: bool,
    look: Look,
    metric: str,
) -> Figures:
    """The figures; with `out` their files too, as `regx plot` writes them."""
    plots = Plots(paths, kinds, out, format, dpi, force, look, metric)
    pages, found = [], []
    for page, figure in plots.draw():
        pages.append(page)
        found.append(figure)
        if out is not None:
            plots.store(page, figure)
    made = Figures(found)
    made.files = tuple(page.file for page in pages if out is not None)
    return made
