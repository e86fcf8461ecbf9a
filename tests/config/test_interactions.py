"""Pairs that interact badly are warned of, with a reason and a remedy; the remedy removes the warning."""

import dataclasses
from pathlib import Path

import pytest
from command_line import Regx

from regx.config.config import Config
from regx.config.load import configs_folder, load_any, load_config
from regx.core.errors import InputError
from regx.optim import SGD
from regx.reference.interactions import hints, warnings

# What is said of first, the config's stack and other keys, and the overrides that the remedy names.
CASES = [
    (
        "dropout with batch_norm",
        ["batch_norm", "dropout"],
        {"training.batch_size": "32"},
        ["regularizers.dropout=off"],
    ),
    ("batch_norm on the full batch", ["batch_norm"], {"dataset.n_train": "64"}, ["training.batch_size=32"]),
    (
        "dropconnect with batch_norm",
        ["dropconnect", "batch_norm"],
        {"training.batch_size": "32"},
        ["regularizers.batch_norm=off"],
    ),
    ("l2 with adam", ["l2"], {}, ["regularizers.l2=off", "regularizers.weight_decay.lam=0.01"]),
    ("l2 with rmsprop", ["l2"], {"optimizer": "rmsprop"}, ["optimizer={name: sgd, lr: 0.1}"]),
    ("l1 by subgradient with adam", ["l1: {method: subgradient}"], {}, ["regularizers.l1.method=proximal"]),
    ("elastic_net with adam", ["elastic_net"], {}, ["regularizers.elastic_net.l1_ratio=1"]),
    ("early_stopping on a validation split of 8", ["early_stopping"], {"dataset.n_val": "8"}, ["dataset.n_val=20"]),
    (
        "stochastic_depth without residual",
        ["stochastic_depth"],
        {"architecture": "{hidden: [8, 9], residual: true}"},
        ["architecture.hidden=[8, 8]"],
    ),
    (
        "weight_decay with adamw, which decays by 0.01 of its own: both act, 0.02 in sum",
        ["weight_decay: {lam: 0.01}"],
        {"optimizer": "adamw"},
        ["optimizer.weight_decay=0"],
    ),
    ("l1 with clip_norm: the proximal", ["clip_norm", "l1"], {}, ["regularizers.clip_norm=off"]),
    ("group_lasso with clip_value", ["group_lasso", "clip_value"], {}, ["regularizers.group_lasso=off"]),
    ("mixup on batches of 1", ["mixup"], {"training.batch_size": "1"}, ["training.batch_size=32"]),
    (
        "warmup of 20 epochs in a training of 20",
        ["dropout"],
        {"training.epochs": "20", "optimizer.schedule.warmup": "20"},
        ["optimizer.schedule.warmup=2"],
    ),
    ("batch_norm on batches of 8", ["batch_norm"], {"training.batch_size": "8"}, ["regularizers.batch_norm=off"]),
    ("stochastic_depth without residual", ["stochastic_depth"], {}, ["architecture.residual=true"]),
    (
        "weight_average with snapshot_ensemble",
        ["snapshot_ensemble", "weight_average"],
        {},
        ["regularizers.weight_average=off"],
    ),
    ("shake_drop without residual", ["shake_drop"], {}, ["architecture.residual=true"]),
    ("flip on digits: a digit in a mirror is no digit", ["flip"], {"dataset": "digits"}, ["regularizers.flip=off"]),
    ("spatial_dropout without conv", ["spatial_dropout"], {"dataset": "digits"}, ["architecture.conv=[4]"]),
]


def said_of(config: Config) -> list[str]:
    return [*warnings(config), *hints(config)]


@pytest.mark.parametrize(
    ("said", "stack", "keys", "remedy"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_bad_pair_is_warned_of_until_it_is_mended(
    said: str, stack: list[str], keys: dict[str, str], remedy: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "c.yaml"
    items = "".join(f"\n  - {member if ':' in member else member + ': {}'}" for member in stack)
    path.write_text(f"dataset: sine\nregularizers:{items}\n")
    overrides = [f"{key}={value}" for key, value in keys.items()]
    (warning,) = said_of(load_config(path, overrides))
    assert warning.startswith(said)
    assert said_of(load_config(path, [*overrides, *remedy])) == []


def test_a_plain_config_is_not_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: sine\nregularizers: [dropout, l1]\n")
    assert warnings(load_config(path)) == []


def test_validate_and_run_say_it_once_on_stderr(small: Path, regx: Regx) -> None:
    warmup = ("-s", "optimizer.schedule.warmup=100000")
    for command in (("validate", small), ("run", small), ("sweep", small, "--lam", "0.1,1")):
        done = regx(*command, *warmup)
        assert done.stderr.count("warning: warmup of 100000 epochs") == 1
        assert "warning" not in done.stdout
        # What only is good to know is said by `validate`.
        assert done.stderr.count("note: l2 with adam:") == (command[0] == "validate")
    assert "warning" not in regx("run", small, "--quiet", *warmup).stderr


# These are there to show what is warned of.
SHOW_IT = {"ablate_batch_norm_dropout.yaml", "flip.yaml", "race_images.yaml"}


@pytest.mark.parametrize("path", sorted(configs_folder().glob("*.yaml")), ids=lambda path: path.name)
def test_no_config_that_comes_with_regx_is_warned_of(path: Path, regx: Regx) -> None:
    grid = load_any(path)
    found = [warning for cell in grid.cells for warning in warnings(cell.config)]
    assert bool(found) == ("warning" in regx("validate", path).stderr) == (path.name in SHOW_IT)


def test_a_new_adaptive_optimizer_is_warned_of_too(tmp_path: Path) -> None:
    class Lion(SGD):
        kind = "lion"
        adaptive = True

    path = tmp_path / "c.yaml"
    path.write_text("regularizers: [l2]\noptimizer: sgd\n")
    config = load_config(path)
    assert hints(config) == []
    (warning,) = hints(dataclasses.replace(config, optimizer=Lion()))
    assert warning.startswith("l2 with lion: ")


def test_an_image_regularizer_on_a_table_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: diabetes\nregularizers: [crop]\narchitecture: {conv: [4]}\n")
    with pytest.raises(InputError) as raised:
        load_config(path)
    said = str(raised.value)
    assert "it changes images, and diabetes is a table: take it out with -s regularizers.crop=off" in said
    assert "expected images to convolve, found a table, diabetes" in said
    assert load_config(path, ["regularizers.crop=off", "architecture.conv=[]"])


def test_early_stopping_on_few_rows_of_a_table_is_warned_of_when_they_are_known(tmp_path: Path, regx: Regx) -> None:
    rows = "".join(f"{number},{number % 7}\n" for number in range(60))
    (tmp_path / "t.csv").write_text("x,y\n" + rows)
    config = tmp_path / "c.yaml"
    config.write_text(
        "dataset: {name: csv, path: t.csv, target: y, task: regression}\nregularizers: [early_stopping]\n"
        "architecture: {hidden: [4]}\ntraining: {epochs: 3}\nseeds: 1\n"
    )
    said = regx("run", config).stderr
    assert "warning: early_stopping on a validation split of 9 rows: its loss is noisy" in said
    assert "Use a larger dataset.val_fraction, or a longer patience." in said
    enough = regx("run", config, "-s", "dataset.val_fraction=0.5")
    assert "early_stopping on" not in enough.stderr
