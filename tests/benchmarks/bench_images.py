"""How fast five seeds of a small convolution network train, beside PyTorch at the same work.

conv 8 and 16, kernel 3, max pooling of 2, hidden 64, batches of 64, Adam, random crops: on digits (1,078 training
images of 8 x 8) and on 5,000 images of 28 x 28. An epoch of all seeds on one core each, in seconds of the processor, so
that what else runs on the machine counts for little; the least of some rounds in turns. On two cores regx trains three
seeds beside two, and PyTorch, whose seeds follow each other, is granted twice its speed.

    python tests/benchmarks/bench_images.py --rounds 3
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regx.config.load import load_config
from regx.engine.state import State
from regx.runner.plan import Trainee, plan

SEEDS, BATCH, CORES = 5, 64, 2


def ours(dataset: dict[str, Any], stack: list[Any]) -> Callable[[], None]:
    """What trains all seeds for an epoch, in the populations that they are cut into for two processes."""
    config = {
        "name": "bench", "dataset": dataset, "architecture": {"conv": [8, 16], "hidden": [64]}, "seeds": SEEDS,
        "regularizers": stack, "optimizer": {"name": "adam", "lr": 0.001}, "training": {"batch_size": BATCH},
    }  # fmt: skip
    works = plan([load_config(config)], [Trainee(0, seed) for seed in range(SEEDS)], CORES)
    states = [State(work.population) for work in works]

    def epoch() -> None:
        for state in states:
            state.train_epoch(1, False)

    return epoch


def torchs(images: np.ndarray, labels: np.ndarray, padding: int) -> Callable[[], None]:
    """The same in PyTorch, eagerly, seed by seed."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(images, dtype=torch.float32), torch.tensor(labels)
    side = x.shape[2]

    def network() -> tuple[Any, Any]:
        made = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(16 * (side // 4) ** 2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10),
        )  # fmt: skip
        return made, torch.optim.Adam(made.parameters(), lr=0.001)

    networks = [network() for _ in range(SEEDS)]

    def epoch() -> None:
        for made, optimizer in networks:
            order = torch.randperm(len(x))
            for start in range(0, len(x), BATCH):
                rows = order[start : start + BATCH]
                padded = torch.nn.functional.pad(x[rows], (padding,) * 4)
                moved = torch.randint(2 * padding + 1, (2, len(rows), 1)) + torch.arange(side)
                sample = torch.arange(len(rows))[:, None, None]
                cut = padded[:, 0][sample, moved[0][:, :, None], moved[1][:, None, :]][:, None]
                optimizer.zero_grad()
                loss: Any = torch.nn.functional.cross_entropy(made(cut), y[rows])
                loss.backward()
                optimizer.step()

    return epoch


def spent(epoch: Callable[[], None]) -> float:
    start = time.process_time()
    epoch()
    return time.process_time() - start


def cases(folder: str, images: int) -> Iterator[tuple[str, dict[str, Any], np.ndarray, np.ndarray, int]]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    yield "digits", {"name": "digits"}, digits.images[:, None] / 16, digits.target, 1
    rows = -(-images * 5 // 3)  # of which 0.6 are trained on
    large = np.random.default_rng(0).integers(0, 256, (rows, 28, 28), dtype=np.uint8)
    labels, path = np.arange(rows) % 10, Path(folder) / "large.npz"
    np.savez(path, x=large, y=labels)
    yield "28 x 28", {"name": "images", "path": str(path)}, large[:, None] / 255, labels, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=5000, help="of 28 x 28, in the training split")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for name, dataset, x, y, padding in cases(folder, options.images):
            n = round(0.6 * len(x))
            competitors = [ours(dataset, []), ours(dataset, [{"crop": padding}]), torchs(x[:n], y[:n], padding)]
            for epoch in competitors if name == "digits" else ():
                epoch()  # what is made once
            plain, cropped, theirs = (
                min(each)
                for each in zip(*([spent(epoch) for epoch in competitors] for _ in range(options.rounds)), strict=True)
            )
            share = -(-SEEDS // CORES) / SEEDS
            print(
                f"{name}: an epoch of {SEEDS} seeds on {n} images: regx {cropped:.3f} s, without crop {plain:.3f} s "
                f"(augmentation {1 - plain / cropped:.0%} of an epoch); PyTorch {theirs:.3f} s: {theirs / cropped:.1f} "
                f"times as fast on one core, {theirs / CORES / (share * cropped):.1f} on {CORES}"
            )


if __name__ == "__main__":
    main()
