from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regx.core.errors import InputError, RegxError
from regx.evidence.run import read_run
from regx.metrics import columns
from regx.store import writer as writing
from regx.store.atomic import append_lines, write_atomically
from regx.store.files import read_config, write_config
from regx.store.folder import listed, mark, settle
from regx.store.metrics import format_rows
from regx.store.writer import RunWriter
from tests.store.fabricated import write_run

FILES = ("config.yaml", "metrics.csv", "summary.json", "weights.npz", "run.json")


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_written_is_read(tmp_path, fabricated, task, dtype):
    networks = [fabricated.trained(seed, task=task, dtype=dtype) for seed in (7, 3)]
    about = {**fabricated.ABOUT, "task": task}
    write_run(tmp_path, fabricated.config(seeds=[7, 3]), networks, about)
    run = read_run(tmp_path)

    assert run.config == fabricated.config(seeds=[3, 7])
    assert run.seeds == [3, 7]
    assert run.about["status"] == "completed"
    assert list(run.metrics.columns) == ["seed", *columns(task)]
    assert list(run.metrics.seed) == [3] * 5 + [7] * 5
    for network in networks:
        frame = run.metrics[run.metrics.seed == network.seed]
        for name, array in network.metrics.items():
            np.testing.assert_array_equal(frame[name].to_numpy().astype(array.dtype), array)
        for name, array in network.weights.items():
            np.testing.assert_array_equal(run.weights[f"seed{network.seed}/{name}"], array, strict=True)
        # The summary shows the very digits of the reported row.
        entry = run.summary["seeds"][str(network.seed)]
        reported = frame[frame.epoch == network.reported_epoch].iloc[0]
        assert entry["metrics"] == {name: reported[name] for name in columns(task) if name != "epoch"}
        assert entry["last_epoch"] == 4


def test_summary_over_seeds(tmp_path, fabricated):
    networks = [fabricated.trained(0, 0.1), fabricated.trained(1, 0.3), fabricated.trained(2, 9.0, diverged=True)]
    write_run(tmp_path, fabricated.config("l2", [{"l2": {"lam": 0.003}}], [0, 1, 2]), networks, fabricated.ABOUT)
    summary = read_run(tmp_path).summary
    # t(1) at 97.5 % is 12.7062; s/sqrt(n) = 0.1414/1.4142 = 0.1: 0.2 ± 1.27062, without the diverged seed.
    # No loss is below 0, so the interval ends there.
    assert summary["over_seeds"]["test_loss"] == pytest.approx({"mean": 0.2, "low": 0.0, "high": 1.47062}, abs=1e-5)
    metrics = [summary["seeds"][seed]["metrics"] for seed in "01"]
    gap = np.mean([one["val_loss"] - one["train_loss"] for one in metrics])
    assert summary["over_seeds"]["gap"]["mean"] == pytest.approx(gap)
    assert summary["over_seeds"]["best_epoch"] == {"mean": 3, "low": 3, "high": 3}
    assert summary["diverged"] == 1
    assert summary["seeds"]["2"]["divergence"] == {"epoch": 4, "tensor": "0/weight"}
    assert (summary["stack"], summary["dataset"], summary["parameters"], summary["peek"]) == (
        "l2(0.003)",
        "sine",
        2 * 64 + 64 + 64 * 64 + 64 + 64 + 1,
        False,
    )
    assert read_run(tmp_path).about["status"] == "diverged"


@pytest.mark.parametrize(
    ("stack", "text"),
    [
        ([], "none"),
        ([{"l2": {"lam": 1e-5}}, {"dropout": {"p": 0.1}}], "l2(1e-05) + dropout(0.1)"),
        ([{"l1": {"lam": 0.1, "method": "proximal"}}], "l1(0.1)"),
        ([{"l1": {"lam": 0.1, "method": "subgradient"}}], "l1(0.1, method=subgradient)"),
        ([{"batch_norm": {}}], "batch_norm"),
    ],
)
def test_stack_text(tmp_path, fabricated, stack, text):
    assert read_run(fabricated.store(tmp_path / "run", stack=stack)).summary["stack"] == text


