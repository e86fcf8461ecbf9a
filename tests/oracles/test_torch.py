"""Whole training trajectories against PyTorch: the same initial weights, batches and masks, in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from regx.core.regularizer import Regularizer
from regx.core.streams import Streams
from regx.core.trained import Trained
from regx.data.dataset import Dataset
from regx.engine.trainer import train
from regx.nn.activations import ACTIVATIONS
from regx.nn.architecture import Architecture
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import (
    SCHEDULES,
    SGD,
    Adam,
    AdamW,
    Constant,
    Cosine,
    Optimizer,
    ReduceOnPlateau,
    RMSprop,
    Schedule,
    Step,
    WarmRestarts,
)
from regx.regularizers import L1, L2, Dropout
from tests.engine.populations import TASKS, dataset, population

EPOCHS = 200
SEEDS = (0, 5)
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Case:
    """One option of training beside defaults."""

    task: str = "regression"
    optimizer: Optimizer = SGD(lr=0.05)  # noqa: RUF009 - frozen
    activation: str = "tanh"
    schedule: Schedule = Constant()  # noqa: RUF009
    stack: tuple[Regularizer, ...] = ()
    batch_size: int | None = None
    hidden: tuple[int, ...] = (7, 6)

    def label(self) -> str:
        """What is not as in the default case."""
        return " ".join(str(value) for key, value in vars(self).items() if value != getattr(Case, key)) or "default"


EVERY_OPTIMIZER = (
    SGD(lr=0.05),
    SGD(lr=0.05, momentum=0.9),
    SGD(lr=0.05, momentum=0.8, nesterov=True),
    # At higher rates RMSprop's steps are chaotic: weights that differ by 1e-15 are 1e-4 apart after 125 epochs.
    RMSprop(lr=0.001),
    RMSprop(lr=0.003, alpha=0.95, eps=0.01),
    Adam(lr=0.01, beta1=0.8, beta2=0.99, eps=0.001),
    AdamW(lr=0.01, weight_decay=0.1),
)
EVERY_SCHEDULE = (
    Constant(warmup=20),
    Step(every=60, decay=0.3),
    Cosine(),
    Cosine(floor=0.1, warmup=30),
    WarmRestarts(period=20, multiplier=1),
    WarmRestarts(period=15, multiplier=3, floor=0.2, warmup=11),
    ReduceOnPlateau(patience=4, decay=0.5, floor=0.01),
    ReduceOnPlateau(patience=0, decay=0.7, threshold=0.03),
)
CASES = [
    *(Case(task, optimizer) for task in TASKS for optimizer in EVERY_OPTIMIZER),
    *(Case("binary", Adam(lr=0.01), activation, batch_size=7) for activation in ACTIVATIONS),
    *(Case("multiclass", SGD(lr=0.1, momentum=0.5), schedule=schedule, batch_size=9) for schedule in EVERY_SCHEDULE),
    *(
        Case(optimizer=optimizer, stack=(L2(lam=0.03),), batch_size=8)
        for optimizer in EVERY_OPTIMIZER
        if optimizer.kind != "adamw"
    ),
    *(
        Case("binary", optimizer, stack=(L1(lam=0.003, method="subgradient"),))
        for optimizer in (SGD(lr=0.05), Adam(lr=0.01))
    ),
    Case("multiclass", Adam(lr=0.01), stack=(Dropout(p=0.2),)),
    Case("regression", SGD(lr=0.02), "relu", stack=(Dropout(p=0.5), L2(lam=0.01)), batch_size=6),
    *(Case("binary", SGD(lr=0.1), "relu", hidden=hidden) for hidden in ((), (9,), (4, 4, 4))),
]


def test_every_option_is_compared() -> None:
    assert {case.optimizer.kind for case in CASES} == set(OPTIMIZERS)
    assert {case.activation for case in CASES} == set(ACTIVATIONS)
    assert {case.schedule.kind for case in CASES} == set(SCHEDULES)


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES, ids=Case.label)
def test_the_trajectory_is_that_of_torch(torch: ModuleType, case: Case) -> None:
    """Two networks at once; every recorded loss, accuracy, objective and rate, and the last weights."""
    datasets = [dataset(case.task, seed) for seed in SEEDS]
    networks = train(
        population(
            SEEDS, case.stack, case.optimizer, case.schedule, Architecture(case.hidden, case.activation), datasets,
            epochs=EPOCHS, batch_size=case.batch_size,
        )
    )  # fmt: skip
    for network, data in zip(networks, datasets, strict=True):
        metrics, weights = reference(torch, case, network, data)
        for column, expected in metrics.items():
            # Relative to the column's scale: a loss may pass through numbers near 0.
            scale = np.nanmax(np.abs(expected))
            actual = network.metrics[column][1:]
            np.testing.assert_allclose(actual, expected, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=column)
        for tensor, expected in weights.items():
            scale = np.abs(expected).max()
            np.testing.assert_allclose(network.weights[f"final/{tensor}"], expected, TOLERANCE, TOLERANCE * scale)
            assert not np.allclose(expected, network.weights[f"init/{tensor}"], 1e-3), "it was trained"


def reference(
    torch: ModuleType, case: Case, network: Trained, data: Dataset
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """PyTorch's metrics of every epoch and last weights, from the same initial ones."""
    layers = len(case.hidden) + 1
    weights, biases = (
        [torch.tensor(network.weights[f"init/{layer}/{kind}"].T.copy(), requires_grad=True) for layer in range(layers)]
        for kind in ("weight", "bias")
    )
    strength = {member.kind: member for member in case.stack}
    lam = strength["l2"].lam if "l2" in strength else 0.0
    optimizer = OPTIMIZER[case.optimizer.kind](torch, case.optimizer, weights, biases, lam)
    scheduler = learning_rates(torch, case.schedule, optimizer)
    batches, masks = Streams([network.seed], "batches"), Streams([network.seed], "dropout")
    splits = {
        name: (torch.tensor(split.x), torch.tensor(split.y))
        for name, split in (("train", data.train), ("val", data.val), ("test", data.test))
    }
    x, y = splits["train"]
    rows: list[dict[str, float]] = []

    def forward(h: Any, training: bool) -> Any:
        for layer in range(layers - 1):
            h = activation(torch, case.activation)(torch.nn.functional.linear(h, weights[layer], biases[layer]))
            if training and "dropout" in strength:
                # The engine's own masks, (units, samples): kept where 16 random bits reach p.
                drop = round(strength["dropout"].p * 65536)
                bits = masks.bits((h.shape[1], h.shape[0]))[0].T
                h = h * torch.tensor((bits >= drop) * (65536 / (65536 - drop)))
        return torch.nn.functional.linear(h, weights[-1], biases[-1])

    if case.schedule.kind == "reduce_on_plateau":
        inputs, targets = splits["val"]
        scheduler.step(float(loss_of(torch, case.task, forward(inputs, False), targets).detach()))
    for _ in range(EPOCHS):
        size = case.batch_size or len(x)
        order = batches.permutation(len(x))[0] if size < len(x) else np.arange(len(x))
        row = {"lr": optimizer.param_groups[0]["lr"], "objective": 0.0, "penalty": 0.0}
        for start in range(0, len(x), size):
            chosen = torch.tensor(order[start : start + size].copy())
            optimizer.zero_grad()
            loss = loss_of(torch, case.task, forward(x[chosen], True), y[chosen])
            penalty = lam / 2 * sum((weight**2).sum() for weight in weights)  # torch's weight_decay adds its gradient
            minimised = loss
            if "l1" in strength:
                penalty = strength["l1"].lam * sum(weight.abs().sum() for weight in weights)
                minimised = loss + penalty
            minimised.backward()
            optimizer.step()
            row["objective"] += float((loss + penalty).detach()) * len(chosen) / len(x)
            row["penalty"] += float(torch.as_tensor(penalty).detach()) * len(chosen) / len(x)
        if case.schedule.kind != "reduce_on_plateau":
            scheduler.step()
        with torch.no_grad():
            for name, (inputs, targets) in splits.items():
                z = forward(inputs, False)
                row[f"{name}_loss"] = float(loss_of(torch, case.task, z, targets))
                if case.task == "binary":
                    row[f"{name}_accuracy"] = float(((z > 0) == (targets > 0.5)).double().mean())
                elif case.task == "multiclass":
                    row[f"{name}_accuracy"] = float((z.argmax(1) == targets.argmax(1)).double().mean())
        if case.schedule.kind == "reduce_on_plateau":
            scheduler.step(row["val_loss"])
        rows.append(row)
    metrics = {column: np.array([row[column] for row in rows]) for column in rows[0]}
    last = {f"{layer}/weight": weights[layer].detach().numpy().T for layer in range(layers)}
    last |= {f"{layer}/bias": biases[layer].detach().numpy() for layer in range(layers)}
    return metrics, last


