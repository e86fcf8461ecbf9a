"""A run's networks with their preparation as one ONNX model, for other programs.

Inputs are the table's columns by name, (n, 1) each: numbers as double, NaN where missing; words as text, empty where
missing; dates as double, days since 1970. The output `prediction`, (n, K), is the mean over seeds of the number in the
target's units, or of the probability of each class.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.regularizer import Regularizer
from regx.data.preparation import Preparation
from regx.evidence.predict import chosen, input_shape, members, reported
from regx.evidence.rows import preparations
from regx.evidence.run import Run
from regx.nn.layout import Block, Layout

OPSET, ML_OPSET, IR = 17, 3, 8
NORMS = ("batch_norm", "layer_norm", "group_norm", "rms_norm")


class _Graph:
    def __init__(self, helper: Any) -> None:
        self._helper = helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, output: str | None = None, domain: str = "", **settings: Any) -> str:
        """A node; the name of its output."""
        output = output or f"{kind} {len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [output], domain=domain, **settings))
        return output

    def constant(self, values: Array) -> str:
        from onnx import numpy_helper

        name = f"constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float64))

    def shaped(self, x: str, *shape: int) -> str:
        """(n, ...) as (n, *shape); without a shape as (n, all the numbers of a row)."""
        return self.add("Reshape", x, self.constant(np.array([0, *(shape or (-1,))])))

    def total(self, terms: Sequence[str]) -> str:
        return functools.reduce(lambda one, other: self.add("Add", one, other), terms)

    def call(self, kind: str, x: str, value: float) -> str:
        return self.add(kind, x, self.number(value))


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
    inputs = {name: f"column {name}" for name in forms}
    of_seeds = []
    for seed in seeds:
        x = _encoded(graph, prepared[seed], inputs)
        task = prepared[seed].task
        outs = [_output(graph, task, config, _network(graph, config, one, x)) for one in members(reported(run, seed))]
        out = graph.call("Div", graph.total(outs), len(outs))
        if task == "regression":
            spread, center = graph.number(prepared[seed].spread), graph.number(prepared[seed].center)
            out = graph.add("Add", graph.add("Mul", out, spread), center)
        of_seeds.append(out)
    graph.add("Div", graph.total(of_seeds), graph.number(len(of_seeds)), output="prediction")
    kinds = {
        name: onnx.TensorProto.STRING if form.kind == "words" else onnx.TensorProto.DOUBLE
        for name, form in forms.items()
    }
    values = [helper.make_tensor_value_info(name, kinds[name], ["n", 1]) for name in forms]
    for name, inner in inputs.items():
        graph.nodes.insert(0, helper.make_node("Identity", [name], [inner]))
    first = prepared[seeds[0]]
    output = helper.make_tensor_value_info("prediction", onnx.TensorProto.DOUBLE, ["n", max(1, len(first.classes))])
    model = helper.make_model(
        helper.make_graph(graph.nodes, config.name, values, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR, producer_name="regx",
    )  # fmt: skip
    told = {
        "target": first.target,
        "task": first.task,
        "classes": "\n".join(first.classes),
        "run": str(run.folder.name),
    }
    helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _output(graph: _Graph, task: str, config: Config, z: str) -> str:
    """What a network predicts, (n, K) double: the number, or the probability of each class."""
    if task == "binary":
        one = graph.add("Sigmoid", z)
        z = graph.add("Concat", graph.add("Sub", graph.constant(np.ones((1, 1), z_type(config))), one), one, axis=1)
    elif task == "multiclass":
        z = graph.add("Softmax", z, axis=1)
    return graph.add("Cast", z, to=11)


def z_type(config: Config) -> Any:
    """The precision that a config computes in."""
    return np.dtype(config.training.dtype)


def _encoded(graph: _Graph, preparation: Preparation, inputs: dict[str, str]) -> str:
    """The features of a table's columns, (n, D) double."""
    columns = dict(inputs)
    for name, form in preparation.reading.forms.items():
        if form.kind == "date":
            columns |= {f"{name}.{part}": of for part, of in _parts(graph, inputs[name]).items()}
    features = []
    for one in preparation.numbers:
        x = columns[one.name]
        filled = graph.add("Where", graph.add("IsNaN", x), graph.number(one.fill), x)
        x = graph.call("Div", graph.call("Sub", filled, one.mean), one.scale)
        if one.bound:
            square = graph.add("Mul", of_bound := graph.call("Div", x, one.bound), of_bound)
            x = graph.add("Div", x, graph.add("Sqrt", graph.call("Add", square, 1.0)))
        features.append(x)
    for word in preparation.words:
        levels = ["" if level is None else level for level in word.levels]
        one_hot = graph.add("OneHotEncoder", columns[word.name], domain="ai.onnx.ml", cats_strings=levels, zeros=1)
        flat = graph.add("Reshape", one_hot, graph.constant(np.array([-1, len(levels)])))
        features.append(graph.add("Cast", flat, to=11))
    return graph.add("Concat", *features, axis=1)


