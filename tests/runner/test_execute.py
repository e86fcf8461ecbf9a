"""Workers that die: what they were training is tried again, and only a network that kills them is given up."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import Regx

import regx as api
from regx.config.load import load_config
from regx.core.errors import RegxError
from regx.core.listener import Following, Keeper, Listener, Wanted, Watchers
from regx.core.trained import Trained
from regx.engine.checkpoint import Checkpoint
from regx.engine.population import Population
from regx.runner import execute as module
from regx.runner import plan as planning
from regx.runner.attempts import Attempt, Task
from regx.runner.execute import execute
from regx.runner.networks import Options
from regx.runner.plan import Trainee, Work, plan
from regx.runner.runs import Target, bring_up_to_date

KILLS = "__import__('os').kill(__import__('os').getpid(), 9)"


class Deadly:
    """Does what its code says wherever it is unpickled, which a worker does and this process does not."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.code,)


class Poisoned(Population):
    """A population that may hold a deadly network; a worker gets a plain one, and what is deadly with it."""

    guilty = -1
    code = KILLS

    def __reduce__(self) -> tuple[Any, ...]:
        deadly = {"deadly": Deadly(self.code)} if self.guilty in self.seeds else {}
        values = [getattr(self, field.name) for field in dataclasses.fields(self)]
        return Population, tuple(values), deadly


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Any:
    """By seed and code: where a worker unpickles a population that holds this seed, the code is run."""

    def apply(seed: int, code: str = KILLS) -> None:
        monkeypatch.setattr(Poisoned, "guilty", seed)
        monkeypatch.setattr(Poisoned, "code", code)
        monkeypatch.setattr(planning, "Population", Poisoned)

    return apply


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of the workers that are started, as they are."""
    seen: list[int] = []
    original = module._started

    def started() -> subprocess.Popen[bytes]:
        process = original()
        seen.append(process.pid)
        return process

    monkeypatch.setattr(module, "_started", started)
    return seen


def weights(run: api.Run, without: int = -1) -> dict[str, bytes]:
    return {name: one.tobytes() for name, one in run.weights.items() if not name.startswith(f"seed{without}/")}


def test_a_network_that_kills_its_worker_is_given_up_alone(
    small: Path, tmp_path: Path, poison: Any, starts: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    expected = api.run(small, seeds=8, out=tmp_path / "undisturbed", jobs=1)
    poison(5)
    target = Target(load_config(small, seeds=8), tmp_path / "run")
    bring_up_to_date([target], Options(2))
    run = api.load(target.folder)
    assert sorted(run.summary["seeds"]) == ["0", "1", "2", "3", "4", "6", "7"]
    assert weights(run) == weights(expected, without=5)
    about = json.loads((target.folder / "run.json").read_text())
    assert about["status"] == "failed"
    assert about["failed"] == {"5": "its worker process was ended by signal 9 (out of memory?)"}
    assert "seed 5 failed, the others go on" in capfd.readouterr().err
    # Two processes; then four networks die twice, their half once, the guilty one three times.
    assert len(starts) == 2 + 2 + 1 + 3


def test_a_failed_network_shows_in_the_table_ends_with_3_and_is_tried_again(
    small: Path, tmp_path: Path, poison: Any, regx: Regx
) -> None:
    config = load_config(small, seeds=3)
    target = Target(config, tmp_path / "runs" / config.folder_name)
    poison(1)
    bring_up_to_date([target], Options(2))
    (row,) = json.loads(regx("compare", "runs", "--json").stdout)
    assert (row["status"], row["seeds"], row["missing_seeds"]) == ("failed", 2, [1])
    from regx.evidence.run import read_run
    from regx.report.output import Output
    from regx.report.run import ended

    assert ended([read_run(target.folder)], Output("csv")) == 3
    done = regx("run", small, "--json")  # nothing is poisoned there
    assert json.loads(done.stdout)["status"] == "completed"
    assert "failed" not in json.loads((target.folder / "run.json").read_text())


def test_a_worker_killed_once_loses_nothing(small: Path, tmp_path: Path, poison: Any, starts: list[int]) -> None:
    expected = api.run(small, seeds=6, out=tmp_path / "undisturbed", jobs=1)
    once = tmp_path / "once"
    poison(0, f"__import__('os').path.exists({str(once)!r}) or (open({str(once)!r}, 'x'), {KILLS})")
    run = api.run(small, seeds=6, out=tmp_path / "run", jobs=2)
    assert weights(run) == weights(expected)
    assert len(starts) == 3
    assert json.loads((run.folder / "run.json").read_text())["status"] == "completed"


def test_a_worker_killed_in_the_middle_goes_on_from_its_checkpoint(
    small: Path, tmp_path: Path, starts: list[int]
) -> None:
    overrides = ["training.epochs=3000", "training.checkpoint_seconds=0.02"]
    config = load_config(small, overrides, seeds=2)
    works = list(plan([config], [Trainee(0, 0), Trainee(0, 1)], jobs=2))
    found: dict[int, Trained] = {}
    reached: list[tuple[int, int]] = []

    class Killing(Keeper):
        wanted = Wanted(checkpoints=True)

        def on_trained(self, members: Sequence[Trainee], trained: Sequence[Trained]) -> None:
            found.update({network.seed: network for network in trained})

        def on_checkpoint(self, members: Sequence[Trainee], checkpoint: Checkpoint) -> None:
            if len(starts) == 2 and len(reached) == 3:
                os.kill(starts[0], signal.SIGKILL)
                os.kill(starts[1], signal.SIGKILL)
            reached.append((members[0].seed, int(checkpoint["epoch"])))

    execute(iter(works), 2, Killing())
    assert len(starts) == 4
    for seed in range(2):
        epochs = [epoch for of, epoch in reached if of == seed]
        assert epochs == sorted(epochs)  # it never begins again
    alone = api.run(small, set={"training.epochs": 3000}, seeds=2, out=tmp_path, jobs=1)
    for seed, network in found.items():
        assert all(
            alone.weights[f"seed{seed}/{name}"].tobytes() == one.tobytes() for name, one in network.weights.items()
        )


WIDE = ["architecture.hidden=[256,256]", "training.epochs=9", "training.eval_every=2"]


@pytest.mark.parametrize(
    ("seeds", "jobs", "halves", "stopping"), [(3, 2, 1, False), (6, 4, 2, True), (7, 4, 0, False), (2, 4, 0, False)]
)
def test_networks_that_are_left_over_are_trained_in_halves_to_the_same_files(
    small: Path, tmp_path: Path, poison: Any, starts: list[int], seeds: int, jobs: int, halves: int, stopping: bool
) -> None:
    stop = ["regularizers.early_stopping.patience=1", "regularizers.early_stopping.min_delta=1"] if stopping else []
    config = load_config(small, [*WIDE, *stop], seeds=seeds)
    members = [Trainee(0, seed) for seed in config.seeds]
    works = list(plan([config], members, jobs, in_halves=True))
    assert [work.until for work in works[:halves]] == [4] * halves
    assert all(len(work.trainees) == 1 for work in works[:halves])
    assert all(work.until is None for work in works[halves:])
    assert sorted(member.seed for work in works for member in work.trainees) == list(range(seeds))
    undisturbed, target = Target(config, tmp_path / "undisturbed"), Target(config, tmp_path / "run")
    bring_up_to_date([undisturbed], Options(1))
    once = tmp_path / "once"  # the first half dies once too
    poison(0, f"__import__('os').path.exists({str(once)!r}) or (open({str(once)!r}, 'x'), {KILLS})")
    bring_up_to_date([target], Options(jobs))
    assert len(starts) == jobs + 1 if seeds >= jobs else seeds + 1
    for name in ("config.yaml", "metrics.csv", "weights.npz"):
        assert (target.folder / name).read_bytes() == (undisturbed.folder / name).read_bytes()
    assert {path.name for path in target.folder.iterdir()} == {path.name for path in undisturbed.folder.iterdir()}


def test_a_population_that_is_cut_in_two_after_a_checkpoint_gives_the_same_files(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(small, ["training.epochs=30", "training.checkpoint_seconds=0.000001"], seeds=4)
    undisturbed, target = Target(config, tmp_path / "undisturbed"), Target(config, tmp_path / "run")
    bring_up_to_date([undisturbed], Options(1))
    failed_at: list[int] = []
    original = Attempt.hear

    def hear(self: Attempt, moment: Any, number: int, what: Any) -> None:
        original(self, moment, number, what)
        if moment == "on_checkpoint":
            epoch = int(what["epoch"])
            # Together twice, then the first half once more, long before where the others were.
            if (len(failed_at) < 2 and epoch == 20 + len(failed_at)) or (len(failed_at) == 2 and epoch == 5):
                failed_at.append(epoch)
                raise MemoryError

    monkeypatch.setattr(Attempt, "hear", hear)
    bring_up_to_date([target], Options(1))
    assert failed_at == [20, 21, 5]
    for name in ("config.yaml", "metrics.csv", "weights.npz"):
        assert (target.folder / name).read_bytes() == (undisturbed.folder / name).read_bytes()
    assert {path.name for path in target.folder.iterdir()} == {path.name for path in undisturbed.folder.iterdir()}


def work(count: int, checkpoint: Checkpoint | None = None) -> Work:
    """A population of which only the number of networks counts."""

    @dataclasses.dataclass
    class Some:
        seeds: tuple[int, ...]

        def select(self, keep: Any) -> "Some":
            return Some(tuple(seed for seed, kept in zip(self.seeds, keep, strict=True) if kept))

    seeds = tuple(range(count))
    return Work(tuple(Trainee(0, seed) for seed in seeds), Some(seeds), checkpoint)  # type: ignore[arg-type]


def test_results_are_taken_in_while_the_next_populations_are_made(small: Path) -> None:
    config = load_config(small, seeds=4)
    works = [next(plan([config], [Trainee(0, seed)], 1)) for seed in range(4)]
    first_two = threading.Semaphore(0)

    class Telling(Keeper):
        def on_trained(self, members: Sequence[Trainee], trained: Sequence[Trained]) -> None:
            first_two.release()

    def in_time() -> Iterator[Work]:
        yield from works[:2]
        for _ in range(2):
            assert first_two.acquire(timeout=60), "whoever hears of training waits for the next population"
        yield from works[2:]

    execute(in_time(), 2, Telling())


def test_alone_a_network_is_tried_three_times_the_last_without_a_checkpoint() -> None:
    begun: list[Checkpoint | None] = []
    tasks = [Task((work(1, {"epoch": 1}),))]  # type: ignore[dict-item]
    while tasks:
        (task,) = tasks
        begun.append(task.works[0].begun)
        attempt = Attempt(task, Listener())
        if len(begun) == 1:
            attempt.hear("on_checkpoint", 0, {"epoch": 2})
        tasks = attempt.instead("")
    assert begun == [{"epoch": 1}, {"epoch": 2}, None]


@pytest.mark.parametrize("count", [2, 3, 16])
def test_a_population_is_repeated_once_then_cut_until_the_guilty_one_is_alone(count: int) -> None:
    tried: dict[int, int] = dict.fromkeys(range(count), 0)
    finished: list[int] = []
    tasks, given_up, deaths = [Task((work(count),))], [], 0
    while tasks:
        attempt = Attempt(tasks.pop(0), Listener())
        members = attempt.left.trainees
        for member in members:
            tried[member.seed] += 1
        if count - 1 in [member.seed for member in members]:
            deaths += 1
            assert tuple(member.seed for member in members) == attempt.left.works[0].population.seeds
            instead = attempt.instead("")
            given_up += [] if instead else members
            tasks += instead
        else:
            finished += [member.seed for member in members]
    assert given_up == [Trainee(0, count - 1)]
    assert sorted(finished) == list(range(count - 1))
    assert deaths <= 1 + count.bit_length() - 1 + (count & (count - 1) > 0) + 3


def test_of_populations_side_by_side_only_those_unfinished_are_tried_again() -> None:
    attempt = Attempt(Task((work(2), work(3), work(4))), Listener())
    attempt.hear("on_trained", 1, [])
    (again,) = attempt.instead("")
    assert [len(one.trainees) for one in again.works] == [2, 4]
    assert [len(task.trainees) for task in Attempt(again, Listener()).instead("")] == [2, 4]
    assert [len(task.trainees) for task in Attempt(again, Listener()).instead("", worth_repeating=False)] == [2, 4]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_network_that_needs_too_much_memory_is_given_up_alone(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poison: Any, jobs: int
) -> None:
    if jobs == 1:
        original = module.train_in_turns

        def train(populations: Any, *arguments: Any) -> None:
            if any(2 in population.seeds for population in populations):
                raise MemoryError("no more")
            original(populations, *arguments)

        monkeypatch.setattr(module, "train_in_turns", train)
    else:
        # Raised where the worker unpickles the request, in place of where it trains.
        poison(2, "(_ for _ in ()).throw(MemoryError('no more'))")
    target = Target(load_config(small, seeds=4), tmp_path / "run")
    bring_up_to_date([target], Options(jobs))
    about = json.loads((target.folder / "run.json").read_text())
    assert about["failed"] == {"2": "out of memory: no more"}
    assert sorted(api.load(target.folder).summary["seeds"]) == ["0", "1", "3"]


def test_where_nobody_takes_failures_a_failed_network_is_an_error(small: Path, poison: Any) -> None:
    poison(0)
    config = load_config(small, seeds=2)
    members = [Trainee(0, 0), Trainee(0, 1)]
    with pytest.raises(RegxError, match=r"cannot be trained \(seed 0\): its worker process was ended by signal 9"):
        execute(plan([config], members, 2), 2, Keeper())


def test_workers_that_cannot_start_are_one_clear_error(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RegxError, match="ended with code 1 before it had begun, 3 times"):
        execute(plan([load_config(small)], [Trainee(0, 0)], 2), 2, Keeper())
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(RegxError, match="cannot be started: No such file"):
        execute(plan([load_config(small)], [Trainee(0, 0)], 2), 2, Keeper())


def workers_of(pid: int) -> list[int]:
    """The workers that a process has started and that run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"regx.runner.worker" in words and str(pid).encode() in words:
            found.append(int(folder.name))
    return found


