"""A soak: random configs and commands, killed and taken up again, while memory, files and processes are watched.

    python tests/durability/soak.py [--minutes 60] [--seed 0]

Each round trains a random config once undisturbed, and once killed at a random moment and resumed; both must leave the
same bits. Between rounds commands read what has grown. No command ends otherwise than it says, none leaves a process, a
temporary file, a lock or a checkpoint behind, and the memory of the same command on the same folder does not grow.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands

STACKS: tuple[dict[str, Any], ...] = (
    {"l2": {"lam": 0.01}}, {"l1": {"lam": 0.001}}, {"dropout": {"p": 0.2}}, {"gradient_noise": {}},
    {"max_norm": {"c": 2.0}},
    {"input_noise": {"sigma": 0.1}}, {"early_stopping": {"patience": 60}}, {"weight_average": {}}, {"layer_norm": {}},
)  # fmt: skip
MOST_GROWTH = 1.3  # of the memory of one command over the whole soak


def config(draw: random.Random) -> dict[str, Any]:
    """A random config that trains in about a second, and is usable."""
    members = draw.sample(STACKS, draw.randint(0, 3))
    return {
        "dataset": {"name": draw.choice(("sine", "circle")), "n_train": draw.choice((20, 50)), "n_val": 20,
                    "n_test": 20},
        "architecture": {"hidden": [draw.choice((4, 8, 16))] * draw.randint(1, 3),
                         "activation": draw.choice(("relu", "tanh"))},
        "regularizers": members,
        "optimizer": {"name": draw.choice(("sgd", "adam", "rmsprop")), "lr": draw.choice((0.001, 0.01))},
        "training": {
            "epochs": draw.choice((50, 300, 900)), "batch_size": draw.choice((8, "full")), "checkpoint_seconds": 0.05,
            "dtype": draw.choice(("float32", "float64")), "eval_every": draw.choice((1, 7)),
        },
        "seeds": draw.randint(1, 5),
    }  # fmt: skip


def trained(work: Path, draw: random.Random, number: int, told: Counter[str]) -> None:
    """One config, undisturbed and killed: the same bits."""
    path = work / f"c{number}.yaml"
    path.write_text(yaml.safe_dump(config(draw)))
    command: list[object] = ["run", path]
    if draw.random() < 0.3:
        command = ["sweep", path, "--lr", "0.001,0.01", *(["--compact"] if draw.random() < 0.5 else [])]
    command += ["--jobs", draw.choice((1, 1, 2)), "--quiet"]
    begun = time.monotonic()
    code = commands.finish([*command, "--out", work / "whole"], work / "log")
    lasting = time.monotonic() - begun
    assert code in (0, 3), (number, command, (work / "log").read_text())
    for sent in draw.choices((signal.SIGKILL, signal.SIGTERM, signal.SIGINT), k=draw.randint(0, 2)):
        pid = commands.start([*command, "--out", work / "killed"], work / "log")
        time.sleep(draw.uniform(0, lasting))
        if not commands.is_over(pid):
            os.kill(pid, sent)
            told["killed"] += 1
        ended = commands.ended(pid)
        assert ended in (0, 3, -sent, 128 + sent), (number, command, ended, (work / "log").read_text())
    again = commands.finish([*command, "--out", work / "killed"], work / "log")
    assert again == code, (number, command, again, (work / "log").read_text())
    killed, whole = commands.results(work / "killed"), commands.results(work / "whole")
    differing = commands.differing(killed, {name: whole.get(name) for name in killed})
    assert not [name for name in differing if not name.endswith("networks.csv")], (number, command, differing)
    shutil.rmtree(work / "killed")
    told["trained"] += 1


def read(work: Path, draw: random.Random, told: Counter[str]) -> None:
    """A command over what there is."""
    command = draw.choice((
        ["compare", work / "whole"], ["ls", work / "whole"], ["diagnose", work / "whole"],
        ["report", work / "whole", "-o", work / "page.html"], ["compare", work / "whole", "--format", "md"],
    ))  # fmt: skip
    assert commands.finish(command, work / "log") == 0, (command, (work / "log").read_text()[-2000:])
    told[str(command[0])] += 1


def largest(work: Path) -> int:
    """The memory in kB of one command that is always the same."""
    pid = commands.start(["compare", work / "kept"], work / "log")
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, (work / "log").read_text()
    return int(usage.ru_maxrss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    commands.load()
    draw, told, number = random.Random(options.seed), Counter[str](), 0  # noqa: S311
    give_up = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        tempfile.tempdir = str(work / "temporary")
        Path(tempfile.tempdir).mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir
        (work / "kept.yaml").write_text(commands.RUN)
        assert commands.finish(["run", work / "kept.yaml", "--out", work / "kept", "-q"], work / "log") == 0
        before = largest(work)
        while time.monotonic() < give_up:
            (work / "log").unlink(missing_ok=True)
            trained(work, draw, number, told)
            read(work, draw, told)
            number += 1
            if number % 20 == 0:
                shutil.rmtree(work / "whole")
                trained(work, draw, number, told)
        after = largest(work)
        left = [str(path) for path in Path(tempfile.tempdir).rglob("*")]
        assert not left, left
        assert after < MOST_GROWTH * before, (before, after)
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        assert not children.exists() or not children.read_text(), "a process is left"
        opened = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    said = ", ".join(f"{count} {what}" for what, count in sorted(told.items()))
    print(
        f"{said}; compare took {before / 1024:.0f} MB before and {after / 1024:.0f} MB after; {opened} files open here"
    )


if __name__ == "__main__":
    main()
