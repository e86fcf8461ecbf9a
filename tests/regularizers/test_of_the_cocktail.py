"""What the cocktail of Kadra et al. adds to the catalogue, against PyTorch and by arithmetic."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from regx.config.load import config_of
from regx.core.regularizer import Site
from regx.core.streams import LEVELS, Streams
from regx.engine.state import State
from regx.engine.trainer import train
from regx.evidence.predict import outputs
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import Adversarial, BatchNorm, CutMix, Cutout, Dropout, Lookahead, ShakeDrop, SnapshotEnsemble
from regx.regularizers.mixup import beta_quantiles
from tests.engine.populations import dataset, population

SAMPLES, INPUTS = 400, 6


@pytest.fixture
def torch() -> ModuleType:
    return pytest.importorskip("torch")


def site(kind: str) -> Site:
    return Site(
        streams=Streams([3], kind), task="multiclass", epochs=1, depth=1, weights=(), is_weight=np.ones(1),
        is_trained=np.ones(1), scratch=np.empty((1, 1)), lr=np.ones((1, 1)),
    )  # fmt: skip


def test_fgsm_moves_the_inputs_as_pytorch_does(torch: ModuleType) -> None:
    data = dataset("multiclass")
    trained = population(
        [0], [Adversarial(eps=0.3, share=1.0)], SGD(lr=0.1), architecture=Architecture((5,)), data=data
    )
    state = State(trained)
    of = {name: torch.tensor(array, requires_grad=True) for name, array in state.layout.named(state.values[0]).items()}
    x = torch.tensor(data.train.x, requires_grad=True)
    y = torch.tensor(data.train.y.argmax(axis=1))

    def loss(inputs: object) -> object:
        h = torch.relu(inputs @ of["0/weight"] + of["0/bias"])
        return torch.nn.functional.cross_entropy(h @ of["1/weight"] + of["1/bias"], y)

    (by,) = torch.autograd.grad(loss(x), x)
    moved = (x + 0.3 * by.sign()).detach()
    at_moved = loss(moved)
    at_moved.backward()
    objective, _ = state.train_epoch(1, True)
    np.testing.assert_allclose(objective[0], at_moved.item(), rtol=1e-12)
    after = state.layout.named(state.values[0])
    for name, tensor in of.items():
        np.testing.assert_allclose(after[name], (tensor - 0.1 * tensor.grad).detach().numpy(), rtol=1e-9, atol=1e-12)


def test_fgsm_sees_the_masks_of_the_step_and_leaves_running_statistics_to_it() -> None:
    # With every sample where it is, the step is the one without: one draw of masks, one update of statistics.
    stack = [BatchNorm(), Dropout(p=0.5)]
    plain, moved = (
        State(population([1], more, SGD(lr=0.1), data=dataset("binary"), batch_size=8))
        for more in (stack, [*stack, Adversarial(eps=0.5, share=0.0)])
    )
    for epoch in (1, 2):
        for one, other in zip(plain.train_epoch(epoch, True), moved.train_epoch(epoch, True), strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(plain.values, moved.values)


def test_lookahead_goes_half_of_the_way_of_five_steps() -> None:
    member = Lookahead.of_population([Lookahead(), Lookahead(alpha=0.25, k=2)], np.dtype("float64"))
    at = site("lookahead")
    at.is_trained = np.array([1.0, 0.0])  # a weight, and a running statistic that is no way to go back
    values = np.zeros((2, 2))
    member.begin(at, values)
    for step in range(1, 6):
        values += 1.0
        at.step = step
        member.on_step(values, at)
    # The first: 5 steps of 1 from 0, half of which is 2.5. The second: 0 + 2 -> 0.5; 0.5 + 2 -> 1; then a step more.
    assert values.tolist() == [[2.5, 5.0], [2.0, 5.0]]


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_an_ensemble_is_the_mean_over_networks_trained_for_as_long_as_each_cycle(task: str) -> None:
    # At a constant rate a snapshot is what a shorter training ends with: after 4, 8 and 12 of 12 epochs.
    data = dataset(task)
    arguments = {"data": data, "batch_size": 8, "optimizer": SGD(lr=0.1)}
    stack = [BatchNorm(), SnapshotEnsemble(cycles=3, last=2)]
    (ensemble,) = train(population([2], stack, epochs=12, **arguments))
    shorter = [train(population([2], [BatchNorm()], epochs=epochs, **arguments))[0] for epochs in (4, 8, 12)]
    for number, one in enumerate(shorter, 1):
        for name in ("0/weight", "1/running_mean", "2/bias"):
            copy = ensemble.weights[f"final/{name.replace('/', f'/snapshot{number}_')}"]
            assert np.array_equal(copy, one.weights[f"final/{name}"])
    assert ensemble.weights["final/0/snapshots"].tolist() == [0, 1, 1], "the last two count"
    config = config_of({"dataset": "sine", "architecture": {"hidden": [6, 5]}, "regularizers": ["batch_norm"]}, "test")
    named = [
        {name.removeprefix("final/"): array for name, array in one.weights.items() if name.startswith("final/")}
        for one in shorter[1:]
    ]
    mean = outputs(config, task, named, data.test.x).mean(axis=0)
    truth = data.test.y
    if task == "regression":
        loss = np.mean((mean - truth) ** 2)
    elif task == "binary":
        loss = -np.mean(np.log(np.where(truth > 0.5, mean, 1 - mean)))
    else:
        loss = -np.mean(np.log((mean * truth).sum(axis=1)))
    assert ensemble.reported["test_loss"] == pytest.approx(loss, rel=1e-9)
    before = ensemble.metrics["epoch"] < 4
    assert np.array_equal(ensemble.metrics["test_loss"][before], shorter[2].metrics["test_loss"][before])


def test_shake_drop_multiplies_forward_and_backward_by_other_numbers() -> None:
    member = ShakeDrop.of_population([ShakeDrop(p=0.5)], np.dtype("float64"))
    at = site("shake_drop")
    member.begin(at, np.zeros((1, 1)))
    forward, backward = [], []
    for _ in range(200):
        value, pullback = member.on_branch(np.ones((1, 3, SAMPLES)), at)
        forward.append(value[0, 0].copy())
        backward.append(pullback(np.ones((1, 3, SAMPLES)))[0, 0])
    there, back = np.concatenate(forward), np.concatenate(backward)
    kept = there == 2.0  # divided by the half that stays
    assert kept.mean() == pytest.approx(0.5, abs=0.01)
    assert (back[kept] == 2.0).all()
    # The others: uniform between -1 and 1 forward, so 0 in the mean, and between 0 and 1 backward; twice that.
    assert there[~kept].mean() == pytest.approx(0, abs=0.02)
    assert there[~kept].var() == pytest.approx(4 / 3, rel=0.02)
    assert back[~kept].mean() == pytest.approx(1, abs=0.02)
    assert there.mean() == pytest.approx(1, abs=0.02)


def test_cutout_of_a_table_sets_a_share_of_the_inputs_to_their_mean() -> None:
    x = np.random.default_rng(0).standard_normal((1, INPUTS, SAMPLES)) + 9
    member = Cutout.of_population([Cutout(share=0.3)], np.dtype("float64"))
    cut, _ = member.on_batch(x, np.zeros((1, 1, SAMPLES)), site("cutout"))
    assert (cut == 0).mean() == pytest.approx(0.3, abs=0.03)
    assert np.array_equal(cut[cut != 0], x[cut != 0])


def test_cutmix_of_a_table_takes_inputs_of_a_partner_and_as_much_of_its_label() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1, INPUTS, SAMPLES)), np.eye(3)[rng.integers(3, size=(1, SAMPLES))].swapaxes(1, 2)
    member = CutMix.of_population([CutMix(alpha=1.0)], np.dtype("float64"))
    at, again = site("cutmix"), site("cutmix")
    member.begin(at, np.zeros((1, 1)))
    mixed, labels = member.on_batch(x, y, at)
    kept = beta_quantiles(np.ones(1), np.dtype("float64"))[0][again.streams.bits((SAMPLES,))[0] // (LEVELS // 1024)]
    again.streams.bits((INPUTS, SAMPLES))
    partner = again.streams.permutation(SAMPLES)[0]
    taken = mixed != x
    assert np.array_equal(mixed[taken], x[:, :, partner][taken])
    elsewhere = partner != np.arange(SAMPLES)
    share = taken[0].mean(axis=0)
    np.testing.assert_allclose(labels[0][:, elsewhere], ((1 - share) * y[0] + share * y[0][:, partner])[:, elsewhere])
    assert np.corrcoef(share[elsewhere], 1 - kept[elsewhere])[0, 1] > 0.8