def test_json_is_strict(tmp_path, fabricated):
    network = fabricated.trained(0, diverged=True)
    network.metrics["val_loss"][:] = np.nan
    network.metrics["weight_norm"][:] = np.inf
    network.reported.update(val_loss=np.nan, weight_norm=np.inf)
    write_run(tmp_path, fabricated.config(seeds=[0]), [network], fabricated.ABOUT)

    def refuse(constant):
        raise AssertionError(constant)

    summary = json.loads((tmp_path / "summary.json").read_text(), parse_constant=refuse)
    assert summary["seeds"]["0"]["metrics"]["val_loss"] is None
    assert summary["seeds"]["0"]["metrics"]["weight_norm"] is None
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[1].split(",")[3] == ""
    assert lines[1].split(",")[7] == "inf"
    assert read_run(tmp_path).metrics.val_loss.isna().all()


def test_later_seeds_join_earlier_ones(tmp_path, fabricated):
    write_run(tmp_path, fabricated.config(seeds=[0, 2]), [fabricated.trained(0)], fabricated.ABOUT)
    assert read_run(tmp_path).about["status"] == "interrupted"  # seed 2 is asked for and missing, and nobody is at it
    write_run(tmp_path, fabricated.config(seeds=[1, 2]), [fabricated.trained(s) for s in (1, 2)], fabricated.ABOUT)
    together = tmp_path / "together"
    write_run(
        together, fabricated.config(seeds=[0, 1, 2]), [fabricated.trained(s) for s in (2, 1, 0)], fabricated.ABOUT
    )
    for name in ("config.yaml", "metrics.csv", "summary.json"):
        assert (tmp_path / name).read_text() == (together / name).read_text()
    assert read_run(tmp_path).weights.keys() == read_run(together).weights.keys()
    assert sorted(listed(tmp_path)) == ["0", "1", "2"]
    assert read_run(tmp_path).about["status"] == "completed"


def test_force_drops_what_was_there(tmp_path, fabricated):
    fabricated.store(tmp_path / "run", losses=(0.1, 0.2, 0.3))
    new = fabricated.trained(1, loss=0.9)
    write_run(tmp_path / "run", fabricated.config("run", seeds=[1]), [new], fabricated.ABOUT, keep_finished=False)
    run = read_run(tmp_path / "run")
    assert run.seeds == run.config["seeds"] == [1]
    assert set(run.metrics.seed) == {1}
    assert run.summary["over_seeds"]["test_loss"]["mean"] == pytest.approx(0.9)


def test_a_process_killed_between_any_two_writes_leaves_a_readable_folder(tmp_path, fabricated, monkeypatch):
    """Seeds 0 and 1 are there; 1 is trained anew and 2 for the first time; the disk stops after `writes` writes."""

    class Killed(BaseException):
        pass

    write, append = write_atomically, append_lines
    states = set()
    for first in (True, False):
        for writes in range(12):
            folder = tmp_path / f"{first}-{writes}"
            if not first:
                fabricated.store(folder, losses=(0.1, 0.2), name="run")
            left = [writes]

            def dying(path, content, durable=True, left=left):
                if not left[0]:
                    raise Killed
                left[0] -= 1
                append(path, content) if path.name == "metrics.csv" and path.exists() and durable else write(
                    path, content
                )

            with monkeypatch.context() as patch:
                patch.setattr(writing, "write_atomically", lambda path, content: dying(path, content, False))
                patch.setattr("regx.store.files.write_atomically", lambda path, content: dying(path, content, False))
                patch.setattr(writing, "append_lines", dying)
                resolved = fabricated.config("run", seeds=[1, 2])
                networks = [fabricated.trained(1, 0.7), fabricated.trained(2, 0.3)]
                with contextlib.suppress(Killed):
                    write_run(folder, resolved, networks, fabricated.ABOUT)
            if not (folder / "run.json").exists():
                assert not list(folder.glob("*.json"))  # not a run yet
                continue
            run = read_run(folder)
            assert sorted(set(run.metrics.seed)) == run.seeds == sorted(map(int, listed(folder)))
            for seed in run.seeds:
                row = run.metrics[(run.metrics.seed == seed) & (run.metrics.epoch == 3)].iloc[0]
                assert row.test_loss == run.summary["seeds"][str(seed)]["metrics"]["test_loss"]
                assert f"seed{seed}/reported/0/weight" in run.weights
            assert run.about["status"] != "completed" or run.seeds == run.config["seeds"]
            states.add((first, run.about["status"], tuple(run.seeds)))
            # Going on from here ends as if nothing had happened.
            write_run(folder, resolved, [n for n in networks if n.seed not in run.seeds], fabricated.ABOUT)
            assert read_run(folder).about["status"] == "completed"
    assert {
        (True, "interrupted", ()),
        (True, "completed", (1, 2)),
        (False, "interrupted", (0,)),
        (False, "completed", (0, 1, 2)),
    } <= states


