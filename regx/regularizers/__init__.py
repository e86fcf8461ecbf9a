"""The regularizers, one file each. Adding one is its file and a line here."""

from __future__ import annotations

from regx.core.regularizer import Regularizer
from regx.regularizers.batch_norm import BatchNorm
from regx.regularizers.dropout import Dropout
from regx.regularizers.early_stopping import EarlyStopping
from regx.regularizers.l1 import L1
from regx.regularizers.l2 import L2
from regx.regularizers.layer_norm import LayerNorm
from regx.regularizers.rms_norm import RMSNorm

MEMBERS: tuple[type[Regularizer], ...] = (L2, L1, Dropout, EarlyStopping, BatchNorm, LayerNorm, RMSNorm)
REGISTRY: dict[str, type[Regularizer]] = {member.kind: member for member in MEMBERS}