def _parts(graph: _Graph, days: str) -> dict[str, str]:
    """Year, month, day, weekday and hour of days since 1970, in the Gregorian calendar.

    The year begins in March, so that the leap day is its last. Hinnant 2013, chrono-Compatible Low-Level Date
    Algorithms.
    """

    def divided(x: str, by: float) -> str:
        return graph.add("Floor", graph.call("Div", x, by))

    def less(x: str, other: str) -> str:
        return graph.add("Sub", x, other)

    def is_at_least(x: str, value: float) -> str:
        return graph.add("Cast", graph.call("GreaterOrEqual", x, value), to=11)

    whole = graph.add("Floor", days)
    z = graph.call("Add", whole, 719468.0)
    era = divided(z, 146097.0)
    of_era = less(z, graph.call("Mul", era, 146097.0))
    leaps = less(less(divided(of_era, 36524.0), divided(of_era, 1460.0)), divided(of_era, 146096.0))
    years = divided(graph.add("Add", of_era, leaps), 365.0)
    of_year = less(
        of_era, less(graph.add("Add", graph.call("Mul", years, 365.0), divided(years, 4.0)), divided(years, 100.0))
    )
    month = divided(graph.call("Add", graph.call("Mul", of_year, 5.0), 2.0), 153.0)  # from March
    day = less(of_year, divided(graph.call("Add", graph.call("Mul", month, 153.0), 2.0), 5.0))
    late = is_at_least(month, 10.0)
    shifted = graph.call("Add", whole, 3.0)
    return {
        "year": graph.add("Add", graph.add("Add", years, graph.call("Mul", era, 400.0)), late),
        "month": less(graph.call("Add", month, 3.0), graph.call("Mul", late, 12.0)),
        "day": graph.call("Add", day, 1.0),
        "weekday": less(shifted, graph.call("Mul", divided(shifted, 7.0), 7.0)),
        "hour": graph.add("Floor", graph.call("Add", graph.call("Mul", less(days, whole), 24.0), 1e-6)),
    }