def test_other_data_config_or_peeking_is_refused(tmp_path, fabricated):
    folder = fabricated.store(tmp_path / "run")
    resolved = fabricated.config("run", seeds=[5])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    cases = [
        (resolved, {"data_fingerprint": "cd" * 32}, "the data has changed since these seeds were trained"),
        (resolved, {"peek": True}, "expected seeds trained without --peek"),
        ({**resolved, "optimizer": {"name": "sgd"}}, {}, "found another `optimizer`"),
    ]
    for changed, about, message in cases:
        with pytest.raises(InputError, match=message):
            RunWriter(folder, changed, {**fabricated.ABOUT, **about})
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_status(tmp_path, fabricated):
    with RunWriter(tmp_path / "a" / "b", fabricated.config(), fabricated.ABOUT):
        run = read_run(tmp_path / "a" / "b")
        assert run.about.items() >= {"status": "running", "finished": None, **fabricated.ABOUT}.items()
        assert run.about["started"].endswith("+00:00")
        assert run.seeds == []
        assert run.metrics.empty
        assert run.weights == {}
    assert read_run(run.folder).about["status"] == "interrupted"  # nobody is at it any more
    mark(run.folder, "failed")
    again = read_run(run.folder).about
    assert again["status"] == "failed"
    assert again["finished"] >= again["started"] == run.about["started"]


def test_disk_errors_name_the_path(tmp_path, fabricated):
    (tmp_path / "file").write_text("")
    with pytest.raises(RegxError, match=r"file/run: the folder cannot be made: Not a directory"):
        RunWriter(tmp_path / "file" / "run", fabricated.config(), fabricated.ABOUT)
    with pytest.raises(RegxError, match=r"nowhere/x: cannot be written: No such file"):
        write_atomically(tmp_path / "nowhere" / "x", b"")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RegxError, match="No space left"):
        write_atomically(path, b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("x", b"old")]


def test_what_a_summary_lists_is_on_the_disk_before_it(tmp_path, fabricated, monkeypatch):
    """Nothing takes a file's place before it is flushed, its name before the next file, and its rows and arrays too."""
    on_disk: dict[int, object] = {}  # by inode: the size of a file, the names of a folder
    replaced = []

    def state(path):
        return path.stat().st_ino, {one.name for one in path.iterdir()} if path.is_dir() else path.stat().st_size

    def flush(descriptor):
        (path,) = (one for one in (tmp_path, *tmp_path.iterdir()) if one.stat().st_ino == os.fstat(descriptor).st_ino)
        on_disk.update([state(path)])

    def replace(source, target, replace=os.replace):
        assert state(Path(source)) in on_disk.items()
        if Path(target).name == "summary.json":
            for file in ("metrics.csv", "weights.npz"):
                assert state(tmp_path / file) in on_disk.items()
        if replaced:
            assert replaced[-1] in on_disk[tmp_path.stat().st_ino]
        replaced.append(Path(target).name)
        replace(source, target)

    with RunWriter(tmp_path, fabricated.config(), fabricated.ABOUT) as writer:
        monkeypatch.setattr(os, "fsync", flush)
        monkeypatch.setattr(os, "replace", replace)
        for seed in (0, 1):
            writer.add([fabricated.trained(seed)])
    assert replaced.count("summary.json") == 2
    assert replaced[-1] in on_disk[tmp_path.stat().st_ino]


@given(offset=st.floats(0, 1, exclude_max=True), file=st.sampled_from(FILES))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_a_truncated_file_is_noticed(tmp_path, fabricated, offset, file):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    if not whole.exists():
        fabricated.store(whole, losses=(0.1, 0.2, 0.3), stack=[{"l2": {"lam": 0.003}}])
    shutil.rmtree(cut, ignore_errors=True)
    shutil.copytree(whole, cut)
    content = (cut / file).read_bytes()
    (cut / file).write_bytes(content[: int(offset * len(content))])
    run = read_run(whole)
    try:
        damaged = read_run(cut)
        metrics, weights = damaged.metrics, damaged.weights
    except InputError as error:
        assert str(cut / file) in str(error)  # noqa: PT017  an error is one of two good outcomes
    else:
        assert (damaged.config, damaged.summary, damaged.about) == (run.config, run.summary, run.about)
        assert metrics.equals(run.metrics)
        assert all(np.array_equal(weights[name], run.weights[name]) for name in run.weights)


