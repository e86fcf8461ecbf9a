"""The regularizers, one file each. Adding one is its file and a line here."""

from regx.core.regularizer import Regularizer
from regx.regularizers.activity_penalty import ActivityPenalty
from regx.regularizers.adversarial import Adversarial
from regx.regularizers.batch_norm import BatchNorm
from regx.regularizers.clip_norm import ClipNorm
from regx.regularizers.clip_value import ClipValue
from regx.regularizers.color_jitter import ColorJitter
from regx.regularizers.confidence_penalty import ConfidencePenalty
from regx.regularizers.crop import Crop
from regx.regularizers.cutmix import CutMix
from regx.regularizers.cutout import Cutout
from regx.regularizers.dropconnect import DropConnect
from regx.regularizers.dropout import Dropout
from regx.regularizers.early_stopping import EarlyStopping
from regx.regularizers.elastic_net import ElasticNet
from regx.regularizers.flip import Flip
from regx.regularizers.gaussian_dropout import GaussianDropout
from regx.regularizers.gradient_noise import GradientNoise
from regx.regularizers.group_dropout import GroupDropout
from regx.regularizers.group_lasso import GroupLasso
from regx.regularizers.group_norm import GroupNorm
from regx.regularizers.input_noise import InputNoise
from regx.regularizers.l1 import L1
from regx.regularizers.l2 import L2
from regx.regularizers.label_smoothing import LabelSmoothing
from regx.regularizers.layer_norm import LayerNorm
from regx.regularizers.lookahead import Lookahead
from regx.regularizers.max_norm import MaxNorm
from regx.regularizers.mixup import Mixup
from regx.regularizers.orthogonal import Orthogonal
from regx.regularizers.random_erasing import RandomErasing
from regx.regularizers.rms_norm import RMSNorm
from regx.regularizers.rotate import Rotate
from regx.regularizers.shake_drop import ShakeDrop
from regx.regularizers.shift import Shift
from regx.regularizers.smote import SMOTE
from regx.regularizers.snapshot_ensemble import SnapshotEnsemble
from regx.regularizers.spatial_dropout import SpatialDropout
from regx.regularizers.stochastic_depth import StochasticDepth
from regx.regularizers.weight_average import WeightAverage
from regx.regularizers.weight_decay import WeightDecay
from regx.regularizers.weight_noise import WeightNoise

MEMBERS: tuple[type[Regularizer], ...] = (
    L2, L1, ElasticNet, GroupLasso, WeightDecay, MaxNorm, Orthogonal,
    Dropout, GroupDropout, SpatialDropout, GaussianDropout, DropConnect, WeightNoise, InputNoise, StochasticDepth,
    ShakeDrop, Adversarial,
    Mixup, LabelSmoothing, SMOTE, ActivityPenalty, ConfidencePenalty,
    BatchNorm, LayerNorm, GroupNorm, RMSNorm,
    Flip, Crop, Rotate, Shift, ColorJitter, Cutout, RandomErasing, CutMix,
    ClipNorm, ClipValue, GradientNoise, EarlyStopping, Lookahead, WeightAverage, SnapshotEnsemble,
)  # fmt: skip
REGISTRY: dict[str, type[Regularizer]] = {member.kind: member for member in MEMBERS}
