"""Batch, layer and RMS norm against PyTorch: trajectories, gradients and running statistics, in float64."""

import itertools
from types import ModuleType

import numpy as np
import pytest

from regx.config.load import config_of
from regx.core.errors import InputError
from regx.core.regularizer import Regularizer
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD, Adam
from regx.regularizers import BatchNorm, LayerNorm, RMSNorm
from regx.runner.plan import Trainee, plan
from tests.engine.populations import dataset, population

NORMS = [BatchNorm(), BatchNorm(momentum=0.3), LayerNorm(), RMSNorm(), LayerNorm(eps=0.1), BatchNorm(position="after")]
EPOCHS = 40


@pytest.mark.parametrize("norm", NORMS, ids=str)
@pytest.mark.parametrize("optimizer", [SGD(lr=0.05, momentum=0.9), Adam(lr=0.01)], ids=["sgd", "adam"])
def test_training_follows_pytorch(norm: Regularizer, optimizer: SGD | Adam, torch: ModuleType) -> None:
    data = dataset("binary", n=(24, 8, 9))
    widths = (3, 6, 5, 1)
    spec = population(
        stack=[norm], optimizer=optimizer, data=data, architecture=Architecture(widths[1:-1], "tanh"), epochs=EPOCHS
    )
    (ours,) = train(spec)
    nn = torch.nn
    makers = {
        "batch_norm": lambda width: nn.BatchNorm1d(width, eps=norm.eps, momentum=norm.momentum),  # type: ignore[attr-defined]
        "layer_norm": lambda width: nn.LayerNorm(width, eps=norm.eps),  # type: ignore[attr-defined]
        "rms_norm": lambda width: nn.RMSNorm(width, eps=norm.eps),  # type: ignore[attr-defined]
    }
    layers: list[object] = []
    dense, norms = [], []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        linear = nn.Linear(fan_in, fan_out).double()
        linear.weight.data = torch.tensor(ours.weights[f"init/{layer}/weight"].T.copy())
        linear.bias.data = torch.tensor(ours.weights[f"init/{layer}/bias"])
        dense.append(linear)
        layers.append(linear)
        if layer < len(widths) - 2:
            norms.append(makers[norm.kind](fan_out).double())
            layers += [norms[-1], nn.Tanh()] if norm.before_activation else [nn.Tanh(), norms[-1]]
    model = nn.Sequential(*layers)
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    extra = {"momentum": 0.9} if optimizer.kind == "sgd" else {}
    stepper = kinds[optimizer.kind](model.parameters(), lr=optimizer.lr, **extra)
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)
    losses = []
    for _ in range(EPOCHS):
        model.train()
        stepper.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        losses.append(loss.item())
        loss.backward()
        stepper.step()
    np.testing.assert_allclose(ours.metrics["objective"][1:], losses, rtol=1e-9)
    for layer, linear in enumerate(dense):
        np.testing.assert_allclose(
            ours.weights[f"final/{layer}/weight"].T, linear.weight.detach(), rtol=1e-7, atol=1e-11
        )
    for layer, module in enumerate(norms):
        np.testing.assert_allclose(ours.weights[f"final/{layer}/gain"], module.weight.detach(), rtol=1e-8)
        if norm.kind != "rms_norm":
            np.testing.assert_allclose(
                ours.weights[f"final/{layer}/offset"], module.bias.detach(), rtol=1e-7, atol=1e-11
            )
        if norm.kind == "batch_norm":
            np.testing.assert_allclose(
                ours.weights[f"final/{layer}/running_mean"], module.running_mean, rtol=1e-8, atol=1e-12
            )
            np.testing.assert_allclose(ours.weights[f"final/{layer}/running_variance"], module.running_var, rtol=1e-8)
    model.eval()
    test_loss = nn.functional.binary_cross_entropy_with_logits(
        model(torch.tensor(data.test.x)), torch.tensor(data.test.y)
    )
    assert ours.metrics["test_loss"][-1] == pytest.approx(test_loss.item(), rel=1e-8)


def test_values_of_a_batch_have_mean_zero_and_variance_one() -> None:
    # By hand: z = [[1, 3], [2, 6]] (2 units, 2 samples). Over the batch unit 0 has mean 2 and variance 1, so it becomes
    # -1, 1; unit 1 has mean 4 and variance 4, so it becomes -1, 1 as well. Over the units sample 0 has mean 1.5 and
    # variance 0.25, sample 1 mean 4.5 and variance 2.25: both become -1, 1.
    z = np.array([[[1.0, 3.0], [2.0, 6.0]]])
    tiny = np.array([1e-12])
    gradients = {name: np.zeros((1, 2)) for name in ("gain", "offset")}
    own = {name: np.full((1, 2), float(value)) for name, (value, _) in BatchNorm().own_tensors(2).items()}
    batch = BatchNorm(momentum=np.array([0.1]), eps=tiny).stage(own, gradients, (1, 2, 1, 2))
    np.testing.assert_allclose(batch.forward(z.copy()), [[[-1, 1], [-1, 1]]])
    np.testing.assert_allclose(own["running_mean"], [[0.2, 0.4]])
    np.testing.assert_allclose(own["running_variance"], [[1.1, 1.7]])
    # One sample has no variance, and is left out of the running ones.
    BatchNorm(momentum=np.array([0.1]), eps=tiny).stage(own, gradients, (1, 2, 1, 1)).forward(z[:, :, :1].copy())
    np.testing.assert_allclose(own["running_mean"], [[0.2, 0.4]])
    np.testing.assert_allclose(own["running_variance"], [[1.1, 1.7]])
    layer = LayerNorm(eps=tiny).stage(own, gradients, (1, 2, 1, 2))
    np.testing.assert_allclose(layer.forward(z.copy()), [[[-1, -1], [1, 1]]])
    # RMS: sample 0 has mean square 2.5, sample 1 has 22.5.
    rms = RMSNorm(eps=tiny).stage({"gain": np.ones((1, 2))}, {"gain": np.zeros((1, 2))}, (1, 2, 1, 2))
    np.testing.assert_allclose(rms.forward(z.copy()), z / np.sqrt([[[2.5, 22.5]]]))


def test_a_stack_takes_one_normalisation() -> None:
    with pytest.raises(InputError, match="expected one normalisation in a stack, found another: layer_norm"):
        train(population(stack=[BatchNorm(), LayerNorm()]))


@pytest.mark.parametrize("sizes", [["training.batch_size=1"], ["dataset.n_train=1"]])
def test_batch_norm_refuses_batches_of_one(sizes: list[str]) -> None:
    mapping = {"dataset": "sine", "regularizers": ["batch_norm"], "training": {"epochs": 1}, "seeds": 1}
    config = config_of(mapping, "one", sizes)
    with pytest.raises(InputError, match="batch_norm: it needs batches of 2 rows or more, found 1: set"):
        list(plan([config], [Trainee(0, 0)], 1))
