"""`regx try`, without its options: one regularizer against none, on the data of its example config."""

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from regx.config.config import Config
from regx.config.load import BUILT_IN, Seeds, configs_folder, load_config
from regx.core.errors import InputError, did_you_mean
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.regularizers import REGISTRY
from regx.report.conclusion import outcome
from regx.report.numbers import count
from regx.report.output import Output
from regx.report.row import Row
from regx.report.run import ended
from regx.report.table import compare_rows
from regx.stats.aggregate import mean_interval
from regx.store.summary import DATA_AND_SHAPE
from regx.studies.race.display import view_of
from regx.studies.race.scene import scene

# What regularizes and is written elsewhere than in the stack, as its example has it, and what takes it out.
ELSEWHERE = {
    "sam": "optimizer.sam=0",
    **{name: f"{section}.{name}=false" for name, section in DATA_AND_SHAPE.items() if section == "architecture"},
}
SEEDS = 10  # with the 3,000 epochs of the examples about 5 seconds on two cores
HEIGHT, WIDEST, BETWEEN = 12, 60, 3  # of each of two pictures, in characters


def trial_configs(name: str, overrides: Sequence[str] = (), seeds: Seeds = None) -> tuple[Config, Config]:
    """The config without the regularizer of this name, and with it, as its example has it; else on the sine.

    Raises InputError for an unknown name, with the nearest.
    """
    known = [*REGISTRY, *ELSEWHERE]
    if name not in known:
        raise InputError(
            f"expected a regularizer, found '{name}'.{did_you_mean(name, known)} `regx explain` lists them all."
        )
    example = configs_folder() / f"{name}.yaml"
    path, on = (example, []) if example.is_file() else (configs_folder() / BUILT_IN, [f"regularizers.{name}=on"])
    own = load_config(path, [*on, f"name={name}", *overrides], seeds or SEEDS)
    off = ELSEWHERE.get(name, f"regularizers.{name}=off")
    return load_config(path, [*on, *overrides, off, "name=none"], seeds or SEEDS), own


def print_trial(name: str, plain: Run, own: Run, out: Output) -> int:
    """Write the sentence and, on a terminal, what both have fitted. The exit code that it ends with."""
    rows = compare_rows([plain, own], plain)
    found = [run.per_seed("test_loss") for run in (plain, own)]
    shared = found[0].keys() & found[1].keys()  # one of them may have more seeds, of an earlier command
    means = [mean_interval([losses[seed] for seed in sorted(shared)] or list(losses.values())) for losses in found]
    at_shared = [
        replace(row, metrics={**row.metrics, "test_loss": mean}) for row, mean in zip(rows, means, strict=True)
    ]
    sentence = trial_sentence(*at_shared)
    if out.as_json:
        plain_rows = [row.as_json() for row in rows]
        out.document({"name": name, "verdict": rows[1].cell("verdict"), "sentence": sentence, "rows": plain_rows})
    elif out.for_people:
        out.text([sentence, ""])
        if out.form == "terminal":
            out.picture(_pictures(plain, own, out))
        out.next(f"regx explain {name}")
    else:
        out.line(sentence)
    return ended([plain, own], out)


def trial_sentence(plain: Row, own: Row) -> str:
    """Whether it helped, by which numbers: test losses at the shared seeds."""
    shared = plain.stack.split(" + ")  # such as label noise, which is in the data of both
    what = " + ".join(part for part in own.stack.split(" + ") if part not in shared)
    on = f"{what} on the {own.dataset.replace('_', ' ')}"
    losses = [row.mean("test_loss") for row in (own, plain)]
    if None in losses:
        which = "its networks" if losses[0] is None else "the networks without it"
        return f"{on}: there is nothing to compare, since {which} diverged."
    odd = [row for row in (plain, own) if row.diverged]
    one, other = (replace(row, seeds=(own.shared or 0) + row.diverged) for row in (own, plain))
    return f"{on} {outcome(one, other)}." + "".join(
        f" Diverged, and in no mean: {row.name} at {count(row.diverged, 'seed')}." for row in odd
    )


def _pictures(plain: Run, own: Run, out: Output) -> list[Text]:
    """What the networks of one seed have fitted, side by side; nothing where the data has no picture."""
    seeds = [seed for seed in plain.completed_seeds if seed in own.completed_seeds]
    drawn = scene(own.typed.dataset, seeds[:1]) if seeds else None
    if drawn is None:
        return []
    view = view_of(out.console)
    width = min((view.width - BETWEEN) // 2, WIDEST, drawn.width(HEIGHT))
    sides = []
    for run, heading in ((plain, "without"), (own, f"with {own.name}")):
        fitted = drawn.draw(predict(run, drawn.inputs, seeds[0])[:, 0], width, HEIGHT, view.ascii)
        sides.append([Text(heading[:width], "bold"), *fitted])
    lines = []
    for left, right in zip(*sides, strict=True):
        lines.append(left.copy())
        lines[-1].append(" " * (width + BETWEEN - left.cell_len))
        lines[-1].append_text(right)
    return [*lines, Text(f"{drawn.legend(view.ascii)}  (seed {seeds[0]})", "dim"), Text()]
