"""A run's networks with their preparation as one ONNX model, for other programs.

Inputs are the table's columns by name, (n, 1) each: numbers as double, NaN where missing; words as text, empty where
missing; dates as double, days since 1970. The output `prediction`, (n, K), is the mean over seeds of the number in the
target's units, or of the probability of each class.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.regularizer import Regularizer
from regx.data.preparation import Preparation
from regx.evidence.predict import chosen, input_shape, members
from regx.evidence.rows import preparations
from regx.evidence.run import Run
from regx.nn.layout import Block, Layout

OPSET, ML_OPSET, IR = 17, 3, 8
FLOAT, DOUBLE = 1, 11  # types of numbers, as ONNX counts them
INNER = "regx: "  # how names within a model begin, so that they are no column's
NORMS = ("batch_norm", "layer_norm", "group_norm", "rms_norm")


class _Graph:
    """Nodes and constants of a model that is put together."""

    def __init__(self, helper: Any) -> None:
        self._helper = helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: _Tensor | Array | float, output: str = "", **settings: Any) -> _Tensor:
        """What a node gives. inputs: numbers and arrays become constants, numbers double ones."""
        names = [one.name if isinstance(one, _Tensor) else self._constant(one) for one in inputs]
        output = output or f"{INNER}{kind} {len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, names, [output], **settings))
        return _Tensor(self, output)

    def _constant(self, values: Array | float) -> str:
        from onnx import numpy_helper

        name = f"{INNER}constant {len(self.constants)}"
        array = np.array(values, np.float64) if isinstance(values, int | float) else np.ascontiguousarray(values)
        self.constants.append(numpy_helper.from_array(array, name))
        return name


@dataclass(frozen=True)
class _Tensor:
    """What a node gives, to be calculated with."""

    graph: _Graph
    name: str

    def __add__(self, other: _Tensor | Array | float) -> _Tensor:
        return self.graph.add("Add", self, other)

    def __sub__(self, other: _Tensor | Array | float) -> _Tensor:
        return self.graph.add("Sub", self, other)

    def __mul__(self, other: _Tensor | Array | float) -> _Tensor:
        return self.graph.add("Mul", self, other)

    def __truediv__(self, other: _Tensor | Array | float) -> _Tensor:
        return self.graph.add("Div", self, other)

    def __floordiv__(self, other: float) -> _Tensor:
        return (self / other).to("Floor")

    def to(self, kind: str, *others: Array, **settings: Any) -> _Tensor:
        """A function of it."""
        return self.graph.add(kind, self, *others, **settings)

    def shaped(self, *shape: int) -> _Tensor:
        """(n, ...) as (n, *shape); without a shape as (n, all the numbers of a row)."""
        return self.to("Reshape", np.array([0, *(shape or (-1,))]))


def export(run: Run) -> bytes:
    """The model of a run's completed seeds. Raises InputError without the package onnx, and for other networks."""
    try:
        import onnx
        from onnx import helper
    except ImportError:
        raise InputError("regx export needs the package onnx. Type: pip install 'regx[onnx]'") from None
    seeds = chosen(run, None)
    config = run.typed
    prepared = preparations(run, seeds)
    graph = _Graph(helper)
    forms = {name: form for one in prepared.values() for name, form in one.reading.forms.items()}
    inputs = {name: _Tensor(graph, f"{INNER}column {name}") for name in forms}
    of_seeds = []
    for seed, one in prepared.items():
        x = _encoded(graph, one, inputs)
        networks = members(run.reported(seed))
        outs = [_output(one.task, config, _network(config, named, x)) for named in networks]
        out = functools.reduce(operator.add, outs) / len(outs)
        of_seeds.append(out * one.spread + one.center if one.task == "regression" else out)
    result = "prediction" + "_" * ("prediction" in forms)
    graph.add("Div", functools.reduce(operator.add, of_seeds), len(of_seeds), output=result)
    proto = onnx.TensorProto
    kinds = {name: proto.STRING if form.kind == "words" else proto.DOUBLE for name, form in forms.items()}
    values = [helper.make_tensor_value_info(name, kind, ["n", 1]) for name, kind in kinds.items()]
    for name, inner in inputs.items():
        graph.nodes.insert(0, helper.make_node("Identity", [name], [inner.name]))
    first = prepared[seeds[0]]
    output = helper.make_tensor_value_info(result, proto.DOUBLE, ["n", max(1, len(first.classes))])
    model = helper.make_model(
        helper.make_graph(graph.nodes, config.name, values, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR, producer_name="regx",
    )  # fmt: skip
    told = {"target": first.target, "task": first.task, "classes": "\n".join(first.classes), "run": run.folder.name}
    helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _output(task: str, config: Config, z: _Tensor) -> _Tensor:
    """What a network predicts, (n, K) double: the number, or the probability of each class."""
    if task == "binary":
        one = z.to("Sigmoid")
        other = z.graph.add("Sub", np.ones((1, 1), config.training.dtype), one)
        z = z.graph.add("Concat", other, one, axis=1)
    elif task == "multiclass":
        z = z.to("Softmax", axis=1)
    return z.to("Cast", to=DOUBLE)


def _encoded(graph: _Graph, preparation: Preparation, inputs: dict[str, _Tensor]) -> _Tensor:
    """The features of a table's columns, (n, D) double."""
    columns = dict(inputs)
    for name, form in preparation.reading.forms.items():
        if form.kind == "date":
            columns |= {f"{name}.{part}": of for part, of in _parts(inputs[name]).items()}
    features = []
    for one in preparation.numbers:
        x = columns[one.name]
        x = (graph.add("Where", x.to("IsNaN"), one.fill, x) - one.mean) / one.scale
        if one.bound:
            of_bound = x / one.bound
            x = x / (of_bound * of_bound + 1.0).to("Sqrt")
        features.append(x)
    for word in preparation.words:
        levels = ["" if level is None else level for level in word.levels]
        one_hot = columns[word.name].to("OneHotEncoder", domain="ai.onnx.ml", cats_strings=levels, zeros=1)
        features.append(one_hot.to("Reshape", np.array([-1, len(levels)])).to("Cast", to=DOUBLE))
    return graph.add("Concat", *features, axis=1)


def _parts(days: _Tensor) -> dict[str, _Tensor]:
    """Year, month, day, weekday and hour of days since 1970, in the Gregorian calendar.

    The year begins in March, so that the leap day is its last. Hinnant 2013, chrono-Compatible Low-Level Date
    Algorithms.
    """
    whole = days.to("Floor")
    z = whole + 719468.0
    era = z // 146097.0
    of_era = z - era * 146097.0
    leaps = of_era // 36524.0 - of_era // 1460.0 - of_era // 146096.0
    years = (of_era + leaps) // 365.0
    of_year = of_era - (years * 365.0 + years // 4.0 - years // 100.0)
    month = (of_year * 5.0 + 2.0) // 153.0  # from March
    late = month.to("GreaterOrEqual", np.array(10.0)).to("Cast", to=DOUBLE)
    shifted = whole + 3.0
    return {
        "year": years + era * 400.0 + late,
        "month": month + 3.0 - late * 12.0,
        "day": of_year - (month * 153.0 + 2.0) // 5.0 + 1.0,
        "weekday": shifted - (shifted // 7.0) * 7.0,
        "hour": ((days - whole) * 24.0 + 1e-6).to("Floor"),
    }


def _network(config: Config, named: dict[str, Array], x: _Tensor) -> _Tensor:
    """The outputs of a network before the task's last function, (n, K). Hidden values are (n, C·H·W) or (n, H)."""
    architecture, dtype = config.architecture, np.dtype(config.training.dtype)
    norms = [member for member in config.stack if type(member).stage is not Regularizer.stage]
    if own := [one.kind for one in norms if one.kind not in NORMS]:
        raise InputError(f"regx export: expected the layers {', '.join(NORMS)}, found {own[0]}, which it cannot write.")
    if architecture.conv and not architecture.shared:
        raise InputError(
            "regx export: expected filters that all places share, found architecture.shared: false, which it cannot "
            "write."
        )
    h = x.to("Cast", to=FLOAT if dtype == np.float32 else DOUBLE)
    # What dropout in its first form leaves undone in training: of inputs and of hidden layers.
    members = [type(one).of_population([one], dtype) for one in config.stack]
    at_rest = [factors for one in members if (factors := one.at_rest(dtype))]
    for on_inputs, _ in at_rest:
        h = h * np.ravel(on_inputs)
    last = f"{architecture.depth}/bias"
    blocks = Layout(input_shape(config, named), architecture, len(named[last]), config.stack).blocks
    for layer, block in enumerate(blocks):
        before = h
        h = _convolved(named, layer, h, block) if block.is_convolution else _dense(named, layer, h)
        for norm in norms:
            if norm.before_activation:
                h = _normalised(norm, named, layer, h, block)
        h = _activated(architecture.activation, h, dtype)
        for norm in norms:
            if not norm.before_activation:
                h = _normalised(norm, named, layer, h, block)
        for _, on_hidden in at_rest:
            h = h * np.ravel(on_hidden)
        if block.residual:
            h = h + before
        if block.pooled != block.outputs:
            pool = {"max": "MaxPool", "average": "AveragePool"}[architecture.pooling]
            size = [architecture.pool] * 2
            h = h.shaped(*block.outputs).to(pool, kernel_shape=size, strides=size).shaped()
    return _dense(named, len(blocks), h)


def _convolved(named: dict[str, Array], layer: int, h: _Tensor, block: Block) -> _Tensor:
    filters = named[f"{layer}/weight"].transpose(3, 0, 1, 2)  # of (in, kernel, kernel, out)
    before, after = (filters.shape[2] - 1) // 2, filters.shape[2] // 2
    around = [before, before, after, after]
    return h.shaped(*block.inputs).to("Conv", filters, named[f"{layer}/bias"], pads=around).shaped()


def _dense(named: dict[str, Array], layer: int, h: _Tensor) -> _Tensor:
    return h.to("MatMul", named[f"{layer}/weight"]) + named[f"{layer}/bias"]


def _activated(activation: str, h: _Tensor, dtype: Any) -> _Tensor:
    simple = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
    if activation in simple:
        return h.to(simple[activation])
    if activation == "leaky_relu":
        return h.to("LeakyRelu", alpha=0.01)
    if activation == "silu":
        return h * h.to("Sigmoid")
    erf = (h * np.array(0.5**0.5, dtype)).to("Erf")
    return h * ((erf + np.array(1, dtype)) * np.array(0.5, dtype))


def _normalised(norm: Any, named: dict[str, Array], layer: int, h: _Tensor, block: Block) -> _Tensor:
    """Of channels over their places; a dense layer's units are channels of one place."""
    names = ("gain", "offset", "running_mean", "running_variance")
    own = {name: named[key][:, None] for name in names if (key := f"{layer}/{name}") in named}
    channels = block.outputs[0]
    eps = np.array(norm.eps, own["gain"].dtype)
    if norm.kind == "batch_norm":
        h = h.shaped(channels, block.places) - own["running_mean"]
        deviation = np.sqrt(own["running_variance"] + eps)
    else:
        groups = getattr(norm, "groups", 1)
        h = h.shaped(groups, channels // groups * block.places)
        if "offset" in own:
            h = h - h.to("ReduceMean", axes=[2], keepdims=1)
        deviation = ((h * h).to("ReduceMean", axes=[2], keepdims=1) + eps).to("Sqrt")
    h = (h / deviation).shaped(channels, block.places) * own["gain"]
    return (h + own["offset"] if "offset" in own else h).shaped()
