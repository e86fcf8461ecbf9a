"""From files and options to configs and grids: literal messages, overrides, axes, names."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from regx.config.grid import Grid
from regx.config.load import load_any, load_config, load_grid
from regx.config.overrides import short_axes
from regx.config.problems import ConfigError
from regx.core.errors import InputError
from regx.core.parameters import parameters
from regx.data import REGISTRY as DATASETS
from regx.reference.checked import check
from regx.regularizers import L2, REGISTRY


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`c.yaml` in the current directory, with two regularizers."""
    monkeypatch.chdir(tmp_path)
    path = Path("c.yaml")
    path.write_text("regularizers:\n  - l2: 0.003\n  - dropout\noptimizer: {name: adam, lr: 0.01}\n")
    return path


def message(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(InputError) as failure:
        call(*arguments, **named)
    return str(failure.value)


# Errors, literally

MISTAKES = {
    "dataset: sin": """\
c.yaml:1:10 dataset.name: expected one of sine, circle, diabetes, csv, found 'sin'. Did you mean 'sine'?
    dataset: sin
             ^""",
    "regularizers: [dropout: 1.5]": """\
c.yaml:1:25 regularizers.dropout.p: expected a number with 0 <= p < 1, found 1.5
    regularizers: [dropout: 1.5]
                            ^""",
    "regularizers: [{l2: {lamda: 1}}]": """\
c.yaml:1:22 regularizers.l2.lamda: expected one of lam, found the key 'lamda'. Did you mean 'lam'?
    regularizers: [{l2: {lamda: 1}}]
                         ^""",
    "optimizer: {lr: '1e-3'}": """\
c.yaml:1:17 optimizer.lr: expected a number with lr > 0, found '1e-3'. Remove the quotes.
    optimizer: {lr: '1e-3'}
                    ^""",
    "training: {epochs: 1e3}": """\
c.yaml:1:20 training.epochs: expected a whole number with epochs >= 1, found 1e3. Write 1000.
    training: {epochs: 1e3}
                       ^""",
    "dataset: {name: csv, path: a.csv, target: 2020}": """\
c.yaml:1:43 dataset.target: expected text, found 2020. Quote it: '2020'.
    dataset: {name: csv, path: a.csv, target: 2020}
                                              ^""",
    "dataset: {name: csv, path: a.csv}": """\
c.yaml:1:1 dataset.target: expected text (the column to predict), found nothing
    dataset: {name: csv, path: a.csv}
    ^""",
    "optimizer: {schedule: cosin}": """\
c.yaml:1:23 optimizer.schedule.name: expected one of constant, step, cosine, warm_restarts, \
reduce_on_plateau, found 'cosin'. Did you mean 'cosine'?
    optimizer: {schedule: cosin}
                          ^""",
    "architecture: {hidden: 64}": """\
c.yaml:1:24 architecture.hidden: expected a list of whole numbers >= 1, such as [64, 64], found 64
    architecture: {hidden: 64}
                           ^""",
    "architecture: {init: {normal: 0}}": """\
c.yaml:1:22 architecture.init: expected one of he, xavier, lecun, or {normal: STD} with STD > 0, found a mapping
    architecture: {init: {normal: 0}}
                         ^""",
    "training: {batch_size: ful}": """\
c.yaml:1:24 training.batch_size: expected a whole number with batch_size >= 1, or full, found 'ful'. \
Did you mean 'full'?
    training: {batch_size: ful}
                           ^""",
    "regularizers: [l2, {l2: 1}]": """\
c.yaml:1:20 regularizers[1]: the regularizer l2 was given before, at line 1, column 16
    regularizers: [l2, {l2: 1}]
                       ^""",
    "regularizers: [{l2: 1, l1: 1}]": """\
c.yaml:1:16 regularizers[0]: expected one regularizer, such as `l2: {lam: 0.003}`, found 2 keys. Give each its own `- `.
    regularizers: [{l2: 1, l1: 1}]
                   ^""",
    "seeds: [1, 1]": """\
c.yaml:1:12 seeds[1]: the seed 1 was given before, at line 1, column 9
    seeds: [1, 1]
               ^""",
    "seeds: [1, -1]": """\
c.yaml:1:12 seeds[1]: expected a whole number with 0 <= seed < 4294967296, found -1
    seeds: [1, -1]
               ^""",
    "seeds: 0": """\
c.yaml:1:8 seeds: expected a whole number from 1 to 100000, or a list of seeds such as [3, 5, 8], found 0
    seeds: 0
           ^""",
    "name: ../up": """\
c.yaml:1:7 name: expected a name of at most 100 letters, digits, `.`, `_`, `-`, that does not start with `.` or `-`, \
found '../up'
    name: ../up
          ^""",
    "optimizer: {lr: [0.1, 0.2]}": """\
c.yaml:1:17 optimizer.lr: expected one value, found 2: this config is a sweep. Type: regx sweep c.yaml
    optimizer: {lr: [0.1, 0.2]}
                    ^""",
    "- dataset": """\
c.yaml:1:1: expected a mapping of keys such as `dataset: sine`, found a list
    - dataset
    ^""",
    "": """\
c.yaml:1:1: expected a mapping of keys such as `dataset: sine`, found nothing
    \n    ^""",
}


@pytest.mark.parametrize("written", MISTAKES)
def test_a_mistake_is_said_with_its_place_and_what_to_type(config: Path, written: str) -> None:
    config.write_text(written)
    # The registries may grow, so lists of kinds are compared up to their length.
    kinds = re.compile(r"one of [a-z0-9_, ]+(?= found)")
    assert kinds.sub("one of ...,", message(load_config, config)) == kinds.sub("one of ...,", MISTAKES[written])


def test_everything_wrong_is_said_at_once_in_order_of_place(config: Path) -> None:
    config.write_text(
        "dataset: {n_trian: 5}\n"
        "optimizer: {lr: abc, lr: 1}\n"
        "regularizers: [{l2: -1}, dropuot]\n"
        "training: {epochs: !!int 0}\n"
        "sedes: 3\n"
    )
    with pytest.raises(ConfigError) as failure:
        load_config(config, ["optimizer.lrr=1", "training.eval_every=x"], seeds="1,a")
    found = [(p.place.text.name, p.place.line, p.place.column) for p in failure.value.problems]
    assert found == [
        ("c.yaml", 1, 11), ("c.yaml", 2, 17), ("c.yaml", 2, 22), ("c.yaml", 3, 21), ("c.yaml", 3, 26),
        ("c.yaml", 4, 20), ("c.yaml", 5, 1), ("--set", 1, 7), ("--set", 1, 27), ("--seeds", 1, 11),
    ]  # fmt: skip


def test_an_option_is_shown_as_it_was_typed(config: Path) -> None:
    expected = """\
--set:1:20 optimizer.lr: expected a number with lr > 0, found 'abc'
    --set optimizer.lr=abc
                       ^"""
    assert message(load_config, config, ["optimizer.lr=abc"]) == expected
    expected = """\
--lam:1:11 regularizers.l2.lam: expected a number with lam >= 0, found -1
    --lam 0.1,-1
              ^"""
    assert message(load_grid, config, axes=short_axes(lam="0.1,-1")) == expected


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("optimizer.lrr=1", "unknown key 'optimizer.lrr'. Did you mean 'optimizer.lr'?"),
        ("regularizers.dropot.p=1", "unknown key 'regularizers.dropot.p'. Did you mean 'regularizers.dropout.p'?"),
        ("optimizer.lr", "expected KEY=VALUE, such as optimizer.lr=0.01"),
        ("=1", "expected KEY=VALUE, such as optimizer.lr=0.01"),
        ("regularizers.l1=off", "expected a regularizer of the stack, which is l2 + dropout; found l1"),
        ("optimizer.lr=[1", "expected `,` or `]`: a list is not closed"),
        ("optimizer.lr=\x00", "expected one line of text, found control characters"),
        ("optimizer.lr=", "expected a number with lr > 0, found nothing"),
    ],
)
def test_a_wrong_override_is_said(config: Path, override: str, said: str) -> None:
    assert said in message(load_config, config, [override])


