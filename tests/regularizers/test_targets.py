"""What changes the training rows and their targets: mixup, label smoothing, SMOTE."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import Streams, stream
from regx.engine.trainer import train
from regx.nn.losses import LOSSES
from regx.regularizers import SMOTE, LabelSmoothing, Mixup
from tests.engine.populations import dataset, population

FLOAT64 = np.dtype("float64")


def begun(members: list[Regularizer], task: str, seeds: list[int]) -> tuple[Regularizer, Site]:
    replicas = len(members)
    member = type(members[0]).of_population(members, FLOAT64)
    site = Site(
        streams=Streams(seeds, member.kind), task=task, epochs=1, depth=1, weights=(), is_weight=np.ones(1),
        is_trained=np.ones(1), scratch=np.empty((replicas, 1)), lr=np.ones((replicas, 1)),
    )  # fmt: skip
    member.begin(site, np.zeros((replicas, 1)))
    return member, site


# Mixup


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 4.0])
def test_mixing_weights_are_beta(alpha: float) -> None:
    """The table, and the weights of a step, read off targets that are 1 for half of the batch and 0 for the others."""
    from scipy.stats import beta

    member, site = begun([Mixup(alpha=alpha)], "binary", [0])
    weights = site.state["weights"][0]
    lower = len(weights) // 2  # above the middle a weight of 1 - 1e-20 cannot be told from 1
    middles = (np.arange(len(weights)) + 0.5) / len(weights)
    np.testing.assert_allclose(beta.cdf(weights[:lower], alpha, alpha), middles[:lower], rtol=1e-9)
    np.testing.assert_allclose(weights[::-1], 1 - weights, atol=1e-15)
    half = 20_000
    y = np.repeat([1.0, 0.0], half).reshape(1, 1, -1)
    x, mixed = member.on_batch(y.copy(), y, site)
    np.testing.assert_array_equal(x, mixed)
    # Of the first half one in two has a partner of 0 and becomes its own weight; the others stay 1.
    grid = np.linspace(0.02, 0.98, 25)
    seen = 2 * (mixed[0, 0, :half, None] <= grid).mean(axis=0)
    assert np.abs(seen - beta.cdf(grid, alpha, alpha)).max() < 0.03


@given(st.integers(1, 12), st.integers(1, 4), st.lists(st.integers(0, 3), min_size=1, max_size=4))
@settings(max_examples=50)
def test_inputs_and_targets_are_mixed_alike_and_networks_of_one_seed_alike(
    samples: int, features: int, seeds: list[int]
) -> None:
    """With targets that name their sample, the mixed targets say with whom and with what weight each was mixed."""
    alphas = np.linspace(1, 3, len(seeds))  # from 1 on no two quantiles are next to equal
    member, site = begun([Mixup(alpha=alpha) for alpha in alphas], "multiclass", seeds)
    x = stream(0, "test data").standard_normal((len(seeds), features, samples))
    y = np.tile(np.eye(samples), (len(seeds), 1, 1))
    before = x.copy(), y.copy()
    for _ in range(3):
        partners: dict[int, Array] = {}
        quantiles: dict[int, Array] = {}
        mixed_x, mixed_y = member.on_batch(x, y, site)
        np.testing.assert_array_equal(x, before[0])
        np.testing.assert_array_equal(y, before[1])
        np.testing.assert_allclose(mixed_x, x @ mixed_y, atol=1e-12)
        np.testing.assert_allclose(mixed_y.sum(axis=1), 1)
        assert (mixed_y >= 0).all()
        assert ((mixed_y > 0).sum(axis=1) <= 2).all()
        others = mixed_y * (1 - y)
        assert ((others > 0).sum(axis=2) <= 1).all(), "each sample is a partner once"
        for network, seed in enumerate(seeds):
            # The partner, and where in the network's table the weight stands; who is his own partner tells neither.
            partner = np.where(others[network].any(axis=0), others[network].argmax(axis=0), -1)
            quantile = np.searchsorted(site.state["weights"][network], np.diagonal(mixed_y[network]) - 1e-9)
            np.testing.assert_array_equal(partner, partners.setdefault(seed, partner))
            np.testing.assert_array_equal(quantile, quantiles.setdefault(seed, quantile))


def test_alpha_0_mixes_nothing_and_seeds_mix_differently() -> None:
    member, site = begun([Mixup(alpha=alpha) for alpha in (0.0, 1.0, 1.0)], "binary", [4, 4, 5])
    rows = np.tile(stream(0, "test data").standard_normal((2, 30)), (3, 1, 1))
    mixed, _ = member.on_batch(rows, rows, site)
    np.testing.assert_array_equal(mixed[0], rows[0])
    assert not np.allclose(mixed[1], rows[1])
    assert not np.allclose(mixed[1], mixed[2])


# Label smoothing


@pytest.mark.torch
@pytest.mark.parametrize("eps", [0.0, 0.1, 0.5, 1.0])
def test_label_smoothing_is_that_of_torch(eps: float, torch: ModuleType) -> None:
    rng = stream(1, "test data")
    z, labels = rng.standard_normal((1, 5, 20)) * 3, rng.integers(5, size=20)
    y = np.eye(5)[labels].T[None]
    member, site = begun([LabelSmoothing(eps=eps)], "multiclass", [0])
    _, smoothed = member.on_batch(z, y, site)
    per_sample, gradient = LOSSES["multiclass"](z, smoothed, True)
    logits = torch.tensor(z[0].T, requires_grad=True)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=eps)(logits, torch.tensor(labels))
    loss.backward()
    assert per_sample.mean() == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(gradient[0].T, logits.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_smoothed_targets_of_each_task() -> None:
    def smoothed(task: str, y: Array) -> list[float]:
        member, site = begun([LabelSmoothing(eps=0.1)], task, [0])
        x = np.ones((1, 2, y.shape[2]))
        same, targets = member.on_batch(x, y, site)
        assert same is x
        return list(targets[0].T.ravel())

    # 0.9·(0, 1, 0, 0) + 0.1/4
    np.testing.assert_allclose(
        smoothed("multiclass", np.array([0.0, 1, 0, 0]).reshape(1, 4, 1)), [0.025, 0.925, 0.025, 0.025]
    )
    # 0.9·(0, 1) + 0.1/2
    np.testing.assert_allclose(smoothed("binary", np.array([[[0.0, 1.0]]])), [0.05, 0.95])
    # The mean is 4: 0.9·(1, 3, 8) + 0.4
    np.testing.assert_allclose(smoothed("regression", np.array([[[1.0, 3.0, 8.0]]])), [1.3, 3.1, 7.6])


def test_only_the_objective_has_smoothed_labels() -> None:
    (network,) = train(population([0], [LabelSmoothing(eps=0.3)], data=dataset("multiclass"), epochs=3))
    assert (network.metrics["objective"][1:] != network.metrics["train_loss"][:-1]).all()
    plain = train(population([0], data=dataset("multiclass"), epochs=3))[0]
    assert network.metrics["train_loss"][0] == plain.metrics["train_loss"][0]


# SMOTE


@st.composite
def imbalanced(draw: st.DrawFn) -> tuple[Array, Array, str, Array]:
    """Rows of two or three classes of different sizes, one of which may have few rows or equal ones."""
    binary = draw(st.booleans())
    counts = draw(st.lists(st.integers(1, 15), min_size=2, max_size=2 if binary else 4))
    labels = stream(0, "test data").permutation(np.repeat(np.arange(len(counts)), counts))
    x = stream(draw(st.integers(0, 99)), "test data").standard_normal((len(labels), 3))
    if draw(st.booleans()):
        x = np.round(x)  # rows that stand in the same place
    y = labels[:, None].astype(float) if binary else np.eye(len(counts))[labels]
    return x, y, "binary" if binary else "multiclass", labels


def on_segments(made: Array, rows: Array, k: int) -> bool:
    """Whether each row of `made` stands between a row of the class and one of its k nearest."""
    distance = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.fill_diagonal(distance, np.inf)
    reach = np.sort(distance, axis=1)[:, min(k, len(rows) - 1) - 1]
    pairs = np.argwhere(distance <= reach[:, None] + 1e-12)  # of equally near ones any
    start, way = rows[pairs[:, 0]], rows[pairs[:, 1]] - rows[pairs[:, 0]]
    for row in made:
        off = row - start
        share_of_way = (off * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-300)
        on_segment = (
            (np.abs(off - share_of_way[:, None] * way).max(axis=1) < 1e-12)
            & (share_of_way >= -1e-12) & (share_of_way <= 1 + 1e-12)
        )  # fmt: skip
        if not on_segment.any():
            return False
    return True


@given(imbalanced(), st.integers(1, 6), st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.integers(0, 9))
@settings(max_examples=100)
def test_smote(data: tuple[Array, Array, str, Array], k: int, share: float, seed: int) -> None:
    """As many rows as asked for, each between a row of its class and one of the k nearest."""
    x, y, task, labels = data
    before = x.copy(), y.copy()
    member = SMOTE(share=share, k=k)
    more_x, more_y = member.on_data(x, y, task, stream(seed, "smote"))
    again = member.on_data(x, y, task, stream(seed, "smote"))
    np.testing.assert_array_equal(more_x, again[0])
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(more_x[: len(x)], x)
    np.testing.assert_array_equal(more_y[: len(y)], y)
    largest = np.bincount(labels).max()
    for label in np.unique(labels):
        target = y[labels == label][0]
        own = x[labels == label]
        made = more_x[len(x) :][(more_y[len(x) :] == target).all(axis=1)]
        assert len(made) == (0 if len(own) == 1 else round(share * (largest - len(own))))
        if len(own) == 1:
            continue
        assert on_segments(made, own, k)
    assert len(more_x) == len(more_y)


BLOBS = (50, 20, 9)  # rows of the classes that both libraries balance


def rows_of_imblearn_and_ours(k: int, draws: int) -> tuple[list[Array], list[Array], list[Array]]:
    """For each class: its rows, and the synthetic rows that imbalanced-learn and we make of them in many draws."""
    from imblearn import over_sampling

    labels = np.repeat(range(len(BLOBS)), BLOBS)
    x = stream(0, "test data").standard_normal((len(labels), 3)) + labels[:, None]
    y, theirs, ours = np.eye(len(BLOBS))[labels], [], []
    for draw in range(draws):
        their_x, their_labels = over_sampling.SMOTE(random_state=draw, k_neighbors=k).fit_resample(x, labels)
        our_x, our_y = SMOTE(k=k).on_data(x, y, "multiclass", stream(draw, "smote"))
        np.testing.assert_array_equal(their_x[: len(x)], x)
        theirs.append([their_x[len(x) :][their_labels[len(x) :] == label] for label in range(len(BLOBS))])
        ours.append([our_x[len(x) :][our_y[len(x) :, label] == 1] for label in range(len(BLOBS))])
        assert [len(made) for made in ours[-1]] == [len(made) for made in theirs[-1]] == [BLOBS[0] - n for n in BLOBS]
    rows = [x[labels == label] for label in range(len(BLOBS))]
    return rows, *([np.concatenate(made) for made in zip(*each, strict=True)] for each in (theirs, ours))


@pytest.mark.parametrize("k", [1, 5])
def test_smote_is_that_of_imbalanced_learn(k: int) -> None:
    """As many rows of each class, on the same segments, and equally spread in whatever direction one looks."""
    from scipy.stats import ks_2samp

    rows, theirs, ours = rows_of_imblearn_and_ours(k, draws=50)
    directions = stream(1, "test data").standard_normal((3, 6))
    for label in (1, 2):  # the minorities
        assert on_segments(theirs[label][:300], rows[label], k)
        pvalues = [ks_2samp(*(made @ way for made in (theirs[label], ours[label]))).pvalue for way in directions.T]
        assert min(pvalues) > 0.01


def test_a_larger_share_adds_the_same_rows_and_more() -> None:
    x = stream(0, "test data").standard_normal((40, 3))
    y = (np.arange(40) < 8).astype(float)[:, None]
    half, full = (SMOTE(share=share).on_data(x, y, "binary", stream(1, "smote"))[0] for share in (0.5, 1.0))
    assert (len(half), len(full)) == (40 + 12, 40 + 24)
    np.testing.assert_array_equal(full[: len(half)], half)
    synthetic = full[40:]
    assert len(np.unique(synthetic, axis=0)) == 24
    other = SMOTE().on_data(x, y, "binary", stream(2, "smote"))[0]
    assert not np.isin(other[40:], synthetic).any()


def test_smote_spreads_evenly_over_the_way() -> None:
    """Two rows of the minority, at 0 and 1: what is made is uniform between them."""
    from scipy.stats import kstest

    x = np.concatenate([[0.0, 1.0], np.full(3000, 5.0)])[:, None]
    y = (np.arange(len(x)) < 2).astype(float)[:, None]
    more, _ = SMOTE().on_data(x, y, "binary", stream(0, "smote"))
    assert kstest(more[len(x) :, 0], "uniform").pvalue > 0.01


@pytest.mark.parametrize(("k", "share"), [(1, 2 / 3), (2, 1 / 3 + 1 / 30)])
def test_smote_goes_to_each_of_the_k_nearest_equally_often(k: int, share: float) -> None:
    # Minority rows at 0, 1 and 10. The one nearest of 0 and of 1 is the other, of 10 it is 1: two of three new rows lie
    # in (0, 1). With two, a third of the new rows are between 0 and 1, a third between 0 and 10 with a tenth of those
    # in (0, 1), a third between 1 and 10.
    x = np.concatenate([[0.0, 1.0, 10.0], np.full(4000, 50.0)])[:, None]
    y = (np.arange(len(x)) < 3).astype(float)[:, None]
    more, _ = SMOTE(k=k).on_data(x, y, "binary", stream(0, "smote"))
    made = more[len(x) :]
    assert abs((made < 1).mean() - share) < 5 * np.sqrt(share * (1 - share) / len(made))


def test_smote_cannot_balance_a_regression() -> None:
    assert "set regularizers.smote=off" in str(SMOTE().unusable("regression", 10))
    assert SMOTE().unusable("binary", 0) is None
    assert SMOTE().unusable("multiclass", 0) is None
