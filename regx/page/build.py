"""From stored runs to what the page's template needs: plain data, all of it in one place."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.core.errors import RegxError
from regx.core.glossary import COLUMNS as GLOSSARY
from regx.core.text import clean
from regx.evidence.curves import Curve
from regx.evidence.data import dataset_of
from regx.evidence.run import Run
from regx.metrics import CURVES
from regx.metrics import REGISTRY as METRICS
from regx.page import figures, words
from regx.page.curves import SPLITS, thinned_curve
from regx.page.race import pictured_seed, race_of
from regx.page.strength import Strength, fits, strengths
from regx.page.surface import Surface, plain_surface, surface_of
from regx.report.render import cell_texts, shown_columns
from regx.report.table import COLUMNS, Row, compare_rows, labels, only_changed, read_with_baseline, sort_rows
from regx.store.files import CONFIG, read_text, strict
from regx.store.summary import Summary
from regx.studies.diagnosis.advice import advice
from regx.studies.diagnosis.question import diagnose

# With seven colours and eight symbols 56 runs look different. Colour 0 and the disc are the baseline's alone.
SYMBOLS = "■◆▲▼✚★⬟✖"
BASELINE_SYMBOL = "●"
COLOURS = 7
SHOWN_AT_FIRST = 5
ALL_POINTS = 3000  # of learning curves, over all runs: what keeps the page small
MOST_POINTS = 240
LEAST_POINTS = 40
WITHOUT = ("seconds", "run")  # columns that nobody needs here


def build(paths: Sequence[str], baseline: str | None, metric: str) -> tuple[dict[str, Any], list[str]]:
    """Everything the template shows, and what is wrong with runs that are left out, a message each.

    Raises InputError if no run can be read, or the baseline or metric is wrong.
    """
    runs, problems = read_with_baseline(paths, baseline, need=("metrics", "weights", "snapshots"))
    rows = sort_rows(compare_rows(runs, baseline, metric))
    by_group: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(row["group"], []).append(row)
    labelled = {row["run"]: label for some in by_group.values() for row, label in zip(some, _labels(some), strict=True)}
    called = {row["run"]: labelled[row["run"]] for row in rows}
    by_folder = {str(run.folder): run for run in runs}
    index = {row["run"]: place for place, row in enumerate(rows)}
    found, wrong = strengths(runs)
    problems += wrong
    data: dict[str, Any] = {"runs": [], "figures": {}, "races": {}, "strengths": {}}
    verdicts = {row["run"]: row["verdict"] for row in rows}
    groups = []
    names = _group_names({name: by_folder[members[0]["run"]] for name, members in by_group.items()})
    for number, (group, members) in enumerate(by_group.items()):
        name = names[group]
        sweeps = [one for one in found if str(one.runs[0].folder) in {row["run"] for row in members}]
        groups.append(_Group(number, name, members, by_folder, called, index, metric, data, sweeps, verdicts).content())
    marks = {run["index"]: run for group in groups for run in group["runs"]}
    data["runs"] = [
        {"label": marks[place]["label"], "colour": marks[place]["colour"], "symbol": marks[place]["symbol"]}
        for place in range(len(rows))
    ]
    content = {
        "title": ", ".join(dict.fromkeys(clean(_data_name(run)) for run in runs)),
        "metric": metric.replace("_", " "),
        "groups": groups,
        "terms": _terms(groups),
        "problems": [clean(problem) for problem in problems],
        "data": strict(data),
    }
    return content, problems


def _data_name(run: Run) -> str:
    """The dataset of a run; the file's name where that is the user's own table."""
    dataset = run.config["dataset"]
    own = isinstance(dataset, Mapping) and dataset.get("name") == "csv" and dataset.get("path")
    return Path(str(own)).name if own else run.summary.dataset


def _group_names(groups: Mapping[str, Run]) -> dict[str, str]:
    """What the page calls each group: by a run of it what is predicted from which table; else the label of the data."""
    names = {
        label: f"{run.config['dataset'].get('target')} of {_data_name(run)}"
        for label, run in groups.items()
        if _data_name(run) != run.summary.dataset
    }
    times = Counter(names.values())
    return {label: names[label] if times[names.get(label, "")] == 1 else label for label in groups}


def _labels(rows: Sequence[Row]) -> list[str]:
    """What the page calls each run of a group: its name, else its folder, else its whole path."""
    called = [clean(label) for label in labels(rows)]
    times = Counter(called)
    return [clean(row["run"]) if times[label] > 1 else label for label, row in zip(called, rows, strict=True)]


def _terms(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What the columns of the tables mean, each named once."""
    columns = {column["key"]: column["title"] for group in groups for column in group["table"]["columns"]}
    meanings = {**GLOSSARY, **{name: metric.help for name, metric in METRICS.items()}}
    return [(title, meanings[key]) for key, title in columns.items() if key in meanings and key != "verdict"]


