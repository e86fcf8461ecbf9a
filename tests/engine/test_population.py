"""The laws of training in populations, each over the whole registry of regularizers."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import Streams
from regx.data.dataset import Dataset, Split
from regx.engine import state as engine_state
from regx.engine.state import State
from regx.engine.trainer import train
from regx.metrics import REGISTRY as METRICS
from regx.nn.activations import ACTIVATIONS
from regx.nn.architecture import Architecture
from regx.nn.initialisations import INITIALISATIONS
from regx.nn.layout import Layout
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES, SGD, Adam, Constant, Cosine, ReduceOnPlateau, Step, WarmRestarts
from regx.regularizers import L1, L2, REGISTRY, BatchNorm, Dropout, EarlyStopping
from tests.engine.populations import TASKS, assert_same_bits, dataset, population
from tests.engine.settings import NEUTRAL, PAIRS, SETTINGS, TRAINING_ONLY, is_at_rest, is_layer, name

# Images of a task on which every regularizer is usable, with a minority for SMOTE, and an architecture in which every
# one acts.
BINARY = dataset("binary", 4, shape=(3, 5, 4))
RESIDUAL = Architecture((6, 6), residual=True, conv=(4, 4), pool=2, kernel=2)


def test_the_settings_are_complete():
    assert set(SETTINGS) == set(REGISTRY)
    for kind, pairs in SETTINGS.items():
        declared = parameters(REGISTRY[kind])
        for first, second in pairs:
            assert first.kind == second.kind == kind
            assert first.static_key() == second.static_key()
            assert first != second
        for parameter in declared.values():
            if parameter.options:
                assert {getattr(first, parameter.name) for first, _ in pairs} == set(parameter.options)
        if not is_layer(pairs[0][0]):
            assert (kind in NEUTRAL) != any(parameter.neutral is not None for parameter in declared.values())


def makes_rows(member: Regularizer) -> bool:
    """Whether it makes training rows of its own, so that only networks for which it makes as many are together."""
    return "on_data" in member.hooks()


def side_by_side(first: Regularizer, second: Regularizer) -> list[Regularizer]:
    """The two in one population; twice the first where they cannot be."""
    return [first, first if makes_rows(first) else second]


# Alone = together


@st.composite
def stacked_populations(draw):
    """The arguments of `population`, with a list of R wherever networks may differ."""
    task = draw(st.sampled_from(TASKS))
    shape = {"features": draw(st.integers(1, 9)), "k": draw(st.integers(1 if task == "regression" else 2, 10))}
    images = draw(st.booleans())
    if images:
        shape["shape"] = (draw(st.integers(1, 3)), draw(st.integers(4, 6)), draw(st.integers(4, 7)))
    rows = (draw(st.integers(1, 40)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    datasets = [dataset(task, number, rows, **shape) for number in range(2)]
    seeds = draw(st.lists(st.integers(0, 4), min_size=2, max_size=9))

    def each(choices):
        return [draw(st.sampled_from(choices)) for _ in seeds]

    usable = [
        pairs
        for pairs in SETTINGS.values()
        if not pairs[0][0].unusable(task, rows[1]) and (images or not pairs[0][0].for_images)
    ]
    chosen = draw(
        st.lists(st.sampled_from(usable), unique_by=lambda pairs: is_layer(pairs[0][0]) or pairs[0][0].kind, max_size=5)
    )
    pairs = [draw(st.sampled_from([pair for pair in pairs if not pair[0].unusable(task, rows[1])])) for pairs in chosen]
    stack = [each(pair) for pair in pairs]
    datasets = each(datasets)
    if any(makes_rows(pair[0]) for pair in pairs):  # how many depends on the dataset and on the setting
        datasets = datasets[:1] * len(seeds)
        stack = [members[:1] * len(seeds) if makes_rows(members[0]) else members for members in stack]
    optimizer = draw(st.sampled_from(list(OPTIMIZERS.values())))
    radii = draw(st.sampled_from([[0.0], [0.02, 0.1]]))  # with one or with two gradients a step
    widths = draw(st.lists(st.integers(1, 20), max_size=3) | st.sampled_from([[4, 4, 4], [9, 9]]))
    widths = [2 * width for width in widths] if any(pair[0].kind == "group_norm" for pair in pairs) else widths
    return {
        "seeds": seeds,
        "data": datasets,
        "stack": stack,
        "optimizer": [optimizer(lr=lr, sam=sam) for lr, sam in zip(each([0.001, 0.02, 0.3]), each(radii), strict=True)],
        "schedule": draw(
            st.sampled_from([Constant(), Step(every=2), Cosine(warmup=1), ReduceOnPlateau(patience=0, decay=0.5)])
        ),
        "architecture": Architecture(
            tuple(widths),
            draw(st.sampled_from(list(ACTIVATIONS))),
            residual=draw(st.booleans()),
            tied=draw(st.booleans()),
            conv=tuple(draw(st.lists(st.sampled_from([2, 4]), max_size=2))) if images else (),
            kernel=draw(st.integers(1, 2)),
            pool=draw(st.integers(1, 2)),
            pooling=draw(st.sampled_from(["max", "average"])),
            shared=draw(st.booleans()),
        ),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "batch_size": draw(st.none() | st.integers(1, 40)),
        "epochs": 6,
        "eval_every": draw(st.integers(1, 3)),
    }


def alone(arguments, index):
    """The arguments of `population` for one of its networks."""

    def only(value):
        return [value[index]] if isinstance(value, list) else value

    return arguments | {
        "stack": [only(member) for member in arguments["stack"]],
        **{key: only(arguments[key]) for key in ("seeds", "data", "optimizer")},
    }


@given(stacked_populations())
@settings(max_examples=150)
@example(
    {
        "seeds": [0, 1, 1, 2], "data": [dataset("multiclass", k=10)] * 4,
        "stack": [[Dropout(p=p) for p in (0.0, 0.1, 0.5, 0.9)], [L2(lam=lam) for lam in (0.0, 0.1, 1.0, 1e4)]],
        "optimizer": [SGD(lr=0.1, momentum=m, nesterov=True) for m in (0.9, 0.0, 0.5, 0.99)], "schedule": Constant(),
        "architecture": Architecture((64, 64)), "dtype": "float32", "batch_size": 7, "epochs": 6, "eval_every": 2,
    }
)  # fmt: skip
def test_alone_is_together(arguments):
    together = train(population(**arguments))
    for index in range(len(together)):
        assert_same_bits(together[index], train(population(**alone(arguments, index)))[0])


KEEPS_FINITE = ("clip_norm", "clip_value")  # no rate makes a network diverge whose steps are bounded


@pytest.mark.parametrize("eval_every", [1, 50])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair[0].kind not in KEEPS_FINITE], ids=name)
def test_a_diverging_network_leaves_and_disturbs_nobody(pair, batch_size, eval_every):
    """Two that diverge, each at its own time, beside two that do not."""
    data = dataset(
        "binary" if pair[0].unusable("regression", 8) else "regression", shape=(1, 2, 2) if pair[0].for_images else None
    )
    # A logit's gradient is bounded, so that no rate makes it diverge: the weights must overflow at once.
    rates = [0.05, 3e38, 1e38, 0.1] if data.task == "binary" else [0.05, 1e9, 1e6, 0.1]
    arguments = {
        "seeds": [3, 4, 4, 4], "data": [data] * 4, "stack": [[pair[0]] * 4], "optimizer": [SGD(lr=lr) for lr in rates],
        "architecture": Architecture((6, 4)), "batch_size": batch_size, "epochs": 40, "dtype": "float32",
        "eval_every": eval_every,
    }  # fmt: skip
    networks = train(population(**arguments))
    for index in range(4):
        assert_same_bits(networks[index], train(population(**alone(arguments, index)))[0])
    assert [network.status for network in networks] == ["completed", "diverged", "diverged", "completed"]
    for network in networks[1:3]:
        assert network.metrics["epoch"][-1] == network.divergence.epoch < 40
        broken = [tensor for tensor in network.weights if not np.isfinite(network.weights[tensor]).all()]
        first = next((tensor.removeprefix("final/") for tensor in broken if tensor.startswith("final/")), "loss")
        assert network.divergence.tensor == first
        # Until then every row is finite, and the row of the divergence is not.
        rows = np.stack([network.metrics[column] for column in ("train_loss", "weight_norm", "objective")])
        assert np.isfinite(rows[:, 1:-1]).all()
        assert not np.isfinite(rows[:, -1]).all()


def test_off_the_evaluation_schedule_only_who_diverged_gets_a_row():
    networks = train(population([0, 0], optimizer=[SGD(lr=0.05), SGD(lr=1e6)], epochs=100, eval_every=50))
    assert networks[0].metrics["epoch"].tolist() == [0, 50, 100]
    assert networks[1].metrics["epoch"].tolist() == [0, networks[1].divergence.epoch]
    assert networks[1].divergence.epoch < 50


# Early stopping


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("metric", ["val_loss", "val_accuracy"])
def test_early_stopping_restores_the_best_weights_of_each_network(metric, every):
    patience = [2, 7, 30, 7]
    stopping = [EarlyStopping(patience=steps, metric=metric) for steps in patience]
    given_population = population(
        [0, 1, 2, 0], [stopping], Adam(lr=0.05), data=BINARY, epochs=60, eval_every=every, batch_size=6, dtype="float32"
    )
    networks = train(given_population)
    state = State(given_population)
    state.values[:] = [
        state.layout.flat({key.removeprefix("reported/"): a for key, a in one.weights.items() if "reported" in key})
        for one in networks
    ]
    again = state.evaluator.metrics()
    for index, network in enumerate(networks):
        scores = network.metrics[metric] * (1 if metric == "val_loss" else -1)
        best = int(scores.argmin())  # the first of equals
        epochs = network.metrics["epoch"]
        assert network.reported_epoch == epochs[best]
        assert network.reported_because == EarlyStopping.reports
        assert network.diagnostics["seconds_per_epoch"] == pytest.approx(network.seconds / epochs[-1])
        for column, value in again.items():
            assert value[index] == network.metrics[column][best]
        # It stopped at the first evaluated epoch that was `patience` or more behind its best, or at the end.
        waited = epochs - epochs[[scores[: row + 1].argmin() for row in range(len(scores))]]
        assert (waited[:-1] < patience[index]).all()
        assert waited[-1] >= patience[index] or epochs[-1] == 60
    assert len({network.metrics["epoch"][-1] for network in networks}) > 1, "each network stops by itself"


# Evaluation


@given(st.integers(1, 12), st.integers(1, 14))
@settings(max_examples=30)
def test_eval_every_thins_the_rows_and_changes_nothing_else(epochs, every):
    stack = [Dropout(p=0.3), L2(lam=0.1)]
    (full,) = train(population([1], stack, batch_size=6, epochs=epochs))
    (thin,) = train(population([1], stack, batch_size=6, epochs=epochs, eval_every=every))
    rows = sorted({0, *range(every, epochs + 1, every), epochs})
    assert thin.metrics["epoch"].tolist() == rows
    for column, values in thin.metrics.items():
        assert np.array_equal(values, full.metrics[column][rows], equal_nan=True)
        assert np.isnan(values[0]) == (column in ("objective", "penalty"))
        assert np.isfinite(values[1:]).all()
    assert all(np.array_equal(thin.weights[key], full.weights[key]) for key in full.weights)


@pytest.mark.parametrize(("size", "epochs"), [(None, 7), (6, 2), (1, 1)])
def test_a_budget_of_steps_ends_within_an_epoch(size, epochs):
    """Of 20 rows: after 7 epochs, after the third of four batches, after the seventh of twenty."""
    short, whole = (State(population([1, 2], batch_size=size, epochs=epochs, steps=steps)) for steps in (7, None))
    for epoch in range(1, epochs + 1):
        objective, _ = short.train_epoch(epoch, True)
    assert short.step == 7
    losses = []
    make = whole.training_step.make
    whole.training_step.make = lambda *given: losses.append((given[0].y.shape[2], make(*given))) or losses[-1][1]
    for epoch in range(1, epochs + 1):
        if size and epoch == epochs:
            batches = itertools.islice(whole._batches.epoch(), 7 - whole.step)
            whole._batches.epoch = lambda batches=batches: batches
            losses.clear()
        whole.train_epoch(epoch, True)
    assert np.array_equal(short.values, whole.values)
    last = losses[-1:] if size is None else losses
    expected = sum(loss for _, loss in last) / sum(samples for samples, _ in last)
    np.testing.assert_allclose(objective, expected)


def test_norm_and_zeros_are_those_of_the_weights_alone():
    (one,) = train(population([1], [L1(lam=0.3), BatchNorm()], epochs=20))
    weights = np.concatenate(
        [a.ravel() for key, a in one.weights.items() if key.startswith("final") and "weight" in key]
    )
    assert one.metrics["weight_norm"][-1] == pytest.approx(np.linalg.norm(weights))
    assert one.metrics["zero_fraction"][-1] == pytest.approx(np.mean(weights == 0))
    assert 0 < np.mean(weights == 0) < 1


@pytest.mark.parametrize(("rows", "alike", "dead"), [(20, 20, 1), (20, 19, 0), (600, 600, 1), (600, 599, 0)])
def test_dead_units_answer_all_training_rows_alike_and_not_more(rows, alike, dead):
    data = dataset("binary", n=(rows, 8, 9))
    data.train.x[:alike] = 0
    state = State(population([0, 1], data=data, architecture=Architecture((6, 5), "tanh")))
    assert state.evaluator.measured(METRICS["dead_units"]).tolist() == [dead, dead]


@pytest.mark.parametrize("pair", [pair for pair in TRAINING_ONLY if not is_at_rest(pair[0])], ids=name)
def test_evaluation_is_clean(pair):
    """The metrics of the same weights do not depend on the stack, after training with it neither."""
    plain, stacked = (State(population([0, 1], stack, data=BINARY)) for stack in ([], [side_by_side(*pair)]))
    stacked.train_epoch(1, True)
    plain.values[:] = stacked.values
    with_stack, without = stacked.evaluator.metrics(), plain.evaluator.metrics()
    assert with_stack.keys() == without.keys()
    assert all(np.array_equal(with_stack[column], without[column]) for column in without)


@given(stacked_populations())
@settings(max_examples=60)
def test_evaluation_is_clean_of_whole_stacks(arguments):
    """The same of random stacks, against the layers in them alone, which evaluation has too."""
    layers = [members for members in arguments["stack"] if is_layer(members[0]) or is_at_rest(members[0])]
    stacked, plain = (State(population(**arguments | {"stack": stack})) for stack in (arguments["stack"], layers))
    with np.errstate(all="ignore"):
        stacked.train_epoch(1, True)
        plain.values[:] = stacked.values
        with_stack, without = stacked.evaluator.metrics(), plain.evaluator.metrics()
    assert with_stack.keys() == without.keys()
    assert all(np.array_equal(with_stack[column], without[column], equal_nan=True) for column in without)


def test_evaluation_in_chunks_is_evaluation_at_once(monkeypatch):
    arguments = {"seeds": [0, 1], "data": dataset("multiclass", n=(30, 21, 11)), "epochs": 3}
    at_once = train(population(**arguments))
    monkeypatch.setattr("regx.engine.evaluate.CHUNK", 8)
    for one, other in zip(train(population(**arguments)), at_once, strict=True):
        for column, values in one.metrics.items():
            np.testing.assert_allclose(values, other.metrics[column], rtol=1e-12)


# Layers


CHOOSE_LAYERS = [pair[1] for pair in PAIRS if "layers" in parameters(type(pair[1])) and pair[1].on_layers is None]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("member", CHOOSE_LAYERS, ids=lambda member: name((member, member)))
def test_layers_that_are_not_named_are_left_alone(member, tied):
    """In a step the weights of the layers named move as if all were, the others as if none was."""
    architecture = Architecture((6, 6, 6), tied=tied)

    def stepped(*stack):
        state = State(population([0, 1], stack, SGD(lr=0.3), architecture=architecture))
        _, penalty = state.train_epoch(1, True)
        return {key: tensor.of(state.values).copy() for key, tensor in state.layout.tensors.items()}, penalty

    (none, _), (everywhere, all_of_it) = stepped(), stepped(dataclasses.replace(member, layers=(0, 1, 2, 3)))
    parts = 0
    # Hidden layers that share a weight are named by any of them.
    for layers, named in [((-1,), {3}), ((0,), {0}), ((-2, 1), {1, 2})]:
        some, penalty = stepped(dataclasses.replace(member, layers=layers))
        parts += penalty
        for key, array in some.items():
            acts = int(key[0]) in (named if not tied or key[0] not in "12" else {1, 2} & named)
            assert np.array_equal(array, (everywhere if acts else none)[key]), (layers, key)
            assert not acts or "weight" not in key or not np.array_equal(array, none[key])
    # Of shared weights the second of the three has been counted, under another name.
    assert tied or np.allclose(parts, all_of_it)
    default, _ = stepped(member)
    # The output layer alone is free of max_norm, unless it is named.
    hidden = dataclasses.replace(member, layers=(0, 1, 2) if member.kind == "max_norm" else (0, 1, 2, 3))
    assert all(np.array_equal(array, default[key]) for key, array in stepped(hidden)[0].items())


# Neutral values


def neutral(member: Regularizer) -> Regularizer:
    """The same at its neutral values."""
    values = {key: one.neutral for key, one in parameters(type(member)).items() if one.neutral is not None}
    return dataclasses.replace(member, **values) if values else NEUTRAL[member.kind]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SGD(lr=0.1, momentum=0.5), Adam(lr=0.02)], ids=lambda one: one.kind)
@pytest.mark.parametrize("pair", TRAINING_ONLY, ids=name)
def test_neutral_is_absent(pair, optimizer, dtype):
    """Also beside an active network of the same population."""
    arguments = {
        "optimizer": optimizer,
        "data": BINARY,
        "batch_size": 7,
        "dtype": dtype,
        "epochs": 12,
        "architecture": RESIDUAL,
    }
    absent = train(population([2, 2], **arguments))
    for stack in ([neutral(pair[0])], [side_by_side(neutral(pair[0]), pair[0])]):
        # A regularizer that reports another epoch does so at its neutral value too.
        assert_same_bits(train(population([2, 2], stack, **arguments))[0], absent[0], ("init", "final"))


@given(stacked_populations(), st.data())
@settings(max_examples=120)
def test_neutral_is_absent_anywhere_in_a_stack(arguments, data):
    """Whoever else is in it."""
    task, stack = arguments["data"][0].task, arguments["stack"]
    n_val = len(arguments["data"][0].val.x)
    kinds = {members[0].kind for members in stack}
    images = arguments["data"][0].images is not None
    others = [
        pair[0]
        for pair in TRAINING_ONLY
        if pair[0].kind not in kinds and not pair[0].unusable(task, n_val) and (images or not pair[0].for_images)
    ]
    member = neutral(data.draw(st.sampled_from(others)))
    place = data.draw(st.integers(0, len(stack)))
    more = [*stack[:place], [member] * len(arguments["seeds"]), *stack[place:]]
    # Who reports other weights than the last does so at its neutral value too.
    weights = ("init", "final") if "on_finish" in member.hooks() else ("init", "reported", "final")
    without, with_it = (train(population(**arguments | {"stack": each})) for each in (stack, more))
    for one, other in zip(with_it, without, strict=True):
        assert_same_bits(one, other, weights)


@pytest.mark.parametrize("pair", PAIRS, ids=name)
def test_active_is_not_absent(pair):
    """Else the laws above would hold of a regularizer that does nothing."""
    arguments = {"data": BINARY, "epochs": 40, "architecture": RESIDUAL}
    (absent,) = train(population([2], **arguments))
    (active,) = train(population([2], [pair[1]], **arguments))
    # What only predicts by more than the last weights shows in what is measured.
    for one, other in ((active.weights, absent.weights), (active.metrics, absent.metrics)):
        if any(not np.array_equal(one[key], other[key]) for key in other):
            return
    pytest.fail("nothing differs")


# Random streams


def _draws(*members: Sequence[Regularizer]) -> dict[str, list[np.ndarray]]:
    """What two networks with these members, two settings of each, draw: by purpose, in the order of drawing."""
    drawn: dict[str, list[np.ndarray]] = {}

    class Recorded(Streams):
        def __init__(self, seeds, purpose):
            super().__init__(seeds, purpose)
            self.drawn = drawn.setdefault(purpose, [])

        def _record(self, draw):
            is_new = not self._again  # what is drawn once more, of the bits of before, is no other draw
            values = draw()
            if is_new:
                self.drawn.append(np.array(values))
            return values

        def bits(self, shape):
            return self._record(functools.partial(super().bits, shape))

        def normal(self, shape, dtype):
            return self._record(functools.partial(super().normal, shape, dtype))

        def permutation(self, n):
            return self._record(functools.partial(super().permutation, n))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_state, "Streams", Recorded)
        # Two epochs, so that nobody stops before all is drawn. Widths that the groups of a norm divide.
        settings = {"architecture": Architecture((6, 4)), "data": BINARY, "batch_size": 6, "epochs": 2}
        networks = train(population([0, 7], [list(pair) for pair in members], **settings))
    drawn["init"] = [
        network.weights[key]
        for network in networks
        for key in network.weights
        if key.startswith("init") and key.endswith("/weight")
    ]
    return drawn


@functools.cache
def _alone(number: int) -> dict[str, list[np.ndarray]]:
    return _draws(side_by_side(*PAIRS[number]))


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=[name(pair) for pair in PAIRS])
def test_adding_a_regularizer_changes_no_other_draw(number):
    """Of every two members each draws what it draws alone, and the rest what it draws without them.

    With more rows there are other batches, for which more is drawn: of a member that makes rows only its own draws are
    held, by the members beside it.
    """
    pair = PAIRS[number]
    together = [] if makes_rows(pair[0]) else [(_draws(), _alone(number))]
    for other in range(number + 1, len(PAIRS)):
        second = PAIRS[other]
        if second[0].kind != pair[0].kind and not (is_layer(pair[0]) and is_layer(second[0])):
            # Both orders occur, each for half of the pairs.
            members = [side_by_side(*pair), side_by_side(*second)]
            both = _draws(*(members if (number + other) % 2 else members[::-1]))
            together += [(_alone(number), both)] if not makes_rows(second[0]) else []
            together += [(_alone(other), both)] if not makes_rows(pair[0]) else []
    for without, added in together:
        assert without["init"]
        assert without["batches"]
        for purpose in without:
            for one, two in zip(without[purpose], added[purpose], strict=True):
                assert np.array_equal(one, two)


def begun(member, seeds):
    """The site of a regularizer that is about to act on the first hidden layer."""
    replicas = len(seeds)
    site = Site(
        streams=Streams(seeds, member.kind), task="regression", epochs=1, depth=1, weights=(), is_weight=np.ones(5),
        is_trained=np.ones(5), scratch=np.empty((replicas, 5)), lr=np.ones((replicas, 1)),
        penalties=np.zeros(replicas), channels=(3,),
    )  # fmt: skip
    member.begin(site, np.zeros((replicas, 5)))
    return site


HIDDEN_NOISE = [pair for pair in PAIRS if "on_hidden" in pair[0].hooks() and pair[0].kind != "activity_penalty"]


@pytest.mark.parametrize("pair", HIDDEN_NOISE, ids=name)
def test_what_acts_on_hidden_values_is_unbiased(pair):
    """The mean over many draws is the value itself, or what it is at rest, within five of its own standard errors."""
    seeds, draws = (0, 1), 4000
    member = type(pair[0]).of_population(pair, np.dtype("float64"))
    site = begun(member, seeds)
    h = np.random.default_rng(0).standard_normal((len(seeds), 3, 2))
    g = np.random.default_rng(1).standard_normal(h.shape)
    forward, backward = [], []
    for _ in range(draws):
        value, pullback = member.on_hidden(h.copy(), site)
        forward.append(value)
        backward.append(pullback(g.copy()))
    _, rest = member.at_rest(np.dtype("float64")) or (1, 1)
    for drawn, expected in ((np.stack(forward), h * rest), (np.stack(backward), g * rest)):
        error = drawn.std(axis=0) / np.sqrt(draws)
        assert (error > 0).all()
        assert (np.abs(drawn.mean(axis=0) - expected) < 5 * error).all()


def test_dropout_drops_a_share_of_p():
    p = np.array([0.0, 0.1, 0.5, 0.9])
    member = Dropout.of_population([Dropout(p=float(one)) for one in p], np.dtype("float64"))
    site = begun(member, range(4))
    value, _ = member.on_hidden(np.ones((4, 100, 1000)), site)
    dropped = (value == 0).mean(axis=(1, 2))
    assert (np.abs(dropped - p) <= 5 * np.sqrt(p * (1 - p) / 1e5)).all()


# Worked out by hand, and what is configured


def test_two_steps_worked_by_hand():
    """One input, one hidden ReLU, one output; two samples; lr 0.1, l2 with lam 0.1."""
    split = Split(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]))
    data = Dataset("regression", split, split, split, ("x",), "y")
    state = State(population([0], [L2(lam=0.1)], SGD(lr=0.1), architecture=Architecture((1,)), data=data))
    state.values[:] = [[1, 0, 2, 0]]  # w0, b0, w1, b1
    objective, penalty = state.train_epoch(1, True)
    # h = relu(1·(1, 2) + 0) = (1, 2);  z = 2·h + 0 = (2, 4);  z - y = (1, 1);  loss = (1 + 1)/2 = 1
    # penalty = 0.1/2·(1² + 2²) = 0.25
    np.testing.assert_allclose((objective[0], penalty[0]), (1.25, 0.25))
    # dz = 2/2·(z - y) = (1, 1)
    # dw1 = 1·1 + 1·2 + 0.1·2 = 3.2;  db1 = 1 + 1 = 2
    # dh = 2·dz = (2, 2);  dw0 = 2·1 + 2·2 + 0.1·1 = 6.1;  db0 = 2 + 2 = 4
    np.testing.assert_allclose(state.training_step.gradient[0], [6.1, 4, 3.2, 2])
    # w0 = 1 - 0.61 = 0.39;  b0 = -0.4;  w1 = 2 - 0.32 = 1.68;  b1 = -0.2
    np.testing.assert_allclose(state.values[0], [0.39, -0.4, 1.68, -0.2])
    objective, penalty = state.train_epoch(2, True)
    # h = relu(0.39·(1, 2) - 0.4) = relu(-0.01, 0.38) = (0, 0.38): the first sample is off.
    # z = 1.68·h - 0.2 = (-0.2, 0.4384);  z - y = (-1.2, -2.5616);  loss = (1.44 + 6.56179456)/2 = 4.00089728
    # penalty = 0.05·(0.39² + 1.68²) = 0.05·(0.1521 + 2.8224) = 0.148725
    np.testing.assert_allclose((objective[0], penalty[0]), (4.149622280, 0.148725))
    # dw1 = -2.5616·0.38 + 0.1·1.68 = -0.973408 + 0.168 = -0.805408;  db1 = -1.2 - 2.5616 = -3.7616
    # dh = (-, -2.5616·1.68) = (-, -4.303488);  dw0 = -4.303488·2 + 0.1·0.39 = -8.567976;  db0 = -4.303488
    np.testing.assert_allclose(state.training_step.gradient[0], [-8.567976, -4.303488, -0.805408, -3.7616])
    np.testing.assert_allclose(state.values[0], [1.2467976, 0.0303488, 1.7605408, 0.17616])


def test_a_proximal_step_worked_by_hand():
    """A linear model, w = (3, 0.5), b = 1, on one sample that it fits: only the penalty moves it."""
    split = Split(np.array([[1.0, 2.0]]), np.array([[5.0]]))  # 3·1 + 0.5·2 + 1 = 5
    data = Dataset("regression", split, split, split, ("x0", "x1"), "y")
    state = State(population([0], [L1(lam=2.0)], SGD(lr=0.4), architecture=Architecture(()), data=data))
    state.values[:] = [[3, 0.5, 1]]
    _, penalty = state.train_epoch(1, True)
    assert penalty[0] == 7  # 2·(3 + 0.5)
    # The threshold is lr·lam = 0.8: 3 -> 2.2, 0.5 -> exactly 0, and the bias stays.
    np.testing.assert_allclose(state.values[0], [2.2, 0, 1])
    assert state.values[0, 1] == 0
    assert state.evaluator.metrics()["zero_fraction"][0] == 0.5


SCHEDULED = [
    (Constant(), [1, 1, 1, 1, 1, 1]),
    (Constant(warmup=3), [0.25, 0.5, 0.75, 1, 1, 1]),
    (Step(every=2, decay=0.5), [1, 1, 0.5, 0.5, 0.25, 0.25]),
    (Step(every=2, decay=0.5, warmup=1), [0.5, 1, 1, 0.5, 0.5, 0.25]),
    # (1 + cos(pi·t/6))/2
    (Cosine(), [1, (2 + 3**0.5) / 4, 0.75, 0.5, 0.25, (2 - 3**0.5) / 4]),
    # A cosine of two epochs, one of four.
    (WarmRestarts(period=2, multiplier=2), [1, 0.5, 1, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4]),
    (WarmRestarts(period=2, multiplier=1, floor=0.2, warmup=1), [0.5, 1, 0.6, 1, 0.6, 1]),
    # No fall is enough: none comes to a hundredth of that of epoch 0.
    (ReduceOnPlateau(patience=1, decay=0.5, threshold=0.99, floor=0.2), [1, 1, 0.5, 0.5, 0.25, 0.25]),
    (ReduceOnPlateau(patience=0, decay=0.5, threshold=0.99, floor=0.2, warmup=2), [1 / 3, 2 / 3, 1, 0.5, 0.25, 0.2]),
    (Cosine(floor=0.5, warmup=2), [1 / 3, 2 / 3, 1, 0.5 + (2 + 2**0.5) / 8, 0.75, 0.5 + (2 - 2**0.5) / 8]),
]


def test_every_schedule_is_tested():
    assert {schedule.kind for schedule, _ in SCHEDULED} == set(SCHEDULES)


@pytest.mark.parametrize(("schedule", "factors"), SCHEDULED, ids=str)
def test_the_rate_follows_the_schedule(schedule, factors):
    rates = [0.1, 0.02]
    networks = train(population([0, 1], optimizer=[SGD(lr=lr) for lr in rates], schedule=schedule, epochs=6))
    for lr, network in zip(rates, networks, strict=True):
        np.testing.assert_allclose(network.metrics["lr"][1:], lr * np.array(factors), rtol=1e-14)


@pytest.mark.parametrize("init", [*INITIALISATIONS, 0.3])
def test_initial_weights_have_the_stated_variance(init):
    widths = (250, 400, 300)
    layout = Layout(widths[0], Architecture(widths[1:-1], init=init), widths[-1])
    tensors = layout.named(layout.initial([5], np.dtype("float64"))[0])
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        weight = tensors[f"{layer}/weight"]
        variance = {
            "he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, 0.3: 0.09,
        }[init]  # fmt: skip
        # The standard error of a normal sample's variance is sqrt(2/n) of it, a uniform one's less; n is 100,000.
        assert abs(weight.var() / variance - 1) < 5 * np.sqrt(2 / weight.size)
        assert abs(weight.mean()) < 5 * np.sqrt(variance / weight.size)
        assert weight.shape == (fan_in, fan_out)
        assert not tensors[f"{layer}/bias"].any()
        if init == "xavier":
            assert np.abs(weight).max() <= np.sqrt(6 / (fan_in + fan_out))
        else:
            assert np.abs(weight).max() > 3.5 * np.sqrt(variance), "normal, not uniform"
