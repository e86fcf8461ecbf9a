"""Folders from strangers: special files, links, bombs, and files that are sealed rightly and hold what they must not.

    python tests/durability/strangers.py [--commands 3000] [--seed 0] [--seconds S] [--only ATTACK]

Each attack is made on a copy of a run or a study that lies beside a good run, with something dear outside of both. Then
some of the commands that read such folders are run, each in a process of its own. Whatever is done to a folder, none
of them shows a traceback, computes for more than 10 s or waits, changes or shows a byte outside the folder, or hides
the good run. A finding is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands

GOLDEN = Path(__file__).parents[1] / "golden"
SECONDS_OF_WORK, SECONDS_OF_WAITING = 10, 60  # of a processor; on the clock, which others use as well
MOST_MEMORY = 6 << 30
DEAR = "dear-to-somebody"
# A run or a study, and the config that makes it again.
VICTIMS = {
    "regression-": "regression.yaml", "stopped-": "stopped.yaml", "table-": "table.yaml",
    "strengths-sweep-": "strengths.yaml", "widths-sweep-": "widths.yaml", "lanes-race-": "lanes.yaml",
    "regression-ablate-": "regression.yaml", "draws-bias-variance-": "draws.yaml", "price-recommend-": "table.csv",
}  # fmt: skip
MAKES = {
    "strengths-sweep-": ("sweep", "strengths.yaml"), "widths-sweep-": ("sweep", "widths.yaml", "--compact"),
    "lanes-race-": ("race", "lanes.yaml"), "draws-bias-variance-": ("bias-variance", "draws.yaml"),
    "regression-ablate-": ("ablate", "regression.yaml", "-s", "training.epochs=20", "--seeds", "2"),
    "price-recommend-": ("recommend", "table.csv", "--target", "price", "--minutes", "0.05", "--splits", "2"),
}  # fmt: skip


# What is done to a folder


def special(folder: Path, outside: Path, draw: random.Random) -> str:
    """Something else than a file in the place of one."""
    path = draw.choice(_places(folder))
    kind = draw.choice(("pipe", "link", "hard link", "zero", "terminal", "loop", "folder", "nothing", "socket"))
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(outside / draw.choice(("dear.txt", "dear.csv", "folder")))
    elif kind == "hard link":
        path.hardlink_to(outside / "dear.txt")
    elif kind in ("zero", "terminal"):
        path.symlink_to("/dev/zero" if kind == "zero" else "/dev/tty")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        import socket

        here = Path.cwd()
        os.chdir(path.parent)  # a socket's whole name has 107 bytes at most
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
        os.chdir(here)
    return f"{path.name} is a {kind}"


def _places(folder: Path) -> list[Path]:
    own = [path for path in folder.rglob("*") if path.is_file()]
    inside = [path for path in folder.iterdir() if path.is_dir()]
    new = (".lock", ".checkpoints", "snapshots.npz", "preparation.json", "networks.csv", "sweep.json")
    return sorted({*own, *inside, *(folder / name for name in new), folder / ".checkpoints" / f"{'0' * 16}.npz"} - {
        path for path in [folder / ".checkpoints" / f"{'0' * 16}.npz"] if not path.parent.is_dir()
    })  # fmt: skip


def bomb(folder: Path, outside: Path, draw: random.Random) -> str:
    """Little that would become much."""
    archives = sorted(path for path in folder.rglob("*.npz") if path.is_file())
    plain = sorted(path for path in folder.rglob("*.json") if path.is_file())
    kind = draw.choice(
        ["members", "compressed", "claimed"] * bool(archives)
        + ["aliases", "nested", "digits", "cells", "sparse", "list"]
    )
    if kind in ("members", "compressed", "claimed"):
        path = draw.choice(archives)
        if kind == "members":
            with zipfile.ZipFile(path, "a") as archive:
                for number in range(draw.choice((2_000, 60_000))):
                    archive.writestr(f"seed0/reported/{number}/weight.npy", b"")
        elif kind == "compressed":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
                for _ in range(64):
                    member.write(bytes(1 << 20))
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("seed0/reported/0/weight.npy", b"\0" * 1000)
            whole = path.read_bytes()
            path.write_bytes(whole.replace((1000).to_bytes(4, "little"), (1 << 31).to_bytes(4, "little")))
        return f"{path.name}: {kind}"
    if kind == "aliases":
        path = next(iter(sorted(folder.rglob("config.yaml"))), folder / "config.yaml")
        tower = "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 12))
        path.write_text(f"a0: &a0 [x]\n{tower}")
        return "config.yaml: aliases"
    path = draw.choice(plain)
    if kind == "nested":
        path.write_text("[" * 200_000 + "]" * 200_000)
    elif kind == "digits":
        path.write_text(path.read_text().replace(": 1", ": " + "1" * 6000, 1))
    elif kind == "sparse":
        os.truncate(draw.choice([path, *archives]), 1 << 40)
    elif kind == "list":
        content = json.loads(path.read_text())
        _write(path, {**content, "notes": ["x" * 10] * 200_000})
    else:
        axes = [{"key": f"a{k}", "values": list(range(10))} for k in range(30)]
        cells = [{"run": f"r{k}", "point": {}} for k in range(120_000)]
        compact = draw.random() < 0.5
        _write(
            folder / "sweep.json",
            {"name": "x", "axes": axes if compact else [], "compact": compact, "cells": cells, "task": "regression",
             "config": {}},
        )  # fmt: skip
    return f"{path.name}: {kind}"


def sealed(folder: Path, outside: Path, draw: random.Random) -> str:
    """A value that is changed, with all seals as they must be then."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix in (".json", ".yaml", ".csv", ".npz")
    )
    path = draw.choice(files)
    change = {".json": _json, ".yaml": _yaml, ".csv": _csv, ".npz": _npz}[path.suffix]
    return (
        f"{path.relative_to(folder)}: {'; '.join(change(path, draw, outside) for _ in range(draw.choice((1, 1, 3))))}"
    )


ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 3, 0.5, -0.5, 1e308, -1e308, 5e-324, 10**18, -(10**30), 10**400, "", "x", "0", "1e3",
    "\x1b[31mred\x1b]0;title\x07", "\x9b31m", "‮right to left", "<script>alert(1)</script>", "a|b\nc", "$\\frac{1}$",
    "../../outside/dear.csv", "/dev/zero", "~", "y" * 3000, "nan", [], {}, [1], [None], ["x", 2], {"x": 1},
    [[1, 2], [3]],
    {"mean": None, "low": None, "high": None}, [0] * 500, "regression", "multiclass", "completed", "diverged",
    "running",
    "relu", "full", "float64", 2, 7, 1000, 10**7, 2**31, 2**53,
)  # fmt: skip


