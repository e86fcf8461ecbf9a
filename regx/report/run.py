"""What `regx run` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from regx.core.errors import DONE, SOME_DIVERGED
from regx.evidence.run import Run
from regx.report.render import is_terminal, print_rows
from regx.report.table import compare_rows


def print_run(run: Run, stream: IO[str], as_json: bool) -> int:
    """Write the run's row, or one JSON document. The exit code that the run ends with."""
    if as_json:
        document = {"run": str(run.folder), "status": run.about["status"], "summary": run.summary.content}
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        print_rows(compare_rows([run]), "table", stream)
        if is_terminal(stream):
            stream.write(f"{run.folder}\n")
    return exit_code([run])


def print_plan(folder: Path, seeds: list[int], stream: IO[str], as_json: bool) -> None:
    """Write what a run would train."""
    if as_json:
        stream.write(json.dumps({"run": str(folder), "seeds": seeds}, indent=2) + "\n")
    else:
        stream.write(f"{folder}\tseeds to train: {', '.join(map(str, seeds)) or 'none'}\n")


def exit_code(runs: Sequence[Run]) -> int:
    """0, or 3 where some network of a run diverged or failed."""
    failed = any(run.about["status"] == "failed" for run in runs)
    diverged = any(not network.completed for run in runs for network in run.summary.networks.values())
    return SOME_DIVERGED if failed or diverged else DONE
