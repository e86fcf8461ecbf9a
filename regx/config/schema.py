"""What a config may hold, built from the declared parameters of everything that is registered.

The models describe the long form of one config (see `forms`). What the user may write beyond that, short forms and
axes, is added to the JSON Schema, which describes files.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, create_model
from pydantic_core import PydanticCustomError, core_schema

from regx.config.forms import NAMED
from regx.config.problems import Path, stack_path
from regx.config.reader import Node
from regx.core.parameters import Parameter, in_words, parameters
from regx.data import REGISTRY as DATASETS
from regx.nn.architecture import Architecture, Training
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.regularizers import REGISTRY as REGULARIZERS

DEFAULT_SEEDS = 5
NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
FUNCTION_PATTERN = r"^\s*(log|linear)\s*\(.*\)\s*$"
MAX_SEED = 2**32
MAX_SEEDS = 100_000


ARCHITECTURE_KEYS = parameters(Architecture)
TRAINING_KEYS = parameters(Training)


def named_registry(path: Path) -> Mapping[str, type] | None:
    """The classes that a mapping at this path chooses from by its `name`, if it does."""
    registries: dict[Path, Mapping[str, type]] = {
        ("dataset",): DATASETS,
        ("optimizer",): OPTIMIZERS,
        ("optimizer", "schedule"): SCHEDULES,
    }
    return registries.get(path)


def parameters_at(root: Node, path: Path) -> Mapping[str, Parameter]:
    """The parameters of the mapping at this path: those of the class it names, of the default one if it names none."""
    if path == ("architecture",):
        return ARCHITECTURE_KEYS
    if path == ("training",):
        return TRAINING_KEYS
    stack = stack_path(path)
    if stack is not None and len(path) == len(stack) + 2:
        return parameters(REGULARIZERS[str(path[-1])]) if path[-1] in REGULARIZERS else {}
    registry = named_registry(path)
    if registry is None:
        return {}
    node = root.at((*path, "name"))
    default = NAMED[path]
    name = default if node is None else node.value
    if isinstance(name, list):
        name = name[0].value if name else default
    words = Parameter(str, f"kind of {path[-1]}", default, options=tuple(registry), name="name")
    # Under a name that is wrong, any class's parameter may be meant.
    classes = [registry[name]] if isinstance(name, str) and name in registry else list(registry.values())
    return {"name": words, **{key: parameter for cls in classes for key, parameter in parameters(cls).items()}}


def mappings(root: Node) -> Iterator[Path]:
    """The paths of the mappings that hold parameters, whether the config has them or not."""
    yield from (("dataset",), ("architecture",), ("optimizer",), ("optimizer", "schedule"), ("training",))
    stack = root.child("regularizers")
    if stack is not None and isinstance(stack.value, list):
        for index, item in enumerate(stack.value):
            if isinstance(item.value, dict):
                yield from (("regularizers", index, kind) for kind in item.value)


# Leaves


@dataclass(frozen=True)
class Said:
    """An annotation: whatever is wrong with a value is said as one `expected ...`; and what a file may hold instead.

    axis: a list of such values may stand in its place; number: also log(...) and linear(...).
    """

    expected: str
    options: tuple[str, ...] = ()
    axis: bool = False
    number: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def _validate(self, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            if any(detail["type"] == "expected" for detail in error.errors(include_url=False)):
                raise  # said already, and nearer to the mistake
            context = {"expected": self.expected, "options": self.options}
            raise PydanticCustomError("expected", "{expected}", context) from None

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        one: dict[str, Any] = handler(schema)
        if not self.axis:
            return one
        function: list[dict[str, Any]] = [{"type": "string", "pattern": FUNCTION_PATTERN}] if self.number else []
        items = {"anyOf": [one, *function]} if function else one
        return {"anyOf": [one, {"type": "array", "items": items, "minItems": 1}, *function]}


@dataclass(frozen=True)
class OrElse:
    """An annotation for the JSON Schema alone: short forms that a file may hold instead."""

    schemas: tuple[dict[str, Any], ...]

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), *self.schemas]}


def _leaf(parameter: Parameter) -> Any:
    """The annotated type of a parameter's value."""
    bounds = {name: getattr(parameter, name) for name in ("ge", "gt", "le", "lt")}
    kind: Any
    if parameter.key:
        kind = _any_of(Literal[parameter.options], _normal())
    elif parameter.type is float:
        kind = Annotated[float, Field(strict=True, allow_inf_nan=False, **bounds)]
    elif parameter.type is int:
        kind = Annotated[int, Field(strict=True, **bounds)]
    elif parameter.type is bool:
        kind = Annotated[bool, Field(strict=True)]
    elif parameter.item is not None:
        each: Any = Annotated[_leaf(parameter.item), Said(in_words(parameter.item))]
        kind = list[each] if parameter.type is list else dict[str, each]
    else:
        kind = Literal[parameter.options] if parameter.options else str
    if (parameter.options and parameter.type not in (str, dict)) or (parameter.type is dict and not parameter.key):
        kind = _any_of(kind, Literal[parameter.options])
    if parameter.optional:
        kind = _any_of(kind, None)
    if not parameter.name:
        return kind
    return Annotated[
        kind, Said(in_words(parameter), parameter.options, axis=True, number=parameter.type in (int, float))
    ]


def _any_of(*types: Any) -> Any:
    return functools.reduce(operator.or_, types)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


