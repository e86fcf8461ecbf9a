from __future__ import annotations

import dataclasses

import pytest
from changed import with_networks, with_summary

from regx.config.load import configs_folder, load_config, load_grid
from regx.core.errors import InputError
from regx.evidence.run import Run
from regx.store.files import config_text
from regx.store.summary import Summary
from regx.studies.diagnosis.advice import advice, changed
from regx.studies.diagnosis.judgement import Seed
from regx.studies.diagnosis.result import Advice, Diagnosis, MeanLosses

SEED = {
    "severe overfitting": Seed(0, train=0.0, val=0.5, rise=0.3, start=2.0),
    "mild overfitting": Seed(0, train=0.05, val=0.17, start=2.0),
    "underfitting": Seed(0, train=0.99, val=1.0, start=1.1, gain=0.02, dead=0.7, gradient=1e-5),
    "healthy": Seed(0, train=0.1, val=0.1),
    "diverged": Seed(0, diverged=3),
    "cannot tell": Seed(0, train=0.1),
}


@pytest.fixture
def stored(tmp_path):
    """A run folder's config, as far as advice needs it."""

    def make(*overrides: str, path=None, parameters: int = 8513) -> Run:
        config = load_grid(path or configs_folder() / "none.yaml", overrides).cells[0].config
        (tmp_path / "config.yaml").write_text(config_text(config.resolved))
        return Run(tmp_path, config.resolved, Summary({"name": config.name, "parameters": parameters, "seeds": {}}), {})

    return make


def diagnosis(verdict: str, rows: int = 30, **changes) -> Diagnosis:
    seed = dataclasses.replace(SEED[verdict], **changes)
    return Diagnosis(verdict, (), (), (seed,), MeanLosses(), rows, 1.0)


def names(run, found):
    return [item.name for item in advice(run, found)]


def overrides(run, found):
    return {item.name: item.overrides for item in advice(run, found)}


PLAYBOOK = ["input_noise", "weight_decay", "early_stopping", "dropout", "more_data", "smaller"]


@pytest.mark.parametrize("verdict", ["mild overfitting", "severe overfitting"])
def test_the_order_is_the_playbooks(stored, verdict):
    assert names(stored(), diagnosis(verdict)) == PLAYBOOK


def test_images_are_moved_in_place_of_noise(stored):
    for path, first in (("digits_conv", ["crop", "rotate"]), ("crop", ["rotate"])):
        run = stored(path=configs_folder() / f"{path}.yaml")
        found = overrides(run, diagnosis("mild overfitting"))
        assert list(found)[: len(first) + 1] == [*first, "weight_decay"]
        assert found["rotate"] == ("regularizers.rotate.degrees=10",)
        assert found.get("crop", ("regularizers.crop.padding=1",)) == ("regularizers.crop.padding=1",)
        for one in advice(run, diagnosis("mild overfitting"))[: len(first)]:
            assert changed(run, one).stack[-1].kind == one.name


def test_the_gap_says_how_strong(stored):
    mild, severe = (overrides(stored(), diagnosis(f"{word} overfitting")) for word in ("mild", "severe"))
    assert mild["input_noise"] == ("regularizers.input_noise.sigma=0.1",)
    assert severe["input_noise"] == ("regularizers.input_noise.sigma=0.3",)
    assert mild["dropout"] == ("regularizers.dropout.p=0.2",)
    assert severe["dropout"] == ("regularizers.dropout.p=0.4",)


def test_the_rows_say_how_much_of_it(stored):
    medium = overrides(stored(), diagnosis("severe overfitting", rows=50_000))
    assert list(medium) == ["input_noise", "weight_decay", "early_stopping", "more_data", "smaller"]
    # A shrinkage of 1 over 3,000 steps of 0.003.
    assert medium["weight_decay"] == ("regularizers.weight_decay.lam=0.11",)
    large = names(stored(), diagnosis("severe overfitting", rows=2_000_000))
    assert large == ["input_noise", "early_stopping", "more_data", "smaller"]


