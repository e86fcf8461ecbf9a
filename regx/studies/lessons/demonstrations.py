"""Worked examples: arithmetic of the lessons, done by the engine's own code and printed step by step."""

import itertools
import math
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.stats.bootstrap import bootstrap_interval
from regx.studies.lessons.answer import Answer, ClaimVerdict


def _checked(said: str, found: Any, expected: Any, tolerance: float = 1e-4) -> Answer:
    """Whether the engine's numbers are the expected ones."""
    got, right = np.asarray(found, float), np.asarray(expected, float)
    if got.shape == right.shape and np.allclose(got, right, atol=tolerance, rtol=0):
        return Answer("checked", f"{said} = {_shown(got)}.")
    return Answer("does not hold", f"{said} = {_shown(got)}, where {_shown(right)} was expected.")


def _shown(values: Array) -> str:
    return np.array2string(np.round(values, 5), separator=", ", floatmode="maxprec").removesuffix(".")


def _ends(values: list[float]) -> tuple[float, float]:
    """The 95 % interval of a mean."""
    interval = bootstrap_interval(values)
    return float(interval["low"] or 0), float(interval["high"] or 0)


def _within(low: float, high: float, least: float, most: float) -> ClaimVerdict:
    """Whether an interval lies between two numbers."""
    return "holds" if low > least and high < most else "does not hold" if high < least or low > most else "cannot tell"


def _site(**more: Any) -> Any:
    """What a hook may use, where only some of it is used."""
    return SimpleNamespace(**{"state": {}, "scratch": np.empty((1, 2)), "task": "multiclass", **more})


def _of_one(kind: Any, **settings: float) -> Any:
    """A member or an optimizer in its form for a population of one network."""
    return kind.of_population([kind(**settings)], np.dtype(float))


def weight_decay_step() -> list[Answer]:
    """004: a step of gradient descent with decay, on weights that no data pull at."""
    from regx.optim.sgd import SGD
    from regx.regularizers.l2 import L2

    weights, gradient, ones = np.array([[2.0, -3.0]]), np.zeros((1, 2)), np.ones(2)
    at = _site(over_weights=lambda values: values[:, None] * ones, is_weight=ones, lr=np.array([[0.1]]))
    member = _of_one(L2, lam=1e-4)
    member.begin(at, weights)
    member.add_gradient(weights, gradient, at)
    _of_one(SGD, lr=0.1).update(weights, gradient, [], np.empty((1, 2)), ones)(np.array(0.1), 1)
    return [
        _checked("the penalty's gradient 1e-4·[2, -3]", gradient[0], [2e-4, -3e-4], 1e-9),
        _checked("w - 0.1·gradient, which is (1 - 1e-5)·w", weights[0], [1.99998, -2.99997], 1e-9),
    ]


def decay_of_one_weight() -> list[Answer]:
    """002: one step with L2 and one with L1 from the same weight: w 0.5, gradient 0.3, rate 0.1, strength 0.01."""
    w, gradient, rate, lam = 0.5, 0.3, 0.1, 0.01
    return [
        _checked("L2: 0.5 - 0.1·(0.3 + 0.01·0.5)", w - rate * (gradient + lam * w), 0.4695, 1e-12),
        _checked("L1 by subgradient: 0.5 - 0.1·(0.3 + 0.01)", w - rate * (gradient + lam), 0.469, 1e-12),
        _checked("L2 from 0.005 and no gradient keeps (1 - 0.001)·w", (1 - rate * lam) * 0.005, 0.004995, 1e-12),
        _checked("L1 by its proximal step from 0.0005 reaches 0", max(0.0005 - rate * lam, 0.0), 0.0, 0.0),
    ]


def dropout_pass() -> list[Answer]:
    """002: five units, p 0.4, the second and the fifth dropped."""
    from regx.regularizers.dropout import Dropout

    member, kept = _of_one(Dropout, p=0.4), np.array([1, 0, 1, 1, 0])
    at = _site(streams=SimpleNamespace(bits=lambda shape: (kept * 65535).astype(np.uint16).reshape(1, 5, 1)))
    member.begin(at, np.empty((1, 2)))
    h = np.array([0.8, -0.3, 1.2, 0.5, -0.9])
    out, pullback = member.on_hidden(h.reshape(1, 5, 1).copy(), at)
    back = pullback(np.ones((1, 5, 1)))
    return [
        _checked("the mask times the units", h * kept, [0.8, 0, 1.2, 0.5, 0]),
        _checked("divided by 1 - 0.4", out[0, :, 0], [1.3333, 0, 2, 0.8333, 0]),
        _checked("the gradient passes through the same mask", back[0, :, 0], [1.6667, 0, 1.6667, 1.6667, 0]),
        _checked("the expectation of the first unit, 0.6·1.3333 + 0.4·0, is the unit itself", 0.6 * out[0, 0, 0], 0.8),
    ]


