"""Optimizers and learning-rate schedules, one file each. Adding one is its file and a line here."""

from regx.optim.adam import Adam, AdamW
from regx.optim.optimizer import Optimizer
from regx.optim.rmsprop import RMSprop
from regx.optim.schedules import Constant, Cosine, ReduceOnPlateau, Schedule, Step, WarmRestarts
from regx.optim.sgd import SGD

MEMBERS: tuple[type[Optimizer], ...] = (SGD, RMSprop, Adam, AdamW)
REGISTRY: dict[str, type[Optimizer]] = {member.kind: member for member in MEMBERS}

SCHEDULE_MEMBERS: tuple[type[Schedule], ...] = (Constant, Step, Cosine, WarmRestarts, ReduceOnPlateau)
SCHEDULES: dict[str, type[Schedule]] = {member.kind: member for member in SCHEDULE_MEMBERS}
