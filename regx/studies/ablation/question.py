"""An ablation: a folder of runs, one for every on/off combination of a stack's members."""

from pathlib import Path

from regx.config.config import Config
from regx.config.grid import MAX_NAME, Axis, Cell
from regx.core.errors import InputError
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset
from regx.runner.standing import standing
from regx.studies.ablation.judgement import design, switched
from regx.studies.ablation.result import Ablation, ablation_of, check_can_be_measured

MOST_MEMBERS = 8


def combinations(config: Config) -> tuple[Cell, ...]:
    """Every on/off combination of the stack's members, in the order of `regx.studies.ablation.judgement.design`.

    point: `on` or `off` by the member's kind. Raises InputError for an empty stack, or too many members.
    """
    kinds = [member.kind for member in config.stack]
    if not kinds:
        raise InputError(
            f"{config.name}: expected a stack with regularizers to switch on and off, found none. "
            "Add some, such as -s regularizers.l2.lam=0.003 -s regularizers.dropout.p=0.1."
        )
    if len(kinds) > MOST_MEMBERS:
        cells, seeds = 2 ** len(kinds), len(config.seeds)
        raise InputError(
            f"{config.name}: expected a stack of at most {MOST_MEMBERS} regularizers, found {len(kinds)}: "
            f"{cells:,} combinations of {seeds} seeds are {cells * seeds:,} networks. Take some out, such as "
            f"-s regularizers.{kinds[-1]}=off."
        )
    cells = []
    for row in design(len(kinds)).tolist():
        kept = [number for number, is_on in enumerate(row) if is_on]
        name = "-".join([config.name, *(kinds[number] for number in kept)] + ["none"] * (not kept))[:MAX_NAME]
        cells.append(Cell(config.keeping(kept, name), switched(kinds, row)))
    return tuple(cells)


def ablate(config: Config, out: Path, metric: str, options: Options = DEFAULT) -> Ablation:
    """Train what the combinations lack.

    metric: what the effects will be about. Raises InputError, before anything is trained, if there will be no such
    metric; RegxError where a folder holds something else or cannot be written.
    """
    cells = combinations(config)
    data = dataset(config.dataset, config.seeds[0])
    check_can_be_measured(metric, data.task, len(data.val.x) > 0)
    folder = standing(out, f"{config.name}-ablate", config.digest, config)
    members = [member.kind for member in config.stack]
    runs = train_cells(folder, config.name, [Axis(kind, ("off", "on")) for kind in members], cells, options)
    return ablation_of(folder, members, runs, metric)