def test_a_file_that_is_not_there(config: Path) -> None:
    Path("folder").mkdir()
    assert message(load_config, "cc.yaml") == (
        "cc.yaml: expected a config file, found nothing there. Did you mean 'c.yaml'?"
    )
    assert message(load_config, "folder") == "folder: expected a config file, found a folder"


# Configs


def test_defaults_and_the_name_of_the_file(config: Path) -> None:
    config = config.rename("my größe.yaml")
    config.write_text("dataset: sine\n")
    loaded = load_config(config)
    assert loaded.resolved == {
        "name": "my_gr_e",
        "dataset": {"name": "sine", **dataclasses.asdict(loaded.dataset)},
        "architecture": {
            "hidden": [64, 64, 64], "activation": "relu", "init": "he", "residual": False, "tied": False, "conv": [],
            "kernel": 3, "pool": 2, "pooling": "max", "shared": True,
        },
        "regularizers": [],
        "optimizer": {
            "name": "adam", "lr": 0.001, "sam": 0.0, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8,
            "schedule": {"name": "constant", "warmup": 0},
        },
        "training": {
            "epochs": 1000,
            "steps": None,
            "batch_size": "full",
            "dtype": "float32",
            "class_weight": None,
            "eval_every": 1,
            "snapshots": None,
            "checkpoint_seconds": 30.0,
        },
        "seeds": [0, 1, 2, 3, 4],
    }  # fmt: skip
    assert loaded.training.batch_size is None


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("optimizer.lr=0.5", ("optimizer", "lr"), 0.5),
        ("optimizer=sgd", ("optimizer", "name"), "sgd"),
        ("optimizer.schedule=cosine", ("optimizer", "schedule", "name"), "cosine"),
        ("optimizer.schedule.warmup=3", ("optimizer", "schedule", "warmup"), 3),
        ("dataset.n_train=50", ("dataset", "n_train"), 50),
        ("dataset=circle", ("dataset", "name"), "circle"),
        ("architecture.hidden=[128,128]", ("architecture", "hidden"), [128, 128]),
        ("architecture.init={normal: 0.5}", ("architecture", "init"), {"normal": 0.5}),
        ("training.batch_size=full", ("training", "batch_size"), "full"),
        ("regularizers.l2.lam=0.5", ("regularizers", 0, "l2", "lam"), 0.5),
        ("regularizers.l2=0.5", ("regularizers", 0, "l2", "lam"), 0.5),
        ("regularizers.l1.lam=0.5", ("regularizers", 2, "l1", "lam"), 0.5),
        ("regularizers.l1=on", ("regularizers", 2, "l1", "lam"), 0.001),
        ("regularizers.l2=off", ("regularizers", 0, "dropout", "p"), 0.5),
        ("regularizers=[]", ("regularizers",), []),
        ("name=other", ("name",), "other"),
        ("seeds=2", ("seeds",), [0, 1]),
        ("seeds=3,5", ("seeds",), [3, 5]),
    ],
)
def test_an_override_changes_one_thing(config: Path, override: str, key: tuple[str | int, ...], value: object) -> None:
    found: Any = load_config(config, [override]).resolved
    for part in key:
        found = found[part]
    assert found == value


