"""An exercise of a lesson: what is claimed, the networks that are trained, and what is asked of them.

Each is a file in `exercises/`, named `<lesson>.<number>.yaml`:

    title: L2 lowers the test loss               in a few words
    claim: ...                                   what the lesson says, in our words
    lesson: ...                                  the numbers that it prints, where it prints some
    why: ...                                     why ours differ, where they do and it is known
    config: {dataset: sine, ...}                 what all cells share
    cells:                                       what each sets beside that, by the cell's name
      none: {}
      l2: {regularizers: [l2: 0.02]}
    questions:                                   see `questions.py`
      - {metric: test_loss, of: {l2: 1, none: -1}, below: 0}

`demonstration: NAME` names a function of `demonstrations.py`: in place of networks, or beside them.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.reader import read_text
from regx.core.errors import InputError, did_you_mean
from regx.studies.lessons.questions import Question, question_of

FOLDER = Path(__file__).with_name("exercises")


@dataclass(frozen=True)
class Exercise:
    """One exercise. name: `<lesson>.<number>`, such as `001.3`.

    cells: the whole config of each, by its name. demonstration: the name of a function, or empty.
    """

    name: str
    title: str
    claim: str
    lesson_says: str
    why: str
    cells: dict[str, dict[str, Any]]
    questions: tuple[Question, ...]
    demonstration: str

    @property
    def lesson(self) -> str:
        return self.name.partition(".")[0]


@functools.cache
def exercises() -> dict[str, Exercise]:
    """All exercises by name, in the order of lessons and numbers."""
    found = [_read(path) for path in FOLDER.glob("*.yaml")]
    return {one.name: one for one in sorted(found, key=lambda one: (one.lesson, int(one.name.partition(".")[2])))}


def chosen(names: Iterable[str], everything: bool = False) -> list[Exercise]:
    """The exercises of some names: `001.3` is one, `001` all of a lesson.

    Raises InputError with the nearest name for one that is not known, and without any name.
    """
    known = exercises()
    if everything:
        return list(known.values())
    lessons = sorted({one.lesson for one in known.values()})
    found: dict[str, Exercise] = {}
    for name in names:
        those = [one for one in known.values() if name in (one.name, one.lesson)]
        if not those:
            raise InputError(
                f"expected a lesson, such as {lessons[0]}, or an exercise, such as {next(iter(known))}, found '{name}'."
                f"{did_you_mean(name, [*lessons, *known])} `regx lesson` prints the list"
            )
        found |= {one.name: one for one in those}
    return list(found.values())


def _read(path: Path) -> Exercise:
    root, problems = read_text(path.read_text("utf-8"), path.name)
    assert not problems, problems
    content = root.plain()
    shared = content.pop("config", {})
    name = path.name.removesuffix(".yaml")
    given = content.pop("cells", {})
    cells = {cell: {**_merged(shared, own or {}), "name": cell} for cell, own in given.items()}
    questions = tuple(question_of(one, cells) for one in content.pop("questions", []))
    texts = {name: content.pop(name) for name in ("title", "claim")}
    texts |= {name: content.pop(name, "") for name in ("why", "demonstration")}
    lesson_says = content.pop("lesson", "")
    assert not content, f"{path.name}: unknown keys {list(content)}"
    return Exercise(name=name, cells=cells, questions=questions, lesson_says=lesson_says, **texts)


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Both, the cell's own values over the shared ones; a stack replaces a stack."""
    found = dict(shared)
    for key, value in own.items():
        beneath = found.get(key)
        found[key] = _merged(beneath, value) if isinstance(value, dict) and isinstance(beneath, dict) else value
    return found