def _places_of(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if where:
        yield where
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from _places_of(item, (*where, key))


def _changed(value: Any, draw: random.Random) -> tuple[Any, str]:
    """The value with one place in it changed, and what was done."""
    value = json.loads(json.dumps(value))
    places = list(_places_of(value))
    if not places:
        return {"x": 1}, "is another"
    *way, last = draw.choice(places)
    holder = value
    for key in way:
        holder = holder[key]
    name, what = ".".join(map(str, (*way, last))), draw.random()
    if what < 0.1:
        del holder[last]
        return value, f"{name} is gone"
    if what < 0.16:
        holder[last] = json.loads(json.dumps(draw.choice([value[way[0]] if way else value, holder])))
        return value, f"{name} is what holds it"
    if what < 0.22 and isinstance(holder, dict):
        new = str(draw.choice(("x", "0", "99", "-1", "epoch", "\x1b[1m", "lane")))
        holder[new] = holder.pop(last)
        return value, f"{name} is called {new!r}"
    if what < 0.35 and isinstance(holder[last], int | float) and not isinstance(holder[last], bool):
        holder[last] = holder[last] * draw.choice((-1, 0, 2, 1000, 1e-9))
    else:
        holder[last] = draw.choice(ODD)
    return value, f"{name} is {str(holder[last])[:50]!r}"


def _write(path: Path, value: dict[str, Any]) -> None:
    from regx.store.files import SEAL, sha256

    unsealed = {key: item for key, item in value.items() if key != SEAL}
    text = json.dumps(unsealed, indent=2, ensure_ascii=False).removesuffix("\n}")
    path.write_bytes(f'{text},\n  "{SEAL}": "{sha256(text.encode())}"\n}}\n'.encode("utf-8", "surrogatepass"))


def _json(path: Path, draw: random.Random, outside: Path) -> str:
    content, what = _changed(json.loads(path.read_text()), draw)
    _write(path, content if isinstance(content, dict) else {"x": content})
    return what


def _yaml(path: Path, draw: random.Random, outside: Path) -> str:
    import yaml

    from regx.store.files import write_config

    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError:
        return "is none already"
    if isinstance(content, dict) and draw.random() < 0.1 and isinstance(content.get("dataset"), dict):
        named = draw.choice((outside / "dear.csv", outside / "dear.txt", "/dev/zero", path.parent / "pipe"))
        content["dataset"] = {"name": "csv", "path": str(named), "target": "a"}
        if named.name == "pipe" if isinstance(named, Path) else False:
            os.mkfifo(named)
        what = f"dataset is {named}"
    else:
        content, what = _changed(content, draw)
    write_config(path, content if isinstance(content, dict) else {"x": content})
    return what


def _csv(path: Path, draw: random.Random, outside: Path) -> str:
    lines = path.read_text().splitlines()
    row = draw.randrange(len(lines))
    fields = lines[row].split(",")
    what = draw.choice(("field", "field", "field", "row", "twice", "header", "order"))
    if what == "field":
        fields[draw.randrange(len(fields))] = str(draw.choice(ODD))
        lines[row] = ",".join(fields).replace("\n", " ")
    elif what == "row":
        del lines[row]
    elif what == "twice":
        lines.insert(row, lines[row])
    elif what == "header":
        names = lines[0].split(",")
        names[draw.randrange(len(names))] = draw.choice(("x", "seed", "test_loss", "", "\x1b[1m", "epoch"))
        lines[0] = ",".join(names)
    else:
        draw.shuffle(lines)
    _seal_rows(path, lines)
    return f"{what} in line {row + 1}"


def _seal_rows(path: Path, lines: list[str]) -> None:
    if path.name == "networks.csv":
        sealed_lines = []
        for line in lines[1:]:
            text = line.rpartition(",")[0]
            sealed_lines.append(f"{text},{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}")
        path.write_text("\n".join([*lines[:1], *sealed_lines]) + "\n", errors="surrogatepass")
        return
    path.write_text("\n".join(lines) + "\n", errors="surrogatepass")
    summary = path.with_name("summary.json")
    if summary.is_file():
        content = json.loads(summary.read_text())
        seeds = content.get("seeds")
        for seed, entry in seeds.items() if isinstance(seeds, dict) else ():
            own = "".join(line + "\n" for line in lines if line.startswith(f"{seed},"))
            if isinstance(entry, dict) and isinstance(entry.get("sha256"), dict):
                entry["sha256"]["metrics"] = hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()
        _write(summary, {**content, "bytes": {}})


def _npz(path: Path, draw: random.Random, outside: Path) -> str:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = draw.choice(sorted(arrays))
    what = draw.choice(
        ("gone", "named", "transposed", "flat", "empty", "whole", "odd", "complex", "added", "wide", "text")
    )
    array = arrays[name]
    if what == "gone":
        del arrays[name]
    elif what == "named":
        arrays[draw.choice(("x", "seed0/reported/9/weight", "seed0/x", "seed99/init/0/bias"))] = arrays.pop(name)
    elif what == "added":
        arrays[f"{name}_{draw.choice('ab')}"] = array
    elif what == "odd":
        arrays[name] = np.full_like(array, draw.choice((np.nan, np.inf, 1e38, 0)))
    else:
        arrays[name] = {
            "transposed": array.T, "flat": array.reshape(-1), "empty": array[:0], "whole": array.astype(np.int64),
            "complex": array.astype(complex), "wide": np.zeros((*array.shape, 3)), "text": array.astype("U8"),
        }[what]  # fmt: skip
    seal_arrays(path, arrays)
    return f"{name} is {what}"


def seal_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write a run's arrays in the place of others, as if they had always been its own."""
    from regx.store.weights import digest, format_weights

    path.write_bytes(format_weights(arrays))
    summary, kind = path.with_name("summary.json"), path.stem
    if summary.is_file():
        content = json.loads(summary.read_text())
        seeds = content.get("seeds")
        for seed, entry in seeds.items() if isinstance(seeds, dict) else ():
            own = {each: one for each, one in arrays.items() if each.startswith(f"seed{seed}/")}
            if isinstance(entry, dict) and isinstance(entry.get("sha256"), dict) and kind in entry["sha256"]:
                entry["sha256"][kind] = digest(own)
        _write(summary, {**content, "bytes": {}})


ATTACKS: dict[str, Callable[[Path, Path, random.Random], str]] = {"special": special, "bomb": bomb, "sealed": sealed}


# The commands that read what was done


def reading(victim: Path, good: Path, draw: random.Random) -> Iterator[tuple[list[object], bool]]:
    """Commands, and whether the good run must be in what each shows."""
    prefix = next(prefix for prefix in sorted(VICTIMS, key=len, reverse=True) if victim.name.startswith(prefix))
    runs = [path for path in [victim, *sorted(victim.iterdir())] if (path / "run.json").exists()] or [victim]
    run, config = draw.choice(runs), VICTIMS[prefix]
    make = MAKES.get(prefix, ("run", config, "--seeds", "4"))
    form = draw.choice(("table", "csv", "md", "json"))
    every: list[tuple[list[object], bool, float]] = [
        (["compare", "runs", "--format", form], True, 3),
        (["compare", run], False, 1),
        (["compare", "runs", "--metric", draw.choice(("sharpness", "brier_score", "r2", "dead_units"))], False, 0.5),
        (["ls", "runs"], True, 2),
        (["diagnose", "runs"], True, 2),
        (["diagnose", run], False, 1),
        (["report", "runs", "-o", "page.html"], True, 1.5),
        (["plot", "runs", "--out", "pictures"], False, 0.4),
        (["plot", run, "--out", "pictures"], False, 0.6),
        ([*make, "--out", "runs", "--jobs", "1", "--quiet"], False, 1.5),
        (["run", run / "config.yaml", "--out", "anew", "--jobs", "1", "--seeds", "1", "-q"], False, 0.3),
        (["predict", run, "rows.csv"], False, 1),
        (["predict", run, "rows.csv", "-o", "predictions.csv"], False, 0.4),
        (["compare", "runs", "--baseline", run, "--only-changed"], False, 0.7),
        (["compare", "runs", "--sort", draw.choice(("gap", "name", "p", "seconds")), "--top", "3"], False, 0.5),
        (["ls", "runs", "--filter", draw.choice(("test_loss < 9", "l2.lam > 0", "seeds >= 1"))], False, 0.7),
        (["diagnose", run, "--apply", "advised.yaml", "--force"], False, 0.5),
        (["data", run / "config.yaml", "--out", "written"], False, 0.4),
        (["worth", run / "config.yaml", "--dry-run"], False, 0.3),
        (["sweep", run / "config.yaml", "--lam", "0.1,1", "--dry-run"], False, 0.3),
        (["rm", "--dry-run", "runs"], False, 0.4),
        (["export", run, "-o", "network.onnx"], False, 0.7),
        (["diff", run, good], False, 1),
        (["diff", good, run], False, 0.5),
        (["validate", run / "config.yaml"], False, 0.3),
        (["rm", "--yes", victim], False, 0.4),
    ]
    weights = [weight for _, _, weight in every]
    for command, shows, _ in draw.choices(every, weights, k=draw.randint(2, 4)):
        yield command, shows


@dataclass
class Told:
    """What came of all commands."""

    commands: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    largest: int = 0


def prepared(work: Path) -> None:
    """The good run, the victims and what is dear, in a folder that copies are made of."""
    for name in ("configs", "format1"):
        shutil.copytree(GOLDEN / name, work / name)
    (work / "outside" / "folder").mkdir(parents=True)
    (work / "outside" / "folder" / "dear.npz").write_text(DEAR)
    (work / "outside" / "dear.txt").write_text(f"{DEAR}\n" * 50)
    (work / "outside" / "dear.csv").write_text("a,b\n" + f"{DEAR},1\n" * 50)
    for path in (work / "configs").iterdir():
        shutil.copy(path, work)
    shutil.copy(work / "table.csv", work / "rows.csv")
    log = work / "log"
    os.chdir(work)
    commands.seconds(["run", "table.yaml", "--seeds", "2", "--out", "format1", "-q", "--force", "--jobs", "1"], log)
    commands.seconds(["run", "stopped.yaml", "--seeds", "4", "--out", "format1", "-q", "--jobs", "1"], log)
    commands.seconds(["run", "regression.yaml", "--seeds", "2", "--out", "kept", "-q", "--jobs", "1"], log)
    commands.finish([*MAKES["price-recommend-"], "--out", "format1", "-q", "--jobs", "1"], log)
    next((work / "kept").iterdir()).rename(work / "kept" / "the-good-one")


def attack(work: Path, number: int, seed: int, only: str | None, told: Told) -> None:
    """One folder, and the commands on it."""
    draw = random.Random(f"{seed}-{number}")  # noqa: S311
    victims = sorted(path for path in (work / "format1").iterdir() if path.is_dir())
    chosen = draw.choice(victims)
    kind = only or draw.choices(list(ATTACKS), (3, 1, 8))[0]
    shutil.rmtree(work / "runs", ignore_errors=True)
    shutil.copytree(work / "kept", work / "runs")
    victim = shutil.copytree(chosen, work / "runs" / chosen.name)
    try:
        done = ATTACKS[kind](victim, work / "outside", draw)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, OSError):
        return  # of what was changed before nothing can be changed any more
    told.kinds[kind] += 1
    dear = _content(work / "outside", work / "kept")
    for command, shows in reading(victim.relative_to(work), Path("runs/the-good-one"), draw):
        log = work / "log"
        log.unlink(missing_ok=True)
        (work / "page.html").unlink(missing_ok=True)
        begun = time.monotonic()
        code, usage = _run(command, log)
        took, text = time.monotonic() - begun, log.read_text(errors="replace")
        told.commands, told.longest = told.commands + 1, max(told.longest, usage.ru_utime + usage.ru_stime)
        told.largest = max(told.largest, usage.ru_maxrss)
        told.codes[code] += 1
        page = (work / "page.html").read_text(errors="replace") if (work / "page.html").exists() else ""
        wrong = []
        if "Traceback" in text or code not in (0, 1, 2, 3):
            frames = re.findall(r'regx/(\S+)", line (\d+)', text)[-3:]
            last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
            where = " > ".join(":".join(frame) for frame in frames)
            wrong.append(f"traceback, or ended with {code}: {last[:300]} ({where})")
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            wrong.append(f"hangs: {took:.0f} s")
        if _content(work / "outside", work / "kept") != dear:
            wrong.append("changes what is outside")
        # Who gives a config by name has its table read, and is told what is wrong there.
        if DEAR in text + page and not any(str(word).endswith("config.yaml") for word in command):
            wrong.append("shows what is outside")
        if shows and code in (0, 3) and "the-good-one" not in text + page and "regression" not in text + page:
            wrong.append("hides the good run")
        elif shows and code not in (0, 3) and not wrong:
            wrong.append(f"does not show the good run: {text[-300:]}")
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text):
            wrong.append(f"prints signs raw: {re.sub(r'[^ -~]', '?', text)[-200:]}")
        for line in re.findall(r"^\S+\.py:\d+: \w*Warning: .*", text, re.MULTILINE):
            told.warnings[line] += 1
        for what in wrong:
            told.findings.append(f"{number}: {kind}, {done}: {' '.join(map(str, command))}: {what}")
            print(told.findings[-1], flush=True)


