"""How all figures look: as wide as a paper's column, and told apart by the colour-blind and in grey."""

from __future__ import annotations

import contextlib
import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Within it figures look as said here, whatever the user's matplotlibrc says."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # A name may be written in letters that the font lacks; it is then shown with boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def content(figure: Figure, format: str, dpi: int) -> bytes:
    """The file of a figure. The same figure gives the same bytes: no date is in it."""
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
    width = figure.get_figwidth()
    columns = next(n for n in range(min(len(handles), 4), 0, -1) if n == 1 or _legend_width(handles, n) <= width)
    figure.set_figheight(figure.get_figheight() + 0.17 * -(-len(handles) // columns) + 0.1)  # takes no panel's room
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns)


def _legend_width(handles: Sequence[Any], columns: int) -> float:
    """About how wide a legend is, in inches. matplotlib fills it column by column, the first ones being the longest."""
    down, longer = divmod(len(handles), columns)
    sizes = [down + (column < longer) for column in range(columns)]
    starts = [sum(sizes[:column]) for column in range(columns)]
    longest = [
        max(len(str(one.get_label())) for one in handles[start : start + size])
        for start, size in zip(starts, sizes, strict=True)
    ]
    return sum(0.052 * letters + 0.5 for letters in longest)
