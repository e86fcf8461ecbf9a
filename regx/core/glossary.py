"""What the columns of the tables mean, in a line or two each."""

from __future__ import annotations

METRICS: dict[str, str] = {
    "epoch": "Passes over the training split that were made; 0 is before training.",
    "train_loss": "Mean data loss on the training split, in evaluation mode: no dropout, no noise, no penalty.",
    "val_loss": "Mean data loss on the validation split, in evaluation mode. Selection and early stopping look here.",
    "test_loss": "Mean data loss on the test split, in evaluation mode. Without --peek nothing is chosen by it.",
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
    "p": "How often a difference as great comes about by chance, if the run and the baseline do equally well; "
    "corrected by Holm's method for the number of rows.",
    "won": "Shared seeds at which the run does better than the baseline; 18/20 is 18 of 20.",
    "tied": "Shared seeds at which the run and the baseline do equally well.",
    "shared": "Seeds that both the run and the baseline have completed: differences are taken over these.",
    "verdict": "better, worse or unclear against the baseline, from the paired difference, corrected for the number of "
    "rows; `cannot tell` below five shared seeds.",
    "seeds_to_tell": "About how many seeds it would take to tell an unclear run from the baseline, with probability "
    "0.8, if the difference is what it looks like now; nothing stands for more than 1,000.",
    "missing_seeds": "Seeds that the config asks for or another run of the table has, and this run lacks.",
    "diverged": "Seeds whose training did not stay finite. They are in no mean.",
    "peek": "yes where the test split was used for choosing (--peek): the test loss is then no honest estimate.",
}