def cpu_seconds(pid: int) -> float:
    """How long a process has been computing."""
    return int(Path(f"/proc/{pid}/stat").read_text().split()[13]) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes as Linux shows them")
def test_killing_the_parent_leaves_no_process_behind(small: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "regx", "sweep", small, "--lam", "0.1,0.2", "-s", "training.epochs=100000000"]
    command += ["-s", "training.eval_every=100000000"]  # so that they say nothing to anybody before it is too late
    process = subprocess.Popen([*map(str, command), "--jobs", "2", "--out", str(tmp_path / "out")])
    try:
        give_up = time.monotonic() + 60
        # Importing takes a worker 0.3 s: after this long it trains.
        while len([pid for pid in workers_of(process.pid) if cpu_seconds(pid) > 0.8]) < 2:
            assert time.monotonic() < give_up
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    give_up = time.monotonic() + 30
    while workers_of(process.pid) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert workers_of(process.pid) == []


def test_a_sweep_trains_only_what_is_missing_and_then_starts_no_worker(
    small: Path, tmp_path: Path, starts: list[int]
) -> None:
    configs = [load_config(small, [f"regularizers.l2.lam={lam}"]) for lam in (0.1, 0.2, 0.3)]
    targets = [Target(config, tmp_path / str(number)) for number, config in enumerate(configs)]
    bring_up_to_date(targets[:2], Options(2))
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[01]/*")}
    seen: list[int] = []
    watchers = Watchers(Following(lambda progress: seen.append(progress.all_networks)))
    bring_up_to_date(targets, Options(2, watchers=watchers))
    assert set(seen) == {3}  # the third cell's seeds
    assert stamps == {path: path.stat().st_mtime_ns for path in stamps}
    starts.clear()
    bring_up_to_date(targets, Options(2))
    assert starts == []