def test_on_leaves_a_regularizer_that_is_there_as_it_is(config: Path) -> None:
    assert load_config(config, ["regularizers.l2=on"]) == load_config(config)


def test_overrides_apply_in_order(config: Path) -> None:
    loaded = load_config(config, ["optimizer={name: sgd}", "optimizer.momentum=0.5", "optimizer.momentum=0.9"])
    assert loaded.resolved["optimizer"]["momentum"] == 0.9


@pytest.mark.parametrize(
    ("typed", "seeds"),
    [("3", (0, 1, 2)), ("3,5,8", (3, 5, 8)), ("7,", (7,)), (2, (0, 1)), ([7], (7,)), ((8, 3), (8, 3))],
)
def test_seeds(config: Path, typed: Any, seeds: tuple[int, ...]) -> None:
    loaded = load_config(config, seeds=typed)
    assert loaded.seeds == seeds
    assert loaded.folder_name == load_config(config).folder_name  # seeds are not part of what a run is


def test_the_digest_tells_configs_apart(config: Path) -> None:
    one, other = load_config(config), load_config(config, ["optimizer.lr=0.011"])
    assert one.digest() != other.digest()
    assert re.fullmatch(r"c-[0-9a-f]{8}", one.folder_name)
    assert load_config(config, ["optimizer.lr=1e-2"]) == one


