"""One table of canonical settings of every regularizer, over which the laws are tested."""

from __future__ import annotations

import numpy as np

from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer
from regx.regularizers import (
    L1,
    L2,
    SMOTE,
    ActivityPenalty,
    Adversarial,
    BatchNorm,
    ClipNorm,
    ClipValue,
    ColorJitter,
    ConfidencePenalty,
    Crop,
    CutMix,
    Cutout,
    DropConnect,
    Dropout,
    EarlyStopping,
    ElasticNet,
    Flip,
    GaussianDropout,
    GradientNoise,
    GroupDropout,
    GroupLasso,
    GroupNorm,
    InputNoise,
    LabelSmoothing,
    LayerNorm,
    Lookahead,
    MaxNorm,
    Mixup,
    Orthogonal,
    RandomErasing,
    RMSNorm,
    Rotate,
    ShakeDrop,
    Shift,
    SnapshotEnsemble,
    SpatialDropout,
    StochasticDepth,
    WeightAverage,
    WeightDecay,
    WeightNoise,
)

# By kind: pairs of settings that differ in what networks of one population may differ in. What they must share (a
# method, a metric) is equal within a pair, and every choice of it has a pair.
SETTINGS: dict[str, list[tuple[Regularizer, Regularizer]]] = {
    "l2": [(L2(lam=0.01), L2(lam=0.5)), (L2(lam=0.01, layers=(-1,)), L2(lam=0.5, layers=(-1,)))],
    "l1": [
        (L1(lam=0.003), L1(lam=0.1)),
        (L1(lam=0.003, method="subgradient"), L1(lam=0.1, method="subgradient")),
        (L1(lam=0.003, layers=(0, -1)), L1(lam=0.1, layers=(0, -1))),
    ],
    "dropout": [
        (Dropout(p=0.2), Dropout(p=0.5)),
        (Dropout(p=0.0, input=0.4), Dropout(p=0.0, input=0.2)),
        (Dropout(p=0.2, input=0.1), Dropout(p=0.5, input=0.3)),
        (Dropout(p=0.2, input=0.1, inverted=False), Dropout(p=0.5, input=0.3, inverted=False)),
    ],
    "group_dropout": [(GroupDropout(p=0.2), GroupDropout(p=0.5)), (GroupDropout(size=2), GroupDropout(p=0.3, size=2))],
    "spatial_dropout": [(SpatialDropout(p=0.2), SpatialDropout(p=0.5))],
    "gaussian_dropout": [(GaussianDropout(p=0.2), GaussianDropout(p=0.5))],
    "dropconnect": [(DropConnect(p=0.2), DropConnect(p=0.5))],
    "weight_noise": [(WeightNoise(sigma=0.05), WeightNoise(sigma=0.3))],
    "input_noise": [(InputNoise(sigma=0.05), InputNoise(sigma=0.5))],
    "stochastic_depth": [(StochasticDepth(p=0.2), StochasticDepth(p=0.5))],
    "shake_drop": [(ShakeDrop(p=0.2), ShakeDrop(p=0.5))],
    "adversarial": [(Adversarial(eps=0.05), Adversarial(eps=0.3, share=1.0))],
    "mixup": [(Mixup(alpha=0.2), Mixup(alpha=2.0))],
    "label_smoothing": [(LabelSmoothing(eps=0.1), LabelSmoothing(eps=0.4))],
    "smote": [(SMOTE(share=0.5), SMOTE(k=2))],
    "activity_penalty": [
        (ActivityPenalty(lam=0.001), ActivityPenalty(lam=0.1)),
        (ActivityPenalty(lam=0.001, norm="l2"), ActivityPenalty(lam=0.1, norm="l2")),
    ],
    "confidence_penalty": [(ConfidencePenalty(beta=0.1), ConfidencePenalty(beta=0.5))],
    "early_stopping": [
        (EarlyStopping(patience=2), EarlyStopping(patience=3, min_delta=0.01)),
        (EarlyStopping(patience=2, metric="val_accuracy"), EarlyStopping(patience=4, metric="val_accuracy")),
    ],
    "batch_norm": [
        (BatchNorm(), BatchNorm(momentum=0.5, eps=0.01)),
        (BatchNorm(position="after"), BatchNorm(momentum=0.5, eps=0.01, position="after")),
    ],
    "layer_norm": [
        (LayerNorm(), LayerNorm(eps=0.01)),
        (LayerNorm(position="after"), LayerNorm(eps=0.01, position="after")),
    ],
    "group_norm": [
        (GroupNorm(groups=1), GroupNorm(groups=1, eps=0.01)),
        (GroupNorm(groups=2, position="after"), GroupNorm(groups=2, eps=0.01, position="after")),
    ],
    "rms_norm": [
        (RMSNorm(), RMSNorm(eps=0.01)),
        (RMSNorm(position="after"), RMSNorm(eps=0.01, position="after")),
    ],
    "flip": [(Flip(), Flip(horizontal=0.2, vertical=0.4))],
    "crop": [(Crop(), Crop(padding=3)), (Crop(fill="reflect"), Crop(padding=9, fill="reflect"))],
    "rotate": [(Rotate(), Rotate(degrees=120.0))],
    "shift": [(Shift(), Shift(fraction=0.5))],
    "color_jitter": [(ColorJitter(), ColorJitter(brightness=0.5, contrast=0.0, saturation=0.8, hue=0.3))],
    "cutout": [(Cutout(size=2), Cutout(size=3, share=0.3))],
    "random_erasing": [(RandomErasing(), RandomErasing(p=0.9, largest=0.6))],
    "cutmix": [(CutMix(), CutMix(alpha=0.3))],
    "elastic_net": [
        (ElasticNet(lam=0.003), ElasticNet(lam=0.1, l1_ratio=0.8)),
        (ElasticNet(lam=0.003, layers=(0,)), ElasticNet(lam=0.1, layers=(0,))),
    ],
    "group_lasso": [
        (GroupLasso(lam=0.003), GroupLasso(lam=0.05)),
        (GroupLasso(lam=0.003, layers=(0,)), GroupLasso(lam=0.05, layers=(0,))),
    ],
    "weight_decay": [
        (WeightDecay(lam=0.01), WeightDecay(lam=0.5)),
        (WeightDecay(lam=0.01, scaled_by_lr=False), WeightDecay(lam=0.1, scaled_by_lr=False)),
        (WeightDecay(lam=0.01, layers=(-1,)), WeightDecay(lam=0.5, layers=(-1,))),
    ],
    "max_norm": [(MaxNorm(c=2.0), MaxNorm(c=0.5)), (MaxNorm(c=2.0, layers=(-1,)), MaxNorm(c=0.5, layers=(-1,)))],
    "orthogonal": [
        (Orthogonal(lam=0.001), Orthogonal(lam=0.02)),
        (Orthogonal(lam=0.001, layers=(0,)), Orthogonal(lam=0.02, layers=(0,))),
    ],
    "clip_norm": [(ClipNorm(max_norm=1.0), ClipNorm(max_norm=0.05))],
    "clip_value": [(ClipValue(clip_value=0.1), ClipValue(clip_value=0.01))],
    "gradient_noise": [(GradientNoise(eta=0.01), GradientNoise(eta=0.3, gamma=0.2))],
    "snapshot_ensemble": [(SnapshotEnsemble(cycles=3, last=2), SnapshotEnsemble(cycles=3, last=3))],
    "lookahead": [(Lookahead(), Lookahead(alpha=0.8, k=2))],
    "weight_average": [
        (WeightAverage(decay=0.8), WeightAverage(decay=0.95)),
        (WeightAverage(method="swa", start=0.2), WeightAverage(method="swa", start=0.6)),
    ],
}
PAIRS = [pair for pairs in SETTINGS.values() for pair in pairs]


def is_layer(member: Regularizer) -> bool:
    """Whether it is a layer with tensors of its own, which evaluation has too. A stack has one such at most."""
    return bool(member.own_tensors(12) or member.copies)


def is_at_rest(member: Regularizer) -> bool:
    """Whether evaluation makes up for it, so that without it the same weights are another network."""
    return member.of_population([member], np.dtype(float)).at_rest(np.dtype(float)) is not None


TRAINING_ONLY = [pair for pair in PAIRS if not is_layer(pair[0])]

# The settings at which those do nothing that have no parameter with a neutral value.
NEUTRAL = {"early_stopping": EarlyStopping(patience=10**6)}


def name(pair: tuple[Regularizer, Regularizer]) -> str:
    """A pair's name in the list of tests: its kind and what it shares."""
    declared = parameters(type(pair[0])).values()
    return "-".join([pair[0].kind, *(str(getattr(pair[0], one.name)) for one in declared if one.static)])