def smoothed_labels() -> list[Answer]:
    """000 and 002: targets smoothed with eps 0.1, and the cross-entropy of a confident prediction."""
    from regx.regularizers.label_smoothing import LabelSmoothing

    def smooth(classes: int, true: int) -> Array:
        hard = np.eye(classes)[true].reshape(1, classes, 1)
        return np.asarray(_of_one(LabelSmoothing, eps=0.1).on_batch(hard, hard, _site())[1][0, :, 0])

    soft, predicted = smooth(3, 1), np.array([0.05, 0.9, 0.05])
    hard_loss, soft_loss = -math.log(0.9), float(-(soft * np.log(predicted)).sum())
    return [
        _checked("four classes, the third is true", smooth(4, 2), [0.025, 0.025, 0.925, 0.025]),
        _checked("three classes, the second is true", soft, [0.0333, 0.9333, 0.0333]),
        _checked("cross-entropy of [0.05, 0.9, 0.05], hard labels", hard_loss, 0.10536),
        _checked("and smoothed ones, which is more", soft_loss, 0.29805),
    ]


def thinned_networks() -> list[Answer]:
    """004: all 2^8 thinned networks of eight units, beside the whole network."""
    rng = np.random.Generator(np.random.SFC64(4))
    x, first, second, last = (rng.normal(size=size) for size in ((6, 3), (3, 8), (8, 8), 8))
    hidden = np.maximum(x @ first, 0)
    masks = np.array(list(itertools.product((0, 1), repeat=8))) / 0.5  # inverted dropout at p 0.5, all equally likely
    one_layer = np.mean([(hidden * mask) @ last for mask in masks], axis=0)
    two_layers = np.mean([np.maximum((hidden * mask) @ second, 0) @ last for mask in masks], axis=0)
    whole = np.maximum(hidden @ second, 0) @ last
    apart = f"{float(np.abs(two_layers - whole).max() / np.abs(whole).max()):.0%} of the largest prediction"
    mean = "with one hidden layer their mean prediction less the whole network's"
    behind = f"with another layer behind it the two differ by up to {apart}: there it is an approximation."
    return [
        Answer("checked", f"a layer of 8 units has 2^8 = {len(masks)} masks."),
        _checked(mean, one_layer - hidden @ last, np.zeros(6), 1e-9),
        Answer("checked", behind),
    ]


def stopping_is_decay() -> list[Answer]:
    """000 and 004: gradient descent on linear models after t steps, beside the ridge regressions nearest to it."""
    steps, rate, strengths = (10, 30, 100, 300), 0.05, np.logspace(-5, 3, 801)
    nearest, apart = [], []
    for seed in range(20):
        rng = np.random.Generator(np.random.SFC64(seed))
        x = rng.normal(size=(60, 6)) * np.logspace(0.3, -0.7, 6)
        y = x @ rng.normal(size=6) + rng.normal(size=60)
        gram, target, w = x.T @ x / 60, x.T @ y / 60, np.zeros(6)
        ridges = np.stack([np.linalg.solve(gram + lam * np.eye(6), target) for lam in strengths])
        for step in range(1, steps[-1] + 1):
            w = w - rate * (gram @ w - target)
            if step in steps:
                distance = np.linalg.norm(ridges - w, axis=1) / np.linalg.norm(w)
                nearest.append(strengths[distance.argmin()])
                apart.append(distance.min())
    found = np.log(np.array(nearest).reshape(20, -1))
    powers = -np.polyfit(np.log(steps), found.T, 1)[0]
    low, high = _ends(powers.tolist())
    means = ", ".join(f"{lam:.2g} at {step}" for step, lam in zip(steps, np.exp(found.mean(axis=0)), strict=True))
    verdict = _within(low, high, 0.8, 1.25)
    return [
        Answer("checked", f"strength of the ridge regression nearest to gradient descent, by step: {means}; "
               f"twenty problems, apart by {np.mean(apart):.0%} of the weights on average."),
        Answer(verdict, f"lam falls as the number of steps to the power {powers.mean():.2f} [{low:.2f}, {high:.2f}]; "
               "1 is lam proportional to 1/t."),
    ]  # fmt: skip


def diagnosed_lists() -> list[Answer]:
    """000: the verdict on the two lists of losses that it prints."""
    from regx.studies.diagnosis.judgement import Seed, verdict_of

    train, val = [0.85, 0.42, 0.18, 0.05, 0.01, 0.002], [0.84, 0.41, 0.20, 0.19, 0.25, 0.38]
    trivial, least = train[0], min(val)
    numbers = Seed(0, train=train[-1] / trivial, val=val[-1] / trivial, start=1.0, rise=(val[-1] - least) / trivial)
    verdict, gap = verdict_of(numbers), f"{val[-1] - train[-1]:.3f}"
    said = f"final gap {gap}, the first training loss taken as a trivial predictor's: {verdict}."
    place = f"the least validation loss, {least:g}, is at position {val.index(least)}, counted from 0"
    return [
        Answer("checked" if verdict == "severe overfitting" else "does not hold", said),
        Answer("checked", f"{place}: it went up after epoch 3, not 2."),
    ]