def _network(graph: _Graph, config: Config, named: dict[str, Array], x: str) -> str:
    """The outputs of a network before the task's last function, (n, K). Hidden values are (n, C·H·W) or (n, H)."""
    architecture, dtype = config.architecture, z_type(config)
    norms = [member for member in config.stack if type(member).stage is not Regularizer.stage]
    if own := [one.kind for one in norms if one.kind not in NORMS]:
        raise InputError(f"regx export: expected the layers {', '.join(NORMS)}, found {own[0]}, which it cannot write.")
    if architecture.conv and not architecture.shared:
        raise InputError(
            "regx export: expected filters that all places share, found architecture.shared: false, which it cannot "
            "write."
        )
    h = graph.add("Cast", x, to=1 if dtype == np.float32 else 11)
    # What dropout in its first form leaves undone in training: of inputs and of hidden layers.
    members = [type(one).of_population([one], dtype) for one in config.stack]
    at_rest = [factors for one in members if (factors := one.at_rest(dtype))]
    for on_inputs, _ in at_rest:
        h = graph.add("Mul", h, graph.constant(np.ravel(on_inputs)))
    last = f"{architecture.depth}/bias"
    blocks = Layout(input_shape(config, named), architecture, len(named[last]), config.stack).blocks
    for layer, block in enumerate(blocks):
        before = h
        h = _convolved(graph, named, layer, h, block) if block.is_convolution else _dense(graph, named, layer, h)
        for norm in norms:
            if norm.before_activation:
                h = _normalised(graph, norm, named, layer, h, block)
        h = _activated(graph, architecture.activation, h, dtype)
        for norm in norms:
            if not norm.before_activation:
                h = _normalised(graph, norm, named, layer, h, block)
        for _, on_hidden in at_rest:
            h = graph.add("Mul", h, graph.constant(np.ravel(on_hidden)))
        if block.residual:
            h = graph.add("Add", h, before)
        if block.pooled != block.outputs:
            pool = {"max": "MaxPool", "average": "AveragePool"}[architecture.pooling]
            size = [architecture.pool] * 2
            h = graph.shaped(graph.add(pool, graph.shaped(h, *block.outputs), kernel_shape=size, strides=size))
    return _dense(graph, named, len(blocks), h)


def _convolved(graph: _Graph, named: dict[str, Array], layer: int, h: str, block: Block) -> str:
    filters = named[f"{layer}/weight"].transpose(3, 0, 1, 2)  # of (in, kernel, kernel, out)
    before, after = (filters.shape[2] - 1) // 2, filters.shape[2] // 2
    weight, bias = graph.constant(filters), graph.constant(named[f"{layer}/bias"])
    around = [before, before, after, after]
    return graph.shaped(graph.add("Conv", graph.shaped(h, *block.inputs), weight, bias, pads=around))


def _dense(graph: _Graph, named: dict[str, Array], layer: int, h: str) -> str:
    product = graph.add("MatMul", h, graph.constant(named[f"{layer}/weight"]))
    return graph.add("Add", product, graph.constant(named[f"{layer}/bias"]))


def _activated(graph: _Graph, activation: str, h: str, dtype: Any) -> str:
    simple = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
    if activation in simple:
        return graph.add(simple[activation], h)
    if activation == "leaky_relu":
        return graph.add("LeakyRelu", h, alpha=0.01)
    if activation == "silu":
        return graph.add("Mul", h, graph.add("Sigmoid", h))
    erf = graph.add("Erf", graph.add("Mul", h, graph.constant(np.array(0.5**0.5, dtype))))
    half = graph.constant(np.array(0.5, dtype))
    return graph.add("Mul", h, graph.add("Mul", half, graph.add("Add", erf, graph.constant(np.array(1, dtype)))))


def _normalised(graph: _Graph, norm: Any, named: dict[str, Array], layer: int, h: str, block: Block) -> str:
    """Of channels over their places; a dense layer's units are channels of one place."""
    names = ("gain", "offset", "running_mean", "running_variance")
    own = {name: named[key] for name in names if (key := f"{layer}/{name}") in named}
    channels = block.outputs[0]
    eps = graph.constant(np.array(norm.eps, own["gain"].dtype))

    def of_channels(name: str) -> str:
        return graph.constant(own[name][:, None])

    if norm.kind == "batch_norm":
        h = graph.add("Sub", graph.shaped(h, channels, block.places), of_channels("running_mean"))
        variance = of_channels("running_variance")
    else:
        groups = getattr(norm, "groups", 1)
        h = graph.shaped(h, groups, channels // groups * block.places)
        if "offset" in own:
            h = graph.add("Sub", h, graph.add("ReduceMean", h, axes=[2], keepdims=1))
        variance = graph.add("ReduceMean", graph.add("Mul", h, h), axes=[2], keepdims=1)
    h = graph.add("Div", h, graph.add("Sqrt", graph.add("Add", variance, eps)))
    h = graph.add("Mul", graph.shaped(h, channels, block.places), of_channels("gain"))
    return graph.shaped(graph.add("Add", h, of_channels("offset")) if "offset" in own else h)
