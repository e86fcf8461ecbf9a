from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb


@pytest.fixture(scope="module")
def figure(runs, drawn):
    return drawn("weights", runs["sparse"])


def test_the_heat_map_is_the_weight_and_exact_zeros_stand_out(runs, figure):
    run = runs["sparse"]
    maps = [axes for axes in figure.axes if axes.get_images()]
    zeros = 0
    for layer, panel in enumerate(maps):
        weight = run.weights[f"seed0/reported/{layer}/weight"]
        (image,) = panel.get_images()
        shown = image.get_array()
        np.testing.assert_array_equal(shown.filled(0), weight)
        np.testing.assert_array_equal(np.ma.getmaskarray(shown), weight == 0)
        zeros += int((weight == 0).sum())
        colours = image.cmap(image.norm(shown))[:, :, :3]
        assert (colours[weight == 0] == 1).all()  # white
        assert (colours[weight != 0].max(axis=-1) < 0.95).all()
        assert image.norm(0.0) == 0.5  # the scale's middle
        assert (panel.get_xlabel(), panel.get_title().split(": ")[1]) == (
            "output unit",
            " × ".join(map(str, weight.shape)),
        )
    assert len(maps) == 3
    assert zeros > 0, "the run is to have exact zeros"


def test_the_distribution_counts_every_weight_and_says_the_share_of_zeros(runs, figure):
    run = runs["sparse"]
    panels = [axes for axes in figure.axes if "exactly 0 (" in axes.get_title()]
    for layer, panel in enumerate(panels):
        weight = run.weights[f"seed0/reported/{layer}/weight"]
        zeros = int((weight == 0).sum())
        (stairs,) = [patch for patch in panel.patches if patch.get_label() == "not 0"]
        counts, edges, _ = stairs.get_data()
        assert counts.sum() == weight.size - zeros
        middle = (edges[:-1] + edges[1:]) / 2
        assert abs((counts * middle).sum() - weight.sum()) <= weight.size * (edges[1] - edges[0]) / 2
        assert [bar.get_height() for bars in panel.containers for bar in bars] == ([zeros] if zeros else [])
        assert panel.get_title() == f"{zeros} exactly 0 ({100 * zeros / weight.size:.1f} %)"


def test_the_shades_grow_lighter_with_the_weight_so_that_grey_keeps_the_sign(figure):
    image = next(axes for axes in figure.axes if axes.get_images()).get_images()[0]
    grey = image.cmap(np.linspace(0, 1, 64))[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(grey) >= 0).all()
    assert grey[-1] < 0.85 < sum(to_rgb("white")) / 3