class _Group:
    """What the page says of runs on one dataset."""

    def __init__(
        self,
        number: int,
        name: str,
        rows: Sequence[Row],
        by_folder: Mapping[str, Run],
        called: Mapping[str, str],
        index: Mapping[str, int],
        metric: str,
        data: dict[str, Any],
        sweeps: Sequence[Strength],
        verdicts: Mapping[str, str | None],
    ) -> None:
        self.number, self.name, self.rows, self.called, self.index = number, clean(name), rows, called, index
        self.metric, self.data, self.sweeps, self.verdicts = metric, data, sweeps, verdicts
        self.lanes = sum(pictured_seed(run) is not None for run in by_folder.values())
        self.runs = [by_folder[row["run"]] for row in rows]
        self.labels = list(called.values())
        baseline_first = sorted(rows, key=lambda row: row["verdict"] != "baseline")
        # With no baseline its colour stays unused, so that grey always means the baseline.
        shift = 0 if baseline_first[0]["verdict"] == "baseline" else 1
        self.styles = {row["run"]: order + shift for order, row in enumerate(baseline_first)}
        self.surfaces: dict[int, Surface | str] = {}
        self.changed = {row["run"]: row["changed"] for row in only_changed(rows, self.runs)}

    def content(self) -> dict[str, Any]:
        runs = [self._run(row, run) for row, run in zip(self.rows, self.runs, strict=True)]
        also = self._beside_regularizers()
        return {
            "id": f"group-{self.number}",
            "name": self.name,
            "conclusion": words.conclusion(self.rows, self.called, self.metric, also),
            "table": self._table(),
            "sentences": [words.sentence(row, self.rows, self.called, self.metric, also) for row in self.rows],
            "reasons": self._reasons(),
            "curves": self._curves(),
            "race": self._race(),
            "strengths": [self._strength(number, sweep) for number, sweep in enumerate(self.sweeps)],
            "differences": self._differences(),
            "runs": runs,
        }

    def _style(self, folder: str) -> dict[str, Any]:
        place = self.styles[folder]
        return {
            "index": self.index[folder],
            "label": self.called[folder],
            "colour": 1 + (place - 1) % COLOURS if place else 0,
            "symbol": SYMBOLS[(place - 1) % len(SYMBOLS)] if place else BASELINE_SYMBOL,
        }

    def _table(self) -> dict[str, Any]:
        first = ("name", "verdict", self.metric, "difference", "stack", "p", "won", "seeds_to_tell")
        speaking = [key for key in shown_columns(self.rows) if key not in WITHOUT]
        keys = sorted(speaking, key=lambda key: first.index(key) if key in first else len(first))
        texts = cell_texts(self.rows, keys)
        texts["name"] = [self.called[row["run"]] for row in self.rows]
        columns = [{"key": key, "title": key.replace("_", " "), "text": COLUMNS[key].kind == "text"} for key in keys]
        body = []
        for place, row in enumerate(self.rows):
            cells = [
                {"text": clean(texts[key][place].strip()).rstrip("*"), "best": texts[key][place].strip().endswith("*")}
                for key in keys
            ]
            body.append({**self._style(row["run"]), "verdict": str(row["verdict"] or ""), "cells": cells})
        return {"columns": columns, "rows": body}

    def _reasons(self) -> list[str]:
        base = next((row for row in self.rows if row["verdict"] == "baseline"), None)
        if base is None:
            return []
        found = [(row, words.why(row, base)) for row in self.rows if row is not base]
        return [
            f"{self.called[row['run']]} beside {self.called[base['run']]}: {reason}" for row, reason in found if reason
        ]

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
        by_style = sorted(self.rows, key=lambda row: self.styles[row["run"]])
        shown = [self.index[row["run"]] for row in by_style[:SHOWN_AT_FIRST]]
        name = f"curves-{self.number}"
        self.data["figures"][name] = figures.curves_figure(curves, self.labels, shown)
        numbers = [
            {"label": self.labels[place], "split": f"{split} {metric}", "cells": _start_least_last(curve, metric)}
            for place, metrics in curves.items()
            for metric, splits in metrics.items()
            for split, curve in splits.items()
        ]
        return {
            "figure": name,
            "runs": [{**self._style(row["run"]), "shown": self.index[row["run"]] in shown} for row in by_style],
            "splits": [split for split in SPLITS if any(split in run.get("loss", {}) for run in curves.values())],
            "metrics": [name for name in CURVES if any(name in run for run in curves.values())],
            "log": self.data["figures"][name]["layout"]["yaxis"]["type"] == "log",
            "caption": self._curve_caption(curves),
            "numbers": numbers,
        }

    def _curve_caption(self, curves: Mapping[int, Mapping[str, Mapping[str, Curve]]]) -> str:
        said = []
        for row in self.rows[:3]:
            splits = curves.get(self.index[row["run"]], {}).get("loss", {})
            if "train" in splits and "test" in splits:
                train, test = splits["train"], splits["test"]
                least = int(test.mean.argmin())
                said.append(
                    f"{self.called[row['run']]} ends at train loss {train.mean[-1]:.3g} and test loss "
                    f"{test.mean[-1]:.3g}, least {test.mean[least]:.3g} at epoch {test.epoch[least]:,}"
                )
        return (
            "Mean loss over seeds at each epoch, with the 95 % interval as a band. A seed that stopped early counts "
            "with its last value from then on; diverged seeds are left out." + (f" {'; '.join(said)}." if said else "")
        )

    def _beside_regularizers(self) -> dict[str, list[str]]:
        """By run, the settings other than its regularizers in which it differs from the baseline."""
        base = next((self.changed[row["run"]] for row in self.rows if row["verdict"] == "baseline"), None)
        if base is None:
            return {}
        return {
            folder: [
                clean(key)
                for key in sorted({*own, *base})
                if own.get(key) != base.get(key) and not key.startswith(("regularizers", "training.snapshots"))
            ]
            for folder, own in self.changed.items()
        }

    def _surface(self, run: Run, seed: int) -> Surface | str:
        """Where the networks of a seed can be drawn, or a message that says why they cannot."""
        if seed not in self.surfaces:
            try:
                dataset = dataset_of(run, seed)
                self.surfaces[seed] = surface_of(dataset) or words.undrawable(dataset)
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
        drawable = surface if isinstance(surface, Surface) else None
        by_style = sorted(racing, key=lambda run: self.styles[str(run.folder)])
        race = race_of(by_style, self.index, drawable, seed, self.lanes)
        name = f"race-{self.number}"
        lanes = race.content["lanes"]
        made = {"loss": figures.race_loss_figure(lanes, self.labels), "weights": figures.weights_figure()}
        if drawable is not None and drawable.kind == "line":
            made["fit"] = figures.fit_figure(drawable, {lane["run"]: self.labels[lane["run"]] for lane in lanes})
        elif drawable is not None:
            made["fit"] = figures.map_figure(drawable)
        self.data["races"][name] = race.content
        self.data["figures"].update({f"{name}-{part}": figure for part, figure in made.items()})
        return {
            "id": name,
            "figures": list(made),
            "kind": drawable.kind if drawable is not None else None,
            "picture": words.picture(drawable) if drawable is not None else None,
            "classes": figures.class_marks(drawable) if drawable is not None else [],
            "seed": seed,
            "stops": race.epochs,
            "runs": [self._style(str(run.folder)) for run in race.runs],
            "left_out": [self.called[str(run.folder)] for run in race.left_out],
            "without": [self.called[str(run.folder)] for run in self.runs if pictured[str(run.folder)] is None],
            "note": surface if isinstance(surface, str) else "",
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
        texts = [_losses_text(run.summary, self.verdicts[str(run.folder)]) for run in sweep.runs]
        shown = sweep.chosen
        seeds = [seed for seed in sweep.runs[shown].config["seeds"] if seed in sweep.runs[shown].completed_seeds]
        surface: Surface | str | None = None
        if not {str(run.folder) for run in sweep.runs} <= {row["run"] for row in self.rows}:
            surface = f"The data differs along {clean(sweep.key)}, so there is no one picture to draw the fits in."
        elif seeds:
            surface = self._surface(sweep.runs[shown], seeds[0])
        drawable = surface if isinstance(surface, Surface) else None
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
            made = (
                figures.fit_figure(drawable, {-1: "other seeds", -2: f"seed {seeds[0]}"})
                if drawable.kind == "line"
                else figures.map_figure(drawable)
            )
            self.data["figures"][f"{name}-fit"] = made
        peeked = " Choosing by the test split (--peek) flatters its loss." if sweep.by == "test" else ""
        whole = [run.completed_seeds == run.seeds for run in sweep.runs]
        among = " among those without a diverged seed" if whole[shown] and not all(whole) else ""
        chosen = f" The {sweep.by} loss chooses {values[shown]}, where it is least{among}.{peeked}"
        compact = (
            " Of this sweep only the best cells have run folders, so only they are drawn." if sweep.compact else ""
        )
        fixed = ", ".join(f"{key} = {figures.value_text(value)}" for key, value in sweep.fixed.items())
        return {
            "id": name,
            "sweep": clean(sweep.name),
            "key": clean(sweep.key),
            "fixed": clean(fixed),
            "ticks": values,
            "texts": texts,
            "start": shown,
            "kind": drawable.kind if drawable is not None else None,
            "picture": words.picture(drawable) if drawable is not None else None,
            "classes": figures.class_marks(drawable) if drawable is not None else [],
            "seed": seeds[0] if seeds else None,
            "note": surface if isinstance(surface, str) else "",
            "caption": f"Mean losses over seeds for {len(values)} values of {clean(sweep.key)}, from {values[0]} to "
            f"{values[-1]}, with 95 % intervals.{chosen}{compact}",
        }

    def _differences(self) -> dict[str, Any]:
        return {
            "any": any(self.changed.values()),
            "rows": [
                {
                    **self._style(row["run"]),
                    "settings": [
                        clean(f"{key} = {figures.value_text(value)}") for key, value in self.changed[row["run"]].items()
                    ],
                }
                for row in self.rows
            ],
        }

    def _run(self, row: Row, run: Run) -> dict[str, Any]:
        about, summary = run.about, run.summary
        command = about.get("command")
        given = [str(word) for word in command] if isinstance(command, list) and command else []
        versions = about.get("versions")
        try:
            text = "\n".join(map(clean, read_text(run.folder / CONFIG).splitlines()))
        except RegxError as error:
            text = clean(str(error))
        return {
            **self._style(row["run"]),
            "stack": clean(row["stack"]),
            "status": clean(str(row["status"])),
            "diverged": row["diverged"],
            "peek": row["peek"],
            "diagnosis": self._diagnosis(run),
            "judged": clean(str(next((one.reported_because for one in summary.networks.values()), ""))),
            "again": clean(shlex.join(["regx", "run", str(run.folder / CONFIG)])),
            "folder": clean(str(run.folder)),
            "command": clean(shlex.join(["regx", *given[1:]])) if given else "",
            "seeds": ", ".join(map(str, run.seeds)),
            "versions": [
                (clean(str(key)), clean(str(value)))
                for key, value in (versions.items() if isinstance(versions, dict) else ())
            ],
            "commit": clean(str(about.get("git_commit") or "")),
            "fingerprint": clean(summary.data_fingerprint),
            "finished": clean(str(about.get("finished") or "")),
            "config": text,
        }

    def _diagnosis(self, run: Run) -> dict[str, Any]:
        try:
            diagnosis = diagnose(run)
            advised = advice(run, diagnosis)
        except RegxError as error:
            return {"verdict": "cannot tell", "evidence": [], "notes": [clean(str(error))], "advice": []}
        return {
            "verdict": str(diagnosis.verdict),
            "evidence": [clean(item.text) for item in diagnosis.evidence if item.text],
            "notes": [clean(note) for note in diagnosis.notes],
            "advice": [
                {
                    "reason": clean(one.reason),
                    "options": clean(shlex.join(word for change in one.overrides for word in ("-s", change))),
                }
                for one in advised
            ],
        }


def _start_least_last(curve: Curve, metric: str) -> list[str]:
    best = int(curve.mean.argmin() if metric == "loss" else curve.mean.argmax())
    return [
        f"{curve.mean[0]:.3g}",
        f"{curve.mean[best]:.3g} at epoch {curve.epoch[best]:,}",
        f"{curve.mean[-1]:.3g} at epoch {curve.epoch[-1]:,}",
    ]


def _losses_text(summary: Summary, verdict: str | None) -> str:
    said = []
    for split in SPLITS:
        interval = summary.over_seeds(f"{split}_loss")
        if interval["mean"] is not None:
            text = f"{split} loss {interval['mean']:.3g}"
            if interval["low"] is not None:
                text += f" ({interval['low']:.3g} to {interval['high']:.3g})"
            said.append(text)
    return ", ".join(said) + (f"; verdict: {verdict}" if verdict else "")
