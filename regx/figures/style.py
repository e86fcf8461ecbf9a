"""How all figures look: as wide as a paper's column, and told apart by the colour-blind and in grey."""

from __future__ import annotations

import contextlib
import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regx.core.errors import InputError, did_you_mean
from regx.evidence.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
MADE_BY = "regx plot"  # stands in every file, so that a picture of somebody else's is never overwritten
GENERATED = ("sine", "circle")  # whose targets have no unit and are not standardised

# Okabe and Ito 2008, Color Universal Design: eight colours that all kinds of colour vision tell apart.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#666666"

OWN_FONT = ("DejaVu Sans",)  # comes with matplotlib
WIDE = 7.0  # inches: both columns of a paper
COLUMN = 3.5  # inches: one
LONGEST_LINE = 24  # letters that have room above, below or beside one of three panels
INTERVAL = "95 % interval of the mean"


@dataclass(frozen=True)
class Line:
    """How one of several lines looks. Each differs from the others in colour, dashes and marker."""

    colour: str
    dashes: Any
    marker: str

    def drawn(self) -> dict[str, Any]:
        return {"color": self.colour, "linestyle": self.dashes, "marker": self.marker}


SPLITS = {"train": Line(BLUE, "-", "o"), "validation": Line(VERMILLION, "--", "s"), "test": Line(GREEN, "-.", "^")}
LOSSES = {"train": "train_loss", "validation": "val_loss", "test": "test_loss"}
LINES = (
    Line(BLUE, "-", "o"),
    Line(VERMILLION, "--", "s"),
    Line(GREEN, "-.", "^"),
    Line(PURPLE, ":", "D"),
    Line(BLACK, (0, (6, 1, 1, 1, 1, 1)), "v"),
    Line(ORANGE, (0, (8, 3)), "X"),
)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "*")

STYLES = {"paper": 1.0, "talk": 1.6}  # by how much letters and lines are larger than in a paper
GROWING = ("size", "width", "linewidth")  # the ends of the settings that grow

SETTINGS: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 3.2,  # so that dashes show beside the marker
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "hatch.linewidth": 0.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,  # TrueType: publishers refuse matplotlib's default, Type 3
    "svg.fonttype": "path",  # the same letters wherever it is looked at
    "svg.hashsalt": MADE_BY,  # else every file has other ids
}


@dataclass(frozen=True)
class Look:
    """How figures look. style: one of STYLES. width, height: in inches; what the figure needs if None."""

    style: str = "paper"
    width: float | None = None
    height: float | None = None

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            expected = f"--style: expected one of {', '.join(STYLES)}, found '{self.style}'."
            raise InputError(expected + did_you_mean(self.style, STYLES))

    def applied(self, figure: Figure) -> Figure:
        """The figure in its size, the legend in as many columns as that has room for."""
        grown = STYLES[self.style] ** 0.5  # less than its letters have, which is what makes them larger
        width, height = self.width or figure.get_figwidth() * grown, figure.get_figheight() * grown
        figure.set_size_inches(width, height)
        for legend in list(figure.legends):
            handles, texts = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
            for handle, text in zip(handles, texts, strict=True):
                handle.set_label(text)  # type: ignore[union-attr]
            figure.set_figheight(height - _legend_height(len(handles), legend._ncols))  # type: ignore[attr-defined]
            legend.remove()
            legend_below(figure, handles)
        figure.set_figheight(self.height or figure.get_figheight())
        return figure


@contextlib.contextmanager
def styled(look: Look | None = None) -> Iterator[None]:
    """Within it figures look as said here, whatever the user's matplotlibrc says."""
    import matplotlib

    larger = STYLES[look.style] if look is not None else 1.0
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        matplotlib.rcParams.update({key: larger * SETTINGS[key] for key in SETTINGS if key.endswith(GROWING)})
        yield