def test_a_path_is_looked_up_beside_the_config_first(config: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    inner = config.rename(beside / "c.yaml")
    inner.write_text("dataset: {name: csv, path: table.csv, target: y}\n")
    assert load_config(inner).resolved["dataset"]["path"] == "table.csv"
    (tmp_path / "table.csv").touch()
    assert load_config(inner).resolved["dataset"]["path"] == str(tmp_path / "table.csv")
    (beside / "table.csv").touch()
    assert load_config(inner).resolved["dataset"]["path"] == str(beside / "table.csv")


# Grids


def points(grid: Grid) -> list[tuple[Any, ...]]:
    return [tuple(cell.point.values()) for cell in grid.cells]


def test_axes_come_from_lists_functions_overrides_and_short_options(config: Path) -> None:
    config.write_text("architecture: {hidden: [[4], [8, 8]]}\nregularizers: [l2: 'log(1e-3,1e-1,3)']\n")
    grid = load_grid(config, ["training.batch_size=8,full"], short_axes(lr="0.1,linear(1,2,2)"))
    assert [axis.key for axis in grid.axes] == [
        "architecture.hidden", "optimizer.lr", "training.batch_size", "regularizers.l2.lam",
    ]  # fmt: skip
    assert [axis.values for axis in grid.axes] == [((4,), (8, 8)), (0.1, 1.0, 2.0), (8, "full"), (0.001, 0.01, 0.1)]
    assert len(grid.cells) == 36
    assert len({cell.config.name for cell in grid.cells}) == 36
    assert grid.cells[1].config.name == "c-hidden-4-lr-0.1-batch_size-8-lam-0.01"
    assert grid.cells[-1].config.architecture.hidden == (8, 8)
    assert points(grid)[-1] == ((8, 8), 2.0, "full", 0.1)


def test_a_config_without_axes_is_one_cell(config: Path) -> None:
    grid = load_grid(config)
    assert (grid.axes, points(grid)) == ((), [()])
    assert grid.cells[0].config == load_config(config)


def test_no_path_is_the_built_in_config() -> None:
    assert load_grid(None, axes=short_axes(lam="0,1")).name == "none"


@pytest.mark.parametrize(
    ("override", "values"),
    [
        ("architecture.hidden=[4],[64]", ((4,), (64,))),
        ("architecture.init=he,{normal: 0.1}", ("he", {"normal": 0.1})),
        ("optimizer.name=adam,sgd", ("adam", "sgd")),
        ("optimizer=adam,sgd", ("adam", "sgd")),
        ("training.epochs=log(1,100,3)", (1, 10, 100)),
        ("training.epochs=linear(1,3,5)", (1, 2, 3)),
        ("regularizers.l2=0,0.1", (0.0, 0.1)),
        ("regularizers.l1.method=proximal,subgradient", ("proximal", "subgradient")),
    ],
)
def test_several_values_of_an_override_are_an_axis(config: Path, override: str, values: tuple[Any, ...]) -> None:
    (axis,) = load_grid(config, ["optimizer={}", override]).axes
    assert axis.values == values


def test_a_list_of_words_is_one_value(config: Path) -> None:
    config.write_text("dataset: {name: csv, path: a.csv, target: y, drop: [a, b]}")
    assert len(load_grid(config).cells) == 1
    assert load_config(config, ["dataset.drop=c,d"]).resolved["dataset"]["drop"] == ["c", "d"]


@pytest.mark.parametrize(
    ("stack", "key"),
    [
        ("[]", "l2"),
        ("[dropout]", "l2"),
        ("[l1]", "l1"),
        ("[{l1: {method: subgradient}}]", "l1"),
        ("[l2, dropout]", "l2"),
        ("[weight_decay]", "l2"),  # no part of the objective
        ("[activity_penalty, dropout]", "activity_penalty"),
    ],
)
def test_lam_is_the_strength_of_the_one_penalty(config: Path, stack: str, key: str) -> None:
    config.write_text(f"regularizers: {stack}")
    (axis,) = load_grid(config, axes=short_axes(lam="0,1")).axes
    assert axis.key == f"regularizers.{key}.lam"


def test_lam_with_several_penalties_is_an_error(config: Path) -> None:
    said = (
        "the stack has several penalties (l2, l1). Say which: -s regularizers.l2.lam=... or -s regularizers.l1.lam=..."
    )
    assert said in message(load_grid, config, ["regularizers.l1=on"], short_axes(lam="0,1"))


def test_a_width_is_that_of_all_hidden_layers(config: Path) -> None:
    (axis,) = load_grid(config, axes=short_axes(hidden="4,64")).axes
    assert axis.values == ((4, 4, 4), (64, 64, 64))
    (axis,) = load_grid(config, ["architecture.hidden=[9]"], short_axes(hidden="4,[8,8]")).axes
    assert axis.values == ((4,), (8, 8))
    assert load_grid(config, axes=short_axes(hidden="4")).cells[0].config.architecture.hidden == (4, 4, 4)
    said = "expected lists, such as [64,64],[8], as the config does not say how many hidden layers there are; found 4"
    assert said in message(load_grid, config, ["architecture.hidden=[]"], short_axes(hidden="4,8"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("optimizer: {lr: []}", "expected a value or a list of them, found an empty list"),
        ("optimizer: {lr: [0.1, 0.1]}", "the value 0.1 is given twice"),
        ("optimizer: {lr: [0.1, -1]}", "1:23 optimizer.lr: expected a number with lr > 0, found -1"),
        ("optimizer: {lr: 'log(0,1,3)'}", "expected log(low,high,count) with low > 0 and high > 0, found 'log(0,1,3)'"),
        ("optimizer: {lr: 'log(1,1,3)'}", "expected log(low,high,count) with two different ends, found 'log(1,1,3)'"),
        ("optimizer: {lr: 'log(1,2)'}", "expected log(low,high,count) with count >= 2, found 'log(1,2)'"),
        ("optimizer: {lr: 'linear(1,2,1000000)'}", "with count <= 10000"),
        ("architecture: {hidden: [[4], [0]]}", "expected a whole number >= 1, found 0"),
        ("architecture: {hidden: [[4], 4]}", "expected a list of whole numbers >= 1, such as [64, 64], found 4"),
        ("seeds: [[1], [2]]", "expected a whole number with 0 <= seed < 4294967296, found a list"),
        (
            "optimizer: {lr: 'log(1,2,200)', beta1: 'linear(0,0.5,200)', beta2: 'linear(0.9,0.99,100)'}",
            "c.yaml: expected a grid of at most 2,000,000 cells, found 4,000,000: "
            "optimizer.lr (200), optimizer.beta1 (200), optimizer.beta2 (100)",
        ),
    ],
)  # fmt: skip
def test_a_wrong_axis_is_said(config: Path, written: str, said: str) -> None:
    config.write_text(written)
    assert said in message(load_grid, config)


def test_every_wrong_value_of_every_axis_is_said(config: Path) -> None:
    config.write_text("optimizer: {lr: [0.1, -1, x], beta1: [0, 1]}")
    with pytest.raises(ConfigError) as failure:
        load_grid(config)
    assert [problem.place.column for problem in failure.value.problems] == [23, 27, 42]


def test_the_folder_of_a_sweep_is_named_by_what_is_swept(config: Path) -> None:
    lam = short_axes(lam="0,1")
    grid = load_grid(config, axes=lam)
    assert re.fullmatch(r"c-sweep-[0-9a-f]{8}", grid.folder_name)
    assert load_grid(config, axes=lam, seeds="2").folder_name == grid.folder_name
    assert load_grid(config, axes=short_axes(lam="0,2")).folder_name != grid.folder_name
    assert load_grid(config, ["optimizer.lr=1"], lam).folder_name != grid.folder_name


def test_cells_have_names_of_their_own_that_are_permitted(config: Path) -> None:
    config.write_text(
        json.dumps({"name": "n" * 100, "dataset": {"name": "csv", "path": "p", "target": ["a b", "a/b", "ä"]}})
    )
    names = [cell.config.name for cell in load_grid(config).cells]
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", name) for name in names)
    config.write_text("regularizers: [l1: [0.1, 1.0e-20], l2: [1]]")
    assert load_grid(config).cells[1].config.name == "c-l1.lam-1e-20-l2.lam-1.0"


def test_what_cannot_act_on_such_data_is_said_with_its_place(config: Path) -> None:
    stack = "[l2, {early_stopping: {metric: val_accuracy}}, confidence_penalty]"
    config.write_text(f"dataset: sine\nregularizers: {stack}\n")
    said = message(load_config, config)
    assert "c.yaml:2:21 regularizers.early_stopping: a regression has no val_accuracy" in said
    assert "c.yaml:2:62 regularizers.confidence_penalty: a regression predicts no distribution" in said
    config.write_text(f"dataset: {{name: circle, n_val: 0}}\nregularizers: {stack}\n")
    load_config(config)  # --peek may let it look at the test split
    assert [text for text in check(config).warnings() if "early_stopping: it needs a validation split" in text]


@pytest.mark.parametrize(
    ("hidden", "written", "said"),
    [
        ("[8, 8]", "[0, 3]", "its 3 layers with weights, 0 to 2, or -1 to -3 from the output on, found 3"),
        ("[8, 8]", "[-4]", "its 3 layers with weights, 0 to 2, or -1 to -3 from the output on, found -4"),
        ("[8, 8]", "[]", "its 3 layers with weights, 0 to 2, or -1 to -3 from the output on, found none"),
        ("[]", "[1]", "its only layer, 0, found 1"),
    ],
)
@pytest.mark.parametrize("kind", [kind for kind, cls in REGISTRY.items() if "layers" in parameters(cls)])
def test_layers_that_are_not_there_are_refused(config: Path, kind: str, hidden: str, written: str, said: str) -> None:
    config.write_text(f"architecture: {{hidden: {hidden}}}\nregularizers: [{{{kind}: {{layers: {written}}}}}]\n")
    assert f"c.yaml:2:17 regularizers.{kind}: layers: expected numbers of {said}" in message(load_config, config)
    right = load_config(config, [f"regularizers.{kind}.layers=[0, -1]"])
    assert right.stack[0].on_layers == (0, -1)
    unnamed = load_config(config, [f"regularizers.{kind}.layers=null"])
    assert unnamed.digest() != right.digest()


def test_layers_may_be_an_axis(config: Path) -> None:
    config.write_text("regularizers: [{l2: {lam: 0.1, layers: [null, [0], [1, -1]]}}]\n")
    assert [cell.config.stack[0].on_layers for cell in load_grid(config).cells] == [None, (0,), (1, -1)]


@pytest.mark.parametrize("kind", ["sine", "circle", "breast_cancer", "digits"])
def test_the_task_that_is_known_before_is_the_task(kind: str) -> None:
    source = DATASETS[kind]()
    assert source.known_task == source.load(0).task


# Off and on


@pytest.mark.parametrize(
    ("written", "overrides", "stacks"),
    [
        ("[l2: 0.1, dropout: off]", [], [["l2"]]),
        ("[batch_norm: on]", [], [["batch_norm"]]),
        ("[l2: 0.1, batch_norm: [off, on]]", [], [["l2"], ["l2", "batch_norm"]]),
        ("[l2: [off, 0.1, {lam: 0.2}]]", [], [[], ["l2"], ["l2"]]),
        ("[l2: [off, on], dropout: [off, on]]", [], [[], ["dropout"], ["l2"], ["l2", "dropout"]]),
        ("[l2: 0.1]", ["regularizers.l2=on,off"], [["l2"], []]),
        ("[l2: 0.1]", ["regularizers.batch_norm=off,on"], [["l2"], ["l2", "batch_norm"]]),
    ],
)  # fmt: skip
def test_off_and_on_are_values_of_an_axis(
    config: Path, written: str, overrides: list[str], stacks: list[list[str]]
) -> None:
    config.write_text(f"regularizers: {written}")
    cells = load_grid(config, overrides).cells
    assert [[member.kind for member in cell.config.stack] for cell in cells] == stacks
    names = [cell.config.name for cell in cells]
    assert len(set(names)) == len(names)


def test_on_keeps_the_settings_and_is_a_value_as_off_is(config: Path) -> None:
    grid = load_grid(config, ["regularizers.l2=off,on,0.5", "regularizers.dropout=on,off"])
    assert [(axis.key, axis.values) for axis in grid.axes] == [
        ("regularizers.l2", ("off", "on", {"lam": 0.5})),
        ("regularizers.dropout", ("on", "off")),
    ]
    assert grid.cells[2].config.resolved["regularizers"] == load_config(config).resolved["regularizers"]
    assert grid.cells[5].config.stack == (L2(lam=0.5),)
    assert grid.cells[5].point == {"regularizers.l2": {"lam": 0.5}, "regularizers.dropout": "off"}
    other = load_grid(config, ["regularizers.l2.lam=0.4", "regularizers.l2=off,on,0.5", "regularizers.dropout=on,off"])
    assert other.folder_name != grid.folder_name


# Base


def extending(**files: str) -> None:
    for name, content in files.items():
        path = Path(name.replace("__", "/") + ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


def test_a_config_extends_another_key_by_key_but_for_its_stack(config: Path) -> None:
    extending(
        a="base: sub/b.yaml\noptimizer: {lr: 0.5}\nregularizers: [dropout]\n",
        sub__b="base: c.yaml\nname: other\ntraining: {epochs: 7}\n",
        sub__c="training: {epochs: 3, eval_every: 2}\nregularizers: [l2, l1]\noptimizer: {name: sgd, momentum: 0.9}\n",
        alone="name: a\ntraining: {epochs: 7, eval_every: 2}\nregularizers: [dropout]\n"
        "optimizer: {name: sgd, momentum: 0.9, lr: 0.5}\n",
    )
    assert load_config("a.yaml") == load_config("alone.yaml")
    extending(a="base: sub/b.yaml\noptimizer: adam\nlanes: {none: []}\n")
    (lane,) = load_any("a.yaml").cells
    assert lane.config.resolved["optimizer"]["lr"] == 0.001  # Adam's own, not SGD's
    assert lane.config.stack == ()
    assert load_config("sub/b.yaml").stack[0] == L2(lam=0.003)


def test_a_table_is_looked_for_beside_the_file_that_names_it(config: Path, tmp_path: Path) -> None:
    extending(a="base: sub/b.yaml\n", sub__b="dataset: {name: csv, path: t.csv, target: y}\n")
    (tmp_path / "sub" / "t.csv").touch()
    assert load_config("a.yaml").resolved["dataset"]["path"] == str(tmp_path / "sub" / "t.csv")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": "base: a.yaml"}, ("a.yaml:1:1 base: a.yaml extends itself",)),
        ({"a": "base: b.yaml", "b": "seeds: 3\nbase: a.yaml"}, ("b.yaml:2:1 base: b.yaml extends a.yaml, which",)),
        ({"a": "base: d.yaml"}, ("a.yaml:1:7 base: d.yaml: expected a config file, found nothing there",)),
        ({"a": "base: [1]"}, ("a.yaml:1:7 base: expected the path of a config, found a list",)),
        ({"a": "base: b.yaml", "b": "[1]"}, ("b.yaml:1:1: expected a mapping of keys, found a list",)),
        (
            {"a": "base: b.yaml\nseed: 1", "b": "optimizer: {lr: -1}"},
            ("a.yaml:2:1 seed: expected one of", "b.yaml:1:17 optimizer.lr: expected a number with lr > 0, found -1"),
        ),
    ],
)
def test_a_wrong_base_is_said_where_it_stands(config: Path, files: dict[str, str], said: tuple[str, ...]) -> None:
    extending(**files)
    found = message(load_config, "a.yaml")
    assert all(part in found for part in said), found


