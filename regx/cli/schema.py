"""`regx schema`."""

from __future__ import annotations

import typer


def command() -> None:
    """Print the JSON Schema of configs, for editors."""
    from json import dumps

    from regx.reference.json_schema import json_schema

    typer.echo(dumps(json_schema(), indent=2, ensure_ascii=False))
