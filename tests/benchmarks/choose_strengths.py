"""Which strength a regularizer should have in an example config or a lane: the one whose validation loss is least.

    python tests/benchmarks/choose_strengths.py configs/l1.yaml regularizers.l1.lam 0.001,0.003,0.01
    python tests/benchmarks/choose_strengths.py configs/race.yaml lanes.l1.l1.lam 0.001,0.003,0.01

Over seeds of their own, which no example config has. Prints for every value the mean validation and test loss of the
reported weights over the seeds, with standard errors, the share of exact zeros and the objective at the end; and says
where the chosen value is the grid's first or last, since then the grid shows too little.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from regx.config.load import load_config, load_lanes
from regx.core.listener import Keeper, Wanted
from regx.core.trained import Trained
from regx.runner.networks import Options, train_networks
from regx.runner.plan import Trainee

FIRST_SEED = 1000


class _Found(Keeper):
    wanted = Wanted(slim=True)

    def __init__(self) -> None:
        self.found: dict[Trainee, Trained] = {}

    def on_trained(self, members: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        self.found.update(zip(members, trained, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("key", help="what to choose, as --set calls it")
    parser.add_argument("values", help="the grid: numbers between commas")
    parser.add_argument("--set", "-s", action="append", default=[], help="KEY=VALUE, for every value of the grid")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1000 on")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    seeds = list(range(FIRST_SEED, FIRST_SEED + options.seeds))
    values = options.values.split(",")
    configs = []
    for value in values:
        overrides = [*options.set, f"{options.key}={value}"]
        if options.key.startswith("lanes."):
            lane = options.key.split(".")[1]
            cells = load_lanes(options.config, overrides, seeds).cells
            configs.append(next(cell.config for cell in cells if cell.point["lane"] == lane))
        else:
            configs.append(load_config(options.config, overrides, seeds))
    keeper = _Found()
    members = [Trainee(number, seed) for number in range(len(configs)) for seed in seeds]
    train_networks(configs, members, keeper, Options(options.jobs))
    found = keeper.found
    print(f"{options.config}, {options.key}, {len(seeds)} seeds from {FIRST_SEED}")
    print(f"{'value':>10}  {'val_loss':>16}  {'test_loss':>16}  {'zeros':>6}  {'objective':>9}  diverged")
    means = []
    for number, value in enumerate(values):
        networks = [found[Trainee(number, seed)] for seed in seeds]
        finite = [one for one in networks if one.status == "completed"]
        cells_of = []
        for name in ("val_loss", "test_loss"):
            numbers = np.array([one.reported[name] for one in finite])
            cells_of.append(f"{numbers.mean():8.4f} ± {numbers.std(ddof=1) / len(numbers) ** 0.5:.4f}")
        zeros = np.mean([one.reported["zero_fraction"] for one in finite])
        objective = np.mean([one.metrics["objective"][-1] for one in finite])
        means.append(np.mean([one.reported["val_loss"] for one in finite]))
        lost = len(networks) - len(finite)
        print(f"{value:>10}  {cells_of[0]:>16}  {cells_of[1]:>16}  {zeros:6.3f}  {objective:9.4f}  {lost or ''}")
    chosen = int(np.argmin(means))
    at_end = " It is the end of the grid: try more values beyond it." if chosen in (0, len(values) - 1) else ""
    print(f"chosen: {values[chosen]}.{at_end}")


if __name__ == "__main__":
    main()
