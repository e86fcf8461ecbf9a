"""The regularizers, one file each. Adding one is its file and a line here."""

from __future__ import annotations

from regx.core.regularizer import Regularizer
from regx.regularizers.dropout import Dropout
from regx.regularizers.early_stopping import EarlyStopping
from regx.regularizers.l1 import L1
from regx.regularizers.l2 import L2

MEMBERS: tuple[type[Regularizer], ...] = (L2, L1, Dropout, EarlyStopping)
REGISTRY: dict[str, type[Regularizer]] = {member.kind: member for member in MEMBERS}
