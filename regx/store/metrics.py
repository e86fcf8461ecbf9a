"""metrics.csv: one row per seed and evaluated epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regx.core.arrays import Array
from regx.store.files import damaged, read_text, sha256

if TYPE_CHECKING:
    import pandas


def format_rows(seed: int, metrics: Mapping[str, Array], names: tuple[str, ...], first: int = 0) -> str:
    """The rows of one network from row `first` on, as lines. metrics: a column for each name, (rows,).

    float32 is printed to 9 digits and float64 to 17: both read back exactly. What does not exist (NaN) is an empty
    field.
    """
    arrays = [metrics[name][first:] for name in names]
    fields = [
        "%.0f" if name == "epoch" else "%.9g" if array.dtype.itemsize == 4 else "%r"
        for name, array in zip(names, arrays, strict=True)
    ]
    # One format per row: ten times faster than one per number.
    row = ",".join([str(seed), *fields]) + "\n"
    text = "".join([row % values for values in zip(*(array.tolist() for array in arrays), strict=True)])
    return text.replace(",nan", ",")


def format_metrics(rows: Mapping[int, str], names: tuple[str, ...]) -> str:
    """The file from each seed's lines, in ascending order of seeds."""
    return ",".join(("seed", *names)) + "\n" + "".join(rows[seed] for seed in sorted(rows))


def read_rows(path: Path, names: tuple[str, ...], seeds: Mapping[str, Any]) -> dict[int, str]:
    """Each finished seed's lines, as they stand in the file. Rows of other seeds are what a killed process left.

    seeds: what summary.json says of each finished seed. Raises InputError, naming the line or lines, if one is not
    whole, or not as it was written.
    """
    if not seeds:
        return {}
    header, *lines = read_text(path).split("\n")
    if header != ",".join(("seed", *names)):
        raise damaged(path, f"expected in line 1 the columns `{','.join(('seed', *names))}`, found `{header}`")
    ended = not lines.pop() if lines else False  # what stands behind the last line's end
    found: dict[str, list[str]] = {seed: [] for seed in seeds}
    numbers: dict[str, list[int]] = {seed: [] for seed in seeds}
    for number, line in enumerate(lines, start=2):
        seed, _, _ = line.partition(",")
        if seed in found:
            found[seed].append(line)
            numbers[seed].append(number)
    for seed, own in found.items():
        text = "".join([line + "\n" for line in own])
        written = seeds[seed].get("sha256", {}).get("metrics")
        if written is None or sha256(text.encode()) != written:
            _check_rows(path, names, own, numbers[seed])
            last = own[-1].split(",")[1] if own else "no rows"
            if last != str(seeds[seed]["last_epoch"]):
                cut = "" if ended else f", and line {len(lines) + 2} is cut"
                expected = f"expected rows of seed {seed} to epoch {seeds[seed]['last_epoch']}"
                raise damaged(path, f"{expected}, found {last} in line {numbers[seed][-1] if own else 1}{cut}")
            if written is not None:
                where = f"in lines {numbers[seed][0]} to {numbers[seed][-1]}"
                raise damaged(path, f"expected {where} the rows of seed {seed} as they were written, found others")
    return {int(seed): "".join([line + "\n" for line in own]) for seed, own in found.items()}


def read_frame(rows: Mapping[int, str], names: tuple[str, ...]) -> pandas.DataFrame:
    """The table of the seeds' lines, as `read_rows` gives them."""
    import pandas

    lines = [line for seed in sorted(rows) for line in rows[seed].splitlines()]
    # By Python's own `float`: whether pandas reads the last digit right depends on its version.
    numbers = [[float(field or "nan") for field in line.split(",")] for line in lines]
    frame = pandas.DataFrame(numbers, columns=["seed", *names], dtype="float64")
    return frame.astype({"seed": "int64", "epoch": "int64"})


def _check_rows(path: Path, names: tuple[str, ...], lines: list[str], numbers: list[int]) -> None:
    """Raise InputError naming the first line that is no row: of numbers, as many as columns, of a later epoch."""
    before = -1
    for number, line in zip(numbers, lines, strict=True):
        fields = line.split(",")
        if len(fields) != len(names) + 1:
            raise damaged(path, f"expected {len(names) + 1} whole fields in line {number}, found `{line}`")
        for field in fields:
            if not _is_number(field):
                raise damaged(path, f"expected numbers in line {number}, found `{field}` in `{line}`")
        if not fields[1].isdecimal() or int(fields[1]) <= before:
            raise damaged(path, f"expected in line {number} an epoch after {before}, found `{line}`")
        before = int(fields[1])


def _is_number(field: str) -> bool:
    try:
        float(field or "nan")
    except ValueError:
        return False
    return field.isascii() and "_" not in field and field == field.strip()
