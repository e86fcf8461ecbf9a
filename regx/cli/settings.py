"""KEY=VALUE among the arguments of a command that has --set, as if --set stood before it."""

import inspect
import os
import re
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

from regx.cli.completion import completes

SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*=")


class Command(TyperCommand):
    """A command whose settings may be written bare: `regx run c.yaml optimizer.lr=0.1`. A shell completes its words."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for parameter in self.params:
            complete = completes(parameter, self.name or "")
            if complete is not None and parameter._custom_shell_complete is None:
                parameter._custom_shell_complete = lambda ctx, one, begun, complete=complete: list(complete(begun))

    def get_short_help_str(self, limit: int = 0) -> str:
        """The whole first sentence in the list of commands, where `limit` would cut it."""
        first = inspect.cleandoc(self.help or "").partition("\n\n")[0]
        return " ".join(first.split())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        convert_when_needed(self.get_params(ctx))
        # Arguments are no flags either, but have no is_flag.
        taking = {name for one in self.params if getattr(one, "is_flag", None) is False for name in one.opts}
        return super().parse_args(ctx, with_settings(args, taking) if "--set" in taking else args)


class Commands(TyperGroup):
    """All commands, and what stands before them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        convert_when_needed(self.get_params(ctx))
        return super().parse_args(ctx, args)


def convert_when_needed(params: Iterable[Any]) -> None:
    """Let typer make a converter for a parameter only where its words have to be converted."""
    for one in params:
        one._runtime_param = _Coercion()


class _Coercion:
    """Stands in for typer's own, which is built on pydantic, whose import takes a tenth of a second."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        wanted = param.type_descriptor.annotation
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if type(value) is wanted:
            return value
        if wanted == list[str] and not isinstance(value, str):
            return list(value)
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def with_settings(args: list[str], taking: set[str]) -> list[str]:
    """The arguments with --set before each bare KEY=VALUE; what is there as a file is none. taking: the options that
    take a value.
    """
    found: list[str] = []
    for before, text in zip(["", *args], args, strict=False):
        bare = "--" not in found and before not in taking and SETTING.match(text) and not os.path.lexists(text)
        found += ["--set", text] if bare else [text]
    return found
