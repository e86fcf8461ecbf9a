"""networks.csv: one line per network of a sweep that is too large for a folder each.

Lines are added whole, and each ends with the CRC-32 of what stands before it, so that a change in one is noticed and a
line that was cut when its writer was killed is told from one that was written.
"""

import math
import mmap
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from regx.core.errors import InputError, RegxError
from regx.core.regularizer import CROSS_FITTED
from regx.core.trained import Trained
from regx.metrics import columns
from regx.store.atomic import append_lines, unwritable, write_atomically
from regx.store.opened import damaged, opened
from regx.store.summary import seed_summary

NETWORKS = "networks.csv"
LONGEST_LINE = 1 << 16
FACTS = ("cell", "seed", "status", "reported_epoch", "last_epoch", "seconds")


@dataclass(frozen=True)
class NetworkLine:
    """What a line says of a network: its cell's number in the grid, its seed, and the metrics at the reported epoch."""

    cell: int
    seed: int
    status: str
    metrics: dict[str, float]

    def judged(self, loss: str) -> float:
        """The loss by which it is chosen among others: of one that stopped early the cross-fitted one.

        Files of earlier versions lack that, and all their networks are judged alike, by the loss.
        """
        found = self.metrics[CROSS_FITTED]
        return self.metrics[loss] if math.isnan(found) else found


def begin(folder: Path, task: str, anew: bool) -> None:
    """Make the file ready for lines: with its header, without a last line that is cut; with `anew` empty.

    Raises InputError where something else stands there, RegxError if the disk refuses.
    """
    path = folder / NETWORKS
    if anew or not path.exists():
        write_atomically(path, (",".join([*FACTS, *_metrics(task), "crc32"]) + "\n").encode())
        return
    try:
        with opened(path, os.O_RDWR) as descriptor, os.fdopen(descriptor, "r+b", closefd=False) as file:
            _declared(path, file.readline(LONGEST_LINE))  # before anything is cut off or trained
            with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
                end, size = content.rfind(b"\n") + 1, len(content)  # of the last whole line, and of all
            if end < size:
                file.truncate(end)
    except OSError as error:
        raise unwritable(path, error) from error


def add(folder: Path, task: str, cells: Sequence[int], trained: Sequence[Trained]) -> None:
    """Add a line for each network. cells: the number of each one's cell. Raises RegxError if the disk refuses."""
    path = folder / NETWORKS
    with opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
        names = _declared(path, file.readline(LONGEST_LINE))
    lines = []
    for cell, one in zip(cells, trained, strict=True):
        said = seed_summary(one, task)
        facts = [cell, one.seed, said["status"], said["reported_epoch"], said["last_epoch"], f"{one.seconds:.6g}"]
        found = {**said["metrics"], CROSS_FITTED: said["diagnostics"].get(CROSS_FITTED, math.nan)}
        text = ",".join([*map(str, facts), *(repr(found.get(name, math.nan)) for name in names)])
        lines.append(f"{text},{zlib.crc32(text.encode()):08x}\n")
    append_lines(path, "".join(lines).encode())


def read(folder: Path, task: str) -> Iterator[NetworkLine]:
    """The lines, one after the other; a last one that is cut is none.

    Raises InputError naming a line that is not as it was written, RegxError if the disk refuses.
    """
    path, known = folder / NETWORKS, dict.fromkeys(_metrics(task), math.nan)
    try:
        with opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            names = _declared(path, file.readline(LONGEST_LINE))
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=2):
                if not line.endswith(b"\n"):
                    if len(line) == LONGEST_LINE:
                        raise damaged(path, f"expected a line of at most {LONGEST_LINE:,} bytes, found line {number}")
                    return
                text, _, seal = line[:-1].rpartition(b",")
                if seal != f"{zlib.crc32(text):08x}".encode():
                    raise InputError(
                        f"{path}: damaged: expected line {number} as it was written, found another: its CRC does not "
                        "fit. Restore the file, or take that line out and type the command that made it again: it "
                        "trains that network alone."
                    )
                try:
                    cell, seed, status, reported, last, seconds, *values = text.decode().split(",")
                    _ = int(reported), int(last), float(seconds)
                    metrics = {**known, **dict(zip(names, map(float, values), strict=True))}
                    one = NetworkLine(int(cell), int(seed), status, metrics)
                except ValueError:
                    raise damaged(path, f"expected numbers in line {number}, found something else") from None
                if one.cell < 0 or status not in ("completed", "diverged"):
                    raise damaged(path, f"expected a cell and a status in line {number}, found something else")
                yield one
    except FileNotFoundError:
        return
    except OSError as error:
        raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _declared(path: Path, header: bytes) -> list[str]:
    """The metrics that the file's first line declares. Raises InputError if it is none."""
    facts = ",".join(FACTS)
    found = re.fullmatch(rf"{facts}((?:,[a-z0-9_]{{1,40}}){{1,100}}),crc32\n", header.decode("latin-1"))
    if found is None:
        raise damaged(path, f"expected in line 1 the columns `{facts},...,crc32`, found others")
    return found[1][1:].split(",")


def _metrics(task: str) -> list[str]:
    return [*(name for name in columns(task) if name != "epoch"), CROSS_FITTED]
