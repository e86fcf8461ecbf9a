"""Predictions by the mean over masks, of runs that are read from their folders; dropout in its first form there too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest
from sklearn.metrics import log_loss

import regx
from regx.evidence.rows import preparations

CONFIG = {
    "dataset": {"name": "circle", "n_train": 40, "n_test": 50}, "architecture": {"hidden": [8, 7]}, "seeds": 2,
    "training": {"epochs": 30, "class_weight": "balanced"}, "optimizer": {"lr": 0.01},
}  # fmt: skip


@pytest.mark.parametrize("inverted", [True, False])
def test_a_run_predicts_by_the_mean_over_masks(inverted: bool, tmp_path: Path) -> None:
    stack = [{"dropout": {"p": 0.4, "input": 0.2, "inverted": inverted}}]
    run = regx.load(regx.run({**CONFIG, "regularizers": stack}, out=tmp_path).folder)
    test = run.typed.dataset.load(1).test
    p, at_rest = run.predict(test.x, 1, masks=50), run.predict(test.x, 1)
    assert p.shape == at_rest.shape == (50, 1)
    assert log_loss(test.y, p) == pytest.approx(run.per_seed("test_monte_carlo_loss")[1], rel=1e-5)
    assert log_loss(test.y, at_rest) == pytest.approx(run.summary.networks[1].metrics["test_loss"], rel=1e-5)
    assert np.abs(p - at_rest).max() > 0.01
    np.testing.assert_array_equal(run.predict(test.x, 1, masks=50), p)
    both = np.mean([run.predict(test.x, seed, masks=9) for seed in (0, 1)], axis=0)
    np.testing.assert_array_equal(run.predict(test.x, masks=9), both)
    # At rest the network is the stored weights, with units multiplied by 1 - p where training divided by nothing.
    keep, seen = (1.0, 1.0) if inverted else (0.6, 0.8)
    h = test.x * seen
    for layer in (0, 1):
        weight, bias = (run.weights[f"seed1/reported/{layer}/{name}"] for name in ("weight", "bias"))
        h = np.maximum(h @ weight + bias, 0) * keep
    z = h @ run.weights["seed1/reported/2/weight"] + run.weights["seed1/reported/2/bias"]
    np.testing.assert_allclose(at_rest, 1 / (1 + np.exp(-z)), atol=1e-4)


def test_raw_rows_are_predicted_by_the_mean_over_masks_as_their_features_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    sold = np.where(x.sum(axis=1) > 0, "yes", "no")
    rows = pandas.DataFrame({"a": x[:, 0].round(3), "b": x[:, 1].round(3), "sold": sold})
    rows.to_csv(tmp_path / "t.csv", index=False)
    config = {"dataset": {"name": "csv", "path": str(tmp_path / "t.csv"), "target": "sold"}, "seeds": 2}
    run = regx.run({**config, "regularizers": [{"dropout": 0.5}], "training": {"epochs": 5}}, out=tmp_path)
    for seed in (0, 1):
        preparation = preparations(run, [seed])[seed]
        features = preparation.encode({name: rows[name].to_numpy() for name in ("a", "b")})
        expected = run.predict(features, seed, masks=20)[:, 0]
        np.testing.assert_array_equal(run.predict(rows, seed, masks=20)["p_yes"], expected.astype(float))
        assert (run.predict(rows, seed)["p_yes"] != expected).any()