def test_what_is_there_is_strengthened_not_added(stored):
    run = stored(
        "regularizers.dropout.p=0.3", "regularizers.l2.lam=0.001", "regularizers.input_noise.sigma=0.5",
        "regularizers.early_stopping=on",
    )  # fmt: skip
    found = overrides(run, diagnosis("severe overfitting"))
    assert found["dropout"] == ("regularizers.dropout.p=0.5",)
    assert found["l2"] == ("regularizers.l2.lam=0.01",)
    assert found["input_noise"] == ("regularizers.input_noise.sigma=1",)
    assert not {"weight_decay", "early_stopping"} & set(found)


@pytest.mark.parametrize(
    ("changes", "mild", "severe"),
    [
        # A shrinkage of 10 in both, over 3,000 steps of 0.003, over ten times as many, and over two steps an epoch.
        ((), "1.1", "1.1"),
        (("training.epochs=30000",), "0.11", "0.11"),
        (("training.batch_size=15",), "0.56", "0.56"),
        # Of 1 and 3 in gradient descent, over 300 steps of 0.1.
        (("optimizer={name: sgd, lr: 0.1}", "training.epochs=300"), "0.033", "0.1"),
    ],
)
def test_decay_is_advised_by_what_it_shrinks_over_the_training(stored, changes, mild, severe):
    for word, lam in (("mild", mild), ("severe", severe)):
        (override,) = overrides(stored(*changes), diagnosis(f"{word} overfitting"))["weight_decay"]
        assert override == f"regularizers.weight_decay.lam={lam}"


@pytest.mark.parametrize(
    ("there", "raised"),
    [
        # 0.01 shrinks by 0.09: what is needed is 10, and not ten times as much.
        (("regularizers.weight_decay.lam=0.01",), "regularizers.weight_decay.lam=1.1"),
        (("optimizer={name: adamw, lr: 0.003}",), "optimizer.weight_decay=1.1"),
        (("optimizer={name: sgd, lr: 0.1}", "regularizers.l2.lam=0.003"), "regularizers.l2.lam=0.03"),
        # It shrinks by 9 already, so it is made ten times as much.
        (("regularizers.weight_decay.lam=1",), "regularizers.weight_decay.lam=10"),
    ],
)
def test_what_decays_is_made_to_decay_more_and_nothing_that_decays_is_added(stored, there, raised):
    found = [item for item in advice(stored(*there), diagnosis("severe overfitting")) if "decay" in item.reason]
    assert [item.overrides for item in found] == [(raised,)]


def test_dropout_is_not_put_behind_batch_norm(stored):
    assert "dropout" not in names(stored("regularizers.batch_norm=on"), diagnosis("severe overfitting"))


def test_underfitting_is_answered_by_its_cause(stored):
    still = diagnosis("underfitting", train=0.4, val=0.4, gain=0.1, dead=0.1, gradient=1.0)
    assert names(stored(), still) == ["longer", "faster", "bigger"]
    stack = stored("regularizers.l2.lam=3", "regularizers.dropout.p=0.6", "regularizers.early_stopping=on")
    converged = diagnosis("underfitting", train=0.4, val=0.4, gain=0.0, dead=0.1, gradient=1.0)
    assert names(stack, converged) == ["weaker", "bigger", "faster"]
    assert advice(stack, converged)[0].overrides == ("regularizers.l2.lam=0.3", "regularizers.dropout.p=0.3")
    assert advice(stored("architecture.hidden=[]"), converged)[0].overrides == ("architecture.hidden=[32,32]",)
    few = stored("training.epochs=2")
    assert advice(few, diagnosis("underfitting"))[0].overrides == ("training.epochs=1000",)
    slow = stored("optimizer.lr=1e-7")
    assert advice(slow, diagnosis("underfitting"))[0].overrides == ("optimizer.lr=0.001",)
    # It has come down far from a bad start, and is slow none the less: more epochs are not the first thing to try.
    crawling = diagnosis("underfitting", train=3.1, val=2.9, start=8.0, gain=2.9, dead=0.1, gradient=37.0)
    assert overrides(stored("optimizer.lr=1e-5"), crawling)["faster"] == ("optimizer.lr=0.001",)
    assert names(stored("optimizer.lr=1e-5"), crawling) == ["faster", "longer", "bigger"]
    dead = diagnosis("underfitting", start=9.0)
    assert ("awake", ("architecture.activation=leaky_relu",)) in overrides(stored(), dead).items()


