"""The estimators: scikit-learn's own checks, and the places where people use estimators."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_breast_cancer, make_classification, make_regression
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import estimator_checks_generator

import regx

# None is exempt. Those that ask for an environment of their own are skipped by scikit-learn itself.
CHECKS = [
    (type(model).__name__, model, check)
    for model in (regx.Classifier(epochs=100), regx.Regressor(epochs=100))
    for _, check in estimator_checks_generator(model)
]


@pytest.mark.parametrize(
    ("model", "check"), [one[1:] for one in CHECKS], ids=[f"{one[0]}-{k}" for k, one in enumerate(CHECKS)]
)
def test_the_checks_of_scikit_learn(model: object, check: object) -> None:
    check(model)  # type: ignore[operator]


def test_in_a_pipeline_a_search_a_cross_validation_and_for_importance() -> None:
    x, y = make_classification(200, 5, n_informative=2, n_redundant=0, shuffle=False, random_state=0)
    frame = pandas.DataFrame({"word": np.where(x[:, 0] > 0, "a", "b"), "other": np.where(x[:, 1] > 0, "c", "d")})
    pipeline = make_pipeline(OneHotEncoder(sparse_output=False), regx.Classifier(epochs=60, lr=0.02))
    assert cross_val_score(pipeline, frame, y, cv=3).mean() > 0.6
    search = GridSearchCV(
        regx.Classifier(epochs=40, lr=0.02), {"stack": [[], [{"l2": 0.01}], ["early_stopping"]]}, cv=3
    ).fit(x, y)
    assert search.best_score_ > 0.75
    importance = permutation_importance(search, x, y, n_repeats=3, random_state=0).importances_mean
    assert set(importance.argsort()[-2:]) == {0, 1}


def test_as_good_as_the_network_of_scikit_learn_and_members_are_seeds() -> None:
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    one = regx.Classifier(epochs=60, stack=[{"l2": 0.01}]).fit(x[::2], y[::2])
    assert one.score(x[1::2], y[1::2]) > 0.95
    assert list(one.feature_names_in_) == list(x.columns)
    several = regx.Classifier(epochs=60, stack=[{"l2": 0.01}], seeds=[4, 0]).fit(x[::2], y[::2])
    assert len(several.networks_) == 2
    alone = regx.Classifier(epochs=60, stack=[{"l2": 0.01}], seeds=[4]).fit(x[::2], y[::2])
    mean = (one.predict_proba(x) + alone.predict_proba(x)) / 2
    np.testing.assert_allclose(several.predict_proba(x), mean, atol=1e-12)


def test_weights_of_rows_and_classes_count_as_repeated_rows() -> None:
    x, y = make_regression(60, 3, noise=1.0, random_state=0)
    times = np.arange(60) % 3
    weighted = regx.Regressor(epochs=20).fit(x, y, sample_weight=times)
    repeated = regx.Regressor(epochs=20).fit(np.repeat(x, times, axis=0), np.repeat(y, times))
    np.testing.assert_array_equal(weighted.predict(x), repeated.predict(x))
    x, y = make_classification(400, 4, weights=[0.93], flip_y=0.1, random_state=1)
    # With one batch weights that are not whole are those of the loss, up to rounding: half of 3 and of 1.
    odd = np.where(y == 1, 1.5, 0.7)
    one, other = (
        regx.Classifier(epochs=3, batch_size="full").fit(x, y, sample_weight=weight).predict_proba(x)
        for weight in (odd, 10 * odd)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert abs(one - regx.Classifier(epochs=3, batch_size="full").fit(x, y).predict_proba(x)).max() > 0.01
    smote = regx.Classifier(epochs=3, stack=["smote"], class_weight="balanced").fit(x, y)
    assert np.isfinite(smote.predict_proba(x)).all()
    plain = regx.Classifier(epochs=30).fit(x, y).predict(x)
    balanced = regx.Classifier(epochs=30, class_weight="balanced").fit(x, y).predict(x)
    assert (balanced == 1).sum() > 1.5 * (plain == 1).sum()
