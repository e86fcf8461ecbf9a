"""What the page says of runs on one dataset."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regx.core.errors import RegxError
from regx.core.text import clean
from regx.evidence.curves import Curve
from regx.evidence.data import dataset_of
from regx.evidence.run import Run
from regx.metrics import CURVES
from regx.page import figures, images
from regx.page.comparison import comparison_figures
from regx.page.curves import SPLITS, caption, start_least_last, thinned_curve
from regx.page.race import pictured_seed, race_of
from regx.page.run import run_content
from regx.page.strength import Strength, fits, losses_text
from regx.page.surface import DrawnSurface, picture, plain_surface, surface_of, undrawable
from regx.report.columns import COLUMNS
from regx.report.conclusion import about_numbers, beside, conclusion, opening, why
from regx.report.render import cell_texts, shown_columns
from regx.report.row import Row
from regx.report.table import only_changed
from regx.studies.sweep.display import choice_in_words
from regx.studies.sweep.judgement import choose

# With seven colours and eight symbols 56 runs look different. Colour 0 and the disc are the baseline's alone.
SYMBOLS = "■◆▲▼✚★⬟✖"
BASELINE_SYMBOL = "●"
COLOURS = 7
SHOWN_AT_FIRST = 5
ALL_POINTS = 3000  # of learning curves, over all runs: what keeps the page small
MOST_POINTS = 240
LEAST_POINTS = 40
FIRST = ("verdict", "metric", "test_accuracy", "difference", "p", "won", "seeds_to_tell", "val_loss")  # of the table
WITHOUT = ("seconds", "run")  # columns that are not needed here


@dataclass
class Group:
    """What the page says of runs on one dataset.

    rows: of the table. by_folder: the page's runs, called: their labels in the page's order, verdicts: on each, by the
    run's folder. data: what page.js gets, which figures are added to. sweeps: the axes that the runs lie along.
    """

    number: int
    name: str
    rows: Sequence[Row]
    by_folder: Mapping[str, Run]
    called: Mapping[str, str]
    metric: str
    data: dict[str, Any]
    sweeps: Sequence[Strength]
    verdicts: Mapping[str, str | None]

    def __post_init__(self) -> None:
        self.index = {folder: place for place, folder in enumerate(self.called)}
        self.labels = list(self.called.values())
        self.lanes = sum(pictured_seed(run) is not None for run in self.by_folder.values())
        self.runs = [self.by_folder[row.run] for row in self.rows]
        self.base = next((row for row in self.rows if row.verdict == "baseline"), None)
        baseline_first = sorted(self.rows, key=lambda row: row is not self.base)
        # With no baseline its colour stays unused, so that grey always means the baseline.
        self.styles = {row.run: order for order, row in enumerate(baseline_first, start=self.base is None)}
        self.marks = {
            folder: {
                "index": self.index[folder], "label": self.called[folder],
                "colour": 1 + (place - 1) % COLOURS if place else 0,
                "symbol": SYMBOLS[(place - 1) % len(SYMBOLS)] if place else BASELINE_SYMBOL,
            }
            for folder, place in self.styles.items()
        }  # fmt: skip
        self.surfaces: dict[int, DrawnSurface | str] = {}
        self.changed = {row.run: row.changed or {} for row in only_changed(self.rows, self.runs)}

    def content(self) -> dict[str, Any]:
        runs = []
        for row, run in zip(self.rows, self.runs, strict=True):
            pictures = images.pictures(run) if self.index[row.run] < images.MOST else []
            runs.append({**self.marks[row.run], **run_content(row, run), "pictures": pictures})
        differences = [
            {**self.marks[row.run], "settings": [clean(f"{key} = {figures.value_text(item)}") for key, item in own]}
            for row in self.rows
            for own in [self.changed[row.run].items()]
        ]
        speaking = [key for key in shown_columns(self.rows) if key not in WITHOUT]
        said = [*conclusion(self.rows), *about_numbers(self.rows, speaking)]
        first = [self.metric if key == "metric" else key for key in FIRST]
        headline, *more = map(clean, opening(self.rows))
        return {
            "id": f"group-{self.number}",
            "name": clean(self.name),
            "opening": headline,
            "conclusion": [*more, *map(clean, said), *self._beside()],
            "comparison": self._comparison(),
            "table": self._table([key for key in dict.fromkeys(first) if key in speaking]),
            "more": self._table([key for key in speaking if key not in first]),
            "reasons": self._reasons(),
            "curves": self._curves(),
            "race": self._race(),
            "studies": [
                (name, picture, [*map(clean, said)]) for name, picture, said in images.studies(self.runs, self.metric)
            ],
            "strengths": [self._strength(number, sweep) for number, sweep in enumerate(self.sweeps)],
            "differences": {"any": any(self.changed.values()), "rows": differences},
            "runs": runs,
        }

    def _comparison(self) -> dict[str, Any]:
        """The figure of the metric by run, and of the paired differences to the baseline."""
        name = f"comparison-{self.number}"
        made = comparison_figures(list(zip(self.rows, self.runs, strict=True)), self.marks, self.metric)
        self.data["figures"].update({f"{name}-{part}": figure for part, figure in made.items()})
        return {"id": name, "parts": list(made), "rows": len(self.rows)}

    def _table(self, keys: Sequence[str]) -> dict[str, Any]:
        texts = cell_texts(self.rows, keys)
        columns = [{"key": key, "title": key.replace("_", " "), "text": COLUMNS[key].kind == "text"} for key in keys]
        body = []
        for place, row in enumerate(self.rows):
            found = [texts[key][place].strip() for key in keys]
            cells = [{"text": clean(text).rstrip("*"), "best": text.endswith("*")} for text in found]
            body.append({**self.marks[row.run], "cells": cells})
        return {"columns": columns, "rows": body}

    def _reasons(self) -> list[str]:
        if self.base is None:
            return []
        found = [(row, why(row, self.base)) for row in self.rows if row is not self.base]
        against = self.called[self.base.run]
        return [f"{self.called[row.run]} beside {against}: {reason}" for row, reason in found if reason]

    def _curves(self) -> dict[str, Any]:
        points = max(min(MOST_POINTS, ALL_POINTS // len(self.index)), LEAST_POINTS)
        curves: dict[int, dict[str, dict[str, Curve]]] = {}
        for run in self.runs:
            place = self.index[str(run.folder)]
            for metric in CURVES:
                splits = {split: thinned_curve(run, f"{split}_{metric}", points) for split in SPLITS}
                known = {split: curve for split, curve in splits.items() if curve is not None}
                if known:
                    curves.setdefault(place, {})[metric] = known
        by_style = sorted(self.rows, key=lambda row: self.styles[row.run])
        shown = [self.index[row.run] for row in by_style[:SHOWN_AT_FIRST]]
        name = f"curves-{self.number}"
        self.data["figures"][name] = figures.curves_figure(curves, self.labels, shown)
        numbers = [
            {"label": self.labels[place], "split": f"{split} {metric}", "cells": start_least_last(curve, metric)}
            for place, metrics in curves.items()
            for metric, splits in metrics.items()
            for split, curve in splits.items()
        ]
        return {
            "figure": name,
            "runs": [{**self.marks[row.run], "shown": self.index[row.run] in shown} for row in by_style],
            "splits": [split for split in SPLITS if any(split in run.get("loss", {}) for run in curves.values())],
            "metrics": [name for name in CURVES if any(name in run for run in curves.values())],
            "log": self.data["figures"][name]["layout"]["yaxis"]["type"] == "log",
            "caption": caption({self.labels[place]: metrics for place, metrics in curves.items()}),
            "numbers": numbers,
        }

    def _beside(self) -> list[str]:
        """Of runs that a verdict tells from the baseline, the settings other than regularizers in which they differ."""
        said = []
        for row in self.rows:
            if self.base is None or not row.differs:
                continue
            own, of_base = self.changed[row.run], self.changed[self.base.run]
            different = [key for key in sorted({*own, *of_base}) if own.get(key) != of_base.get(key)]
            settings = [key for key in different if not key.startswith(("regularizers", "training.snapshots"))]
            said.append(clean(beside(row, self.base, settings)))
        return [text for text in said if text]

    def _surface(self, run: Run, seed: int) -> DrawnSurface | str:
        """Where the networks of a seed can be drawn, or a message that says why they cannot."""
        if seed not in self.surfaces:
            try:
                dataset = dataset_of(run, seed)
                self.surfaces[seed] = surface_of(dataset) or undrawable(dataset)
            except RegxError as error:
                self.surfaces[seed] = clean(str(error))
        return self.surfaces[seed]

    def _race(self) -> dict[str, Any]:
        pictured = {str(run.folder): pictured_seed(run) for run in self.runs}
        racing = [run for run in self.runs if pictured[str(run.folder)] is not None]
        if not racing:
            return {"figures": None}
        seed = Counter(pictured[str(run.folder)] for run in racing).most_common(1)[0][0]
        assert seed is not None
        surface = self._surface(racing[0], seed)
        drawable = surface if isinstance(surface, DrawnSurface) else None
        by_style = sorted(racing, key=lambda run: self.styles[str(run.folder)])
        replay, shown, left_out = race_of(by_style, self.index, drawable, seed, self.lanes)
        name, lanes = f"race-{self.number}", replay["lanes"]
        made = {"loss": figures.race_loss_figure(lanes, self.labels), "weights": figures.weights_figure()}
        if drawable is not None:
            named = {lane["run"]: self.labels[lane["run"]] for lane in lanes}
            made["fit"] = figures.prediction_figure(drawable, named)
        self.data["races"][name] = replay
        self.data["figures"].update({f"{name}-{part}": figure for part, figure in made.items()})
        return {
            "id": name,
            "figures": list(made),
            "seed": seed,
            **_pictured(surface),
            "stops": replay["epochs"],
            "runs": [self.marks[str(run.folder)] for run in shown],
            "left_out": [self.called[str(run.folder)] for run in left_out],
            "without": [self.called[str(run.folder)] for run in self.runs if pictured[str(run.folder)] is None],
            "caption": self._race_caption(lanes),
        }

    def _race_caption(self, lanes: Sequence[Mapping[str, Any]]) -> str:
        said = []
        for lane in lanes:
            ends = [f"{split} loss {lane['loss'][split]['loss'][-1]:.3g}" for split in SPLITS if split in lane["loss"]]
            ended = "diverges" if lane["ended"] == "diverged" else "ends"
            said.append(f"{self.labels[lane['run']]} {ended} at epoch {lane['last']:,} with {', '.join(ends)}")
        return "; ".join(said) + "."

    def _strength(self, number: int, sweep: Strength) -> dict[str, Any]:
        name = f"strength-{self.number}-{number}"
        self.data["figures"][f"{name}-curve"] = figures.strength_figure(sweep)
        texts = [losses_text(run.summary, self.verdicts[str(run.folder)]) for run in sweep.runs]
        shown = sweep.chosen
        seeds = [seed for seed in sweep.runs[shown].config["seeds"] if seed in sweep.runs[shown].completed_seeds]
        surface: DrawnSurface | str | None = None
        if not {str(run.folder) for run in sweep.runs} <= {row.run for row in self.rows}:
            surface = f"The data differs along {clean(sweep.key)}, so there is no one picture to draw the fits in."
        elif seeds:
            surface = self._surface(sweep.runs[shown], seeds[0])
        drawable = surface if isinstance(surface, DrawnSurface) else None
        values = [clean(figures.value_text(value)) for value in sweep.values]
        self.data["strengths"][name] = {
            "values": values,
            "positions": sweep.positions,
            "texts": texts,
            "fits": fits(sweep, drawable, seeds[0]) if drawable is not None else [],
            "surface": plain_surface(drawable),
            "key": clean(sweep.key),
        }
        if drawable is not None:
            names = {-1: "other seeds", -2: f"seed {seeds[0]}"}
            self.data["figures"][f"{name}-fit"] = figures.prediction_figure(drawable, names)
        chosen = f" {clean(choice_in_words(choose(sweep.sweep)))}"
        compact = " Of this sweep only the best cells have run folders, so only they are drawn." * sweep.compact
        several = any(len(run.completed_seeds) > 1 for run in sweep.runs)
        fixed = ", ".join(f"{key} = {figures.value_text(value)}" for key, value in sweep.fixed.items())
        return {
            "id": name,
            "sweep": clean(sweep.sweep.name),
            "key": clean(sweep.key),
            "fixed": clean(fixed),
            "ticks": values,
            "texts": texts,
            "start": shown,
            "seed": seeds[0] if seeds else None,
            **_pictured(surface),
            "caption": f"Mean losses over seeds for {len(values)} values of {clean(sweep.key)}, from {values[0]} to "
            f"{values[-1]}{', with 95 % intervals' * several}.{chosen}{compact}",
        }


def _pictured(surface: DrawnSurface | str | None) -> dict[str, Any]:
    """What the template needs of the picture of a prediction, or the note in its place."""
    if not isinstance(surface, DrawnSurface):
        return {"kind": None, "picture": None, "classes": [], "note": surface or ""}
    shown = {"picture": picture(surface), "classes": figures.class_marks(surface)}
    return {"kind": surface.kind, "note": "", **shown}
