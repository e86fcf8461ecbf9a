"""The notebook of the docs runs, and every result shows itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import regx

NOTEBOOK = Path(regx.__file__).parent / "docs" / "notebook.ipynb"
EXECUTE = """
import sys, warnings
warnings.simplefilter("ignore")
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
CONFIG = """
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 9}
architecture: {hidden: [4]}
regularizers: []
optimizer: {name: adam, lr: 0.01}
training: {epochs: 20}
seeds: 5
"""


def test_the_notebook_of_the_docs_runs_and_shows_its_results(tmp_path: Path) -> None:
    import nbformat

    done = tmp_path / "done.ipynb"
    environment = {**os.environ, "PYTHONPATH": str(NOTEBOOK.parents[2]), "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", EXECUTE, NOTEBOOK, done], check=True, env=environment, cwd=tmp_path)
    cells = [cell for cell in nbformat.read(done, as_version=4).cells if cell.cell_type == "code"]
    shown = ["".join(out.get("data", {}).get("text/html", "") for out in cell.outputs) for cell in cells]
    assert "Diagnosis: " in shown[1]
    assert "instead of" in shown[2]
    assert "Chosen by validation loss among 3" in shown[4]
    pictures = [text.count("data:image/png") for text in shown]
    assert [pictures[place] for place in (1, 2, 4, 5, 7)] == [1] * 5
    # What is shown while it trains goes away.
    during = [out for cell in cells for out in cell.outputs if out.output_type == "display_data"]
    assert during
    assert {out.data["text/html"] for out in during} == {""}
    assert not any(out.output_type == "stream" and out.name == "stderr" for cell in cells for out in cell.outputs)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[regx.Run]:
    out = tmp_path_factory.mktemp("notebook")
    return [
        regx.run(CONFIG, out=out, jobs=1),
        regx.run(CONFIG, set={"regularizers.l2.lam": 0.1, "name": "l2"}, out=out, jobs=1),
    ]


def test_a_table_is_a_frame_with_its_conclusion(runs: list[regx.Run]) -> None:
    import pandas

    table = regx.compare(runs)
    assert isinstance(table, pandas.DataFrame)
    assert table.attrs["conclusion"][0].startswith("l2(0.1) ")
    assert table.conclusion == " ".join(table.attrs["conclusion"])
    shown = table._repr_html_()
    assert table.attrs["conclusion"][0] in shown
    assert shown.count("data:image/png") == 1
    assert type(table[["name"]]) is pandas.DataFrame


def test_every_result_shows_itself(runs: list[regx.Run], tmp_path: Path) -> None:
    (diagnosed, _) = regx.diagnose(runs)
    found: list[Any] = [
        runs[0],
        diagnosed,
        regx.bias_variance(CONFIG, draws=4, out=tmp_path, jobs=1),
        regx.ablate(CONFIG, set={"regularizers.l2.lam": 0.1}, out=tmp_path, jobs=1),
        regx.ablate(CONFIG, set={"regularizers.l2.lam": 0.1, "optimizer.lr": [0.01, 0.1]}, out=tmp_path, jobs=1),
        regx.lesson()[0],
    ]
    for result in found:
        shown = result._repr_html_()
        assert re.search("<table>|<p>", shown), result
        assert "<script" not in shown
    assert runs[0]._repr_html_().count("data:image/png") == 1


def test_figures_are_matplotlibs_and_are_written_where_asked(runs: list[regx.Run], tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figures = runs[0].plot(["fitted", "gaps"])
    assert [type(figure) for figure in figures] == [Figure, Figure]
    assert figures.files == ()
    assert figures._repr_html_().count("data:image/png") == 2
    written = regx.plot(runs, "curves", out=tmp_path / "curves.svg", width=5, height=2)
    assert written.files == (tmp_path / "curves.svg",)
    assert tuple(written[0].get_size_inches()) == (5, 2)


def test_names_become_no_markup(tmp_path: Path) -> None:
    from regx.notebook.output import HtmlOutput
    from regx.report.output import Column

    out = HtmlOutput()
    out.heading("<b>", "&")
    out.text(["<script>"])
    out.table([Column("<i>", ["<u>*", "x"])], [])
    assert re.findall("<(?!/?(?:p|b|table|thead|tbody|tr|th|td|br)>)", out.html) == []
    assert "<td><b>&lt;u&gt;</b></td>" in out.html
