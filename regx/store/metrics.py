"""metrics.csv: one row per seed and evaluated epoch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.arrays import Array, DataFrame
from regx.metrics import columns
from regx.store.files import most_bytes, read_text, sha256
from regx.store.opened import damaged

_OF_NUMBERS = set("0123456789.,+-einf")


def format_rows(seed: int, metrics: Mapping[str, Array], names: tuple[str, ...], first: int = 0) -> str:
    """The rows of one network from row `first` on, as lines. metrics: a column for each name that is known, (rows,).

    float32 is printed to 9 digits and float64 to 17: both read back exactly. What does not exist (NaN) is an empty
    field.
    """
    unknown = metrics["epoch"] * float("nan")
    arrays = [metrics.get(name, unknown)[first:] for name in names]
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


@dataclass(frozen=True)
class Rows:
    """What metrics.csv holds: the columns after `seed`, and each finished seed's lines, as they stand in the file."""

    names: tuple[str, ...]
    lines: dict[int, str]


def read_rows(path: Path, task: str, seeds: Mapping[str, Any]) -> Rows:
    """The columns that the file declares, and each finished seed's lines. Other rows are what a killed process left.

    seeds: what summary.json says of each finished seed; without any, nothing is read, and the columns are those of the
    task. Raises InputError, naming the line or lines, if one is no row of numbers, or not as it was written.
    """
    if not seeds:
        return Rows(columns(task), {})
    header, *lines = read_text(path, most_bytes()).split("\n")
    names = tuple(header.split(",")[1:])
    if not re.fullmatch(r"seed,epoch(,[a-z0-9_]{1,40}){1,100}", header) or len({"seed", *names}) <= len(names):
        raise damaged(path, f"expected in line 1 columns such as `seed,{','.join(columns(task))}`, found others")
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
        _check_rows(path, names, own, numbers[seed])  # though it be sealed rightly: a stranger may have sealed it
        last = own[-1].split(",")[1] if own else "no rows"
        if last != str(seeds[seed]["last_epoch"]):
            cut = "" if ended else f", and line {len(lines) + 2} is cut"
            expected = f"expected rows of seed {seed} to epoch {seeds[seed]['last_epoch']}"
            raise damaged(path, f"{expected}, found {last} in line {numbers[seed][-1] if own else 1}{cut}")
        if written is not None and sha256(text.encode()) != written:
            where = f"in lines {numbers[seed][0]} to {numbers[seed][-1]}"
            raise damaged(path, f"expected {where} the rows of seed {seed} as they were written, found others")
    return Rows(names, {int(seed): "".join([line + "\n" for line in own]) for seed, own in found.items()})


def read_frame(rows: Rows, task: str) -> DataFrame:
    """The table of the seeds' lines. Columns of the task that the file has not are NaN."""
    import pandas

    lines = [line for seed in sorted(rows.lines) for line in rows.lines[seed].splitlines()]
    # By Python's own `float`: whether pandas reads the last digit right depends on its version.
    numbers = [[float(field or "nan") for field in line.split(",")] for line in lines]
    frame = pandas.DataFrame(numbers, columns=["seed", *rows.names], dtype="float64")
    frame = frame.reindex(columns=list(dict.fromkeys(["seed", *columns(task), *rows.names])))
    return frame.astype({"seed": "int64", "epoch": "int64"})


def _check_rows(path: Path, names: tuple[str, ...], lines: list[str], numbers: list[int]) -> None:
    """Raise InputError naming the first line that is no row: of numbers, as many as columns, of a later epoch."""
    before = -1
    is_odd = not set().union(*lines) <= _OF_NUMBERS  # of a NaN, a blank or another alphabet's digits `float` makes one
    for number, line in zip(numbers, lines, strict=True):
        fields = line.split(",")
        if len(fields) != len(names) + 1:
            raise damaged(path, f"expected {len(names) + 1} whole fields in line {number}, found `{line[:200]}`")
        if is_odd or not _are_numbers(fields):
            for field in fields:
                if not (set(field) <= _OF_NUMBERS and _are_numbers([field])):
                    raise damaged(path, f"expected numbers in line {number}, found `{field}` in `{line[:200]}`")
        epoch = int(fields[1]) if fields[1].isdecimal() and len(fields[1]) < 16 else before
        if epoch <= before:
            raise damaged(path, f"expected in line {number} an epoch after {before}, found `{line[:200]}`")
        before = epoch


def _are_numbers(fields: list[str]) -> bool:
    try:
        _ = list(map(float, filter(None, fields)))
    except ValueError:
        return False
    return True