def activation(torch: ModuleType, name: str) -> Callable[[Any], Any]:
    return getattr(torch, name) if name in ("tanh", "sigmoid") else getattr(torch.nn.functional, name)


def loss_of(torch: ModuleType, task: str, z: Any, y: Any) -> Any:
    functional = torch.nn.functional
    if task == "multiclass":
        return functional.cross_entropy(z, y.argmax(1))
    return functional.binary_cross_entropy_with_logits(z, y) if task == "binary" else functional.mse_loss(z, y)


def groups(weights: list[Any], biases: list[Any], decay: float) -> list[dict[str, Any]]:
    """Weights are decayed, biases are not."""
    return [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]


def _sgd(torch: ModuleType, own: SGD, weights: list[Any], biases: list[Any], lam: float) -> Any:
    return torch.optim.SGD(groups(weights, biases, lam), own.lr, own.momentum, nesterov=own.nesterov)


def _rmsprop(torch: ModuleType, own: RMSprop, weights: list[Any], biases: list[Any], lam: float) -> Any:
    return torch.optim.RMSprop(groups(weights, biases, lam), own.lr, own.alpha, own.eps)


def _adam(torch: ModuleType, own: Adam, weights: list[Any], biases: list[Any], lam: float) -> Any:
    return torch.optim.Adam(groups(weights, biases, lam), own.lr, (own.beta1, own.beta2), own.eps)


