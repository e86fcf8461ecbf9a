"""Penalties of hidden values and of outputs: gradients by finite differences, values by hand and by PyTorch."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.engine.state import State
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import ActivityPenalty, ConfidencePenalty, Dropout
from tests.engine.populations import dataset, population

STRENGTHS = {
    "activity l1": [ActivityPenalty(lam=lam) for lam in (0.0, 0.2, 1.5)],
    "activity l2": [ActivityPenalty(lam=lam, norm="l2") for lam in (0.0, 0.2, 1.5)],
    "confidence": [ConfidencePenalty(beta=beta) for beta in (0.0, 0.2, 1.5)],
}
CASES = [
    (name, task)
    for name, members in STRENGTHS.items()
    for task in ("regression", "binary", "multiclass")
    if not members[0].unusable(task, 8)
]


def state_of(members: list[Regularizer], task: str, batch_size: int | None = None) -> State:
    """Three networks of the same seed that stand still, at random parameters."""
    seeds, architecture = [0] * len(members), Architecture((5, 4), "tanh")
    state = State(
        population(seeds, [members], SGD(lr=0.0), architecture=architecture, data=dataset(task), batch_size=batch_size)
    )
    state.values[:] = state.values[0] + 0.4 * stream(0, "test data").standard_normal(state.values.shape[1])
    return state


def forward(state: State, task: str) -> tuple[list[Array], Array]:
    """Hidden values (n, H) and logits (n, K) of the first network for all training rows, by NumPy alone."""
    tensors = state.layout.named(state.values[0])
    h, hidden = dataset(task).train.x, []
    for layer in range(2):
        h = np.tanh(h @ tensors[f"{layer}/weight"] + tensors[f"{layer}/bias"])
        hidden.append(h)
    return hidden, h @ tensors["2/weight"] + tensors["2/bias"]


def entropy(logits: Array) -> Array:
    """In nats, (n,), as textbooks write it."""
    p = 1 / (1 + np.exp(-logits)) if logits.shape[1] == 1 else np.exp(logits)
    p = np.hstack([p, 1 - p]) if logits.shape[1] == 1 else p / p.sum(axis=1, keepdims=True)
    return -(p * np.log(p)).sum(axis=1)


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_objective_is_loss_plus_penalty(name: str, task: str, batch_size: int | None) -> None:
    """The mean over the epoch's samples, also where the last batch is smaller."""
    members = STRENGTHS[name]
    state = state_of(members, task, batch_size=batch_size)
    hidden, logits = forward(state, task)
    per_sample = {
        "activity l1": sum(np.abs(h).sum(axis=1) for h in hidden),
        "activity l2": sum((h**2).sum(axis=1) / 2 for h in hidden),
        "confidence": -entropy(logits),
    }[name]
    strengths = [getattr(member, "beta" if name == "confidence" else "lam") for member in members]
    loss = state.evaluator.metrics()["train_loss"]
    for record in (True, False):  # what a hook reports is there in every epoch
        objective, penalty = state.train_epoch(1, record)
        np.testing.assert_allclose(penalty, np.array(strengths) * np.mean(per_sample), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(objective, loss + penalty, rtol=1e-10)


@pytest.mark.parametrize("with_dropout", [False, True])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_gradient_is_that_of_the_objective(name: str, task: str, with_dropout: bool) -> None:
    """Also with dropout after it, which writes into the hidden values that the penalty has seen."""
    members = STRENGTHS[name]

    def objective_and_gradient(values: Array) -> tuple[Array, Array]:
        stack = [members, Dropout(p=0.3)] if with_dropout else [members]
        state = State(
            population([0] * 3, stack, SGD(lr=0.0), data=dataset(task), architecture=Architecture((5, 4), "tanh"))
        )
        state.values[:] = values
        objective, _ = state.train_epoch(1, True)
        return objective, state.training_step.gradient.copy()

    values = state_of(members, task).values
    _, gradient = objective_and_gradient(values)
    expected = np.empty_like(gradient)
    for parameter in range(values.shape[1]):
        step = np.zeros_like(values)
        step[:, parameter] = 1e-5
        expected[:, parameter] = (
            objective_and_gradient(values + step)[0] - objective_and_gradient(values - step)[0]
        ) / 2e-5
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    assert np.abs(gradient[2] - gradient[0]).max() > 0.01, "the penalty has a gradient"


@pytest.mark.torch
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_the_entropy_is_that_of_torch_and_stays_finite(task: str, torch: ModuleType) -> None:
    z = np.array([0.0, 1e-6, -0.5, 3.0, -20.0, 50.0, 400.0, -1e4, 1e30])
    if task == "binary":
        logits = torch.tensor(z, requires_grad=True)
        distribution = torch.distributions.Bernoulli(logits=logits)
        given = z.reshape(1, 1, -1)
    else:
        rows = np.stack([z, np.zeros_like(z), -z / 2])
        logits = torch.tensor(rows.T.copy(), requires_grad=True)
        distribution = torch.distributions.Categorical(logits=logits)
        given = rows[None]
    distribution.entropy().mean().backward()
    state = state_of([ConfidencePenalty(beta=2.0)], task)
    (site,) = state._sites.values()
    site.samples = given.shape[2]
    (member,) = state.population.stack
    same, pullback = member.on_logits(given, site)
    assert same is given
    gradient = pullback(np.zeros_like(given))
    expected = -2 * distribution.entropy().mean().item()
    # `add_penalty` counts samples, so that batches of different sizes weigh in their proportion.
    assert state.training_step.penalties[0] / site.samples == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient[0].T.reshape(logits.shape), -2 * logits.grad.numpy(), rtol=1e-9, atol=1e-15)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_penalties_compute_in_the_dtype_of_training(name: str, task: str, dtype: str) -> None:
    """Or float32 would widen silently."""
    state = State(population([0] * 3, [STRENGTHS[name]], data=dataset(task), dtype=dtype))
    (member,), (site,) = state.population.stack, state._sites.values()
    site.samples = 3
    outputs = {"binary": 1}.get(task, 3)
    for hook in ("on_logits",) if name == "confidence" else ("on_hidden",):
        value, pullback = getattr(member, hook)(np.ones((3, outputs, 3), dtype), site)
        assert value.dtype == pullback(np.ones_like(value)).dtype == state.training_step.penalties.dtype == dtype


def test_an_l1_activity_penalty_makes_sparse_codes() -> None:
    """With ReLU more hidden values are exactly 0; the l2 one has no such effect by itself."""
    strengths = [ActivityPenalty(lam=lam) for lam in (0.0, 0.02)]
    state = State(
        population([0, 0], [strengths], SGD(lr=0.1), data=dataset("binary"), architecture=Architecture((16, 16)))
    )
    for epoch in range(1, 301):
        state.train_epoch(epoch, False)
    (network,) = state.training_step._networks.values()
    zeros = np.mean([(h == 0).mean(axis=(1, 2)) for h in network.hidden], axis=0)
    assert zeros[1] > zeros[0] + 0.1


def test_a_regression_has_no_confidence() -> None:
    assert "set regularizers.confidence_penalty=off" in str(ConfidencePenalty().unusable("regression", 10))
    assert ConfidencePenalty().unusable("multiclass", 0) is None
