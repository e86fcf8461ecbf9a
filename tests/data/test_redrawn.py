"""Training sets drawn anew, judged at one set of inputs."""

import dataclasses

import numpy as np
import pytest

from regx.data.breast_cancer import BreastCancer
from regx.data.circle import Circle
from regx.data.redrawn import Generator, redrawn
from regx.data.sine import Sine


def rows(split):
    return {row.tobytes() for row in np.hstack([split.x, split.y])}


@pytest.mark.parametrize("source", [Sine(), Circle(), BreastCancer()], ids=lambda source: source.kind)
def test_every_draw_has_another_training_set_and_the_same_test_inputs(source):
    one, other = (redrawn(source).load(seed) for seed in (1, 2))
    again = redrawn(source).load(1)
    assert np.array_equal(one.test.x, other.test.x)
    for split in ("train", "val"):
        assert not np.array_equal(getattr(one, split).x, getattr(other, split).x)
        assert np.array_equal(getattr(one, split).x, getattr(again, split).x)
    assert np.array_equal(one.test.y, again.test.y)
    assert hash(redrawn(source)) == hash(redrawn(source))


@pytest.mark.parametrize("source", [Sine(), Circle(label_noise=0.1)], ids=lambda source: source.kind)
def test_a_generator_draws_the_training_sets_of_its_seeds(source):
    assert isinstance(source, Generator)
    drawn, own = redrawn(source).load(5), source.load(5)
    for split in ("train", "val"):
        assert np.array_equal(getattr(drawn, split).x, getattr(own, split).x)
        assert np.array_equal(getattr(drawn, split).y, getattr(own, split).y)


def test_test_targets_of_the_sine_lie_on_both_sides_of_it_with_the_noise_of_its_training_set():
    source = redrawn(Sine(noise=0.3, n_test=500))
    truth = source.truth()
    residuals = np.stack([source.load(seed).test.y for seed in range(20)]) - truth
    assert np.array_equal(truth, np.sin(source.load(0).test.x))
    assert residuals[:, :500] == pytest.approx(-residuals[:, 500:])
    assert residuals[:, :500].std() == pytest.approx(0.3, rel=0.03)
    assert abs(residuals[:, :500].mean()) < 0.01
    train = Sine(noise=0.3, n_train=5000).load(0).train
    assert (train.y - source.of.truth(train.x)).std() == pytest.approx(0.3, rel=0.03)


def test_a_circle_has_no_noise_and_each_test_input_once():
    source = redrawn(Circle(label_noise=0.5))
    test = source.load(3).test
    assert len(test.x) == 1000
    assert np.array_equal(test.y, source.truth())
    assert np.array_equal(test.y, Circle().load(0).test.y)


def test_a_table_is_resampled_from_one_split():
    base = BreastCancer().load(0)
    data = redrawn(BreastCancer()).load(7)
    assert redrawn(BreastCancer()).truth() is None
    assert np.array_equal(data.test.x, base.test.x)
    for name in ("train", "val"):
        drawn, original = getattr(data, name), getattr(base, name)
        assert len(drawn.x) == len(original.x)
        assert rows(drawn) < rows(original)
    assert len(rows(data.train)) / len(rows(base.train)) == pytest.approx(1 - np.exp(-1), abs=0.06)
    assert not rows(data.train) & (rows(data.test) | rows(data.val))


def test_wrong_labels_of_a_table_are_drawn_anew():
    clean, noisy = (redrawn(BreastCancer(label_noise=share)) for share in (0.0, 0.4))
    wrong = [(clean.load(seed).train.y != noisy.load(seed).train.y).ravel() for seed in range(8)]
    assert all(0.1 < one.mean() < 0.3 for one in wrong)  # half of the replaced ones are as they were
    assert np.any(wrong, axis=0).mean() > 0.6  # of the same rows no more than 0.4 would ever be wrong
    assert all(np.array_equal(clean.load(seed).train.x, noisy.load(seed).train.x) for seed in (1, 2))


def test_without_validation_rows_there_are_none():
    assert len(redrawn(dataclasses.replace(BreastCancer(), val_fraction=0.0)).load(1).val.x) == 0
