"""`regx plot`, without its options: which figures of which runs, and their files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError, did_you_mean
from regx.figures import KINDS
from regx.figures.kind import Kind
from regx.figures.labels import nothing_completed
from regx.figures.parts import sized
from regx.figures.style import FORMATS, MADE_BY, Figure, Look, content, styled
from regx.figures.subjects import Subjects, read_subjects
from regx.metrics import check_metric
from regx.metrics.metric import ALL_TASKS
from regx.store.atomic import make_folder, write_atomically

NAMES = tuple(kind.name for kind in KINDS)
FORMER_NAMES = {"effects": "ablation"}
# Without --kind, a kind that does not compare runs is drawn of more runs than these, and of the cells of a sweep, only
# where one figure holds all of them.
MOST = 12
OTHER_FORMATS = (".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".eps", ".ps", ".bmp", ".html")
FOLDER = "plots"
WANTED = {
    "run": "a run",
    "sweep": "a sweep folder, which `regx sweep` writes,",
    "bias_variance": "a folder with bias_variance.json, which `regx bias-variance` writes,",
}


@dataclass(frozen=True)
class Page:
    """One file, and what is drawn in it."""

    kind: Kind
    subjects: tuple[Any, ...]
    file: Path


class Plots:
    """The figures of the runs at some paths. Made first, so that what is wrong is said before anything is drawn.

    kinds: names in `NAMES`; all that fit if empty. out: a folder, or a file with the ending of its format; without one
    nothing is written. metric: what comparisons and effects are about.
    notes: what is not drawn and why, and what cannot be read, a message each; complete once `write` has ended.
    Raises InputError for whatever is wrong with the paths or the options.
    """

    def __init__(
        self,
        paths: Sequence[str],
        kinds: Sequence[str] = (),
        out: str | None = FOLDER,
        format: str | None = None,
        dpi: int = 300,
        force: bool = False,
        look: Look | None = None,
        metric: str = "test_loss",
    ) -> None:
        check_metric(metric, ALL_TASKS)
        self._kinds = [kind.about(metric) if kind.about else kind for kind in KINDS]
        chosen = self._known(kinds)
        self._format, folder, file = _place(out or FOLDER, format)
        self._dpi, self._look = dpi, look or Look()
        subjects = read_subjects(paths)
        self.notes = list(subjects.problems)
        fitting = self._fitting(chosen, subjects)
        if file is not None and len(fitting) > 1:
            names = ", ".join(kind.name for kind in fitting)
            raise InputError(
                f"-o {out}: expected one kind for one file, found {len(fitting)} that fit: {names}. "
                "Choose one with --kind, or give a folder."
            )
        self.pages = [page for kind, fit in fitting.items() for page in _pages(kind, fit, folder, file, self._format)]
        if out is not None and not force:
            _check_ours(self.pages)

    def write(self) -> Iterator[Page]:
        """Draw and write each file. Raises RegxError if nothing could be drawn, or the disk refuses."""
        for page, figure in self.draw():
            self.store(page, figure)
            yield page

    def store(self, page: Page, figure: Figure) -> None:
        """Write the file of a figure. Raises RegxError where the disk refuses."""
        with styled(self._look):
            drawn = content(figure, self._format, self._dpi)
        make_folder(page.file.parent)
        write_atomically(page.file, drawn)

    def draw(self) -> Iterator[tuple[Page, Figure]]:
        """Each figure, with its file and what of that could be read. Raises RegxError if nothing could be drawn."""
        drawn = 0
        for page in self.pages:
            read = []
            for subject in page.subjects:
                try:
                    read.append((subject, page.kind.read(subject)))
                except RegxError as error:
                    self._note(str(error))
            if not read:
                continue
            with styled(self._look):
                figure = sized(page.kind.draw([content for _, content in read]), self._look)
            drawn += 1
            yield replace(page, subjects=tuple(subject for subject, _ in read)), figure
        if not drawn:
            raise InputError("\n".join(self.notes))

    def _known(self, names: Sequence[str]) -> list[Kind]:
        by_name = {kind.name: kind for kind in self._kinds}
        wrong, chosen = [], []
        for given in (part.strip().replace("-", "_") for item in names for part in item.split(",")):
            name = FORMER_NAMES.get(given, given)
            if name in by_name:
                chosen.append(by_name[name])
            else:
                wrong.append(f"--kind: expected one of {', '.join(NAMES)}, found '{name}'.{did_you_mean(name, NAMES)}")
        if wrong:
            raise InputError("\n".join(wrong))
        return list(dict.fromkeys(chosen))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _fitting(self, chosen: Sequence[Kind], subjects: Subjects) -> dict[Kind, list[Any]]:
        """What each kind can be drawn of. Raises InputError where that is nothing."""
        fitting: dict[Kind, list[Any]] = {}
        wrong, left_out, why = [], [], dict[str, None]()
        cells = {run.folder for sweep in subjects.sweep if len(sweep.cells) > 1 for run in sweep.runs}
        unfinished = {run.folder: reason for run in subjects.run if (reason := nothing_completed(run)) is not None}
        if not chosen:
            self.notes += [f"nothing is drawn of {folder.name}: {reason}." for folder, reason in unfinished.items()]
        for kind in chosen or self._kinds:
            reasons: list[tuple[Any, str]] = []
            fit = []
            for subject in getattr(subjects, kind.of):
                try:
                    reason = kind.unfit(subject)
                except RegxError as error:  # such as data that is gone
                    reason = str(error)
                if reason is None:
                    fit.append(subject)
                else:
                    reasons.append((subject, reason))
            why |= {f"{one.name}: {reason}": None for one, reason in reasons if one.folder not in unfinished}
            if chosen and not fit:
                wrong.append(_nothing_fits(kind, reasons))
            elif chosen:
                self.notes += [f"{kind.name}: not drawn of {one.name}: {reason}." for one, reason in reasons]
            if not chosen and kind.of == "run" and kind.per_figure < len(fit) and kind.per_figure <= 6:
                alone = [] if kind.together or len(fit) > MOST else [run for run in fit if run.folder not in cells]
                left_out += [kind.name] * (len(alone) < len(fit))
                fit = alone
            if fit:
                fitting[kind] = fit
        if wrong:
            raise InputError("\n".join([*subjects.problems, *wrong]))
        if left_out:
            self._note(
                f"of more than {MOST} runs, and of a sweep, only what one figure holds is drawn. Not drawn: "
                f"{', '.join(left_out)}. Choose with --kind, or give fewer runs."
            )
        if not fitting:
            nothing = "Expected runs with something to draw, found none." + (f" {_few(list(why))}." if why else "")
            raise InputError("\n".join([*self.notes, nothing]))
        return fitting


def _place(out: str, format: str | None) -> tuple[str, Path, Path | None]:
    """The format, the folder, and the one file if it is one."""
    if format is not None and format not in FORMATS:
        raise InputError(
            f"--format: expected one of {', '.join(FORMATS)}, found '{format}'.{did_you_mean(format, FORMATS)}"
        )
    path = Path(out)
    ending = path.suffix.lower()
    if path.is_dir():
        return format or "png", path, None
    if ending.removeprefix(".") in FORMATS:
        if format not in (None, ending.removeprefix(".")):
            raise InputError(f"-o {out}: expected a file ending in .{format}, as --format says, found {ending}.")
        return ending.removeprefix("."), path.parent, path
    if ending in OTHER_FORMATS:
        raise InputError(f"-o {out}: expected a file ending in .png, .svg or .pdf, or a folder, found {ending}.")
    if path.exists():
        raise InputError(f"-o {out}: expected a folder, or a file ending in .png, .svg or .pdf, found another file.")
    return format or "png", path, None


def _pages(kind: Kind, subjects: Sequence[Any], folder: Path, file: Path | None, format: str) -> Iterator[Page]:
    """The files of a kind. Several are told apart by the run's folder, or where a file has several, by number."""
    cut = [tuple(subjects[start : start + kind.per_figure]) for start in range(0, len(subjects), kind.per_figure)]
    stem = folder / kind.name if file is None else file.with_suffix("")
    names = Counter(subject.folder.name for subject in subjects)
    for number, part in enumerate(cut, start=1):
        own = part[0].folder.name
        mark = f"-{own}" if kind.per_figure == 1 and names[own] == 1 and own else f"-{number}"
        alone = file or stem.with_name(f"{stem.name}.{format}")
        yield Page(kind, part, alone if len(cut) == 1 else stem.with_name(f"{stem.name}{mark}.{format}"))


def _check_ours(pages: Sequence[Page]) -> None:
    """Raises InputError if a file would be overwritten that `regx plot` has not made."""
    foreign = []
    for file in (page.file for page in pages if page.file.exists()):
        try:
            ours = file.is_file() and MADE_BY.encode() in file.read_bytes()
        except OSError:
            ours = False
        foreign += [file] * (not ours)
    if foreign:
        raise InputError(
            f"{', '.join(map(str, foreign))}: expected no file, or one that `regx plot` has made, found another. "
            "Choose another -o, or --force to replace it."
        )


def _nothing_fits(kind: Kind, reasons: Sequence[tuple[Any, str]]) -> str:
    if not reasons:
        return f"--kind {kind.name}: expected {WANTED[kind.of].removesuffix(',')}, found none."
    found = _few([f"{subject.name}: {reason}" for subject, reason in reasons])
    return f"--kind {kind.name}: expected {WANTED[kind.of]} that it can be drawn of, found none. {found}."


def _few(reasons: Sequence[str]) -> str:
    return "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