@given(position=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), file=st.sampled_from(FILES))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_a_changed_byte_is_read_or_refused_and_nothing_else(tmp_path, fabricated, position, byte, file):
    whole, changed = tmp_path / "whole", tmp_path / "changed"
    if not whole.exists():
        fabricated.store(whole)
    shutil.rmtree(changed, ignore_errors=True)
    shutil.copytree(whole, changed)
    content = bytearray((changed / file).read_bytes())
    content[int(position * len(content))] = byte
    (changed / file).write_bytes(content)
    try:
        run = read_run(changed)
        run.metrics  # noqa: B018
        run.weights  # noqa: B018
    except InputError as error:
        assert str(changed) in str(error)  # noqa: PT017  an error is one of two good outcomes


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(tmp_path, fabricated, file):
    folder = fabricated.store(tmp_path / "run")
    (folder / file).unlink()
    with pytest.raises(InputError, match=rf"{file}: damaged: expected a file, found none.*remove the folder"):
        _ = (run := read_run(folder)).metrics, run.weights


def test_damage_is_said_with_its_line(tmp_path, fabricated):
    folder = fabricated.store(tmp_path / "run")
    path = folder / "metrics.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:3], lines[3][:9] + "\n", *lines[4:]]))
    with pytest.raises(InputError, match=r"metrics.csv: damaged: expected 10 whole fields in line 4, found `0,2"):
        _ = read_run(folder).metrics
    path.write_text("".join(lines)[:-3])  # a number cut short is still a number
    with pytest.raises(InputError, match="expected rows of seed 1 to epoch 4, found 3 in line 10, and line 11 is cut"):
        read_run(folder)  # noticed at once, since the file is too short
    path.write_text("".join([*lines[:-1], *lines[1:5]]))
    with pytest.raises(InputError, match="expected in line 11 an epoch after 4"):
        _ = read_run(folder).metrics
    path.write_text("".join([*lines[:7], lines[7].replace("0.", "0.1", 1), *lines[8:]]))  # a number, but another
    with pytest.raises(InputError, match="expected in lines 7 to 11 the rows of seed 1 as they were written"):
        _ = read_run(folder).metrics
    path.write_text("".join([*lines[:7], lines[7].replace("0.", "0x", 1), *lines[8:]]))
    with pytest.raises(InputError, match="expected numbers in line 8, found `0x"):
        _ = read_run(folder).metrics
    path.write_text("".join([*lines, "9,0,0.1,"]))  # what a killed process left of a seed that is not listed
    assert len(read_run(folder).metrics) == 10


def test_what_looks_right_and_is_not_as_it_was_written_is_refused(tmp_path, fabricated):
    folder = fabricated.store(tmp_path / "run")
    about = (folder / "run.json").read_text()
    (folder / "run.json").write_text(about.replace('"completed"', '"diverged"'))
    with pytest.raises(InputError, match=r"run.json: damaged: expected the content that was written.*SHA-256"):
        read_run(folder)
    (folder / "run.json").write_text(about)
    config = (folder / "config.yaml").read_text()
    for changed in (config.replace("0.003", "0.004"), config[: config.index("# sha256")]):
        (folder / "config.yaml").write_text(changed)
        with pytest.raises(InputError, match=r"config.yaml: damaged: expected.*SHA-256"):
            read_run(folder)
    (folder / "config.yaml").write_text(config)
    arrays = {**np.load(folder / "weights.npz")}
    arrays["seed1/init/0/bias"][0] += 1
    np.savez(folder / "weights.npz", **arrays)
    with pytest.raises(InputError, match=r"weights.npz: damaged: expected the weights of seed 1 as they were written"):
        _ = read_run(folder).weights


def test_folders_of_before_there_were_digests_are_read(tmp_path, fabricated):
    folder = fabricated.store(tmp_path / "run")
    run = read_run(folder)
    config = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(config[: config.index("# sha256")])
    for name in ("summary.json", "run.json"):
        content = json.loads((folder / name).read_text())
        for mapping in (content, *content.get("seeds", {}).values()):
            mapping.pop("sha256", None)
            mapping.pop("bytes", None)
        (folder / name).write_text(json.dumps(content))
    before = read_run(folder)
    assert before.config == run.config
    assert before.metrics.equals(run.metrics)
    with RunWriter(folder, fabricated.config("run", seeds=[5]), fabricated.ABOUT):
        assert read_run(folder).metrics.equals(run.metrics)
    write_run(folder, fabricated.config("run", seeds=[5]), [fabricated.trained(5)], fabricated.ABOUT)
    assert read_run(folder).seeds == [0, 1, 5]


