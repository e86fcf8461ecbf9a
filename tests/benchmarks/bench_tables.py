"""The recommendation beside other models on the tables of Kadra et al. 2021, all on the same outer splits.

    python tests/benchmarks/bench_tables.py FOLDER --tables car,phoneme --minutes 4 --splits 5

FOLDER holds the tables as CSV files. Each model is chosen on the training and validation rows of a split alone and
judged on its test rows: the recommendation by what each split's validation rows choose; logistic (or ridge)
regression, a random forest, gradient boosting and scikit-learn's network as `regx recommend` has them; and a network in
PyTorch with batch norm, dropout, AdamW and a cosine schedule, the best of three settings by validation loss. A line a
model: log loss (of a regression the squared error of the standardised target), balanced accuracy, seconds; then the
paired difference to PyTorch. The same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from regx.data.dataset import Dataset
from regx.runner.plan import dataset
from regx.studies.recommendation.judgement import mean
from regx.studies.recommendation.question import TableQuestion, planned
from regx.studies.recommendation.race import recommend
from regx.studies.recommendation.references import _labels, score
from regx.studies.recommendation.words import conclusion_lines

TARGETS = {
    "blood_transfusion": "Class", "vehicle": "Class", "credit_g": "class", "car": "class", "kc1": "defects",
    "segment": "class", "kr_vs_kp": "class", "phoneme": "Class", "cal_housing": "medianHouseValue",
}  # fmt: skip
# Units, dropout, weight decay and steps; two hidden layers each. The first is for tables that are soon overfit.
SETTINGS = ((128, 0.5, 0.1, 200), (128, 0.1, 0.01, 1000), (256, 0.3, 0.1, 1000))
BATCH = 128


def pytorch(data: Dataset, seed: int) -> tuple[float, float]:
    """The test loss and balanced accuracy of the setting with the least validation loss."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    regression = data.task == "regression"
    of = {}
    for name, split in (("train", data.train), ("val", data.val), ("test", data.test)):
        y = split.y if regression else _labels(split.y, data.task)
        of[name] = (
            torch.tensor(split.x, dtype=torch.float32),
            torch.tensor(y).to(torch.float32 if regression else int),
        )
    loss_of = nn.MSELoss() if regression else nn.CrossEntropyLoss()
    x, y = of["train"]
    outputs = 1 if regression else max(2, data.train.y.shape[1])
    best = (math.inf, math.inf, math.nan)
    for units, dropout, decay, steps in SETTINGS:
        layers: list[Any] = []
        for inputs in (x.shape[1], units):
            layers += [nn.Linear(inputs, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Dropout(dropout)]
        network = nn.Sequential(*layers, nn.Linear(units, outputs))
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.003, weight_decay=decay)
        batches = max(1, len(x) // BATCH)
        epochs = max(5, steps // batches)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
        for _ in range(epochs):
            network.train()
            for rows in torch.randperm(len(x)).tensor_split(batches):
                optimizer.zero_grad()
                loss_of(network(x[rows]), y[rows]).backward()
                optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            val = loss_of(network(of["val"][0]), of["val"][1]).item()
            answers = network(of["test"][0])
            test = loss_of(answers, of["test"][1]).item()
        balanced = math.nan
        if not regression:
            truth, called = of["test"][1].numpy(), answers.argmax(dim=1).numpy()
            balanced = float(np.mean([np.mean(called[truth == k] == k) for k in np.unique(truth)]))
        best = min(best, (val, test, balanced))
    return best[1], best[2]


def forest(data: Dataset, seed: int) -> tuple[float, float]:
    """The test loss and balanced accuracy of a random forest, fitted as the other plain models are."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    x, y = (np.concatenate([getattr(data.train, of), getattr(data.val, of)]) for of in ("x", "y"))
    truth = _labels(data.test.y, data.task)
    if data.task == "regression":
        model = RandomForestRegressor(300, random_state=seed).fit(x, y[:, 0])
        return float(np.mean((model.predict(data.test.x) - truth) ** 2)), math.nan
    model = RandomForestClassifier(300, random_state=seed).fit(x, _labels(y, data.task))
    # A forest says 0 of what none of its trees has seen, whose log loss has no end: a tree more says all alike.
    p = (300 * model.predict_proba(data.test.x) + 1 / len(model.classes_)) / 301
    balanced = np.mean([np.mean(p[truth == k].argmax(axis=1) == k) for k in np.unique(truth)])
    return -float(np.mean(np.log(p[np.arange(len(truth)), truth]))), float(balanced)


def compared(name: str, folder: Path, minutes: float, splits: int, out: Path) -> None:
    table = folder / f"{name}.csv"
    question = TableQuestion(table, TARGETS[name], ("dataset.rows=100000",), seeds=splits, minutes=minutes)
    plan = planned(question)
    begun = time.monotonic()
    found = recommend(question, plan, out)
    took = time.monotonic() - begun
    lanes = {lane.name: lane for lane in found.lanes}
    chosen = found.conclusion.chosen
    seeds = list(chosen)
    rows: dict[str, tuple[dict[int, float], dict[int, float] | None, float]] = {
        "regx recommend": (
            found.conclusion.procedure,
            {seed: lanes[lane].balanced[seed] for seed, lane in chosen.items()}  # type: ignore[index]
            if lanes["none"].balanced
            else None,
            took,
        )
    }
    rows["regx, plain"] = (lanes["none"].test, lanes["none"].balanced, math.nan)
    of = {seed: dataset(plan.base.dataset, seed) for seed in seeds}
    for one in found.references:
        begun = time.monotonic()
        score(one.reference, of[seeds[0]], seeds[0])
        rows[one.reference.table] = (one.test, one.balanced, (time.monotonic() - begun) * len(seeds))
    for model in (forest, pytorch):
        begun = time.monotonic()
        each = {seed: _kept(model, of[seed], seed, out / f"{name}-{model.__name__}-{seed}.json") for seed in seeds}
        losses, balanced = ({seed: values[k] for seed, values in each.items()} for k in (0, 1))
        rows[model.__name__] = (losses, balanced, time.monotonic() - begun)
    for model_name, (losses, balanced, seconds) in rows.items():
        against = np.array([losses[seed] - rows["pytorch"][0][seed] for seed in seeds])
        error = against.std(ddof=1) / math.sqrt(len(seeds))
        of_balanced = f"{mean(balanced):.3f}" if balanced else ""
        print(
            f"{name}\t{model_name}\t{mean(losses):.4f}\t{of_balanced}\t{seconds:.0f}\t{against.mean():+.4f}"
            f"\t{error:.4f}\t{'yes' if against.mean() <= error else 'no'}",
            flush=True,
        )
    print(f"# {name}: {found.recommended.stack}; on each split {sorted(chosen.values())}; " + " ".join(found.notes))
    for line in conclusion_lines(found):
        print(f"# {line}")


def _kept(model: Any, data: Dataset, seed: int, path: Path) -> list[float]:
    """What a model reaches, from a file if it has been fitted before."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(model(data, seed)))
    kept: list[float] = json.loads(path.read_text())
    return kept


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--tables", default=",".join(TARGETS))
    options.add_argument("--minutes", type=float, default=4.0)
    options.add_argument("--splits", type=int, default=5)
    options.add_argument("--out", type=Path, default=Path("runs/tables"))
    given = options.parse_args()
    print("table\tmodel\tloss\tbalanced\tseconds\tto pytorch\terror\tas good", flush=True)
    for name in given.tables.split(","):
        compared(name, given.folder, given.minutes, given.splits, given.out)


if __name__ == "__main__":
    main()
