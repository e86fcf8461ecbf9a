"""The schema: bounds of every registered parameter, the round trip, and the JSON Schema of editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from regx.config.load import configs_folder, load_any, load_config
from regx.config.problems import ConfigError
from regx.config.schema import ARCHITECTURE_KEYS, TRAINING_KEYS
from regx.core.parameters import Parameter, parameters
from regx.data import REGISTRY as DATASETS
from regx.nn.architecture import Architecture, Training
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.reference.json_schema import json_schema
from regx.regularizers import REGISTRY as REGULARIZERS
from tests.bad_values import bad_values

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
CONFIGS = sorted(configs_folder().glob("*.yaml"))


def given_required(cls: type) -> dict[str, Any]:
    return {name: "x" for name, parameter in parameters(cls).items() if parameter.required}


def with_setting(section: str, kind: str, cls: type, key: str, value: object) -> dict[str, Any]:
    """A config with one setting of one registered class."""
    settings = {**given_required(cls), key: value}
    if section == "regularizers":
        return {"regularizers": [{kind: settings}]}
    if section == "schedule":
        return {"optimizer": {"name": "sgd", "schedule": {"name": kind, **settings}}}
    return {section: settings if kind == section else {"name": kind, **settings}}


def all_parameters() -> Iterator[tuple[str, str, type, Parameter]]:
    registries = {"regularizers": REGULARIZERS, "optimizer": OPTIMIZERS, "schedule": SCHEDULES, "dataset": DATASETS}
    for section, cls in (("architecture", Architecture), ("training", Training)):
        for parameter in parameters(cls).values():
            yield section, section, cls, parameter
    for section, registry in registries.items():
        for kind, cls in registry.items():  # type: ignore[attr-defined]
            for parameter in parameters(cls).values():
                yield section, kind, cls, parameter


BAD = [
    pytest.param(section, kind, cls, parameter, value, id=f"{kind}.{parameter.name}={value!r}")
    for section, kind, cls, parameter in all_parameters()
    for value in bad_values(parameter)
]


def error_of(path: Path, config: object) -> ConfigError:
    path.write_text(json.dumps(config).replace("NaN", ".nan").replace("Infinity", ".inf"))
    with pytest.raises(ConfigError) as failure:
        load_config(path)
    return failure.value


@pytest.mark.parametrize(("section", "kind", "cls", "parameter", "value"), BAD)
def test_every_bound_is_checked_and_named(
    tmp_path: Path, section: str, kind: str, cls: type, parameter: Parameter, value: object
) -> None:
    config = with_setting(section, kind, cls, parameter.name, value)
    (problem,) = error_of(tmp_path / "c.yaml", config).problems
    assert parameter.bounds() in problem.message
    assert problem.path[-1] == parameter.name or problem.path[-2] == parameter.name
    if "NaN" not in json.dumps(value) and "Infinity" not in json.dumps(value):  # JSON has no such number to refuse
        assert not VALIDATOR.is_valid(config)


def test_every_parameter_is_described_in_the_json_schema() -> None:
    written = json.dumps(json_schema())
    for *_, parameter in all_parameters():
        assert json.dumps(parameter.help) in written


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_shipped_config_is_valid(path: Path) -> None:
    load_any(path)
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


# Random configs


def value_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    low = parameter.ge if parameter.ge is not None else parameter.gt
    high = parameter.le if parameter.le is not None else parameter.lt
    value: st.SearchStrategy[Any]
    if parameter.type is str and parameter.options:
        value = st.sampled_from(parameter.options)
    elif parameter.type is float:
        value = st.floats(
            -1e300 if low is None else low,
            1e300 if high is None else high,
            exclude_min=parameter.gt is not None,
            exclude_max=parameter.lt is not None,
            allow_subnormal=False,
        )
        if low is not None and parameter.gt is None:
            value |= st.just(int(low))  # a whole number where a real one belongs
    elif parameter.type is int:
        low = -99 if low is None else int(low) + (parameter.gt is not None)
        value = st.integers(low, 99 if high is None else int(high) - (parameter.lt is not None))
    elif parameter.type is bool:
        value = st.booleans()
    elif parameter.item is not None:
        items = value_of(parameter.item)
        names = st.just(parameter.key) if parameter.key else st.text("abc", min_size=1)
        value = st.lists(items, max_size=2) if parameter.type is list else st.dictionaries(names, items, min_size=1)
    else:
        value = st.text(st.characters(categories=["L", "N"], include_characters=" ."), min_size=1, max_size=8)
        value = value.map(lambda text: "missing/" + text)  # a path that is not there, so that it stays as written
    if parameter.options and parameter.type is not str:
        value |= st.sampled_from(parameter.options)
    return value | st.none() if parameter.optional else value


def axis_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    values = st.lists(value_of(parameter), min_size=2, max_size=3, unique_by=lambda value: repr(value))
    values = values.filter(lambda items: all(a != b for i, a in enumerate(items) for b in items[:i]))
    if (
        parameter.type is float
        and (parameter.lt is None or parameter.lt >= 1)
        and (parameter.le is None or parameter.le >= 1)
    ):
        values |= st.sampled_from(["log(1e-3,1e-1,3)", "linear(0.1,0.5,3)"])
    return values


def settings_of(keys: dict[str, Parameter], axes: bool) -> st.SearchStrategy[dict[str, Any]]:
    either = {key: value_of(p) | axis_of(p) if axes else value_of(p) for key, p in keys.items()}
    must = {key: strategy for key, strategy in either.items() if keys[key].required}
    return st.fixed_dictionaries(must, optional={key: s for key, s in either.items() if key not in must})


def named(registry: dict[str, type], axes: bool, **more: Any) -> st.SearchStrategy[Any]:
    bare = st.sampled_from([kind for kind, cls in registry.items() if not given_required(cls)])
    long = st.sampled_from(list(registry)).flatmap(
        lambda kind: st.tuples(
            settings_of(parameters(registry[kind]), axes), st.fixed_dictionaries({}, optional=more)
        ).map(lambda parts: {"name": kind, **parts[0], **parts[1]})
    )
    return bare | long


def regularizer(kind: str, axes: bool) -> st.SearchStrategy[Any]:
    keys = parameters(REGULARIZERS[kind])  # type: ignore[arg-type]
    forms = settings_of(keys, axes).map(lambda settings: {kind: settings})
    if keys:
        first = next(iter(keys.values()))
        forms |= (value_of(first) | axis_of(first) if axes else value_of(first)).map(lambda value: {kind: value})
    return forms if given_required(REGULARIZERS[kind]) else forms | st.just(kind) | st.just({kind: None})


def configs(axes: bool) -> st.SearchStrategy[dict[str, Any]]:
    stack = st.lists(st.sampled_from(list(REGULARIZERS)), unique=True, max_size=3).flatmap(
        lambda kinds: st.tuples(*(regularizer(kind, axes) for kind in kinds)).map(list)
    )
    seeds = st.integers(1, 9) | st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4, unique=True)
    sections = {
        "name": st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", fullmatch=True),
        "dataset": named(DATASETS, axes),  # type: ignore[arg-type]
        "architecture": settings_of(ARCHITECTURE_KEYS, axes),
        "regularizers": stack,
        "optimizer": named(OPTIMIZERS, axes, schedule=named(SCHEDULES, axes)),  # type: ignore[arg-type]
        "training": settings_of(TRAINING_KEYS, axes),
    }
    optional = {key: strategy | st.none() if key != "name" else strategy for key, strategy in sections.items()}
    return st.fixed_dictionaries({}, optional={**optional, "seeds": seeds}).filter(bool)


@given(configs(axes=False))
def test_a_resolved_config_reads_as_the_same_config(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(json.dumps(config))
    try:
        first = load_config(path)
    except ConfigError as error:
        # Every value is within its bounds; what is drawn may still be of no use for the data or the rest of the config.
        of_data = (
            ("architecture", "conv"),
            ("training", "class_weight"),
            ("training", "steps"),
            ("training", "epochs"),
        )
        assume(not all(one.path[:1] == ("regularizers",) or one.path[:2] in of_data for one in error.problems))
        raise
    resolved = path.with_name("resolved.yaml")
    resolved.write_text(yaml.safe_dump(first.resolved, sort_keys=False))
    again = load_config(resolved)
    assert again == first
    assert again.folder_name == first.folder_name
    assert json.loads(json.dumps(first.resolved)) == first.resolved
    VALIDATOR.validate(config)
    VALIDATOR.validate(first.resolved)


@given(configs(axes=True))
def test_axes_and_short_forms_are_in_the_json_schema(config: dict[str, Any]) -> None:
    VALIDATOR.validate(config)


@given(configs(axes=True), st.data())
def test_a_wrong_key_is_refused_by_both(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any], draw: st.DataObject
) -> None:
    places = [config, *(part for part in config.values() if isinstance(part, dict))]
    draw.draw(st.sampled_from(places))["wrongkey"] = 1
    assert not VALIDATOR.is_valid(config)
    problems = error_of(tmp_path_factory.getbasetemp() / "wrong.yaml", config).problems
    assert [problem.path[-1] for problem in problems] == ["wrongkey"]


def test_what_one_class_has_another_may_not(tmp_path: Path) -> None:
    error = error_of(tmp_path / "c.yaml", {"optimizer": {"name": "sgd", "beta1": 0.5}})
    assert "expected one of name, lr, sam, momentum, nesterov, schedule, found the key 'beta1'" in str(error)
