from __future__ import annotations

import io
import itertools
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from regx.core.errors import InputError
from regx.figures import KINDS, bias_variance
from regx.figures.labels import feature_label, words
from regx.figures.parts import sized
from regx.figures.style import LINES, MADE_BY, OWN_FONT, SPLITS, Look, content, styled
from regx.figures.subjects import read_subjects


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file_and_can_be_opened(runs, drawn, format):
    files = []
    for _ in range(2):
        figure = drawn("fitted", runs["sine"])
        with styled():
            files.append(content(figure, format, 80))
    assert files[0] == files[1]
    assert MADE_BY.encode() in files[0]
    if format == "png":
        with Image.open(io.BytesIO(files[0])) as image:
            assert image.info["Software"] == MADE_BY
            assert image.size == tuple(int(side * 80) for side in figure.get_size_inches())
            assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)  # on a dark page too
    elif format == "svg":
        root = ET.fromstring(files[0])  # noqa: S314  our own file
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert b"<dc:date>" not in files[0]
    else:
        assert files[0].startswith(b"%PDF-")
        assert b"CreationDate" not in files[0]
        assert b"/Type3" not in files[0]


@pytest.mark.parametrize("looks", [SPLITS, dict(enumerate(LINES)), bias_variance.LOOKS])
def test_lines_are_told_apart_without_colour(looks):
    for one, other in itertools.combinations(looks.values(), 2):
        assert one.dashes != other.dashes
        assert one.marker != other.marker
        assert one.colour != other.colour
    for one in looks.values():
        assert np.dot(to_rgb(one.colour), [0.299, 0.587, 0.114]) < 0.75, "too pale on white"


def test_every_panel_of_every_kind_names_its_axes(runs, swept, decomposed, drawn):
    sweep = swept(regularizers__l2__lam="0,0.001,0.01,0.1")
    (decomposition,) = read_subjects([decomposed([0.0, 0.1, 0.2])]).bias_variance
    subjects = {
        "comparison": runs["sine"], "learning_curves": runs["circle"], "fitted": runs["sine"],
        "boundary": runs["circle"],
        "curves": runs["sine"], "heat_map": swept(regularizers__l2__lam="0,0.01", optimizer__lr="0.01,0.02"),
        "validation_curve": sweep, "weights": runs["sine"], "gaps": runs["sine"],
        "ablation": swept(regularizers__l2="off,on", optimizer__lr="0.01,0.02"), "bias_variance": decomposition,
        "reliability": runs["circle"],
    }  # fmt: skip
    # Images have no axes: tests/report/figures/test_pictures.py.
    assert set(subjects) == {kind.name for kind in KINDS if kind.name not in ("filters", "mistakes")}
    for kind, subject in subjects.items():
        figure = drawn(kind, subject)
        panels = [panel for panel in figure.axes if panel.get_visible() and panel.get_label() != "<colorbar>"]
        assert all(panel.get_ylabel() for panel in panels[::3]), kind
        assert all(panel.get_xlabel() for panel in panels) or kind == "reliability", kind
        assert figure.get_figwidth() <= 7, kind


def test_no_label_leaves_the_figure(runs, drawn):
    figure = drawn("learning_curves", *(runs[name] for name in ("sine", "stopped", "circle", "table")))
    renderer = FigureCanvasAgg(figure).get_renderer()
    width, height = figure.canvas.get_width_height()
    for text in [*figure.legends[0].get_texts(), *(panel.xaxis.label for panel in figure.axes)]:
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 < box.x1 <= width, text
        assert 0 <= box.y0 < box.y1 <= height, text


def test_long_names_leave_neighbouring_panels_alone(runs):
    label = feature_label(runs["table"], "a very long name of a $column$ of a table of somebody")
    title = words("none-lam-0.00215443-batch_size-16-and-more")
    with styled():
        for kind, run in (("boundary", "table"), ("learning_curves", "table"), ("fitted", "sine")):
            (found,) = [one for one in KINDS if one.name == kind]
            labels = {"boundary": {"x_labels": (label, label)}, "fitted": {"x_label": label, "y_label": label}}
            one = replace(found.read(runs[run]), title=title, **labels.get(kind, {}))
            figure = found.draw([one] * 6)
            renderer = FigureCanvasAgg(figure).get_renderer()
            figure.draw(renderer)
            width = figure.canvas.get_width_height()[0]
            for texts in ([panel.title for panel in figure.axes[:3]], [panel.xaxis.label for panel in figure.axes[:3]]):
                boxes = [text.get_window_extent(renderer) for text in texts]
                assert all(box.x0 >= 0 and box.x1 <= width for box in boxes), kind
                assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes)), kind