def _run(command: list[object], log: Path) -> tuple[int, resource.struct_rusage]:
    """Start a command and wait for it, but not longer than is allowed. Its exit code, and what it has used."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_WORK, SECONDS_OF_WORK + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    pid = commands.start(command, log, limits)
    give_up = time.monotonic() + SECONDS_OF_WAITING
    while not commands.is_over(pid):
        if time.monotonic() > give_up:
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.005)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage


def _content(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=math.inf, help="no further attack after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(ATTACKS))
    parser.add_argument("--number", type=int, help="of a finding: that attack alone")
    options = parser.parse_args()
    commands.load()
    import matplotlib.figure  # noqa: F401
    import onnx  # noqa: F401
    import pandas  # noqa: F401
    import sklearn.model_selection  # noqa: F401

    import regx.evidence.onnx
    import regx.page.build
    import regx.report.run
    import regx.studies.diagnosis.question  # noqa: F401

    told, number = Told(), 0 if options.number is None else options.number
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        prepared(work)
        give_up = time.monotonic() + options.seconds
        while told.commands < options.commands and time.monotonic() < give_up:
            attack(work, number, options.seed, options.only, told)
            number += 1
            if options.number is not None:
                break
        os.chdir("/")
    ended = ", ".join(f"{count} with {code}" for code, count in sorted(told.codes.items()))
    attacks = ", ".join(f"{count} {kind}" for kind, count in told.kinds.items())
    print(f"{told.commands} commands on {number} folders ({attacks}) ended: {ended}")
    print(f"the longest took {told.longest:.1f} s of a core, the largest {told.largest / 1024:.0f} MB")
    for line, count in told.warnings.most_common(20):
        print(f"{count} x {line}")
    print(f"{len(told.findings)} findings, seed {options.seed}")
    sys.exit(bool(told.findings))


if __name__ == "__main__":
    main()
