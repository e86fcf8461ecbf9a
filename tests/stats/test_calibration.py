"""Calibration error and Brier score: against scikit-learn, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from regx.stats.calibration import brier_score, expected_calibration_error


def test_brier_score_is_scikit_learns_for_two_classes() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.random((50, 1)), rng.integers(0, 2, (50, 1))
    assert brier_score(p, y) == pytest.approx(brier_score_loss(y[:, 0], p[:, 0]))
    # One-hot, it is the sum over both classes: twice as much.
    both = brier_score(np.hstack([1 - p, p]), np.hstack([1 - y, y]))
    assert both == pytest.approx(2 * brier_score_loss(y[:, 0], p[:, 0]))


def test_calibration_error_by_hand() -> None:
    # Confidences 0.9, 0.9 and 0.6 (the last for class 0). In the bin of 0.9 one of two is right: |0.5 - 0.9| for two of
    # three samples. In that of 0.6 it is right: |1 - 0.6| for one of three. (2·0.4 + 0.4)/3 = 0.4.
    p, y = np.array([[0.9], [0.9], [0.4]]), np.array([[1.0], [0.0], [0.0]])
    assert expected_calibration_error(p, y) == pytest.approx(0.4)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_predictions_that_come_true_as_often_as_they_say_are_calibrated(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), 20_000)
    y = np.eye(classes)[(p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)]
    assert expected_calibration_error(p, y) < 0.03
    # Sure of what was right two thirds of the time, at 1: an error of a third.
    sure = np.eye(classes)[y.argmax(axis=1)]
    wrong = np.roll(sure, 1, axis=1)
    mixed = np.where(np.arange(len(p))[:, None] % 3 == 0, wrong, sure)
    assert expected_calibration_error(mixed, y) == pytest.approx(1 / 3, abs=1e-3)


def test_what_is_not_finite_has_no_calibration() -> None:
    assert math.isnan(expected_calibration_error(np.array([[np.nan], [0.5]]), np.array([[1.0], [0.0]])))
