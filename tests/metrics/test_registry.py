"""Laws over all metrics: range, alone as in a population, help; and what others compute of the same networks."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as oracle

from regx.core.arrays import Array
from regx.data.dataset import Dataset
from regx.engine.asked import Asked
from regx.engine.population import Population
from regx.engine.trainer import train
from regx.metrics import MEMBERS, REGISTRY, columns
from regx.metrics.metric import ALL_TASKS, SPLITS, Metric
from regx.metrics.training_mode import MASKS
from regx.nn.architecture import Architecture
from regx.nn.losses import LOSSES, probabilities
from regx.regularizers import BatchNorm, Dropout
from regx.stats.aggregate import Interval
from regx.stats.calibration import expected_calibration_error
from tests.engine.populations import TASKS, dataset, population

MEASURED = [metric for metric in REGISTRY.values() if metric.of]
OF_TASK = [(metric, task) for metric in MEASURED for task in metric.tasks]
SEEDS = (0, 1, 2)


def networks(task: str, dtype: str = "float64", seeds: tuple[int, ...] = SEEDS) -> tuple[Population, Array]:
    """Networks with dropout and batch norm, as they are before training, which is bad and so far from every edge."""
    data = [dataset(task, seed, (40, 20, 30)) for seed in seeds]
    stack = [Dropout(p=0.3), BatchNorm()]
    made = population(seeds, stack, data=data, dtype=dtype, architecture=Architecture((6, 5), "tanh"))
    return made, made.layout().initial(seeds, made.dtype)


def measured(metric: Metric, of: Population, values: Array) -> Array:
    return Asked(of, values).all_of([metric])[metric.name]


@pytest.mark.parametrize(("metric", "task"), OF_TASK, ids=lambda one: getattr(one, "name", one))
def test_a_metric_is_one_number_in_its_range_and_the_same_alone_and_in_a_population(metric: Metric, task: str) -> None:
    dtype = "float64" if metric.name == "hessian_eigenvalue" else "float32"
    together = measured(metric, *networks(task, dtype))
    assert together.shape == (len(SEEDS),)
    assert np.isfinite(together).all()
    assert all(metric.low is None or metric.low <= one for one in together)
    assert all(metric.high is None or one <= metric.high for one in together)
    alone = [measured(metric, *networks(task, dtype, (seed,)))[0] for seed in SEEDS]
    assert np.array_equal(together, alone)


def test_every_metric_says_what_it_is_and_names_are_unique() -> None:
    assert len(REGISTRY) == sum(len(member.splits) or 1 for member in MEMBERS)
    for name, metric in REGISTRY.items():
        assert re.fullmatch("[a-z][a-z0-9_]*", name)
        assert len(metric.help) > 20
        assert "{" not in metric.help
        assert metric.help[-1] == "."
        assert metric.help in metric.text()
        assert set(metric.tasks) <= set(ALL_TASKS)
        assert metric.split in (*SPLITS, "")
        assert name.startswith(metric.split)
        assert not (metric.of and metric.of_seed)


def test_the_columns_of_metrics_csv_are_those_of_the_contract() -> None:
    numbers = (
        "epoch", "train_loss", "val_loss", "test_loss", "objective", "penalty", "weight_norm", "zero_fraction", "lr",
    )  # fmt: skip
    assert columns("regression") == numbers
    for task in ("binary", "multiclass"):
        assert columns(task) == (*numbers, "train_accuracy", "val_accuracy", "test_accuracy")


def test_an_interval_ends_where_a_metric_does() -> None:
    beyond = Interval(mean=0.9, low=-0.2, high=1.4)
    assert REGISTRY["test_accuracy"].inside(beyond) == {"mean": 0.9, "low": 0.0, "high": 1.0}
    assert REGISTRY["test_loss"].inside(beyond) == {"mean": 0.9, "low": 0.0, "high": 1.4}
    assert REGISTRY["gap"].inside(beyond) == beyond
    assert REGISTRY["seconds"].inside(beyond) == {"mean": 0.9, "low": None, "high": None}
    assert REGISTRY["test_loss"].inside(Interval(mean=None, low=None, high=None))["low"] is None


def answers(task: str, split: str) -> tuple[Population, Array, list[tuple[Array, Array, Array]]]:
    """Trained networks, and of each the logits, predictions and targets of a split: (n, K) in float64."""
    made, values = networks(task)
    asked = Asked(made, values)
    asked.answer()
    rows = asked.splits[split]
    p = probabilities(rows.z, task)
    truths = [getattr(data, split).y for data in made.datasets]
    return made, values, [(z.T, one.T, y) for z, one, y in zip(rows.z, p, truths, strict=True)]


def labels(p: Array, y: Array) -> tuple[Array, Array]:
    if y.shape[1] == 1:
        return y[:, 0].astype(int), (p[:, 0] > 0.5).astype(int)
    return y.argmax(axis=1), p.argmax(axis=1)


def log_loss(p: Array, y: Array) -> float:
    return float(oracle.log_loss(y, np.hstack([1 - p, p]) if p.shape[1] == 1 else p))


ORACLES = {
    "loss": lambda z, p, y, task: oracle.mean_squared_error(y, p) if task == "regression" else log_loss(p, y),
    "accuracy": lambda z, p, y, task: oracle.accuracy_score(*labels(p, y)),
    "balanced_accuracy": lambda z, p, y, task: oracle.balanced_accuracy_score(*labels(p, y)),
    "macro_f1": lambda z, p, y, task: oracle.f1_score(*labels(p, y), average="macro"),
    "roc_auc": lambda z, p, y, task: oracle.roc_auc_score(y, p, average="macro"),
    "brier_score": lambda z, p, y, task: np.square(p - y).sum(axis=1).mean(),
    "mae": lambda z, p, y, task: oracle.mean_absolute_error(y, p),
    "r2": lambda z, p, y, task: oracle.r2_score(y, p),
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(("name", "task"), [(n, t) for n in ORACLES for t in REGISTRY[f"test_{n}"].tasks])
def test_a_metric_is_what_scikit_learn_computes(name: str, task: str, split: str) -> None:
    made, values, each = answers(task, split)
    found = measured(REGISTRY[f"{split}_{name}"], made, values)
    assert found == pytest.approx([ORACLES[name](*one, task) for one in each], rel=1e-9)


def test_negative_log_likelihood_is_the_loss_of_classes_and_that_of_a_normal_distribution() -> None:
    from scipy.stats import norm

    for task in ("binary", "multiclass"):
        made, values = networks(task)
        pair = Asked(made, values).all_of([REGISTRY["val_negative_log_likelihood"], REGISTRY["val_loss"]])
        assert np.array_equal(*pair.values())
    made, values, train_rows = answers("regression", "train")
    deviations = [np.sqrt(np.mean((p - y) ** 2)) for _, p, y in train_rows]
    _, _, val_rows = answers("regression", "val")
    expected = [-norm.logpdf(y, p, s).mean() for (_, p, y), s in zip(val_rows, deviations, strict=True)]
    assert measured(REGISTRY["val_negative_log_likelihood"], made, values) == pytest.approx(expected, rel=1e-9)


def test_weights_are_counted_without_biases() -> None:
    made, values = networks("binary")
    layout = made.layout()
    for tensor in layout.weights[:1]:
        tensor.of(values)[0, 0] = 0.0
    for row, (norm, zeros, mean, first) in enumerate(
        zip(*(measured(REGISTRY[name], made, values) for name in (
            "weight_norm", "zero_fraction", "mean_absolute_weight", "first_layer_mean_absolute_weight",
        )), strict=True)
    ):  # fmt: skip
        weights = [array for name, array in layout.named(values[row]).items() if name.endswith("weight")]
        flat = np.concatenate([weight.ravel() for weight in weights])
        assert norm == pytest.approx(np.linalg.norm(flat))
        assert zeros == pytest.approx(np.mean(flat == 0))
        assert mean == pytest.approx(np.abs(flat).mean())
        assert first == pytest.approx(np.abs(weights[0]).mean())


@pytest.mark.torch
@pytest.mark.parametrize("task", TASKS)
def test_flatness_is_what_pytorch_computes(task: str) -> None:
    torch = pytest.importorskip("torch")
    data = dataset(task, 0, (30, 8, 9))
    made = population((0, 1), data=data, architecture=Architecture((4,), "tanh"))
    values = made.layout().initial((0, 1), made.dtype) * 1.5
    layout, x, y = made.layout(), torch.tensor(data.train.x), torch.tensor(data.train.y)

    def loss(flat):  # type: ignore[no-untyped-def]
        first = flat[: 4 * 4].reshape(4, 4)
        last = flat[16:].reshape(5, -1)
        z = torch.tanh(x @ first[:-1] + first[-1]) @ last[:-1] + last[-1]
        if task == "regression":
            return ((z - y) ** 2).mean()
        if task == "binary":
            return torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        return torch.nn.functional.cross_entropy(z, y.argmax(dim=1))

    found = Asked(made, values).all_of([REGISTRY["hessian_eigenvalue"], REGISTRY["sharpness"]])
    for row, flat in enumerate(values):
        at = torch.tensor(flat, requires_grad=True)
        eigenvalues = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, at))
        assert found["hessian_eigenvalue"][row] == pytest.approx(float(eigenvalues[-1]), rel=1e-3)
        (gradient,) = torch.autograd.grad(loss(at), at)
        uphill = loss(at + 0.05 * gradient / gradient.norm()) - loss(at)
        assert found["sharpness"][row] == pytest.approx(float(uphill.detach()), rel=1e-6)
    assert layout.size == len(values[0])


def test_where_every_curvature_is_downward_the_greatest_is_not_the_steepest() -> None:
    """-(w - a)² - 10·(v - b)² has the eigenvalues -2 and -20."""
    from types import SimpleNamespace

    from regx.metrics.flatness import _greatest_eigenvalue

    layout = SimpleNamespace(is_trained=lambda dtype: np.ones(2, dtype))
    gradient_at = lambda values: (None, values * np.array([-2.0, -20.0]))  # noqa: E731
    seen = SimpleNamespace(layout=layout, values=np.ones((1, 2)), gradient_at=gradient_at)
    assert _greatest_eigenvalue(seen) == pytest.approx([-2.0], rel=1e-3)  # type: ignore[arg-type]


def test_training_mode_answers_are_noisy_and_those_of_a_network_without_noise_are_not() -> None:
    names = ("test_loss_in_training_mode", "test_spread_in_training_mode", "test_loss")
    plain = population(SEEDS, data=dataset("binary"))
    values = plain.layout().initial(SEEDS, plain.dtype)
    in_training, spread, loss = (measured(REGISTRY[name], plain, values) for name in names)
    assert in_training == pytest.approx(loss)
    assert np.array_equal(spread, np.zeros(len(SEEDS)))
    noisy = population(SEEDS, [Dropout(p=0.5)], data=dataset("binary"))
    in_training, spread, loss = (measured(REGISTRY[name], noisy, values) for name in names)
    assert (spread > 0.01).all()
    assert (in_training != loss).all()


@pytest.mark.parametrize("inverted", [True, False])
def test_the_mean_over_masks_is_that_of_all_thinned_networks(inverted: bool) -> None:
    """Of four hidden units there are 16, here with features that may be missing too: their mean by counting."""
    data, p, q = dataset("binary", features=2), 0.375, 0.25
    made = population((0,), [Dropout(p=p, input=q, inverted=inverted)], data=data, architecture=Architecture((4,)))
    values = 2 * made.layout().initial((0,), made.dtype)
    named = made.layout().named(values[0])
    expected = np.zeros(len(data.test.x))
    for kept in itertools.product([0, 1], repeat=6):
        share = np.prod([(1 - drop) if keep else drop for keep, drop in zip(kept, [q, q, p, p, p, p], strict=True)])
        x, mask = data.test.x * kept[:2], np.array(kept[2:])
        if inverted:
            x, mask = x / (1 - q), mask / (1 - p)
        h = np.maximum(x @ named["0/weight"] + named["0/bias"], 0) * mask
        expected += share * expit((h @ named["1/weight"] + named["1/bias"])[:, 0])
    network = Asked(made, values)
    np.testing.assert_allclose(network.mean_over_masks("test", 20_000)[0, 0], expected, atol=0.01)
    p50, y = network.mean_over_masks("test", MASKS)[0, 0], data.test.y[:, 0]
    found = network.all_of([metric for metric in MEASURED if metric.split == "test"])
    assert found["test_monte_carlo_loss"][0] == pytest.approx(log_loss(p50[:, None], y))
    assert found["test_monte_carlo_accuracy"][0] == np.mean((p50 > 0.5) == y)
    error = expected_calibration_error(p50[:, None], y[:, None])
    assert found["test_monte_carlo_calibration_error"][0] == error
    assert found["test_monte_carlo_gain"] == found["test_loss"] - found["test_monte_carlo_loss"]
    assert found["test_monte_carlo_calibration_gain"] == found["test_calibration_error"] - error


def test_without_noise_the_mean_over_masks_is_the_network() -> None:
    made = population(SEEDS, [BatchNorm()], data=dataset("multiclass"))
    values = made.layout().initial(SEEDS, made.dtype)
    for name in ("test_monte_carlo_gain", "test_monte_carlo_calibration_gain"):
        assert measured(REGISTRY[name], made, values) == pytest.approx(np.zeros(len(SEEDS)), abs=1e-12)


def test_batch_norm_in_training_mode_uses_the_statistics_of_the_rows_it_answers() -> None:
    data = dataset("regression")
    made = population((0,), [BatchNorm()], data=data, architecture=Architecture((6,), "tanh"))
    values = made.layout().initial((0,), made.dtype)
    before = values.copy()
    found = measured(REGISTRY["test_loss_in_training_mode"], made, values)
    named = made.layout().named(values[0])
    h = data.test.x @ named["0/weight"] + named["0/bias"]
    h = np.tanh((h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-5))
    z = (h @ named["1/weight"] + named["1/bias"]).T[None]
    assert found == pytest.approx(LOSSES["regression"](z, data.test.y.T[None], False)[0].mean())
    assert np.array_equal(values, before)  # running statistics stay what they are


@pytest.mark.parametrize("task", TASKS)
def test_what_is_kept_of_the_reported_network_is_what_its_weights_give_again(task: str) -> None:
    data: Dataset = dataset(task)
    made = population((0, 1), [Dropout(p=0.2)], data=data, epochs=3, dtype="float32")
    layout = made.layout()
    trained = train(made)
    names = [f"{layer}/{tensor}" for layer in (0, 1, 2) for tensor in ("weight", "bias")]
    values = np.stack([layout.flat({name: one.weights[f"reported/{name}"] for name in names}) for one in trained])
    again = [metric for metric in MEASURED if task in metric.tasks and (metric.kept or metric.each_epoch)]
    found = Asked(made, values).all_of(again)
    for row, one in enumerate(trained):
        said = {**one.reported, **one.diagnostics}
        assert {metric.name: said[metric.name] for metric in again} == {
            name: pytest.approx(float(values[row]), rel=0, abs=0) for name, values in found.items()
        }