def parameters_per_sample() -> list[Answer]:
    """004: eleven million parameters and fifty thousand images."""
    return [_checked("11,000,000 parameters over 50,000 images", 11_000_000 / 50_000, 220)]


def decoupled_decay() -> list[Answer]:
    """000, 002, 004: one step of Adam with L2, and of AdamW, for two weights whose gradients differ a hundredfold."""
    from regx.optim.adam import Adam, AdamW

    weights, data, rate, lam = np.array([[1.0, 1.0]]), np.array([[0.1, 10.0]]), 0.01, 0.1
    ones = np.ones(2)

    def step(kind: Any, gradient: Array, **settings: float) -> Array:
        optimizer, values = _of_one(kind, lr=rate, **settings), weights.copy()
        memory = [np.zeros_like(values) for _ in range(optimizer.slots())]
        optimizer.update(values, gradient.copy(), memory, np.empty_like(values), ones)(np.array(rate), 1)
        return np.asarray(values[0])

    plain, penalised = step(Adam, data), step(Adam, data + lam * weights)
    decoupled = step(AdamW, data, weight_decay=lam)
    return [
        _checked("Adam on gradients [0.1, 10]", plain, [0.99, 0.99]),
        _checked("with the gradient of L2 added: its first step has the same length", penalised, [0.99, 0.99]),
        _checked("AdamW: each weight shrinks by rate·lam·w besides", decoupled, [0.989, 0.989]),
    ]


def bad_pairs() -> list[Answer]:
    """002: each pair that its table says interacts badly, and whether `regx validate` warns of it."""
    from regx.config.load import config_of
    from regx.reference.interactions import hints, warnings

    digits = {"dataset": {"name": "digits"}, "architecture": {"hidden": [16]}}
    pairs: list[tuple[str, list[Any], str, int]] = [
        ("L2 inside Adam", [{"l2": 0.01}], "adam", 64),
        ("L1 by subgradient with adaptive steps", [{"l1": {"method": "subgradient"}}], "adam", 64),
        ("dropout with batch norm", ["batch_norm", {"dropout": 0.5}], "sgd", 64),
        ("batch norm on small batches", ["batch_norm"], "sgd", 4),
        ("stochastic depth without residual blocks", ["stochastic_depth"], "sgd", 64),
    ]
    answers = []
    for name, stack, optimizer, size in pairs:
        settings = {"regularizers": stack, "optimizer": optimizer, "training": {"batch_size": size}}
        config = config_of({**digits, **settings}, "pair")
        said = [*warnings(config), *hints(config)]
        answers.append(Answer("checked" if said else "does not hold", f"{name}: {said[0] if said else 'no warning'}"))
    return answers


def norm_times() -> list[Answer]:
    """001: the time of an epoch with RMS norm over that with layer norm, the two in turns on one core.

    Times of networks that train one after the other cannot be compared seed by seed: a machine's speed drifts.
    """
    from threadpoolctl import threadpool_limits

    from regx.config.load import config_of
    from regx.engine.state import State
    from regx.runner.plan import Trainee, plan

    shared = {"dataset": "circle", "architecture": {"hidden": [64, 64, 64, 64]}, "training": {"batch_size": 32}}
    states = []
    for kind in ("rms_norm", "layer_norm"):
        config = config_of({**shared, "regularizers": [kind]}, kind)
        (work,) = plan([config], [Trainee(0, seed) for seed in range(4)], 1)
        states.append(State(work.population))
    ratios = []
    with threadpool_limits(limits=1, user_api="blas"):
        for turn in range(21):
            spent = []
            for state in states:
                begun = time.process_time()
                for epoch in range(5):
                    state.train_epoch(5 * turn + epoch + 1, False)
                spent.append(time.process_time() - begun)
            if turn:  # the first touches memory for the first time
                ratios.append(spent[0] / spent[1])
    low, high = _ends(ratios)
    found = f"an epoch takes {np.mean(ratios):.2f} [{low:.2f}, {high:.2f}] of the processor time, in 20 turns"
    faster, by_a_tenth = (_within(low, high, -math.inf, most) for most in (1.0, 0.9))
    return [
        Answer(faster, f"RMS norm is faster: {faster}; {found}."),
        Answer(by_a_tenth, f"it is faster by a tenth or more: {by_a_tenth}; {found}."),
    ]
