"""How all figures look: as wide as a paper's column, and told apart by the colour-blind and in grey."""

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regx.core.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.artist import Artist as Artist
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
else:  # names for annotations alone, since matplotlib takes a second to load
    Artist = Axes = Figure = Any

FORMATS = ("png", "svg", "pdf")
MADE_BY = "regx plot"  # stands in every file, so that a picture of somebody else's is never overwritten

# Okabe and Ito 2008, Color Universal Design: eight colours that all kinds of colour vision tell apart.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#666666"

OWN_FONT = ("DejaVu Sans",)  # comes with matplotlib
WIDE = 7.0  # inches: both columns of a paper
COLUMN = 3.5  # inches: one
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
    for name in sorted({entry.name for entry in font_manager.fontManager.ttflist}):
        if letters and not name.startswith("Last Resort"):  # whose every letter is a box
            drawn = font_manager.get_font(font_manager.findfont(name))  # its bold may have others
            known = {chr(code) for code in drawn.get_charmap()} & letters
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
