from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import outcome

import regx
from regx.cli.plot import command
from regx.core.errors import InputError, RegxError
from regx.figures.plot import NAMES

CONFIG = """
dataset: {name: DATASET, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [4]}
regularizers: []
optimizer: {name: adam, lr: 0.01}
training: {epochs: 6, eval_every: 2}
seeds: 2
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot")
    for name in ("sine", "circle"):
        (folder / f"{name}.yaml").write_text(CONFIG.replace("DATASET", name))
        regx.run(folder / f"{name}.yaml", out=folder / "runs")
    return folder / "runs"


@pytest.fixture
def runs(trained, tmp_path, monkeypatch):
    """The two runs, the sine's and the circle's, in a folder of their own to stand in."""
    shutil.copytree(trained, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return {path.name.partition("-")[0]: path.relative_to(tmp_path) for path in (tmp_path / "runs").iterdir()}


def plot(*arguments):
    return outcome(command, *arguments, "--dpi", 40)


def test_without_kind_it_draws_what_fits(runs):
    lines = plot("runs").stdout.splitlines()
    circle, sine = runs["circle"].name, runs["sine"].name
    assert lines == [
        f"plots/{name}.png"
        for name in ("comparison", "curves", "learning_curves", "fitted", "boundary", f"weights-{circle}",
                     f"weights-{sine}", "gaps", "reliability")
    ]  # fmt: skip
    assert all(Path(line).read_bytes().startswith(b"\x89PNG") for line in lines)


def test_json_names_the_files_and_their_runs(runs):
    found = json.loads(plot("runs", "-k", "fitted,learning-curves", "-o", "out", "--format", "svg", "--json").stdout)
    sine, circle = str(runs["sine"]), str(runs["circle"])
    assert found == {
        "plots": [
            {"kind": "fitted", "file": "out/fitted.svg", "runs": [sine]},
            {"kind": "learning_curves", "file": "out/learning_curves.svg", "runs": [circle, sine]},
        ],
        "notes": ["fitted: not drawn of circle: it is a classification (binary); `boundary` is for two inputs."],
    }


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PDF", b"%PDF")]
)
def test_a_file_has_the_format_of_its_ending(runs, ending, start):
    assert plot(runs["sine"], "-k", "gaps", "-o", f"a.b.{ending}").stdout == f"a.b.{ending}\n"
    assert Path(f"a.b.{ending}").read_bytes().startswith(start)


def test_the_same_command_writes_the_same_bytes_over_its_own_file(runs):
    plot(runs["sine"], "-k", "fitted", "-o", "fitted.svg")
    before = Path("fitted.svg").read_bytes()
    plot(runs["sine"], "-k", "fitted", "-o", "fitted.svg")
    assert Path("fitted.svg").read_bytes() == before


def test_a_file_of_somebody_elses_is_replaced_only_with_force(runs):
    Path("photo.png").write_bytes(b"\x89PNG of a cat")
    with pytest.raises(
        InputError, match=r"photo.png: expected no file, or one that `regx plot` has made, found another"
    ):
        plot(runs["sine"], "-k", "fitted", "-o", "photo.png")
    assert Path("photo.png").read_bytes() == b"\x89PNG of a cat"
    plot(runs["sine"], "-k", "fitted", "-o", "photo.png", "--force")
    assert b"regx plot" in Path("photo.png").read_bytes()


def test_a_damaged_run_is_warned_of_and_hides_no_other(runs):
    (runs["circle"] / "metrics.csv").write_text("seed\n")
    result = plot("runs", "-k", "learning_curves", "-o", "curves.svg", "--json")
    assert json.loads(result.stdout)["plots"][0]["runs"] == [str(runs["sine"])]
    assert result.stderr.startswith(f"warning: {runs['circle']}/metrics.csv: damaged")
    (runs["sine"] / "weights.npz").write_bytes(b"no")
    with pytest.raises(RegxError, match=r"sine.*weights.npz: damaged"):
        plot(runs["sine"], "-k", "weights")


def test_many_runs_are_only_compared_unless_a_kind_is_named(runs):
    for number in range(12):
        shutil.copytree(runs["sine"], f"runs/copy{number}")
    result = plot("runs")
    assert result.stdout.splitlines() == [
        f"plots/{kind}.png" for kind in ("comparison", "boundary", "gaps", "reliability")
    ]
    assert (
        "of more than 12 runs, and of a sweep, only what one figure holds is drawn. "
        "Not drawn: curves, learning_curves, fitted, weights" in result.stderr
    )
    assert plot("runs", "-k", "gaps", "-o", "gaps.png").stdout == "gaps.png\n"
    assert plot("runs", "-k", "fitted").stdout.split() == [f"plots/fitted-{page}.png" for page in (1, 2, 3)]


def test_a_folder_with_bias_variance_needs_no_runs(runs):
    interval = {"mean": 0.1, "low": 0.05, "high": 0.15}
    point = {"value": None, "bias2": interval, "variance": interval, "noise": None, "error": interval}
    Path("bv").mkdir()
    Path("bv/bias_variance.json").write_text(json.dumps({"name": "n", "axis": None, "draws": 5, "points": [point]}))
    assert plot("bv").stdout == "plots/bias_variance.png\n"
    assert plot("bv/bias_variance.json", "-o", "other").stdout == "other/bias_variance.png\n"
    Path("bv/bias_variance.json").write_text('{"name": "n", "axis": null, "draws": 5, "points": [{}]}')
    said = plot("bv", runs["sine"], "-k", "gaps").stderr
    assert "bv/bias_variance.json: damaged: expected a mapping with the keys value, bias2, variance, noise" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs", "-k", "fited"], rf"expected one of {', '.join(NAMES)}, found 'fited'. Did you mean 'fitted'\?"),
        (["runs", "--format", "jpg"], "--format: expected one of png, svg, pdf, found 'jpg'"),
        (["runs", "-o", "a.jpg"], "-o a.jpg: expected a file ending in .png, .svg or .pdf, or a folder, found .jpg"),
        (["runs", "-o", "a.svg"], "-o a.svg: expected one kind for one file, found 8 that fit: comparison"),
        (["runs", "-k", "gaps", "-o", "a.svg", "--format", "pdf"], "expected a file ending in .pdf"),
        (["runs", "-k", "validation_curve"], "--kind validation_curve: expected a sweep folder, .* found none"),
        (["runs", "-k", "bias_variance"], "--kind bias_variance: expected a folder with bias_variance.json"),
        (["nowhere"], "nowhere: expected a run folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_written(runs, arguments, message):
    with pytest.raises(InputError, match=message):
        plot(*arguments)
    assert not Path("plots").exists()


def test_a_kind_that_fits_no_run_says_why(runs):
    with pytest.raises(InputError, match=r"--kind boundary: expected .*, found none. sine: it is a regression"):
        plot(runs["sine"], "-k", "boundary")


def test_runs_that_all_diverged_are_said_to_have_nothing_to_draw(runs, trained):
    regx.run(trained.parent / "sine.yaml", out="diverged", set={"optimizer.lr": 1e30, "training.epochs": 40})
    with pytest.raises(InputError, match=r"no seed of it has completed\.\nExpected .* draw, found none\.$"):
        plot("diverged")
    result = plot("diverged", runs["sine"], "--dpi", "40")
    assert "nothing is drawn of sine-" in result.stderr
    result = plot("diverged", runs["sine"], "-k", "learning_curves", "-o", "curves.svg", "--json")
    assert json.loads(result.stdout)["plots"][0]["runs"] == [str(runs["sine"])]
    assert "learning_curves: not drawn of sine: no seed of it has completed" in result.stderr


def test_the_figures_need_no_screen_and_no_pyplot(runs):
    code = (
        "import sys\nfrom regx.figures.plot import Plots\n"
        f"list(Plots([{str(runs['sine'])!r}], ['gaps'], dpi=40).write())\n"
        "sys.exit(str({'matplotlib.pyplot', 'tkinter', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())
    assert found.stderr.strip() == "set()", found.stderr


def test_a_sweep_draws_what_belongs_to_a_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Path("swept.yaml")
    config.write_text(CONFIG.replace("DATASET", "sine"))
    grid = {"regularizers.l2.lam": "0,0.1,0.2,0.3", "optimizer.lr": "0.01,0.02"}
    folder = regx.sweep(config, set=grid, jobs=1).folder
    drawn = ("comparison", "validation_curve", "heat_map", "gaps")
    assert plot(folder).stdout.splitlines() == [f"plots/{kind}.png" for kind in drawn]
    # What is asked for is drawn.
    assert len(plot(folder, "-k", "learning_curves", "-o", "all").stdout.splitlines()) == 2


def test_sizes_and_style_and_show(runs, monkeypatch):
    from PIL import Image

    opened = []
    monkeypatch.setattr("typer.launch", lambda file: opened.append(file) or 0)
    plot(runs["sine"], "-k", "fitted", "-o", "a.png", "--width", "3", "--height", "3", "--style", "talk", "--show")
    with Image.open("a.png") as image:
        assert image.size == (120, 120)
    assert opened == ["a.png"]
    monkeypatch.setattr("typer.launch", lambda file: 3)
    assert "--show: nothing here opens a.png" in plot(runs["sine"], "-k", "fitted", "-o", "a.png", "--show").stderr
    with pytest.raises(InputError, match="--style: expected one of paper, talk"):
        plot(runs["sine"], "--style", "poster")
