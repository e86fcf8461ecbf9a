from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from regx.evidence.run import read_run
from regx.report.output import Output
from regx.studies.sweep.display import print_sweep
from regx.studies.sweep.result import sweep_of, tried
from tests.store.fabricated import write_run


def of(folder, runs, values=range(9), peek=False):
    cells = [tried({"x": value}, run) for value, run in zip(values, runs, strict=False)]
    return replace(sweep_of(folder, "s", (), cells), peek=peek)


def test_a_cell_that_diverged_at_some_seeds_is_not_chosen_over_a_whole_one(tmp_path, fabricated):
    networks = {
        "whole": [fabricated.trained(seed) for seed in range(5)],
        "broken": [fabricated.trained(seed, diverged=seed == 1) for seed in range(5)],
        "gone": [fabricated.trained(seed, diverged=True) for seed in range(5)],
    }
    for seed in range(5):
        networks["whole"][seed].reported["val_loss"] = 0.2
        networks["broken"][seed].reported["val_loss"] = 0.1
    for name, members in networks.items():
        write_run(tmp_path / name, fabricated.config(name, seeds=range(5)), members, fabricated.ABOUT)

    def swept(*names):
        stream = io.StringIO()
        runs = [read_run(tmp_path / name) for name in names]
        assert print_sweep(of(tmp_path, runs), Output("json", stream=stream)) == 3
        return json.loads(stream.getvalue())

    document = swept("broken", "gone", "whole")
    assert [row["name"] for row in document["rows"]] == ["whole", "broken", "gone"]
    assert (document["chosen"]["name"], document["chosen"]["among"]) == ("whole", 1)
    assert swept("gone", "broken")["chosen"]["name"] == "broken"
    assert swept("gone")["chosen"] is swept("gone")["best"] is None


@pytest.mark.parametrize(
    ("val_losses", "words"),
    [
        ([[0.1] * 4, [0.2] * 4], "flatters it by nothing that can be measured: chosen anew without each of the 4 seeds "
         "in turn, it is always the same."),
        ([[0.1, 0.1, 0.1, 0.45], [0.2, 0.4, 0.2, 0.2]], "flatters it by about 0.075: chosen anew without each of the 4 "
         "seeds in turn, it is another one 1 time."),
        ([[0.1] * 4], None),
    ],
)  # fmt: skip
def test_how_much_choosing_flatters_is_said_where_there_was_a_choice(tmp_path, fabricated, capsys, val_losses, words):
    runs = []
    for number, losses in enumerate(val_losses):
        networks = [fabricated.trained(seed) for seed in range(4)]
        for network, loss in zip(networks, losses, strict=True):
            network.reported["val_loss"] = loss
        write_run(tmp_path / str(number), fabricated.config(str(number), seeds=range(4)), networks, fabricated.ABOUT)
        runs.append(read_run(tmp_path / str(number)))
    print_sweep(of(tmp_path, runs), Output(stream=io.StringIO()))
    notes = capsys.readouterr().err
    if words is None:
        assert "latters" not in notes
        assert notes.startswith("There was but one to choose: x=0. Its validation loss is 0.1")
    else:
        assert words in notes


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_terminal_shows_the_choice_in_words_and_as_a_curve(tmp_path, fabricated, monkeypatch, width):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    runs = []
    for name, val_loss, test_loss in (("a", 0.3, 0.1), ("b", 0.2, 0.3), ("c", 0.25, 0.2)):
        networks = [fabricated.trained(seed, test_loss) for seed in range(5)]
        for network in networks:
            network.reported["val_loss"] = val_loss
        about = {**fabricated.ABOUT, "peek": True}
        write_run(tmp_path / name, fabricated.config(name, seeds=range(5)), networks, about)
        runs.append(read_run(tmp_path / name))
    for peek, point, words in (
        (False, 10, "Chosen by validation loss among 3: x=10. Its validation loss is 0.200 (95 % interval 0.200 to "),
        (True, 1, "Chosen by test loss among 3 (--peek): x=1. Its test loss is 0.100 (95 % interval 0.100 to "),
    ):
        stream = Terminal()
        assert print_sweep(of(tmp_path, runs, (1, 10, 100), peek), Output(stream=stream)) == 0
        text = stream.getvalue()
        assert words in " ".join(text.split())
        assert f"┊ chosen: {point}\n" in text
        paragraph = text[text.index("Chosen by") :].partition("\n\n")[0]
        assert max(map(len, paragraph.splitlines())) <= width