@given(st.text(max_size=80) | st.text(st.sampled_from("ab$_\\\n\u2028"), max_size=80))
def test_words_are_one_short_line_and_no_formula(text):
    from matplotlib.cbook import is_math_text

    found = words(text)
    assert found.replace(r"\$", "$").isprintable()
    assert len(found.replace(r"\$", "$")) <= 41
    assert not found.startswith("_")
    assert not is_math_text(found)
    if text.isprintable() and len(text) <= 40 and not text.startswith("_"):
        assert found.replace(r"\$", "$") == text


def test_the_users_own_settings_do_not_matter(runs, drawn):
    import matplotlib

    plain = drawn("fitted", runs["sine"])
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "xtick.direction": "in"}):
        own = drawn("fitted", runs["sine"])
        assert matplotlib.rcParams["font.size"] == 30
        with styled():
            inside = content(own, "png", 50)
    with styled():
        assert content(plain, "png", 50) == inside


def saved(figure):
    with styled():
        return content(figure, "png", 60)


def test_letters_that_the_font_lacks_are_found_in_another_or_are_boxes(runs):
    from matplotlib import font_manager
    from matplotlib.figure import Figure

    def with_title(title):
        with styled():
            figure = Figure(figsize=(2, 1))
            figure.suptitle(title)
        made = saved(figure)
        return made, figure.texts[0].get_fontfamily()

    names = {entry.name for entry in font_manager.fontManager.ttflist if not entry.name.startswith("Last Resort")}
    installed = [font_manager.findfont(name) for name in sorted(names)]
    codes = set().union(*(font_manager.get_font(file).get_charmap() for file in installed))
    own = set(font_manager.get_font(font_manager.findfont(OWN_FONT[0])).get_charmap())
    assert with_title("plain")[1] == ["sans-serif"]
    assert with_title(chr(0x10FFFD))[1] == ["sans-serif"]  # nobody has it, and no warning is raised
    elsewhere = sorted(code for code in codes - own if chr(code).isalpha())
    if not elsewhere:
        pytest.skip("every letter here is one of matplotlib's own font")
    one, other = (with_title(f"a{chr(code)}") for code in elsewhere[:: len(elsewhere) - 1][:2])
    assert one[1][0] == OWN_FONT[0]
    assert len(one[1]) > 1
    assert one[0] != other[0]  # two boxes would look alike


def test_a_style_and_a_size_change_letters_and_inches(runs):
    from regx.figures import curves

    def figure(look):
        with styled(look):
            return sized(curves.draw([curves.read(runs[name]) for name in ("sine", "sparse")]), look)

    paper, talk, narrow = (figure(look) for look in (Look(), Look("talk"), Look(width=3.5, height=3)))
    narrow.draw_without_rendering()
    assert talk.axes[0].title.get_fontsize() == pytest.approx(1.6 * paper.axes[0].title.get_fontsize())
    assert talk.get_figwidth() > paper.get_figwidth()
    assert tuple(narrow.get_size_inches()) == (3.5, 3)
    renderer = FigureCanvasAgg(narrow).get_renderer()
    labels = [text.get_window_extent(renderer) for text in narrow.legends[0].get_texts()]
    assert all(0 <= box.x0 < box.x1 <= narrow.canvas.get_width_height()[0] for box in labels)
    assert [text.get_text() for text in narrow.legends[0].get_texts()] == [
        text.get_text() for text in paper.legends[0].get_texts()
    ]
    with pytest.raises(InputError, match="expected a figure with room for what stands in it, found 1 x 1 inches"):
        saved(figure(Look(width=1, height=1)))
    with pytest.raises(InputError, match=r"--style: expected one of paper, talk, found 'tlak'\. Did you mean 'talk'"):
        Look("tlak")
