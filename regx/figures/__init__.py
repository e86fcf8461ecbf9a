"""Figures for papers: one file for each kind, and the list of all."""

from regx.figures import (
    ablation,
    bias_variance,
    boundary,
    comparison,
    curves,
    filters,
    fitted,
    gaps,
    heat_map,
    learning_curves,
    mistakes,
    reliability,
    validation_curve,
    weights,
)
from regx.figures.kind import Kind

KINDS: tuple[Kind, ...] = (
    comparison.KIND, curves.KIND, learning_curves.KIND, fitted.KIND, boundary.KIND, validation_curve.KIND,
    heat_map.KIND, weights.KIND, filters.KIND, mistakes.KIND, gaps.KIND, ablation.KIND, bias_variance.KIND,
    reliability.KIND,
)  # fmt: skip
