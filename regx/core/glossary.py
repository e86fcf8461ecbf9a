"""What the verdicts of the tables mean, and the columns that are no metrics, in a line or two each."""

COLUMNS: dict[str, str] = {
    "shrinkage": "How strong the run's decay is over its whole training, on one scale for every optimizer: the sum "
    "over the steps of learning rate times lam, so a weight that no gradient moves ends at exp(-shrinkage) times "
    "what it was. Of decoupled decay, and of L2 in gradient descent, where momentum m makes it 1/(1 - m) times as "
    "strong; under Adam and RMSprop nobody knows it of an L2. Early stopping without decay, in gradient descent: "
    "T/t where t of T steps are reported, as of an L2 with lam of about 1/(lr·t) (Goodfellow et al. 2016, section "
    "7.8).",
    "interpolates": "In `regx sweep` along size, epochs, rows or label noise: yes where the mean training error is 0, "
    "or of a regression the training loss a hundredth of the trivial one or less. Where that begins lies the peak of "
    "double descent, if there is one.",
    "difference": "Mean over shared seeds of the metric minus the baseline's, with a 95 % interval by bootstrap-t over "
    "seeds, the same every time; where seeds are splits of one table and share its rows, the interval of the corrected "
    "resampled t-test (Nadeau & Bengio 2003). Less is better for losses.",
    "p": "How often a difference as great comes about by chance, if the run and the baseline do equally well; "
    "corrected by Holm's method for the number of rows. By flipping the signs of the differences, which takes nothing "
    "for granted but symmetry; where so few seeds could never reach 0.05 by that, as five, by Student's paired t-test, "
    "which takes the differences to be normal. Where seeds are splits of one table, by the corrected resampled t-test.",
    "won": "Shared seeds at which the run does better than the baseline; 18/20 is 18 of 20.",
    "tied": "Shared seeds at which the run and the baseline do equally well.",
    "shared": "Seeds that both the run and the baseline have completed: differences are taken over these.",
    "verdict": "better, worse or unclear against the baseline, from the paired difference, corrected for the number of "
    "rows; `cannot tell` below five shared seeds.",
    "seeds_to_tell": "About how many seeds it would take to tell an unclear run from the baseline, with probability "
    "0.8, if the difference is what it looks like now; nothing stands for more than 1,000. Of splits of one table "
    "it is how many splits would tell a difference such as this; nothing where none would, since only more rows do.",
    "missing_seeds": "Seeds that the config asks for or another run of the table has, and this run lacks.",
    "diverged": "Seeds whose training did not stay finite. They are in no mean.",
    "peek": "yes where the test split was used for choosing (--peek): the test loss is then no honest estimate.",
    "name": "What the run is called: `name` in its config, else the config file's stem.",
    "stack": "What regularizes the run, wherever its config says so: the stack in its order, each member with its "
    "strength, then decay and SAM in the optimizer, label noise, residual connections and tied weights; `none` without "
    "any.",
    "changed": "The keys of the config in which the runs of the table differ, and their values (--only-changed).",
    "status": "running, completed, diverged, interrupted or failed.",
    "seeds": "How many seeds of the run are finished, those that diverged among them.",
    "run": "The run folder.",
    "group": "The data: only runs of the same data are compared with each other.",
    "dataset": "The kind of dataset.",
    "task": "regression, binary or multiclass.",
    "metric": "What difference, p, won and verdict are about (--metric).",
    "baseline": "The run that the others of the group are compared with: the one that is named by --baseline, else the "
    "one that nothing regularizes, and of several the one whose remaining settings most of the group share.",
    "baseline_because": "Why it is this one, where several runs are regularized by nothing.",
    "train": "In `regx diagnose`: the training loss as a share of the trivial loss, that of always answering the "
    "training mean or its shares of the classes.",
    "val": "In `regx diagnose`: the validation loss as a share of the trivial loss. Its gap is val - train.",
    "rise": "In `regx diagnose`: the validation loss less its least value over the epochs, as a share of the trivial "
    "loss.",
    "gain": "In `regx diagnose`: what the last half of the epochs took off the loss, as a share of the trivial loss.",
    "pattern": "In `regx diagnose`: the part of the training loss that rows close to each other share, as a share of "
    "the trivial loss. Noise has no such pattern.",
    "growth": "In `regx diagnose`: mean size of the weights, reported over initial.",
    "gradient": "In `regx diagnose`: the norm of the first layer's gradient times that of the weights, over the loss.",
    "dead": "In `regx diagnose`: share of the hidden units that answer all training rows alike.",
    "divergence": "In `regx diagnose`: share of the seeds that stopped being finite.",
    "cross_fitted_loss": "Of a network that stopped early, whose least validation loss is flattered by having been "
    "looked for: each half of the validation rows judges the epoch that the other half chooses, and the mean of both. "
    "`regx sweep`, `race` and `recommend` choose by it.",
    "optimism": "In `regx sweep`: by how much the loss of the chosen cell looks better for having been chosen by it, "
    "measured by choosing anew without each seed in turn.",
    "bias²": "In `regx bias-variance`: mean squared distance of the mean prediction over training sets from the "
    "truth. Its estimate is free of variance, so a small one can come out below 0.",
    "bias²+noise": "In `regx bias-variance` of a table: bias² and noise together, since nobody knows the truth.",
    "variance": "In `regx bias-variance`: mean squared distance of the predictions of different training sets from "
    "their mean.",
    "noise": "In `regx bias-variance`: mean squared distance of the targets from the truth, which no network can "
    "remove.",
    "error": "In `regx bias-variance`: mean squared distance of the predictions from the targets, summed over outputs.",
}

VERDICTS: dict[str, str] = {
    "better": "Against the baseline: the 95 % interval of the paired difference lies on the good side of 0, and p, "
    "corrected for the number of rows, is at most 0.05.",
    "worse": "Against the baseline: the 95 % interval of the paired difference lies on the bad side of 0, and p, "
    "corrected for the number of rows, is at most 0.05.",
    "lower": "Against the baseline: as `better`, of a metric of which no direction is the better one.",
    "higher": "Against the baseline: as `better`, of a metric of which no direction is the better one.",
    "unclear": "Against the baseline: neither better nor worse. It does not say that the two do equally well.",
    "cannot tell": "Fewer than five seeds are shared with the baseline; in `regx diagnose`: nothing to judge by, such "
    "as no validation split.",
    "underfitting": "Not all that could be learned has been: no better than the trivial predictor, errors that rows "
    "close to each other share, or a loss that is still falling.",
    "healthy": "Learned, and the validation loss lies close to the training loss.",
    "mild overfitting": "The validation loss lies above the training loss, or rose past its least value, by a little "
    "of the trivial loss. `regx diagnose` prints from where on.",
    "severe overfitting": "The validation loss lies above the training loss, or rose past its least value, by much of "
    "the trivial loss. `regx diagnose` prints from where on.",
    "help each other": "Two regularizers do better together than the sum of what they do apart, and each gains where "
    "the other is on.",
    "harm less together": "Two regularizers do better together than the sum of what they do apart, but adding one to "
    "the other gains nothing.",
    "overlap": "Two regularizers gain less together than the sum of what they gain apart; neither is seen to harm the "
    "other.",
    "harm more together": "Two regularizers each do harm alone, and more together than the sum of that.",
    "interfere": "Two regularizers gain less together than the sum of what they gain apart, and adding one to the "
    "other makes matters worse.",
}