def test_a_run_that_stopped_early_is_told_to_wait_and_not_to_have_epochs_it_would_not_reach(stored):
    run = stored("regularizers.early_stopping.patience=5", "training.epochs=5000")
    ended = {str(seed): {"status": "completed", "last_epoch": 300 + seed, "metrics": {}} for seed in range(2)}
    run = with_summary(run, seeds=ended)
    pattern = diagnosis("underfitting", train=0.4, val=0.4, gain=None, pattern=0.2, dead=0.1, gradient=1.0)
    found = {item.name: item for item in advice(run, pattern)}
    assert found["longer"].overrides == ("regularizers.early_stopping.patience=20",)
    assert "ended training by epoch 301" in found["longer"].reason
    assert "longer" not in names(with_networks(run, 1, last_epoch=5000), pattern)  # one that did not stop
    short = stored("regularizers.early_stopping.patience=5", "training.epochs=50")
    short = with_summary(short, seeds={"0": {"status": "completed", "last_epoch": 20, "metrics": {}}})
    first = advice(short, pattern)[0]
    assert first.overrides == ("regularizers.early_stopping.patience=20", "training.epochs=1000")


def test_divergence_is_answered_first(stored):
    far = overrides(stored("optimizer.lr=1000"), diagnosis("diverged"))
    assert far["lower_lr"] == ("optimizer.lr=0.001",)
    near = overrides(stored("optimizer.lr=0.05", "architecture.init={normal: 0.5}"), diagnosis("diverged"))
    assert near == {
        "lower_lr": ("optimizer.lr=0.005",),
        "clip_norm": ("optimizer.lr=0.005", "regularizers.clip_norm.max_norm=1"),
        "init": ("architecture.init=he",),
    }
    found = diagnosis("mild overfitting")
    some = dataclasses.replace(found, seeds=(*found.seeds, Seed(1, diverged=2)))
    assert names(stored(), some) == ["lower_lr", "clip_norm", *PLAYBOOK]


def test_what_a_config_of_old_does_not_say_is_no_error(stored):
    run = stored()
    for key in ("n_val", "val_fraction"):
        run.config["dataset"].pop(key, None)
    assert overrides(run, diagnosis("cannot tell", val=None))["validation"] == ("dataset.val_fraction=0.15",)


def test_a_healthy_run_is_left_alone(stored):
    assert advice(stored(), diagnosis("healthy")) == ()


@pytest.mark.parametrize(
    "name",
    [
        "batch_size", "circle", "clip_norm", "diabetes", "digits_batch_norm", "early_stopping", "group_lasso",
        "l2_dropout", "max_norm", "random_labels", "residual", "sam", "smote", "stochastic_depth", "tied",
        "weight_average",
    ],
)  # fmt: skip
def test_advice_is_a_config_that_differs(stored, name):
    run = stored(path=configs_folder() / f"{name}.yaml")
    for verdict in ("severe overfitting", "underfitting", "diverged"):
        for item in advice(run, diagnosis(verdict)):
            assert item.reason.endswith(".")
            if item.overrides:
                config = changed(run, item)
                assert config.name == f"{run.name}-{item.name}"
                before = {key: value for key, value in run.config.items() if key != "name"}
                assert {key: value for key, value in config.resolved.items() if key != "name"} != before


def test_a_long_name_stays_a_name(stored):
    run = stored("name=" + "x" * 100)
    config = changed(run, Advice("dropout", ("regularizers.dropout.p=0.2",), "."))
    assert len(config.name) == 100
    assert config.name.endswith("x-dropout")
    assert load_config(run.folder / "config.yaml").name == "x" * 100


def test_an_override_that_does_not_fit_is_an_error(stored):
    with pytest.raises(InputError, match="dropout"):
        changed(stored(), Advice("dropout", ("regularizers.dropout.p=7",), "."))
