"""Everything that a config can name and a table can show, with its explanation: what `regx explain` looks up."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from regx.config.schema import ARCHITECTURE_KEYS, TRAINING_KEYS
from regx.core.errors import InputError, did_you_mean
from regx.core.glossary import COLUMNS, VERDICTS
from regx.core.parameters import Parameter, in_words, parameters
from regx.core.text import capital
from regx.data import REGISTRY as DATASETS
from regx.metrics import REGISTRY as METRICS
from regx.nn.activations import ACTIVATIONS
from regx.nn.initialisations import INITIALISATIONS
from regx.nn.losses import LOSSES
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.reference.ideas import ALIASES, IDEAS, plain
from regx.reference.manner import manner
from regx.regularizers import REGISTRY as REGULARIZERS

PAGES = Path(__file__).parents[1] / "docs"
LANES = """The stacks of a race, which `regx race` trains side by side: a mapping from a lane's name to its stack.

    lanes:
      none: []
      both: [{l2: 0.003}, {dropout: 0.1}]

In place of `regularizers`. All other settings, seeds, data, splits and initial weights are shared. On the command line
-s lanes.both.l2.lam=0.01 changes the stack of one lane, -s lanes.both=off takes the lane out, and
-s 'lanes.more=[l2: 0.1]' puts one in."""


@dataclass(frozen=True)
class Entry:
    """One thing that can be explained. source: the paper and section, where there is one."""

    name: str
    group: str
    text: str
    keys: tuple[Parameter, ...] = ()
    source: str = ""

    def summary(self) -> str:
        """The first sentence or line of its explanation."""
        line = self.text.partition("\n")[0].partition(". ")[0].partition(".  ")[0]
        return line if line.endswith(".") else f"{line}."

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Its keys: name, permitted values, default, meaning."""
        return [(key.name, in_words(key), shown_default(key), key.help) for key in self.keys]

    def as_json(self) -> dict[str, Any]:
        keys = [
            {
                "key": key.name,
                "values": in_words(key),
                "required": key.required,
                "default": None if key.required else key.default,
                "help": key.help,
            }
            for key in self.keys
        ]
        return {"name": self.name, "group": self.group, "text": self.text, "keys": keys, "source": self.source or None}


def shown_default(key: Parameter) -> str:
    """A default as it is written in a config."""
    if key.required:
        return "must be given"
    if isinstance(key.default, bool):
        return str(key.default).lower()
    return "null" if key.default is None else str(key.default)


def entries() -> list[Entry]:
    """All entries, group by group."""
    registries: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("regularizers", REGULARIZERS),
        ("optimizers", OPTIMIZERS),
        ("schedules", SCHEDULES),
        ("datasets", DATASETS),
    )
    found = [
        Entry(kind, group, _text(cls), tuple(parameters(cls).values()), cls.source)
        for group, registry in registries
        for kind, cls in registry.items()
    ]
    found += [Entry(name, "activations", _text(function)) for name, function in ACTIVATIONS.items()]
    found += [Entry(name, "initialisations", capital(text)) for name, text in INITIALISATIONS.items()]
    found += [
        Entry(function.__name__, "losses", f"{_text(function)}\nThe loss of {task} tasks.")
        for task, function in LOSSES.items()
    ]
    found += [
        Entry("architecture", "config", "The shape of the network.", tuple(ARCHITECTURE_KEYS.values())),
        Entry("training", "config", "How long, in what steps, and at what precision.", tuple(TRAINING_KEYS.values())),
        Entry("lanes", "config", LANES),
    ]
    found += [Entry(name, "metrics", metric.text()) for name, metric in METRICS.items()]
    found += [Entry(name, "columns", text) for name, text in COLUMNS.items()]
    found += [Entry(name, "verdicts", text) for name, text in VERDICTS.items()]
    found += [Entry(page.stem, "pages", page.read_text("utf-8")) for page in sorted(PAGES.glob("*.md"))]
    found += [Entry(name, "ideas", text, source=source) for name, (text, source) in IDEAS.items()]
    return found


def explained(name: str) -> list[Entry]:
    """The entries of a name, then those of the keys that are called so; else those of a group, such as `optimizers`.

    A name may be written as people write it, such as `BatchNorm`, or be what others call it, such as `lasso`.
    Raises InputError with the nearest name where there is none.
    """
    known = entries()
    names = {one.name for one in known} | {one.group for one in known} | {key.name for one in known for key in one.keys}
    if name not in names:
        name = {plain(one): one for one in names}.get(plain(name)) or ALIASES.get(plain(name), name)
    keys = [
        Entry(f"{entry.name}.{key.name}", entry.group, f"{capital(key.help)}.", (key,))
        for entry in known
        for key in entry.keys
    ]
    found = [entry for entry in known if entry.name == name] + [one for one in keys if one.keys[0].name == name]
    found = found or [entry for entry in known if entry.group in (name, f"{name}s", f"{name}es")]
    if not found:
        raise InputError(
            f"expected something that regx knows, found '{name}'.{did_you_mean(name, sorted(names))} "
            "`regx explain` prints the list"
        )
    return [
        replace(one, text=f"{one.text}\n\n{manner(one.name)}") if one.name in REGULARIZERS else one for one in found
    ]


def _text(thing: object) -> str:
    return inspect.getdoc(thing) or ""
