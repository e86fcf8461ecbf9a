"""Sentences that are looked up by a name are there, and get what they name."""

import ast
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from regx.studies.diagnosis.words import REASONS
from regx.studies.recommendation.words import NOTES

STUDIES = Path(__file__).parents[2] / "regx" / "studies"
TABLES: Mapping[str, tuple[Mapping[str, str], Path]] = {
    "REASONS": (REASONS, STUDIES / "diagnosis"),
    "NOTES": (NOTES, STUDIES / "recommendation"),
}


def _names(node: ast.AST, function: ast.AST) -> set[str]:
    """The words that an expression may be, those of a variable by what the function sets it to."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.IfExp):
        return _names(node.body, function) | _names(node.orelse, function)
    if isinstance(node, ast.Name):
        found: set[str] = set()
        for one in ast.walk(function):
            if isinstance(one, ast.Assign):
                pairs = [(target, one.value) for target in one.targets]
                if isinstance(one.targets[0], ast.Tuple) and isinstance(one.value, ast.Tuple):
                    pairs = list(zip(one.targets[0].elts, one.value.elts, strict=True))
                for target, value in pairs:
                    if isinstance(target, ast.Name) and target.id == node.id:
                        found |= _names(value, function)
            elif isinstance(one, ast.For) and isinstance(one.target, ast.Tuple):  # over pairs of words and facts
                place = [target.id for target in one.target.elts if isinstance(target, ast.Name)]
                if node.id in place and isinstance(one.iter, ast.Tuple):
                    rows = [row for row in one.iter.elts if isinstance(row, ast.Tuple)]
                    found |= set.union(set(), *(_names(row.elts[place.index(node.id)], function) for row in rows))
        return found
    return set()


def _asked(table: str, folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Each name that is looked up in a table, with the facts that are put into its sentence."""
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text())
        looked_up: dict[int, set[str]] = {}
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for node in ast.walk(function):
                if not isinstance(node, ast.Call):
                    continue
                facts = {keyword.arg or "" for keyword in node.keywords}
                if not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr == "_note" and table == "NOTES":
                    yield from ((name, facts) for name in _names(node.args[0], function))
                elif node.func.attr == "format" and isinstance(node.func.value, ast.Subscript):
                    looked = node.func.value
                    if isinstance(looked.value, ast.Name) and looked.value.id == table:
                        looked_up[id(looked)] = facts
            for node in ast.walk(function):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == table:
                    yield from ((name, looked_up.get(id(node), set())) for name in _names(node.slice, function))


@pytest.mark.parametrize("table", TABLES)
def test_every_sentence_that_is_asked_for_is_there_with_its_facts(table: str) -> None:
    sentences, folder = TABLES[table]
    asked = list(_asked(table, folder))
    assert {name for name, _ in asked} <= sentences.keys()
    for name, facts in asked:
        needed = {part for _, part, _, _ in string.Formatter().parse(sentences[name]) if part}
        assert not facts or needed <= facts, name
    assert sentences.keys() - {name for name, _ in asked} <= {"weight_decay", "light weight_decay", "crop", "rotate"}
