"""metrics.csv: one row per seed and evaluated epoch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regx.core.trained import ACCURACIES, METRICS, Trained
from regx.store.files import damaged, read_text

if TYPE_CHECKING:
    import pandas


def columns(task: str) -> tuple[str, ...]:
    """The columns after `seed`."""
    return METRICS if task == "regression" else METRICS + ACCURACIES


def format_rows(trained: Trained, names: tuple[str, ...]) -> str:
    """The rows of one network, as lines. float32 is printed to 9 digits and float64 to 17: both read back exactly.

    What does not exist (NaN) is an empty field.
    """
    arrays = [trained.metrics[name] for name in names]
    fields = [
        "%.0f" if name == "epoch" else "%.9g" if array.dtype.itemsize == 4 else "%r"
        for name, array in zip(names, arrays, strict=True)
    ]
    # One format per row: ten times faster than one per number.
    row = ",".join([str(trained.seed), *fields]) + "\n"
    text = "".join([row % values for values in zip(*(array.tolist() for array in arrays), strict=True)])
    return text.replace(",nan", ",")


def format_metrics(rows: dict[int, str], names: tuple[str, ...]) -> str:
    """The file from each seed's lines, in ascending order of seeds."""
    return ",".join(("seed", *names)) + "\n" + "".join(rows[seed] for seed in sorted(rows))


def read_rows(path: Path, names: tuple[str, ...], epochs: dict[int, int]) -> dict[int, str]:
    """Each finished seed's lines, as they stand in the file. Rows of other seeds are what a killed process left.

    epochs: the last epoch of each finished seed. Raises InputError, naming the line, if a finished seed is not whole.
    """
    if not epochs and not path.exists():
        return {}
    lines = read_text(path).splitlines(keepends=True)
    header = ",".join(("seed", *names))
    if not epochs:
        return {}
    if not lines or lines[0].rstrip("\r\n") != header:
        raise damaged(path, f"expected in line 1 the columns `{header}`, found `{lines[0].rstrip() if lines else ''}`")
    found: dict[str, list[str]] = {str(seed): [] for seed in epochs}
    for number, line in enumerate(lines[1:], start=2):
        seed, _, _ = line.partition(",")
        if seed in found:
            if line.count(",") != len(names) or not line.endswith("\n"):
                raise damaged(path, f"expected {len(names) + 1} whole fields in line {number}, found `{line.rstrip()}`")
            found[seed].append(line)
    for seed, rows in found.items():
        last = rows[-1].split(",")[1] if rows else "no rows"
        if last != str(epochs[int(seed)]):
            raise damaged(path, f"expected rows of seed {seed} to epoch {epochs[int(seed)]}, found {last}")
    return {int(seed): "".join(rows) for seed, rows in found.items()}


def read_frame(path: Path, names: tuple[str, ...], epochs: dict[int, int]) -> pandas.DataFrame:
    """The rows of the finished seeds. Raises InputError naming the file, and the line where there is one."""
    import pandas

    rows = read_rows(path, names, epochs)
    lines = [line for seed in sorted(rows) for line in rows[seed].splitlines()]
    try:
        numbers = [[float(field or "nan") for field in line.split(",")] for line in lines]
    except ValueError:
        raise damaged(path, f"expected numbers, found {_first_bad(lines)}") from None
    # By Python's own `float`: whether pandas reads the last digit right depends on its version.
    frame = pandas.DataFrame(numbers, columns=["seed", *names], dtype="float64")
    return frame.astype({"seed": "int64", "epoch": "int64"})


def _first_bad(lines: list[str]) -> str:
    for line in lines:
        for field in line.split(","):
            try:
                float(field or "nan")
            except ValueError:
                return f"`{field}` in the row `{line}`"
    return "none"
