"""`regx ablate` along an axis, against the ablations of each of its values."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import regx as api
from regx.cli.app import app
from regx.core.errors import InputError
from regx.figures import ablation
from regx.figures.plot import Plots
from regx.figures.style import styled
from regx.page.images import studies
from regx.report.output import Output
from regx.stats.paired import Comparison
from regx.studies.ablation.along import AblationAlong, read_along
from regx.studies.ablation.display_along import answers_along, print_along
from regx.studies.sweep.result import read_sweep

RATES = [0.003, 0.03]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> AblationAlong:
    study = api.ablate(
        {
            "name": "small", "dataset": {"name": "sine", "n_train": 12, "n_val": 8, "n_test": 9},
            "architecture": {"hidden": [5]}, "regularizers": [{"l2": 0.01}, {"dropout": 0.3}],
            "optimizer": {"name": "adam", "lr": RATES}, "training": {"epochs": 20}, "seeds": 5,
        },
        out=tmp_path_factory.mktemp("along"),
    )  # fmt: skip
    assert isinstance(study, AblationAlong)
    return study


def test_the_effect_at_a_value_is_that_of_an_ablation_there(found: AblationAlong, tmp_path: Path) -> None:
    config = {
        **api.load(found.runs[-1].folder).config,
        "name": "small",
        "regularizers": [{"l2": 0.01}, {"dropout": 0.3}],
    }
    for place, rate in enumerate(RATES):
        alone = api.ablate(config, set={"optimizer.lr": rate}, out=tmp_path)
        assert alone.contrasts is not None
        for effects, expected in zip(found.effects, alone.contrasts.effects, strict=True):
            for end in ("mean", "low", "high"):
                assert effects[place].difference[end] == pytest.approx(expected.average[end])
    for effects, changes in zip(found.effects, found.changes, strict=True):
        first, last = (one.difference["mean"] for one in effects)
        assert changes[0].difference["mean"] == pytest.approx(last - first)


def test_the_folder_gives_the_study_back_and_a_figure(found: AblationAlong) -> None:
    again = read_along(read_sweep(found.folder))
    assert (again.effects, again.changes) == (found.effects, found.changes)
    assert again.key == "optimizer.lr"
    swept = read_sweep(found.folder)
    assert ablation.unfit(swept) is None
    for name in ("ablation", "effects"):  # as it was called once
        assert [page.kind.name for page in Plots([found.folder], [name]).pages] == ["ablation"]
    with styled():
        figure = ablation.KIND.draw([ablation.KIND.read(swept)])
        figure.draw_without_rendering()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["l2", "dropout"]
    ((name, picture, said),) = studies(found.runs, "test_loss")  # as the page shows it
    assert (name, said) == ("ablation small", answers_along(found))
    ((_, _, of_another),) = studies(found.runs, "val_loss")
    assert of_another == answers_along(read_along(swept, "val_loss")) != said
    assert picture.startswith("data:image/png;base64,")


def test_table_and_json_say_the_same(found: AblationAlong, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_along(found, Output()) == 0
    header, *lines = [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]
    print_along(found, Output("json"))
    document = json.loads(capsys.readouterr().out)
    for line, effect in zip(lines, document["effects"], strict=True):
        row = dict(zip(header, line, strict=True))
        assert (row["switched on"], row["at"]) == (effect["member"], str(effect["value"]))
        assert float(row["change of test_loss"]) == pytest.approx(effect["average"]["mean"], rel=1e-5)
    changes = [float(line[header.index("against 0.003")]) for line in lines if line[header.index("against 0.003")]]
    assert changes == pytest.approx([one["interaction"]["mean"] for one in document["interactions"]], rel=1e-5)
    assert document["axis"] == {"key": "optimizer.lr", "values": RATES}
    assert set(document["turns"]) == {"l2", "dropout"}


def judged(mean: float, verdict: str) -> Comparison:
    return Comparison({"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "p": 0.01}, verdict, 5, 0, 5, 12)


@pytest.mark.parametrize(
    ("effects", "turn", "words"),
    [
        (((-0.2, "better"), (0.1, "worse")), (0.003, 0.03),
         "the sign of its effect turns between optimizer.lr=0.003 and 0.03. It lowers the test loss by 0.200 [0.190, "
         "0.210] at optimizer.lr=0.003; it raises the test loss by 0.100 ["),
        (((-0.2, "better"), (-0.1, "better")), None, "at every value that was tried: it lowers"),
        (((0.2, "worse"), (0.1, "unclear")), None, ", which is worse; at optimizer.lr=0.03 these seeds cannot tell."),
        (((0.2, "unclear"), (0.1, "unclear")), None, "these seeds cannot tell at any value of optimizer.lr."),
    ],
)  # fmt: skip
def test_what_is_said(found: AblationAlong, effects: tuple, turn: object, words: str) -> None:
    from dataclasses import replace

    one = tuple(judged(*effect) for effect in effects)
    study = replace(found, effects=(one, one), changes=((judged(0.3, "worse"),), (judged(0.3, "unclear"),)))
    assert study.turns(0) == turn
    said = answers_along(study)
    assert words in said[0]
    assert "beside that at optimizer.lr=0.003 it is 0.300 [0.290, 0.310] higher at optimizer.lr=0.03" in said[1]
    assert said[3].endswith("these seeds cannot tell (about 12 seeds would tell).")


def test_axes_that_a_study_cannot_have_are_refused_where_they_stand(small: Path) -> None:
    for command, options, words in (
        ("ablate", ["regularizers.dropout=off,on"], "regularizers.dropout: expected no member of the stack"),
        ("ablate", ["optimizer.lr=0.1,0.2", "training.epochs=5,6"], "training.epochs: expected one axis beside the"),
        (
            "worth",
            ["optimizer.lr=0.1,0.2"],
            "--set:1:20 optimizer.lr: expected one value: what is varied is the number",
        ),
    ):
        found = CliRunner().invoke(app, [command, str(small), *(part for option in options for part in ("-s", option))])
        assert words in str(found.exception)
    planned = json.loads(
        CliRunner().invoke(app, ["ablate", str(small), "-s", "optimizer.lr=0.1,0.2", "-n", "--json"]).stdout
    )
    assert len(planned) == 8
    assert planned[0]["point"] == {"optimizer.lr": 0.1, "l2": "off", "dropout": "off"}
    swept = api.sweep(
        {"dataset": {"name": "sine", "n_train": 9}, "training": {"epochs": 1}, "seeds": 1}, lr=[0.1, 0.2],
        out=small.parent,
    )  # fmt: skip
    with pytest.raises(InputError, match="expected the folder of an ablation along an axis"):
        read_along(read_sweep(swept.folder))
