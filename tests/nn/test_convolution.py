"""Convolutions, pooling and norms per channel against PyTorch in float64; shapes, memory and what is refused."""

import math
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from regx.core.errors import InputError
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.nn.layout import Layout
from regx.nn.stages import Dense
from regx.optim import SGD, Adam
from regx.regularizers import L1, L2, BatchNorm, GroupLasso, GroupNorm, LayerNorm, MaxNorm, RMSNorm, SpatialDropout
from tests.engine.populations import dataset, population

EPOCHS = 25
IMAGES = dataset("multiclass", shape=(2, 10, 8), n=(20, 8, 9))
NORMS = [BatchNorm(), BatchNorm(position="after"), LayerNorm(), RMSNorm(), GroupNorm(groups=2)]


def reference(torch: ModuleType, architecture: Architecture, named: dict[str, Any], norm: Any, x: Any) -> Any:
    """PyTorch's forward pass in training mode, by its own layers. x: (n, D)."""
    functional = torch.nn.functional

    def normalised(z: Any, layer: int) -> Any:
        gain, offset = (named.get(f"{layer}/{name}") for name in ("gain", "offset"))
        if norm.kind == "batch_norm":
            return functional.batch_norm(z, None, None, gain, offset, training=True, eps=norm.eps)
        if norm.kind == "rms_norm":  # torch's own has a gain for each value, not for each channel
            scaled = functional.rms_norm(z, z.shape[1:], eps=norm.eps)
            return scaled * gain.reshape(1, -1, *(1,) * (z.ndim - 2))
        return functional.group_norm(z, getattr(norm, "groups", 1), gain, offset, norm.eps)

    def stages(z: Any, layer: int) -> Any:
        if norm and norm.position == "before":
            z = normalised(z, layer)
        z = getattr(torch, architecture.activation)(z)
        return normalised(z, layer) if norm and norm.position == "after" else z

    h = x.reshape(len(x), *IMAGES.shape)
    for layer in range(len(architecture.conv)):
        weight, bias = named[f"{layer}/weight"], named[f"{layer}/bias"]
        if architecture.shared:
            before = (architecture.kernel - 1) // 2  # as `padding="same"`, which warns of even kernels
            after = architecture.kernel - 1 - before
            z = functional.conv2d(functional.pad(h, (before, after) * 2), weight.permute(3, 0, 1, 2), bias)
        else:
            z = unshared(torch, h, weight, bias)
        branch = stages(z, layer)
        if architecture.residual and layer and branch.shape == h.shape:
            branch = branch + h
        pooling = {"max": functional.max_pool2d, "average": functional.avg_pool2d}[architecture.pooling]
        h = pooling(branch, architecture.pool)
    h = h.flatten(1)
    for layer in range(len(architecture.conv), architecture.depth):
        h = stages(h @ named[f"{layer}/weight"] + named[f"{layer}/bias"], layer)
    return h @ named[f"{architecture.depth}/weight"] + named[f"{architecture.depth}/bias"]


def unshared(torch: ModuleType, h: Any, weight: Any, bias: Any) -> Any:
    """A filter of its own at every place: (in, k, k, H, W, F) on the patches of torch's own `unfold`."""
    before = (weight.shape[1] - 1) // 2
    after = weight.shape[1] - 1 - before
    padded = torch.nn.functional.pad(h, (before, after, before, after))
    patches = torch.nn.functional.unfold(padded, weight.shape[1]).reshape(len(h), *weight.shape[:5])
    return torch.einsum("bcklhw,cklhwf->bfhw", patches, weight) + bias.permute(2, 0, 1)


CASES = [
    *(({"kernel": kernel, "pool": pool}, None) for kernel in (1, 2, 3, 4) for pool in (1, 2)),
    ({"pool": 3, "conv": (4,)}, None),
    ({"pooling": "average"}, None),
    ({"residual": True, "pool": 1}, None),
    ({"residual": True, "pool": 2, "pooling": "average"}, LayerNorm()),
    ({"tied": True, "pool": 1, "conv": (4, 4, 4)}, None),
    ({"shared": False, "pool": 1}, None),
    ({"shared": False, "kernel": 2, "hidden": ()}, GroupNorm(groups=2)),
    *(({}, norm) for norm in NORMS),
]