def test_a_config_may_be_a_mapping_or_text(config: Path) -> None:
    mapping = {"name": "c", "regularizers": [{"l2": 0.003}, "dropout"], "optimizer": {"name": "adam", "lr": 0.01}}
    assert load_config(mapping) == load_config(config) == load_config("name: c\n" + config.read_text())


@pytest.mark.parametrize(("size", "epochs"), [("full", 70), ("8", 18), ("30", 70), ("7", 14), ("1", 3)])
def test_a_budget_of_steps_is_so_many_epochs(config: Path, size: str, epochs: int) -> None:
    """Of 30 rows: one step of an epoch, 4, one, 5, 30."""
    config.write_text(f"dataset: {{name: sine, n_train: 30}}\ntraining: {{steps: 70, batch_size: {size}}}\n")
    found = load_config(config)
    assert found.training.epochs == epochs
    Path("again.yaml").write_text(json.dumps({**found.resolved, "name": "c"}))
    assert load_config("again.yaml").digest() == found.digest()
    assert load_config(config, [f"training.epochs={epochs}"]).digest() == found.digest()
    expected = f"training.epochs: expected epochs or steps, found both: 70 steps on 30 rows are {epochs} epochs of "
    assert expected in message(load_config, config, ["training.epochs=71"])


def test_steps_where_rows_are_made_are_refused(config: Path) -> None:
    config.write_text("dataset: circle\nregularizers: [smote]\ntraining: {steps: 70}\n")
    assert "expected training.epochs where a regularizer makes rows, as smote does" in message(load_config, config)


def test_a_setting_of_a_regularizer_that_is_switched_is_refused(config: Path) -> None:
    config.write_text("regularizers: [dropout: [off, on], l2: off]\n")
    said = message(load_grid, config, ["regularizers.dropout.p=0.2", "regularizers.l2.lam=0.1"])
    assert "c.yaml:1:25 regularizers.dropout: expected a mapping, found a list" in said
    assert "c.yaml:1:40 regularizers.l2: expected a mapping, found 'off'" in said


@pytest.mark.parametrize(("text", "found"), [("", "nothing"), ("- l2\n", "a list")])
def test_options_of_a_config_that_is_no_mapping_hide_nothing(config: Path, text: str, found: str) -> None:
    config.write_text(text)
    assert f"found {found}" in message(load_grid, config, ["seeds=3"], short_axes(lr="0.1,0.2"))