def _adamw(torch: ModuleType, own: AdamW, weights: list[Any], biases: list[Any], lam: float) -> Any:
    return torch.optim.AdamW(groups(weights, biases, own.weight_decay), own.lr, (own.beta1, own.beta2), own.eps)


OPTIMIZER = {"sgd": _sgd, "rmsprop": _rmsprop, "adam": _adam, "adamw": _adamw}


def learning_rates(torch: ModuleType, own: Schedule, optimizer: Any) -> Any:
    schedulers = torch.optim.lr_scheduler
    lr = optimizer.param_groups[0]["lr"]

    def cosine(epochs: int) -> Any:
        if isinstance(own, WarmRestarts):
            return schedulers.CosineAnnealingWarmRestarts(optimizer, own.period, own.multiplier, own.floor * lr)
        return schedulers.CosineAnnealingLR(optimizer, epochs, own.floor * lr)

    if own.kind == "constant":
        return schedulers.LambdaLR(optimizer, lambda epoch: min((epoch + 1) / (own.warmup + 1), 1.0))
    if isinstance(own, ReduceOnPlateau):
        return schedulers.ReduceLROnPlateau(
            optimizer, "min", own.decay, own.patience, own.threshold, min_lr=own.floor * lr, eps=0.0
        )
    if own.kind == "step":
        return schedulers.StepLR(optimizer, own.every, own.decay)
    if own.warmup:
        warmup = schedulers.LambdaLR(optimizer, lambda epoch: (epoch + 1) / (own.warmup + 1))
        return schedulers.SequentialLR(optimizer, [warmup, cosine(EPOCHS - own.warmup)], [own.warmup])
    return cosine(EPOCHS)
