"""`regx schema`."""

from __future__ import annotations

import json

import jsonschema
from typer.testing import CliRunner

from regx.cli.app import app
from regx.reference.json_schema import json_schema


def test_it_prints_the_schema() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert schema == json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
