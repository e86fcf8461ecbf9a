"""What the page says of one run: its diagnosis, and how to repeat it."""

import shlex
from typing import Any

from regx.core.errors import RegxError
from regx.core.text import clean
from regx.evidence.run import Run
from regx.report.row import Row
from regx.store.files import CONFIG, read_text
from regx.studies.diagnosis.advice import advice
from regx.studies.diagnosis.question import diagnose


def run_content(row: Row, run: Run) -> dict[str, Any]:
    """A run's diagnosis and advice, and all that it takes to repeat it."""
    about, summary = run.about, run.summary
    command = about.get("command")
    given = [str(word) for word in command] if isinstance(command, list) and command else []
    versions = found if isinstance(found := about.get("versions"), dict) else {}
    try:
        text = "\n".join(map(clean, read_text(run.folder / CONFIG).splitlines()))
    except RegxError as error:
        text = clean(str(error))
    texts = {
        "name": row.name, "stack": row.stack, "status": row.status, "folder": run.folder,
        "judged": next((one.reported_because for one in summary.networks.values()), ""),
        "again": shlex.join(["regx", "run", str(run.folder / CONFIG)]),
        "command": shlex.join(["regx", *given[1:]]) if given else "",
        "commit": about.get("git_commit") or "", "finished": about.get("finished") or "",
        "fingerprint": summary.data_fingerprint,
    }  # fmt: skip
    return {
        **{key: clean(str(value)) for key, value in texts.items()},
        "diverged": row.diverged,
        "peek": row.peek,
        "diagnosis": _diagnosis(run),
        "seeds": ", ".join(map(str, run.seeds)),
        "versions": [(clean(str(key)), clean(str(value))) for key, value in versions.items()],
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
                "options": clean(shlex.join(word for key in one.overrides for word in ("-s", key))),
            }
            for one in advised
        ],
    }
