"""Residual blocks, shared weights and sharpness-aware steps, against PyTorch in float64."""

import itertools
from types import ModuleType

import numpy as np
import pytest

from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.nn.layout import Layout
from regx.optim import SGD, Adam
from regx.regularizers import L2
from tests.engine.populations import dataset, population

EPOCHS = 40


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("rho", [0.0, 0.1])
def test_training_follows_pytorch(residual: bool, tied: bool, rho: float, torch: ModuleType) -> None:
    data = dataset("regression", k=2)
    widths = (3, 5, 5, 5, 4, 2)
    spec = population(
        data=data, architecture=Architecture(widths[1:-1], "tanh", "xavier", residual, tied), epochs=EPOCHS,
        optimizer=SGD(lr=0.05, momentum=0.5, sam=rho),
    )  # fmt: skip
    (ours,) = train(spec)
    parameters = {
        name.removeprefix("init/"): torch.tensor(array, requires_grad=True)
        for name, array in ours.weights.items()
        if name.startswith("init/")
    }
    if tied:
        for tensor in ("weight", "bias"):
            parameters[f"2/{tensor}"] = parameters[f"1/{tensor}"]
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)

    def loss() -> object:
        h = x
        for layer, (before, width) in enumerate(itertools.pairwise(widths)):
            z = h @ parameters[f"{layer}/weight"] + parameters[f"{layer}/bias"]
            if layer == len(widths) - 2:
                return torch.nn.functional.mse_loss(z, y)
            h = torch.tanh(z) + (h if residual and layer and before == width else 0)
        raise AssertionError

    unique = list({id(one): one for one in parameters.values()}.values())
    stepper = torch.optim.SGD(unique, lr=0.05, momentum=0.5)
    losses = []
    for _ in range(EPOCHS):
        stepper.zero_grad()
        value = loss()
        losses.append(value.item())  # type: ignore[attr-defined]
        value.backward()  # type: ignore[attr-defined]
        if rho:
            norm = torch.sqrt(sum((one.grad**2).sum() for one in unique))
            uphill = [rho * one.grad / norm for one in unique]
            with torch.no_grad():
                for one, step in zip(unique, uphill, strict=True):
                    one += step
            stepper.zero_grad()
            loss().backward()  # type: ignore[attr-defined]
            with torch.no_grad():
                for one, step in zip(unique, uphill, strict=True):
                    one -= step
        stepper.step()
    np.testing.assert_allclose(ours.metrics["objective"][1:], losses, rtol=1e-10)
    for name, parameter in parameters.items():
        np.testing.assert_allclose(ours.weights[f"final/{name}"], parameter.detach(), rtol=1e-8, atol=1e-11)


def test_shared_weights_are_parameters_once() -> None:
    apart, shared = (Layout(3, Architecture((5, 5, 5), tied=tied), 2) for tied in (False, True))
    assert apart.size - shared.size == 5 * 5 + 5
    assert len(apart.weights) - len(shared.weights) == 1
    assert shared.is_weight(np.dtype(float)).sum() == 3 * 5 + 5 * 5 + 5 * 2


def test_a_penalty_of_shared_weights_is_counted_once() -> None:
    spec = population(stack=[L2(lam=2.0)], architecture=Architecture((4, 4, 4), tied=True), epochs=1)
    (one,) = train(spec)
    expected = sum(np.sum(one.weights[f"init/{layer}/weight"] ** 2) for layer in (0, 1, 3))
    assert one.metrics["penalty"][1] == pytest.approx(expected)


def test_networks_with_and_without_a_radius_are_no_one_population() -> None:
    assert SGD(sam=0.0).static_key() != SGD(sam=0.1).static_key() == SGD(sam=0.2).static_key()
    assert Adam(sam=0.1).static_key() != SGD(sam=0.1).static_key()
