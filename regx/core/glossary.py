"""What the columns of the tables mean, in a line or two each."""

from __future__ import annotations

METRICS: dict[str, str] = {
    "epoch": "Passes over the training split that were made; 0 is before training.",
    "train_loss": "Mean data loss on the training split, in evaluation mode: no dropout, no noise, no penalty.",
    "val_loss": "Mean data loss on the validation split, in evaluation mode. Selection and early stopping look here.",
    "test_loss": "Mean data loss on the test split, in evaluation mode. Nothing is chosen by it.",
    "objective": "What was minimised: data loss plus penalties, in training mode, mean over the epoch's samples. "
    "Empty at epoch 0.",
    "penalty": "The part of the objective that regularizers added.",
    "weight_norm": "‖W‖, the square root of the sum of squares of all weights; no biases, gains or offsets.",
    "zero_fraction": "Share of the weights that are exactly 0.",
    "lr": "Learning rate in force, after the schedule.",
    "train_accuracy": "Share of the training split that is classified rightly.",
    "val_accuracy": "Share of the validation split that is classified rightly.",
    "test_accuracy": "Share of the test split that is classified rightly.",
    "gap": "val_loss - train_loss at the reported epoch: how much better the network knows what it was trained on.",
    "best_epoch": "The reported epoch: the last one, or the one that early stopping restored.",
    "seconds": "The network's share of the time its population took to train.",
    "difference": "Mean over shared seeds of the metric minus the baseline's, with a 95 % interval; less is better for "
    "losses.",
    "verdict": "better, worse or unclear against the baseline, from the paired difference, corrected for the number of "
    "rows; `cannot tell` below five shared seeds.",
}
