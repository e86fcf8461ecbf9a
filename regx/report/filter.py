"""What `regx ls --filter` understands: comparisons joined by and, or, not, read by this file and never run as code."""

import ast
import functools
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from regx.core.errors import InputError, did_you_mean
from regx.report.numbers import is_number

LONGEST = 1000  # characters; what is deeper than Python's own reader bears is refused like what is no filter
EXAMPLE = "test_loss < 0.05 and l2.lam > 0"
Values = Callable[[str], Any]  # what a run has under a name; None for nothing
COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, among: one in among,
    ast.NotIn: lambda one, among: one not in among,
}


class Filter:
    """A condition on named values. names: those that stand in it.

    `a < b` holds for two numbers or two words alone, so for nothing that a run lacks; `!=` is the opposite of `==`. A
    name alone holds where the run has it, and it is neither 0 nor off. Raises InputError for whatever else is written.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise InputError(f"--filter: expected at most {LONGEST} characters, found {len(text)}.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes in words
                tree = ast.parse(text.strip(), mode="eval").body
            self.names: dict[str, None] = {}
            self._value = self._compiled(tree)
        except SyntaxError as error:
            hint = " Two values are compared with ==." if "=" in text and "==" not in text else ""
            raise InputError(f"--filter:{error.offset or 1}: {self._expected(repr(text))}{hint}") from None
        except (ValueError, RecursionError, MemoryError):
            raise InputError(f"--filter: {self._expected('what cannot be read')}") from None

    def check_names(self, known: Iterable[str]) -> None:
        """Raises InputError naming every name that no run could have."""
        known = list(known)
        wrong = [name for name in self.names if name not in known]
        if wrong:
            raise InputError(
                "\n".join(
                    f"--filter: expected metrics, keys of the configs, regularizers, name, stack or status, found "
                    f"'{name}', which no run here has.{did_you_mean(name, known)} A word stands in quotes."
                    for name in wrong
                )
            )

    def holds(self, values: Values) -> bool:
        """Whether the run of these values is meant."""
        return bool(self._value(values))

    def _expected(self, found: str) -> str:
        return f"expected a condition such as '{EXAMPLE}', found {found}."

    def _compiled(self, node: ast.expr) -> Callable[[Values], Any]:
        """What gives a part's value from those of a run."""
        match node:
            case ast.BoolOp(op=sign, values=parts):
                joined, several = all if isinstance(sign, ast.And) else any, list(map(self._compiled, parts))
                return lambda values: joined(part(values) for part in several)
            case ast.UnaryOp(op=ast.Not(), operand=part):
                inner = self._compiled(part)
                return lambda values: not inner(values)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if is_number(number):
                return lambda values: -number
            case ast.Compare(left=left, ops=signs, comparators=others) if all(type(sign) in COMPARED for sign in signs):
                return functools.partial(_all_hold, signs, list(map(self._compiled, (left, *others))))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                items = list(map(self._compiled, parts))
                return lambda values: [item(values) for item in items]
            case ast.Name() | ast.Attribute() if (name := _dotted(node)) is not None:
                self.names[name] = None
                return lambda values: values(name)
            case ast.Constant(value=str() | int() | float() | None as constant):
                return lambda values: constant
        found = ast.get_source_segment(self.text.strip(), node) or self.text
        raise InputError(
            f"--filter:{node.col_offset + 1}: {self._expected(f'`{found}`')} Names, numbers, words in quotes and lists "
            "are compared with <, <=, >, >=, ==, != and in, and joined by and, or, not."
        )


def _all_hold(signs: Sequence[ast.cmpop], parts: Sequence[Callable[[Values], Any]], values: Values) -> bool:
    found = [part(values) for part in parts]
    return all(map(_compare, signs, found, found[1:]))


def _compare(sign: ast.cmpop, one: Any, other: Any) -> bool:
    if isinstance(sign, ast.In | ast.NotIn):
        fits = isinstance(other, list) or (isinstance(one, str) and isinstance(other, str))
    elif isinstance(sign, ast.Eq | ast.NotEq):
        fits = True
    else:
        fits = (is_number(one) and is_number(other)) or (isinstance(one, str) and isinstance(other, str))
    return fits and bool(COMPARED[type(sign)](one, other))


def _dotted(node: ast.expr) -> str | None:
    """`optimizer.lr` of names with dots between them."""
    if isinstance(node, ast.Name):
        return node.id
    before = _dotted(node.value) if isinstance(node, ast.Attribute) else None
    return f"{before}.{node.attr}" if before is not None and isinstance(node, ast.Attribute) else None
