"""A session of the playground: a race as a document that is edited while its lanes train.

The document is a config with lanes, in its long form. Each edit sets or removes one key of it, is checked as a config
file is, and is kept, so that it can be taken back. A thread of its own trains the lanes in turns and publishes frames.
"""

import copy
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.config.grid import Grid
from regx.config.load import load_any
from regx.core.errors import InputError, RegxError
from regx.core.parameters import Parameter, parameters
from regx.data.csv import CSV
from regx.data.surface import surface_over
from regx.play.lane import Lane
from regx.regularizers import REGISTRY as REGULARIZERS
from regx.runner.plan import dataset

SECONDS_PER_FRAME = 1 / 40  # of training; with what a picture costs, about thirty a second
MOST_LANES, MOST_SEEDS, MOST_ROWS = 8, 20, 5_000
MOST_NUMBERS = 5_000_000  # parameters of all networks together
MOST_UNDO = 200
FRAMES_PER_MAP = 8  # heat maps are large, and change slowly
POINTS, GRID = 160, 36  # where a curve, and each side of a boundary, is asked
FORBIDDEN = ("name", "path")  # keys under `dataset` that a page cannot set: it would read files of this machine


class Session:
    """publish: called from the session's thread with every message for the page."""

    def __init__(self, grid: Grid, publish: Callable[[dict[str, Any]], None]) -> None:
        self._publish = publish
        self._commands: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self.document = _document(grid)
        self._start = copy.deepcopy(self.document)
        self._past: list[dict[str, Any]] = []
        self._running, self._per_frame, self._stop_at = False, 0, 0
        self._slider: tuple[str, list[dict[str, Any]]] = ("", [])  # the key moved last, and what its values gave
        self._looking_at: int | None = None
        self._closed = False
        self._frames = 0
        self._restart()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def tell(self, command: Mapping[str, Any]) -> None:
        """A message of the page, from any thread."""
        self._commands.put(command)

    def close(self) -> None:
        self._closed = True
        self._commands.put({"type": "pause"})

    # The thread

    def _run(self) -> None:
        from threadpoolctl import threadpool_limits

        # One BLAS thread, as in every training, so that the bits are those of `regx run`.
        with threadpool_limits(limits=1, user_api="blas"), np.errstate(all="ignore"):
            self._publish(self._state())
            self._publish(self._frame())
            while not self._closed:
                try:
                    while not self._closed:
                        self._obey(self._commands.get(block=not self._running))
                except queue.Empty:
                    pass
                if self._running:
                    self._train()
                    self._publish(self._frame())

    def _obey(self, command: Mapping[str, Any]) -> None:
        try:
            self._do(command)
        except (RegxError, KeyError, TypeError, ValueError) as error:
            said = str(error) if isinstance(error, RegxError) else f"the message cannot be read: {error!r}"
            self._publish({"type": "error", "message": said, "id": command.get("id")})
        self._publish(self._state())
        self._publish({**self._frame(), "id": command.get("id")})

    def _do(self, command: Mapping[str, Any]) -> None:
        """What the page asks for."""
        match command.get("type"):
            case "show":  # of a page that has just come: it wants everything, which follows every command
                pass
            case "run":
                self._running, self._looking_at = True, None
            case "pause":
                self._running = False
            case "step":
                self._running, self._looking_at = False, None
                for lane in self._lanes.values():
                    lane.train(1)
            case "reset":
                self._restart()
            case "speed":
                self._per_frame = max(0, min(int(command["epochs"]), 10_000))
            case "stop_at":
                self._stop_at = max(0, int(command["epoch"]))
            case "look":  # at the functions as they were at an epoch, where the marker was dragged to; else at the last
                wanted = command.get("epoch")
                epochs = [epoch for epoch, _ in self._first.rows]
                self._looking_at = None if wanted is None else min(epochs, key=lambda one: abs(one - int(wanted)))
            case "set":
                path, document = str(command["path"]), copy.deepcopy(self.document)
                _put(document, path, command.get("value"))
                self._remember(path)
                self._change(document)
            case "undo":
                if self._past:
                    self._change(self._past.pop(), undo=True)
            case "load":
                self._load(copy.deepcopy(command["document"]))
            case other:
                raise InputError(f"expected a message that the page sends, found {other!r}")

    def _train(self) -> None:
        """Train until the time of a frame is over, the same number of epochs in every lane."""
        end = time.perf_counter() + SECONDS_PER_FRAME
        epochs = 0
        most = self._per_frame or 1_000_000
        if self._stop_at:
            most = min(most, max(self._stop_at - self._epoch, 0))
        chunk = 1
        while epochs < most and (epochs == 0 or time.perf_counter() < end):
            before = time.perf_counter()
            chunk = min(chunk, most - epochs)
            for lane in self._lanes.values():
                lane.train(chunk)
            epochs += chunk
            spent = time.perf_counter() - before
            chunk = max(1, int(chunk * min(4.0, SECONDS_PER_FRAME / max(spent, 1e-4) / 3)))
        if not epochs:
            self._running = False

    # The document

    def _load(self, document: Any) -> None:
        """Take over another whole document, as a link holds it. What data it is of stays this session's."""
        data = document.get("dataset") if isinstance(document, dict) else None
        own = self._start["dataset"]
        if not isinstance(data, dict) or any(data.get(key) != own.get(key) for key in FORBIDDEN):
            raise InputError(f"the link is of other data: expected the dataset {own['name']}. Type: regx play CONFIG")
        self._change(document)
        self._restart()

    def _change(self, document: dict[str, Any], undo: bool = False) -> None:
        """Take over another document, live where the networks stay the same; else from the start."""
        cells = _cells(document)
        if not undo:
            self._past = [*self._past[1 - MOST_UNDO :], self.document]
        same = list(cells) == list(self._lanes)
        self.document = document
        trained = self._epoch
        if not same or not all(self._lanes[name].change(config) for name, config in cells.items()):
            self._restart()
        elif trained:
            self._changed_midway = True

    def _restart(self) -> None:
        self._lanes = {name: Lane(config) for name, config in _cells(self.document).items()}
        self._changed_midway, self._looking_at = False, None

    @property
    def _first(self) -> Lane:
        return next(iter(self._lanes.values()))

    @property
    def _epoch(self) -> int:
        return self._first.epoch

    def _remember(self, path: str) -> None:
        """Of the slider that is moved: what validation said at the value that it leaves."""
        if self._slider[0] != path:
            self._slider = (path, [])
        if self._epoch:
            means = {name: float(np.mean(lane.rows[-1][1]["val_loss"])) for name, lane in self._lanes.items()}
            losses = {name: mean if np.isfinite(mean) else None for name, mean in means.items()}
            self._slider[1].append(
                {"value": _get(self.document, path.split(".")), "epoch": self._epoch, "val_loss": losses}
            )

    # What the page is shown

    def _state(self) -> dict[str, Any]:
        return {
            "type": "state", "document": self.document, "yaml": self.as_yaml(), "running": self._running,
            "changed_midway": self._changed_midway, "can_undo": bool(self._past), "data": self._data(),
            "members": {kind: _described(parameters(cls)) for kind, cls in REGULARIZERS.items()},
        }  # fmt: skip

    def as_yaml(self) -> str:
        """The document as a config: `regx race` on it trains the same networks, where nothing was changed midway."""
        from regx.store.files import config_text

        resolved = {**self.document, "training": {**self.document["training"], "epochs": max(self._epoch, 1)}}
        note = "# Settings were changed while these networks trained, so a run on this file is another one.\n"
        return (note if self._changed_midway else "") + config_text(resolved)

    def _data(self) -> dict[str, Any]:
        """The rows of the first seed: training, validation and test, as the network sees them, at most 500 of each."""
        source = self._first.config.dataset
        data = dataset(source, self._first.config.seeds[0])
        shown = {}
        for name in ("train", "val", "test"):
            split = getattr(data, name)
            every = max(1, len(split.x) // 500)
            shown[name] = {"x": split.x[::every].tolist(), "y": split.y[::every, -1].tolist()}
        columns = list(dataclasses.replace(source, drop=()).table().columns) if isinstance(source, CSV) else []
        return {"task": data.task, "features": list(data.features), "columns": columns, **shown}

    def _frame(self) -> dict[str, Any]:
        lanes = []
        self._frames += 1
        first = self._first.config
        where = surface_over(dataset(first.dataset, first.seeds[0]), POINTS, GRID)  # over the data of the first seed
        for name, lane in self._lanes.items():
            shown: dict[str, Any] = {"name": name, "curves": lane.curves(), "stopped": lane.stopped.tolist()}
            if not self._running or self._frames % FRAMES_PER_MAP == 0:
                shown["weights"] = lane.weights()
            if where is not None:
                shown["surface"] = lane.surface(where.x, self._looking_at)
            lanes.append(shown)
        inputs: Any = GRID  # of a map the points along each side
        if where is None or where.is_line:
            inputs = None if where is None else where.axes[0].tolist()
        return {
            "type": "frame", "epoch": self._epoch, "looking_at": self._looking_at, "running": self._running,
            "inputs": inputs, "extent": None if where is None else where.extent, "lanes": lanes,
            "slider": {"path": self._slider[0], "points": self._slider[1]},
        }  # fmt: skip


def _document(grid: Grid) -> dict[str, Any]:
    """The document of a race, or of a config as a race of its stack beside none."""
    first = grid.cells[0].config.resolved
    shared = {key: value for key, value in first.items() if key not in ("name", "regularizers")}
    lanes = {cell.config.name: cell.config.resolved["regularizers"] for cell in grid.cells}
    if not grid.lanes:
        lanes = {"none": [], **({"stack": first["regularizers"]} if first["regularizers"] else {})}
    return {"name": grid.name, **copy.deepcopy(shared), "lanes": copy.deepcopy(lanes)}


def _cells(document: Mapping[str, Any]) -> dict[str, Config]:
    """The config of each lane. Raises InputError for whatever is wrong, or larger than a page can show in time."""
    from regx.nn.layout import Layout
    from regx.store.files import config_text

    grid = load_any(config_text(dict(document)))
    configs = {cell.config.name: cell.config for cell in grid.cells}
    first = grid.cells[0].config
    if len(configs) > MOST_LANES or len(first.seeds) > MOST_SEEDS:
        raise InputError(f"expected at most {MOST_LANES} lanes of {MOST_SEEDS} seeds")
    data = dataset(first.dataset, first.seeds[0])
    if len(data.train.x) > MOST_ROWS:
        raise InputError(
            f"expected at most {MOST_ROWS:,} training rows, found {len(data.train.x):,}: set dataset.n_train"
        )
    numbers = sum(
        len(one.seeds) * Layout(data.shape, one.architecture, data.train.y.shape[1], one.stack).size
        for one in configs.values()
    )
    if numbers > MOST_NUMBERS:
        raise InputError(f"expected networks of at most {MOST_NUMBERS:,} parameters together, found {numbers:,}")
    return configs


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set a key, such as `optimizer.lr` or `lanes.l2.l2.lam`; null under `lanes` takes a lane or a member out."""
    keys = path.split(".")
    if keys[0] == "dataset" and keys[-1] in FORBIDDEN:
        raise InputError(f"{path}: the data of a page are chosen when it is started. Type: regx play CONFIG")
    within = _get(document, keys[:-1])
    if keys[0] == "lanes" and len(keys) == 3:
        at = next((number for number, item in enumerate(within) if keys[2] in item), None)
        if value is None and at is not None:
            del within[at]
        elif value is not None and at is None:
            within.append({keys[2]: dict(value)})
    elif keys[0] == "lanes" and len(keys) == 2 and value is None:
        del within[keys[1]]
    elif keys[0] != "lanes" or within is not None:  # else of a member that is not in the stack
        within[keys[-1]] = value


def _get(document: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """What stands at a key; in a stack at the kind of a member, None where it has none."""
    found: Any = document
    for key in keys:
        found = next((item[key] for item in found if key in item), None) if isinstance(found, list) else found[key]
    return found


def _described(declared: Mapping[str, Parameter]) -> dict[str, Any]:
    """What a page needs of a member's parameters to make its controls."""
    return {
        name: {
            "type": parameter.type.__name__, "default": None if parameter.required else parameter.default,
            "low": parameter.ge if parameter.ge is not None else parameter.gt,
            "high": parameter.le if parameter.le is not None else parameter.lt,
            "options": list(parameter.options), "help": parameter.help,
        }
        for name, parameter in declared.items()
    }  # fmt: skip
