"""How the command line starts and ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from regx.cli.app import EXAMPLES as GIVEN
from regx.cli.app import app

ROOT = Path(__file__).parents[2]
EXAMPLES = {example.split()[1]: example for example in GIVEN}
INTERRUPTED = "interrupted: the same command goes on from what is saved\n"
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "scipy.stats", "pydantic", "yaml", "matplotlib", "rich", "llvmlite")


def regx(*arguments: str, code: str = "from regx.cli.app import main; main()") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def ending(body: str) -> subprocess.CompletedProcess[str]:
    """How a command ends whose body is this code."""
    code = (
        "import os, signal, sys\n"
        "from regx.cli.app import app, main\n"
        "@app.command('try')\n"
        f"def command() -> None:\n    {body}\n"
        "main()"
    )
    return regx("try", code=code)


def loaded(*arguments: str) -> list[str]:
    """Which of the heavy modules a command loads."""
    code = (
        "import atexit, sys\n"
        "from regx.cli.app import main\n"
        f"atexit.register(lambda: print(*(name for name in {HEAVY} if name in sys.modules)))\n"
        "main()"
    )
    done = regx(*arguments, code=code)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def test_help_loads_nothing_heavy() -> None:
    assert loaded("--help") == []


def test_little_is_loaded_before_signals_are_heard() -> None:
    """What comes before is Python's own: a signal then ends it with its traceback."""
    code = "import sys; before = {*sys.modules}; import regx.__main__; print(*sorted({*sys.modules} - before))"
    core = {"regx.core", "regx.core.shown", "regx.core.version"}  # of a few lines, which load nothing
    own = {"regx", "regx.__main__", "regx.cli", "regx.cli.signals", *core}
    found = {*regx(code=code).stdout.split()}
    assert own <= found
    assert found - own <= {"__future__", "signal", "enum", "types", "functools", "collections", "operator", "keyword",
                           "itertools", "reprlib", "_collections", "_functools", "_operator"}  # fmt: skip


SHORT = "architecture: {hidden: [4]}\ntraining: {epochs: 10}\nregularizers: [dropout: {p: 0.1}]\n"


@pytest.mark.parametrize(
    ("dataset", "seeds", "needed"),
    [
        ("{name: circle}", 1, ["numpy", "yaml"]),
        ("{name: digits}", 1, ["numpy", "yaml"]),
        ("{name: csv, path: TABLE, target: target}", 6, ["numpy", "yaml"]),
    ],
)
def test_a_short_run_loads_what_it_uses(dataset: str, seeds: int, needed: list[str], tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{k}.5,{'abc'[k % 3]},{k % 2}" for k in range(60)]
    table.write_text("\n".join(["size,colour,target", *rows]))
    config = tmp_path / "short.yaml"
    config.write_text(f"dataset: {dataset}\nseeds: {seeds}\n{SHORT}".replace("TABLE", str(table)))
    beside = ("--out", str(tmp_path), "--jobs", "1", "--quiet")
    found = loaded("run", str(config), *beside)
    assert [name for name in found if name != "pydantic"] == needed  # which is typer's, to make a number of a word
    regx("run", str(config), *beside, "-s", "regularizers=[]")
    assert loaded("compare", str(tmp_path)) == needed  # intervals, p and the seeds that would tell


def commands() -> dict[str, Any]:
    return vars(typer.main.get_command(app))["commands"]  # type: ignore[no-any-return]


def test_help_lists_every_command_by_a_whole_sentence() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}, prog_name="regx").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "..." not in shown.partition("Commands:")[2]
    listed = " ".join(shown.partition("Commands:")[2].split())
    for name, command in commands().items():
        summary = command.get_short_help_str()
        assert f"{name} {summary}" in listed
        assert summary[0].isupper()
        assert summary.endswith(".")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_every_command_is_one_of_it(name: str) -> None:
    assert set(EXAMPLES) == {*commands()}
    program, typed, *arguments = shlex.split(EXAMPLES[name].partition(" > regx")[0])
    assert (program, typed) == ("regx", name)
    command = commands()[name]
    command.make_context(name, arguments)  # raises where an option is unknown or an argument missing
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80"}).stdout
    assert " ".join(EXAMPLES[name].split()) in " ".join(shown.split())
    for config in [path for path in arguments if path.startswith("configs/") and "*" not in path]:
        assert (ROOT / config).is_file()


def test_python_m_is_the_same_program() -> None:
    code = "import runpy; runpy.run_module('regx', run_name='__main__')"
    assert regx("--version", code=code).stdout.startswith("regx")


@pytest.mark.parametrize("arguments", [("nothing",), ("validate",), ("validate", "--nothing", "c.yaml")])
def test_a_wrong_command_line_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = regx(*arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [  # the command is called `try`
        ("from regx.core.errors import InputError; raise InputError('so')", 2, "error: so\n"),
        ("from regx.core.errors import RegxError; raise RegxError('so')", 1, "error: so\n"),
        ("raise KeyboardInterrupt", 130, INTERRUPTED),
        ("os.kill(os.getpid(), signal.SIGTERM)", 143, INTERRUPTED),
        ("sys.exit(3)", 3, ""),
        ("pass", 0, ""),
    ],
)
def test_every_ending_has_its_exit_code_and_no_traceback(body: str, code: int, said: str) -> None:
    done = ending(body)
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk without space")
def test_output_that_cannot_be_written_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "regx", "schema"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("command", ["schema", "explain"])
def test_a_reader_that_leaves_early_is_no_error(command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "regx", command], stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60,
        check=False, preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN),
    )  # fmt: skip
    os.close(write)
    assert done.stderr == ""


def test_closed_streams_are_no_error_of_workers_either(small: Path, tmp_path: Path) -> None:
    command = f'exec "{sys.executable}" -m regx run "{small}" --jobs 2 --out "{tmp_path}" <&- >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_an_ascii_terminal_is_no_error() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "regx", "explain", "l2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "kill"), reason="sends signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("moment", ["typer", "numpy"])
def test_a_signal_while_a_command_is_loaded_ends_it_with_its_line(name: str, moment: str) -> None:
    number = getattr(signal, name)
    code = (
        "import os, sys\n"
        "class Sending:\n"
        f"    find_spec = lambda module, *rest: os.kill(os.getpid(), {int(number)}) if module == {moment!r} else None\n"
        "sys.meta_path.insert(0, Sending)\n"
        "from regx.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "try", "dropout"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (128 + number, INTERRUPTED)