def test_rows_of_seeds_in_training_are_added_and_in_order_in_the_end(tmp_path, fabricated):
    networks = {seed: fabricated.trained(seed) for seed in (0, 1, 2)}
    with RunWriter(tmp_path, fabricated.config(seeds=[0, 1, 2]), fabricated.ABOUT) as writer:
        for rows in (2, 4):
            writer.append({s: {name: column[:rows] for name, column in networks[s].metrics.items()} for s in (0, 1)})
        lines = (tmp_path / "metrics.csv").read_text().splitlines()
        assert [line.split(",")[:2] for line in lines[1:]] == [
            [s, e] for two in ("01", "23") for s in "01" for e in two
        ]
        assert read_run(tmp_path).metrics.empty
        writer.add([networks[1]])
        assert set(read_run(tmp_path).metrics.seed) == {1}
        writer.add([networks[2], networks[0]])
    together = tmp_path / "together"
    write_run(together, fabricated.config(seeds=[0, 1, 2]), list(networks.values()), fabricated.ABOUT)
    assert (tmp_path / "metrics.csv").read_bytes() == (together / "metrics.csv").read_bytes()


def test_what_a_killed_writer_left_is_cleared(tmp_path, fabricated):
    """Rows and arrays of unlisted seeds, half a row, temporary files, and a status that says it is running."""
    folder = fabricated.store(tmp_path / "run", losses=(0.1,))
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    with (folder / "metrics.csv").open("a") as file:
        file.write("3,0,0.1,0.1\n3,1,0.")
    (folder / ".weights.npz.0123abcd.tmp").write_bytes(b"half")
    (folder / ".mine.tmp").write_bytes(b"another's")
    (folder / ".lock").write_text("not json")
    mark(folder, "running")
    assert read_run(folder).about["status"] == "interrupted"
    settle(folder)
    assert {path.name for path in folder.iterdir()} == {*whole, ".mine.tmp"}
    assert all((folder / name).read_bytes() == whole[name] for name in whole if name != "run.json")
    assert read_run(folder).about["status"] == "completed"


def test_a_short_write_takes_its_lines_back(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    with pytest.raises(RegxError, match=r"x.csv: cannot be written: the disk took 3 of 8 bytes"):
        append_lines(path, b"bcd\nefg\n")
    assert path.read_bytes() == b"a\n"
    write_atomically(path, b"a whole file needs several writes")
    assert path.read_bytes() == b"a whole file needs several writes"


def test_pickled_weights_are_not_loaded(tmp_path, fabricated):
    folder = fabricated.store(tmp_path / "run", losses=(0.1,))
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({k: v for k, v in summary.items() if k not in ("bytes", "sha256")}))
    about = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({k: v for k, v in about.items() if k != "sha256"}))
    np.savez(folder / "weights.npz", **{"seed0/reported/0/weight": np.array([object()], dtype=object)})
    with pytest.raises(InputError, match="expected arrays without pickle"):
        _ = read_run(folder).weights


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["1e-3", "no", "0o17", "~", "1_0", "=", "<<"]
)


@given(name=words, path=words, lam=st.floats(0, allow_infinity=False), flag=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_config_is_read_as_it_was_written(tmp_path, fabricated, name, path, lam, flag):
    resolved = fabricated.config(
        name, [{"l2": {"lam": lam}}], dataset={"name": "csv", "path": path, "drop": [path], "x": flag}
    )
    write_config(tmp_path / "config.yaml", resolved)
    assert read_config(tmp_path / "config.yaml") == resolved


def test_words_that_are_numbers_in_yaml_12_are_quoted(tmp_path, fabricated):
    write_config(tmp_path / "config.yaml", fabricated.config("1e-3"))
    scalars = {
        event.value: event.style
        for event in yaml.parse((tmp_path / "config.yaml").read_text())
        if isinstance(event, yaml.ScalarEvent)
    }
    assert scalars["1e-3"] == "'"
    assert scalars["0.3"] is None


def test_rows_are_formatted_fast(fabricated):
    network = fabricated.trained(0, epochs=15_000)
    format_rows(0, network.metrics, columns("regression"))
    start = time.process_time()
    format_rows(0, network.metrics, columns("regression"))
    assert time.process_time() - start < 0.2  # 0.05 on an idle machine
