"""What a run predicts for raw rows of a table: every seed through its own preparation, then the mean over seeds."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regx.core.arrays import Array, DataFrame
from regx.core.errors import InputError, did_you_mean
from regx.data.cells import BETWEEN, Cells, cells_of, read_cells
from regx.data.images import ImageFiles, new_images
from regx.data.preparation import Preparation, preparation_of
from regx.evidence.data import dataset_of
from regx.evidence.predict import chosen, predict
from regx.evidence.run_folder import RunFolder
from regx.store.files import PREPARATION, read_json
from regx.store.opened import damaged

REMEDY = "Correct the cell, or leave it empty if its value is not known."


@dataclass(frozen=True)
class Predicted:
    """What is predicted for n rows. of_seeds: (seeds, n, K), numbers in the target's units or K probabilities."""

    of_seeds: Array
    classes: tuple[str, ...]

    def frame(self) -> DataFrame:
        """A row for each: `prediction`, for classes `p_<class>`, and `spread`, the standard deviation over seeds."""
        import pandas

        mean = self.of_seeds.mean(axis=0)
        if not self.classes:
            columns, spread_of = {"prediction": mean[:, 0]}, self.of_seeds[:, :, 0]
        else:
            best = mean.argmax(axis=1)
            names = np.array(self.classes, dtype=object)
            columns = {"prediction": names[best], **{f"p_{name}": mean[:, k] for k, name in enumerate(self.classes)}}
            spread_of = self.of_seeds[:, np.arange(len(best)), best]
        spread = spread_of.std(axis=0, ddof=1) if len(self.of_seeds) > 1 else np.full(len(mean), np.nan)
        return pandas.DataFrame({**columns, "spread": spread})


def predict_rows(run: RunFolder, rows: Path | DataFrame, seed: int | None = None, masks: int = 0) -> Predicted:
    """What the completed seeds of a run, or one of them, predict for a table's rows, columns by name in any order.

    Of a run on images a path may be an .npz file with x, or a folder. masks: as `predict` takes them. Raises InputError
    naming column and line where a column is missing, or holds words where numbers belong.
    """
    seeds = chosen(run, seed)
    prepared = preparations(run, seeds)
    names = list(dict.fromkeys(name for one in prepared.values() for name in one.reading.forms))
    source = run.typed.dataset
    if isinstance(source, ImageFiles) and isinstance(rows, Path):
        pixels = new_images(source, rows)
        if set(pixels) != set(names):
            raise InputError(
                f"{rows}: expected images of {len(names)} pixels as {run.folder} was trained on, found "
                f"{len(pixels)}. Bring them to the same height, width and channels."
            )
        return _predicted(run, prepared, masks, lambda one: pixels)
    separator = getattr(source, "separator", "auto")
    cells = read_cells(rows, separator, names, 1) if isinstance(rows, Path) else cells_of(rows)
    if absent := [name for name in names if name not in cells.names]:
        where = f"{cells.path}:1" if isinstance(rows, Path) else "the rows"
        near = did_you_mean(absent[0], [name for name in cells.names if name not in names])
        listed = ", ".join(f"'{name}'" for name in absent)
        raise InputError(
            f"{where}: expected the columns that {run.folder} was trained on, found none called {listed}.{near} Rename "
            f"the table's, or add {'it, with empty cells where nothing is known' if len(absent) == 1 else 'them'}."
        )
    if not isinstance(rows, Path):
        _spell_as_trained(cells, rows, prepared.values())
    with np.errstate(over="ignore", invalid="ignore"):
        found = _predicted(run, prepared, masks, lambda one: one.reading.columns(cells, REMEDY))
    far = ~np.isfinite(found.of_seeds).all(axis=(0, 2))
    if far.any():
        raise InputError(
            f"{cells.place(int(far.argmax()))}: what is predicted is no finite number, since a number of this row lies "
            "too far beyond those that were trained on. Correct it, or leave the cell empty if it is not known."
        )
    return found


def _spell_as_trained(cells: Cells, frame: DataFrame, prepared: Collection[Preparation]) -> None:
    """Write booleans and numbers where words are read as the table had them: `TRUE`, `07030`, `1` and not `1.0`."""

    def bare(word: str) -> str:
        return word.lower().removesuffix(".0").lstrip("0")

    for column in frame.columns:
        if not any(isinstance(value, bool | int | float | np.generic) for value in frame[column].dropna()):
            continue
        levels = {
            level for one in prepared for of in one.words if of.name == str(column) for level in of.levels if level
        }
        often = Counter(map(bare, levels))
        known = {bare(level): level for level in levels if often[bare(level)] == 1}
        if known:
            words = [known.get(bare(word), word) for word in cells.column(str(column))]
            cells.blocks[str(column)] = [BETWEEN.join(words)]


def _predicted(
    run: RunFolder, prepared: dict[int, Preparation], masks: int, columns: Callable[[Preparation], dict[str, Array]]
) -> Predicted:
    """prepared: by seed. columns: those that a preparation reads from the rows."""
    found = []
    for seed, preparation in prepared.items():
        x = preparation.encode(columns(preparation))
        output = predict(run, x, seed, masks).astype(np.float64)
        if preparation.task == "binary":
            output = np.hstack([1 - output, output])
        found.append(output * preparation.spread + preparation.center)
    return Predicted(np.stack(found), preparation.classes)


def preparations(run: RunFolder, seeds: list[int]) -> dict[int, Preparation]:
    """What new rows go through, by seed: as the run has stored it, or from its table where it is older than that.

    Raises InputError where the file is damaged, the table is gone or has changed, or the data was generated.
    """
    path = run.folder / PREPARATION
    stored = read_json(path, sealed=True)["seeds"] if path.exists() else {}
    found: dict[int, Preparation] = {}
    for seed in seeds:
        if str(seed) in stored:
            try:
                found[seed] = preparation_of(stored[str(seed)])
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise damaged(path, f"expected the preparation of seed {seed}, found none: {error!r}") from None
            continue
        if (preparation := dataset_of(run, seed).preparation) is None:
            raise InputError(
                f"{run.folder}: trained on generated data, which has no columns. Expected a run on a table; from "
                "Python run.predict(x) takes an array."
            )
        found[seed] = preparation
    return found