def content(figure: Figure, format: str, dpi: int) -> bytes:
    """The file of a figure. The same figure gives the same bytes: no date is in it.

    Letters that matplotlib's own font lacks are taken from another that is installed, where there is one; where there
    is none they are boxes. Raises InputError where the figure is too small for what stands in it.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = _saved(figure, format, dpi)
    said = [str(warning.message) for warning in caught]
    if any("collapsed to zero" in text for text in said):
        width, height = figure.get_size_inches()
        raise InputError(f"expected a figure with room for what stands in it, found {width:g} x {height:g} inches.")
    lacking = {chr(int(found[1])) for text in said if (found := re.match(r"Glyph (\d+) ", text))}
    if fonts := _fonts_with(lacking):
        from matplotlib.text import Text

        for text in figure.findobj(Text):
            text.set_fontfamily([*OWN_FONT, *fonts])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = _saved(figure, format, dpi)
    return made


def _fonts_with(letters: set[str]) -> list[str]:
    """Installed fonts that together have these letters, as far as there are some, the first by name."""
    if not letters:
        return []
    from matplotlib import font_manager

    found: list[str] = []
    for name, file in sorted({entry.name: entry.fname for entry in font_manager.fontManager.ttflist}.items()):
        if letters and not name.startswith("Last Resort"):  # whose every letter is a box
            known = {chr(code) for code in font_manager.get_font(file).get_charmap()} & letters
            found += [name] * bool(known)
            letters = letters - known
    return found


def _saved(figure: Figure, format: str, dpi: int) -> bytes:
    metadata = {
        "png": {"Software": MADE_BY},
        "svg": {"Date": None, "Creator": MADE_BY},
        "pdf": {"Creator": MADE_BY, "CreationDate": None},
    }
    buffer = io.BytesIO()
    figure.savefig(buffer, format=format, dpi=dpi, metadata=metadata[format])
    return buffer.getvalue()


def panels(n: int, columns: int = 3, height: float = 2.0, **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure with n panels, in rows of at most `columns`. height: of a row of three panels, in inches."""
    from matplotlib.figure import Figure

    across = 2 if n == 4 else min(n, columns)
    down = -(-n // across)
    width = COLUMN if across == 1 else WIDE
    figure = Figure(figsize=(width, down * height + 0.2), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, **shared).ravel().tolist()
    for unused in axes[n:]:
        unused.remove()
    return figure, axes[:n]


def words(text: object, longest: int = 40) -> str:
    """A name as it is, in one line: `$` begins no formula, and what is too long is shortened in its middle."""
    plain = "".join(sign if sign.isprintable() else " " for sign in str(text))
    if len(plain) > longest:
        half = (longest - 1) // 2
        plain = f"{plain[: longest - 1 - half]}…{plain[-half:]}"
    # A legend leaves out what begins with an underscore.
    return (" " if plain.startswith("_") else "") + plain.replace("$", r"\$")


def folded(text: str) -> str:
    """A title or an axis's name from `words`, in lines that fit one of three panels beside each other."""
    lines = [line for part in text.replace(r"\$", "$").split("\n") for line in textwrap.wrap(part, LONGEST_LINE)]
    return "\n".join(lines).replace("$", r"\$")


def run_title(run: Run) -> str:
    """The name of a run, and what a reader must know of it."""
    diverged = len(run.seeds) - len(run.completed_seeds)
    remarks = [f"{diverged} of {len(run.seeds)} diverged"] if diverged else []
    remarks += ["peek"] if run.summary.peek else []
    return words(run.name) + (f" ({', '.join(remarks)})" if remarks else "")


def loss_label(task: str, dataset: str, of: str = "loss") -> str:
    """The name and unit of a loss."""
    if task != "regression":
        return f"{of}: cross-entropy (nats)"
    return f"{of}: mean squared error" + ("" if dataset in GENERATED else "\n(of the standardised target)")


def is_generated(run: Run) -> bool:
    """Whether the data is drawn from a formula, so that it has no unit and is not standardised."""
    return run.summary.dataset in GENERATED


def feature_label(run: Run, feature: str) -> str:
    scaled = not is_generated(run) and "=" not in feature  # a one-hot column is named word=level
    return folded(words(feature) + ("\n(standard deviations)" if scaled else ""))


def nothing_completed(run: Run) -> str | None:
    """Why a run has nothing to draw, if so."""
    return None if run.completed_seeds else "no seed of it has completed"


def loss_scale(axes: Axes, means: Sequence[float]) -> None:
    """A logarithmic scale where losses span more than a factor of 30, and limits that show the means: bands are cut."""
    known = [mean for mean in means if math.isfinite(mean)]
    if not known:
        return
    low, high = min(known), max(known)
    if low > 0 and high > 30 * low:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.6, high * 1.6)
    else:
        room = 0.35 * ((high - low) or abs(high) or 1.0)
        axes.set_ylim(max(low - room, 0.0) if low >= 0 else low - room, high + room)


def legend_below(figure: Figure, handles: Sequence[Any]) -> None:
    """One legend for all panels, below them, in as many columns as have room."""
    columns = _legend_columns(handles, figure.get_figwidth())
    figure.set_figheight(figure.get_figheight() + _legend_height(len(handles), columns))  # takes no panel's room
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns)


def _legend_height(handles: int, columns: int) -> float:
    """In inches, of a legend below the panels."""
    import matplotlib

    return float(matplotlib.rcParams["legend.fontsize"]) * 0.024 * -(-handles // columns) + 0.1


def _legend_columns(handles: Sequence[Any], width: float) -> int:
    return next(n for n in range(min(len(handles), 4), 0, -1) if n == 1 or _legend_width(handles, n) <= width)


def _legend_width(handles: Sequence[Any], columns: int) -> float:
    """About how wide a legend is, in inches. matplotlib fills it column by column, the first ones being the longest."""
    down, longer = divmod(len(handles), columns)
    sizes = [down + (column < longer) for column in range(columns)]
    starts = [sum(sizes[:column]) for column in range(columns)]
    longest = [
        max(len(str(one.get_label())) for one in handles[start : start + size])
        for start, size in zip(starts, sizes, strict=True)
    ]
    import matplotlib

    larger = float(matplotlib.rcParams["legend.fontsize"]) / SETTINGS["legend.fontsize"]
    return float(larger * sum(0.052 * letters + 0.5 for letters in longest))
