"""Figures for papers: one file for each kind, and the list of all."""

from __future__ import annotations

from regx.figures import (
    bias_variance,
    boundary,
    comparison,
    fitted,
    gaps,
    learning_curves,
    reliability,
    validation_curve,
    weights,
)
from regx.figures.kind import Kind

KINDS: tuple[Kind, ...] = (
    comparison.KIND,
    learning_curves.KIND,
    fitted.KIND,
    boundary.KIND,
    validation_curve.KIND,
    weights.KIND,
    gaps.KIND,
    bias_variance.KIND,
    reliability.KIND,
)