@pytest.mark.torch
@pytest.mark.parametrize(("settings", "norm"), CASES, ids=str)
def test_training_follows_pytorch(torch: ModuleType, settings: dict[str, Any], norm: Any) -> None:
    """Loss and every parameter over whole trainings of two networks, to 1e-10."""
    architecture = Architecture(**{"hidden": (6,), "activation": "tanh", "conv": (4, 4), **settings})
    optimizer = SGD(lr=0.05, momentum=0.5)
    networks = train(
        population(
            (0, 1), [norm] if norm else [], optimizer, architecture=architecture, data=IMAGES, epochs=EPOCHS
        )
    )  # fmt: skip
    for ours in networks:
        named = {
            name.removeprefix("init/"): torch.tensor(array, requires_grad="running" not in name)
            for name, array in ours.weights.items()
            if name.startswith("init/")
        }
        if architecture.tied:
            named |= {f"2/{kind}": named[f"1/{kind}"] for kind in ("weight", "bias")}
        stepper = torch.optim.SGD(
            list({id(one): one for one in named.values() if one.requires_grad}.values()), lr=0.05, momentum=0.5
        )
        x, y = torch.tensor(IMAGES.train.x), torch.tensor(IMAGES.train.y)
        losses = []
        for _ in range(EPOCHS):
            stepper.zero_grad()
            loss = torch.nn.functional.cross_entropy(reference(torch, architecture, named, norm, x), y.argmax(1))
            loss.backward()
            stepper.step()
            losses.append(loss.item())
        np.testing.assert_allclose(ours.metrics["objective"][1:], losses, rtol=1e-10)
        for name, parameter in named.items():
            if parameter.requires_grad:
                np.testing.assert_allclose(ours.weights[f"final/{name}"], parameter.detach(), rtol=1e-9, atol=1e-11)


def test_shared_filters_of_equal_shape_are_tied() -> None:
    apart, tied = (Layout((4, 8, 8), Architecture((), conv=(4, 4), tied=tied), 2) for tied in (False, True))
    assert apart.size - tied.size == 4 * 9 * 4 + 4


def test_the_shapes_of_weights_and_what_fills_them() -> None:
    """As CONTRACT says: (in, kernel, kernel, out); He's variance is 2/(in·kernel²)."""
    layout = Layout((3, 9, 9), Architecture((20,), conv=(200, 30), kernel=3, pool=2), 5)
    named = layout.named(layout.initial([3], np.dtype("float64"))[0])
    assert [named[f"{k}/weight"].shape for k in range(4)] == [(3, 3, 3, 200), (200, 3, 3, 30), (120, 20), (20, 5)]
    assert [named[f"{k}/bias"].shape for k in range(4)] == [(200,), (30,), (20,), (5,)]
    for layer, fan_in in enumerate((27, 1800)):
        weight = named[f"{layer}/weight"]
        assert abs(weight.var() * fan_in / 2 - 1) < 5 * math.sqrt(2 / weight.size)
    (row,) = layout.initial([3], np.dtype("float64"))
    assert np.array_equal(layout.flat(layout.named(row)), row)
    assert layout.channels == (200, 30, 0)