def _normal() -> type[BaseModel]:
    deviation = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
    return create_model("Normal", __base__=_Closed, normal=(deviation, Field(description="standard deviation")))


def _model(title: str, keys: Mapping[str, Parameter], doc: str | None = None, /, **more: Any) -> type[BaseModel]:
    fields: dict[str, Any] = dict(more)
    for key, parameter in keys.items():
        default = ... if parameter.required else parameter.default
        fields[key] = (_leaf(parameter), Field(default, description=parameter.help))
    return create_model(title, __base__=_Closed, __doc__=doc, **fields)


def _by_name(path: Path, **more: Any) -> tuple[Any, Any]:
    """The field of a mapping that names one of the registered classes, and that class's parameters."""
    noun, default, registry = str(path[-1]), NAMED[path], named_registry(path)
    assert registry is not None
    models = []
    for kind, cls in registry.items():
        name = (Literal[kind], Field(kind if kind == default else ..., description=f"kind of {noun}"))
        models.append(_model(cls.__name__, parameters(cls), cls.__doc__, name=name, **more))
    bare = {"enum": [kind for kind, cls in registry.items() if not required(cls)]}
    kinds = {"type": "array", "items": {"enum": list(registry)}, "minItems": 1}
    swept = {"type": "object", "required": ["name"], "properties": {"name": kinds}}
    short = OrElse((bare, {**kinds, "items": bare}, swept, {"type": "null"}))
    union: Any = Annotated[_any_of(*models), Field(discriminator="name")]
    default_model = next(model for model, kind in zip(models, registry, strict=True) if kind == default)
    factory = Field(default_factory=lambda: default_model(name=default), description=f"{noun} and its settings")
    return (Annotated[union, short], factory)


def required(cls: type) -> list[str]:
    """The parameters that must be given."""
    return [name for name, parameter in parameters(cls).items() if parameter.required]


def _stack() -> Any:
    items: list[Any] = []
    for kind, cls in REGULARIZERS.items():
        keys = parameters(cls)
        settings: Any = _model(cls.__name__, keys, cls.__doc__)
        alternatives: list[dict[str, Any]] = [] if required(cls) else [{"type": "null"}]
        if keys:
            first = create_model("First", __base__=_Closed, first=(_leaf(next(iter(keys.values()))), ...))
            alternatives.append(first.model_json_schema()["properties"]["first"])
        fields: dict[str, Any] = {kind: (Annotated[settings, OrElse(tuple(alternatives))], ...)}
        item = create_model(f"{cls.__name__}Item", __base__=_Closed, **fields)
        items.append(Annotated[item, Tag(kind)])
    bare = {"enum": [kind for kind, cls in REGULARIZERS.items() if not required(cls)]}
    union: Any = Annotated[_any_of(*items), Discriminator(kind_of)]
    return Annotated[list[Annotated[union, OrElse((bare,))]], OrElse(({"type": "null"},))]


def kind_of(item: Any) -> str | None:
    """The kind of an item of the stack in its long form; None if it is none."""
    return next(iter(item)) if isinstance(item, dict) and len(item) == 1 else None


@functools.cache
def config_model() -> type[BaseModel]:
    """The model of a config in its long form."""
    schedule = _by_name(("optimizer", "schedule"))
    architecture: Any = _model("Architecture", ARCHITECTURE_KEYS, "The shape of the network.")
    training: Any = _model("Training", TRAINING_KEYS, "How long, in what steps, and at what precision.")
    null = OrElse(({"type": "null"},))
    seed = Annotated[int, Field(strict=True, ge=0, lt=MAX_SEED), Said(f"a whole number with 0 <= seed < {MAX_SEED}")]
    distinct = Annotated[list[seed], Field(min_length=1, max_length=MAX_SEEDS, json_schema_extra={"uniqueItems": True})]
    seeds: Any = Annotated[
        _any_of(Annotated[int, Field(strict=True, ge=1, le=MAX_SEEDS)], distinct),
        Said(f"a whole number from 1 to {MAX_SEEDS}, or a list of seeds such as [3, 5, 8]"),
    ]
    name = Annotated[
        str,
        Field(pattern=NAME_PATTERN),
        Said("a name of at most 100 letters, digits, `.`, `_`, `-`, that does not start with `.` or `-`"),
    ]
    stack = _stack()
    some_named: Any = {"propertyNames": {"pattern": NAME_PATTERN}, "minProperties": 1}
    lanes: Any = Annotated[dict[name, stack], Field(json_schema_extra=some_named)]  # type: ignore[valid-type]
    return create_model(
        "Config",
        __base__=_Closed,
        __doc__="A training config of regx.",
        name=(name, Field("config", description="name of the run; the file's name without its ending by default")),
        dataset=_by_name(("dataset",)),
        architecture=(
            Annotated[architecture, null],
            Field(default_factory=architecture, description="shape of the network"),
        ),
        regularizers=(stack, Field(default_factory=list, description="the stack, in order")),
        lanes=(
            Annotated[lanes, null],
            Field(default_factory=dict, description="of a race: a stack for each lane, in place of regularizers"),
        ),
        optimizer=_by_name(("optimizer",), schedule=schedule),
        training=(Annotated[training, null], Field(default_factory=training, description="length, steps, precision")),
        seeds=(seeds, Field(DEFAULT_SEEDS, description="n for the seeds 0 to n - 1, or a list of seeds")),
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of config files, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **config_model().model_json_schema()}
    schema["properties"]["name"].pop("default")  # it is the file's name
    return schema
