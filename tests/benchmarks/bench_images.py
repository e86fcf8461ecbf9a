"""How fast five seeds of a small convolution network train, beside PyTorch at the same work.

conv 8 and 16, kernel 3, max pooling of 2, hidden 64, batches of 64, Adam, random crops: on digits (1,078 training
images of 8 x 8) and on 5,000 images of 28 x 28. PyTorch trains the seeds one after the other, on one thread and on all,
and the faster counts; regx in a process for each core.

    python tests/benchmarks/bench_images.py --epochs 3
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import regx

SEEDS, BATCH = 5, 64


def ours(dataset: dict[str, Any], epochs: int, stack: list[Any]) -> float:
    """Seconds of an epoch of all seeds: what more epochs take beyond one, so that neither start nor reading counts."""
    spent = []
    for length in (1, 1 + epochs):
        config = {
            "name": f"bench{length}", "dataset": dataset, "architecture": {"conv": [8, 16], "hidden": [64]},
            "regularizers": stack, "optimizer": {"name": "adam", "lr": 0.001},
            "training": {"epochs": length, "batch_size": BATCH, "eval_every": length}, "seeds": SEEDS,
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            regx.run(config, out=folder, jobs=os.cpu_count())
            spent.append(time.perf_counter() - start)
    return (spent[1] - spent[0]) / epochs


def torchs(images: np.ndarray, labels: np.ndarray, epochs: int, padding: int, threads: int) -> float:
    """Seconds of an epoch of all seeds in PyTorch, eagerly."""
    import torch

    torch.set_num_threads(threads)
    x, y = torch.tensor(images, dtype=torch.float32), torch.tensor(labels)
    side = x.shape[2]
    start = 0.0
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(16 * (side // 4) ** 2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10),
        )  # fmt: skip
        optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
        for epoch in range(epochs + 1):
            if epoch == 1:
                began = time.perf_counter()
            order = torch.randperm(len(x))
            for rows in order.split(BATCH):
                padded = torch.nn.functional.pad(x[rows], (padding,) * 4)
                moved = torch.randint(2 * padding + 1, (2, len(rows), 1)) + torch.arange(side)
                sample = torch.arange(len(rows))[:, None, None]
                cut = padded[:, 0][sample, moved[0][:, :, None], moved[1][:, None, :]][:, None]
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(cut), y[rows]).backward()
                optimizer.step()
        start += time.perf_counter() - began
    return start / epochs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    epochs = parser.parse_args().epochs
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (8334, 28, 28), dtype=np.uint8)
    labels = np.arange(8334) % 10
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.npz"
        np.savez(path, x=large, y=labels)
        cases = [
            ("digits", {"name": "digits"}, digits.images[:, None] / 16, digits.target, 1),
            ("28 x 28", {"name": "images", "path": str(path)}, large[:, None] / 255, labels, 4),
        ]
        for name, dataset, x, y, padding in cases:
            n = round(0.6 * len(x))
            plain, cropped = (ours(dataset, epochs, stack) for stack in ([], [{"crop": padding}]))
            theirs = {threads: torchs(x[:n], y[:n], epochs, padding, threads) for threads in (1, os.cpu_count() or 1)}
            best = min(theirs.values())
            print(
                f"{name}: an epoch of {SEEDS} seeds on {n} images: regx {cropped:.2f} s, without crop {plain:.2f} s "
                f"(augmentation {1 - plain / cropped:.0%}); PyTorch "
                + ", ".join(f"{seconds:.2f} s on {threads} threads" for threads, seconds in theirs.items())
                + f": {best / cropped:.1f} times as fast"
            )


if __name__ == "__main__":
    main()
