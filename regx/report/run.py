"""What `regx run` prints."""

from collections.abc import Sequence
from pathlib import Path

from regx.core.errors import DONE, SOME_DIVERGED
from regx.evidence.run import Run
from regx.report.output import Output
from regx.report.render import print_rows
from regx.report.table import compare_rows, mixed_versions


def print_run(run: Run, out: Output) -> int:
    """Write the run's row, or one JSON document. The exit code that the run ends with."""
    if out.as_json:
        out.document({"run": str(run.folder), "status": run.about["status"], "summary": run.summary.content})
    else:
        print_rows(compare_rows([run]), out)
        out.text([str(run.folder)])
        out.next(f"regx diagnose {run.folder}")
    return ended([run], out)


def print_plan(folder: Path, seeds: list[int], out: Output) -> None:
    """Write what a run would train."""
    if out.as_json:
        out.document({"run": str(folder), "seeds": seeds})
    else:
        out.lines([(folder, f"seeds to train: {', '.join(map(str, seeds)) or 'none'}")])


def ended(runs: Sequence[Run], out: Output) -> int:
    """The exit code of a command that shows these runs: 0, or 3 where some network of a run diverged or failed.

    Written last is what nobody asked for and everybody is to know: that versions are mixed.
    """
    out.warn(mixed_versions(runs))
    failed = any(run.about["status"] == "failed" for run in runs)
    diverged = any(not network.completed for run in runs for network in run.summary.networks.values())
    return SOME_DIVERGED if failed or diverged else DONE
