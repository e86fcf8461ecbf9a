"""The JSON Schema of config files, which editors use: written from the declared parameters.

It describes files, so it has the short forms and the axes that the long form of a config (`config/forms.py`) has not.
"""

from collections.abc import Mapping
from typing import Any

from regx.config.forms import SWITCH
from regx.config.problems import Path
from regx.config.schema import FIXED, KEYS, NAME_PATTERN, NAMED, SEED, SEED_COUNT, required
from regx.core.parameters import Parameter, parameters
from regx.regularizers import REGISTRY as REGULARIZERS

TYPES = {float: "number", int: "integer", bool: "boolean", str: "string", list: "array", dict: "object"}
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
FUNCTION = {"type": "string", "pattern": r"^\s*(log|linear)\s*\(.*\)\s*$"}
NULL = {"type": "null"}

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of config files."""
    items = {"anyOf": [*map(_regularizer, REGULARIZERS), _bare(REGULARIZERS)]}
    stack = _either({"type": "array", "items": items}, NULL)
    names, lanes = {"pattern": NAME_PATTERN}, {"type": "object", "additionalProperties": _either(stack, NULL)}
    sections: dict[str, Schema] = {
        "base": {"type": "string"},
        "name": {"type": "string", **names},
        "dataset": _named(("dataset",)),
        "architecture": _either(_object(parameters(FIXED["architecture",])), NULL),
        "regularizers": _either(stack, NULL),
        "lanes": _either({**lanes, "propertyNames": names, "minProperties": 1}, NULL),
        "optimizer": _named(("optimizer",), schedule=_named(("optimizer", "schedule"))),
        "training": _either(_object(parameters(FIXED["training",])), NULL),
        "seeds": {
            "default": SEED_COUNT.default,
            **_either(_one(SEED_COUNT), {**_list(_one(SEED)), "maxItems": SEED_COUNT.le, "uniqueItems": True}),
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Config",
        "description": "A training config of regx.",
        "type": "object",
        "properties": {key: {"description": said, **sections[key]} for key, said in KEYS.items()},
        "additionalProperties": False,
    }


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


def _one(parameter: Parameter) -> Schema:
    """One value of a parameter."""
    bounds = {
        word: getattr(parameter, bound) for bound, word in BOUNDS.items() if getattr(parameter, bound) is not None
    }
    schema: Schema = {"type": TYPES[parameter.type], **bounds}
    if parameter.type is list and parameter.item is not None:
        schema["items"] = _one(parameter.item)
    elif parameter.key and parameter.item is not None:
        schema |= {"properties": {parameter.key: _one(parameter.item)}, "required": [parameter.key]}
        schema["additionalProperties"] = False
    elif parameter.item is not None:
        schema["additionalProperties"] = _one(parameter.item)
    words: list[Schema] = [{"enum": list(parameter.options)}] if parameter.options else []
    own = [] if words and parameter.type is str else [schema]
    found = [*own, *words, *([NULL] if parameter.optional else [])]
    return found[0] if len(found) == 1 else _either(*found)


def _value(parameter: Parameter) -> Schema:
    """What a file may hold for a parameter: a value, a list of several, or log(...) and linear(...)."""
    one = _one(parameter)
    functions = [FUNCTION] if parameter.type in (int, float) else []
    several = _list(_either(one, *functions))
    if parameter.type is list:  # of whose values a list without a list in it is one
        several["contains"] = {"type": "array"}
    return _either(one, several, *functions)


def _object(keys: Mapping[str, Parameter], **more: Schema) -> Schema:
    described = {
        key: {
            "description": parameter.help,
            **({} if parameter.required else {"default": parameter.default}),
            **_value(parameter),
        }
        for key, parameter in keys.items()
    }
    needed = [key for key, parameter in keys.items() if parameter.required]
    properties = {"properties": {**more, **described}, "required": needed}
    return {"type": "object", **properties, "additionalProperties": False}


def _named(path: Path, **more: Schema) -> Schema:
    """A mapping that names one of the registered classes, and has that class's parameters; or the name alone."""
    default, registry = NAMED[path]
    classes = []
    for kind, cls in registry.items():
        name = {"const": kind, "default": kind, "description": f"kind of {path[-1]}"}
        own = {"description": cls.__doc__, **_object(parameters(cls), name=name, **more)}
        classes.append(own if kind == default else {**own, "required": ["name", *own["required"]]})
    swept = {"type": "object", "required": ["name"], "properties": {"name": _list({"enum": list(registry)})}}
    return _either(*classes, _bare(registry), _list(_bare(registry)), swept, NULL)


def _bare(registry: Mapping[str, Any]) -> Schema:
    return {"enum": [kind for kind, cls in registry.items() if not required(cls)]}


def _regularizer(kind: str) -> Schema:
    """An item of the stack: its kind with its settings, its first parameter, off or on, or several of these."""
    cls: Any = REGULARIZERS[kind]
    keys = parameters(cls)
    own = {"description": cls.__doc__, **_object(keys)}
    first = list(keys.values())[:1]
    words: list[Schema] = [{"enum": list(SWITCH)}, *([] if required(cls) else [NULL])]
    several = _list(_either(own, *map(_one, first), *words))
    settings = _either(own, *map(_value, first), *words, several)
    return {"type": "object", "properties": {kind: settings}, "required": [kind], "additionalProperties": False}
