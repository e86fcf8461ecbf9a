"""When a regularizer acts, what it costs, beside what it does badly: by its hooks, and by the warnings of configs."""

import re
from dataclasses import replace

from regx.config.config import Config
from regx.config.load import config_of
from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer
from regx.reference.interactions import hints, warnings
from regx.regularizers import REGISTRY

INPUTS, HIDDEN, PARAMETERS = "the batch's inputs", "the hidden values", "the parameters"
# By hook, in the order of a step: when it acts, and over what it takes some passes.
WHEN = {
    "on_data": ("once, before training, on the training rows", "the training rows"),
    "on_batch": ("on each batch, before the network sees it", INPUTS),
    "on_inputs": ("on the inputs, after a pass of its own that finds their slopes", INPUTS),
    "on_weight": ("on each weight matrix, before its product", PARAMETERS),
    "on_hidden": ("after the activation of every hidden layer", HIDDEN),
    "on_branch": ("on the branch of a residual block, before it is added", HIDDEN),
    "on_logits": ("at the output, before the loss", "the outputs"),
    "add_gradient": ("with the gradient of the loss", PARAMETERS),
    "on_gradient": ("between the gradient and the optimizer's step", PARAMETERS),
    "on_step": ("after the optimizer's step", PARAMETERS),
    "on_epoch": ("after each evaluated epoch", PARAMETERS),
    "on_finish": ("at the end of training", PARAMETERS),
}
LAYER = ("as a layer, in training and at evaluation", HIDDEN)
REMEDY = re.compile(r"(?<=\.) (?=Use |Leave |For )")  # where the reason of a warning ends
SITUATIONS = (  # of what a member is alone in
    {"optimizer": {"name": "adamw"}}, {"training": {"batch_size": 1}}, {"training": {"batch_size": 16}},
    {"dataset": {"name": "sine", "n_val": 10}},
)  # fmt: skip


def manner(kind: str) -> str:
    """The lines of a member's page that are computed: when, cost, and what it interacts with."""
    member = REGISTRY[kind]()
    places = [WHEN[hook] for hook in WHEN if hook in member.hooks()] or [LAYER]
    order = "; members of one place act in the stack's order" if places != [LAYER] else ""
    over = " and ".join(dict.fromkeys(what for _, what in places))
    return (
        f"When: {', '.join(when for when, _ in places)}{order}.\n"
        f"Cost: some passes over {over}.\n"
        f"Interacts: {'; '.join(_interactions(member)) or 'with nothing that `regx validate` warns of'}."
    )


def _interactions(member: Regularizer) -> list[str]:
    """Of each warning or hint that the member is in, beside what, and why."""
    base = {"dataset": {"name": "digits"}, "optimizer": {"name": "adam"}, "training": {"batch_size": 64}}
    plain = config_of(base, "digits")
    others = [other() for other in REGISTRY.values() if other.kind != member.kind]
    alone = [config_of({**base, **situation}, "digits") for situation in SITUATIONS]
    found: dict[str, list[str]] = {}
    stacks = [(one, (form,)) for one in [plain, *alone] for form in _forms(type(member))]
    for one, stack in [*stacks, *((plain, (member, other)) for other in others)]:
        config = replace(one, stack=stack)
        without = {text for part in range(len(config.stack)) for text in _texts(config, part)}
        for text in _texts(config, None):
            head, _, why = text.partition(": ")
            if text in without or member.kind not in head:
                continue
            first, _, other = head.partition(" with ")
            own = first.removeprefix(member.kind)
            beside = f"with {first}" if other == member.kind else f"{own} with {other}" if other else own
            beside = beside.strip()
            partners = found.setdefault(REMEDY.split(why)[0].rstrip("."), [])
            partners += [] if beside in partners else [beside]
    return [
        f"{', '.join([first, *(one.removeprefix('with ') for one in more)])} ({why})"
        for why, (first, *more) in found.items()
    ]


def _forms(cls: type[Regularizer]) -> list[Regularizer]:
    """As it is by default, and with each other choice of a parameter."""
    choices = [(name, value) for name, key in parameters(cls).items() for value in key.options if value != key.default]
    return [cls(), *(cls(**{name: value}) for name, value in choices)]


def _texts(config: Config, left_out: int | None) -> list[str]:
    """What is said of a config, without a member of its stack if one is left out."""
    stack = tuple(one for place, one in enumerate(config.stack) if place != left_out)
    config = replace(config, stack=stack)
    return [*warnings(config), *hints(config)]
