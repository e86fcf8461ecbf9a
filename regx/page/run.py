"""What the page says of one run: its diagnosis, and how to repeat it."""

import shlex
from typing import Any

from regx.core.errors import RegxError
from regx.core.text import clean
from regx.evidence.run import Run
from regx.report.table import Row
from regx.store.files import CONFIG, read_text
from regx.studies.diagnosis.advice import advice
from regx.studies.diagnosis.question import diagnose


def run_content(row: Row, run: Run) -> dict[str, Any]:
    """A run's diagnosis and advice, and all that it takes to repeat it."""
    about, summary = run.about, run.summary
    command = about.get("command")
    given = [str(word) for word in command] if isinstance(command, list) and command else []
    versions = about.get("versions")
    try:
        text = "\n".join(map(clean, read_text(run.folder / CONFIG).splitlines()))
    except RegxError as error:
        text = clean(str(error))
    return {
        "name": clean(row["name"]),
        "stack": clean(row["stack"]),
        "status": clean(str(row["status"])),
        "diverged": row["diverged"],
        "peek": row["peek"],
        "diagnosis": _diagnosis(run),
        "judged": clean(str(next((one.reported_because for one in summary.networks.values()), ""))),
        "again": clean(shlex.join(["regx", "run", str(run.folder / CONFIG)])),
        "folder": clean(str(run.folder)),
        "command": clean(shlex.join(["regx", *given[1:]])) if given else "",
        "seeds": ", ".join(map(str, run.seeds)),
        "versions": [
            (clean(str(key)), clean(str(value)))
            for key, value in (versions.items() if isinstance(versions, dict) else ())
        ],
        "commit": clean(str(about.get("git_commit") or "")),
        "fingerprint": clean(summary.data_fingerprint),
        "finished": clean(str(about.get("finished") or "")),
        "config": text,
    }


def _diagnosis(run: Run) -> dict[str, Any]:
    try:
        diagnosis = diagnose(run)
        advised = advice(run, diagnosis)
    except RegxError as error:
        return {"verdict": "cannot tell", "evidence": [], "notes": [clean(str(error))], "advice": []}
    return {
        "verdict": str(diagnosis.verdict),
        "evidence": [clean(item.text) for item in diagnosis.evidence if item.text],
        "notes": [clean(note) for note in diagnosis.notes],
        "advice": [
            {
                "reason": clean(one.reason),
                "options": clean(shlex.join(word for change in one.overrides for word in ("-s", change))),
            }
            for one in advised
        ],
    }
