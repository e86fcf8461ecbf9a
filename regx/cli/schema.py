"""`regx schema`."""


def command() -> None:
    """Print the JSON Schema of configs, for editors."""
    from regx.reference.json_schema import json_schema
    from regx.report.output import Output

    Output().document(json_schema())