def test_a_filter_is_a_group_of_the_lasso_and_a_column_of_the_norm() -> None:
    """Penalty and steps on filters, by arithmetic on the saved tensors."""
    arguments = {"data": IMAGES, "architecture": Architecture((3,), conv=(4,)), "epochs": 1}
    lasso = train(population(stack=[GroupLasso(lam=0.3)], optimizer=SGD(lr=1e-12), **arguments))[0]
    named = {name.removeprefix("init/"): array for name, array in lasso.weights.items() if name.startswith("init/")}
    filters = named["0/weight"].reshape(-1, 4)
    expected = math.sqrt(18) * np.linalg.norm(filters, axis=0).sum()
    for layer in (1, 2):
        weight = named[f"{layer}/weight"]
        expected += math.sqrt(weight.shape[1]) * np.linalg.norm(weight, axis=1).sum()
    assert lasso.metrics["penalty"][1] == pytest.approx(0.3 * expected)
    strong = train(population(stack=[GroupLasso(lam=2.0)], optimizer=SGD(lr=0.05), **arguments | {"epochs": 30}))[0]
    gone = ~strong.weights["final/0/weight"].reshape(-1, 4).any(axis=0)
    assert gone.any(), "whole filters are zero"
    assert (strong.weights["final/0/weight"].reshape(-1, 4)[:, ~gone] != 0).all(), "or none of their weights is"
    held = train(population(stack=[MaxNorm(c=0.5)], optimizer=SGD(lr=0.5), **arguments | {"epochs": 5}))[0]
    norms = np.linalg.norm(held.weights["final/0/weight"].reshape(-1, 4), axis=0)
    free = train(population(optimizer=SGD(lr=0.5), **arguments | {"epochs": 5}))[0].weights["final/0/weight"]
    assert norms.max() <= 0.5 * (1 + 1e-12) < np.linalg.norm(free.reshape(-1, 4), axis=0).max()


def test_spatial_dropout_takes_whole_channels() -> None:
    arguments = {"data": IMAGES, "architecture": Architecture((3,), conv=(4,)), "stack": [SpatialDropout(p=0.5)]}
    state = State(population([0, 1], **arguments))
    state.train_epoch(1, True)
    network = next(iter(state.training_step._networks.values()))
    (dense, *_) = [stage for stage in network.stages if isinstance(stage, Dense)]
    seen = dense.enters.reshape(2, 4, 5 * 4, -1)  # what the dense layer was given
    on = (seen != 0).any(axis=2)
    by_channel = network.hidden[0].reshape(2, 4, 5 * 4, -1)
    assert 0.3 < on.mean() < 0.7
    assert np.array_equal(by_channel, seen)


def test_penalties_see_filters_as_weights() -> None:
    for member, norm in ((L2(lam=2.0), lambda w: np.square(w).sum()), (L1(lam=1.0), lambda w: np.abs(w).sum())):
        (one,) = train(population(stack=[member], data=IMAGES, architecture=Architecture((), conv=(3,)), epochs=1))
        assert one.metrics["penalty"][1] == pytest.approx(sum(norm(one.weights[f"init/{k}/weight"]) for k in (0, 1)))


@pytest.mark.parametrize(
    ("shape", "settings", "words"),
    [
        ((1, 2, 9), {"kernel": 3}, "kernel is 3; convolution 0 sees 2 x 9 pixels, so expected 2 at most"),
        ((1, 8, 8), {"conv": (2, 2), "kernel": 5}, "kernel is 5; convolution 1 sees 4 x 4 pixels"),
        ((1, 8, 8), {"pool": 9}, "pool is 9, which leaves nothing of the 8 x 8 pixels of convolution 0"),
        ((1, 8, 8), {"conv": (2, 2, 2, 2), "kernel": 1}, "pool is 2, which leaves nothing of the 1 x 1 pixels"),
        ((7,), {}, "expected images, found a table of 7 columns. Set architecture.conv=[]"),
    ],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words.replace("[", r"\[")):
        Layout(shape, Architecture(**{"conv": (2,), **settings}), 2)


def test_memory_is_as_estimated() -> None:
    """What a network in training holds of a batch, within a third of what is allocated."""
    data = dataset("multiclass", shape=(1, 28, 28), n=(64, 1, 1))
    spec = population(
        data=data, architecture=Architecture((64,), conv=(8, 16)), optimizer=Adam(lr=0.001), dtype="float32", epochs=1
    )
    layout = spec.layout()
    expected = 4 * (5 * layout.size + 64 * layout.values_per_sample)
    tracemalloc.start()
    train(spec)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert expected / 2 < peak < 2 * expected  # `check_memory` asks for twice as much
