"""What the page of every regularizer says: what it does to the update, usual values, and an example computed anew."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import numpy as np
import pytest

from regx.core.arrays import Tensor
from regx.core.images import Images, SeenImages
from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer, Scores, Site
from regx.core.streams import Streams, stream
from regx.reference.catalog import explained
from regx.regularizers import MEMBERS

FLOAT64 = np.dtype("float64")
LR = np.array([[0.1]])
EXAMPLE = re.compile(
    r"Example: ([^:]*): (\w+) (\[.*?\])((?: and targets \[.*\])?) gives? (\w+) (\[.*\]|[-\d.]+)\.", re.S
)


def site(shape: tuple[int, ...], task: str = "multiclass") -> Site:
    """Where the first weight matrix is of a shape (in, out), and a last one of one number stands behind it."""
    size = int(np.prod(shape))
    found = Site(
        streams=Streams([0], "example"), task=task, epochs=1, depth=1, scratch=np.empty((1, size + 2)), lr=LR,
        weights=(Tensor("0/weight", 0, shape), Tensor("1/weight", size, (1, 1))), is_weight=np.ones(size + 2),
        is_trained=np.ones(size + 2), rate=lambda: LR, epoch=1, step=1, samples=1, channels=(2,),
    )  # fmt: skip
    found.penalties = np.zeros(1)
    return found


def outcome(member: Regularizer, what: str, given: Any, targets: Any, then: str) -> Any:
    """What a member makes of an example, by the hook that acts, at a learning rate of 0.1 and of seed 0."""
    array = np.array(given, float)
    if what == "losses":
        at = site((1, 1))
        member.begin(at, np.zeros((1, 3)))
        for epoch, loss in enumerate(given):
            score = np.array([float(loss)])
            if not member.on_epoch(
                np.full((1, 3), float(epoch)), Scores(epoch, score, None, np.zeros((1, 2)), None), at
            ):
                break
        values = np.zeros((1, 3))
        member.on_finish(values, at)
        return [epoch, values[0, 0]]
    if what == "slopes":
        return member.on_inputs(np.zeros_like(array.T[None]), array.T[None], site((1, 1)))[0].T
    if what == "epochs":
        at, values = site((1, 1)), np.zeros((1, 2 * member.copies + 1))
        at.epochs = len(given)
        for epoch, weight in enumerate(given, start=1):
            at.epoch, values[0, 0] = epoch, weight
            member.on_step(values, at)
        return values[0, 1 : member.copies + 1]
    if what == "rows":
        return member.on_data(array, np.eye(2)[[0] * 4 + [1] * (len(array) - 4)], "multiclass", stream(0, "smote"))[0][
            len(array) :
        ]
    if what in ("hidden", "branch"):
        at, h = site((1, 1)), array.reshape(1, -1, 1)
        at.channels = (h.shape[1] // 2,)
        member.begin(at, np.zeros((1, 3)))
        (found, _) = member.on_branch(h, at) if what == "branch" else member.on_hidden(h, at)
        return at.penalties if then == "penalty" else found[0, :, 0]
    if what == "logits":
        at = site((1, 1))
        member.begin(at, np.zeros((1, 3)))
        member.on_logits(array.reshape(1, -1, 1), at)
        return at.penalties
    if what in ("inputs", "images", "targets"):
        at = site((1, 1))
        images = array.ndim > 2
        if images:
            at.images = SeenImages.of_networks([Images((1, *array.shape[1:]), (0.0,), (1.0,))], FLOAT64)
        x = array.reshape(len(array), -1).T[None]
        y = array.T[None] if what == "targets" else np.array(targets, float).T[None]
        member.begin(at, np.zeros((1, 3)))
        changed_x, changed_y = member.on_batch(x, y, at)
        found = (changed_y if then == "targets" else changed_x)[0].T
        return found.reshape(array.shape) if then == "images" else found
    if what in ("units", "batch"):
        z = array.reshape(1, -1, 1) if what == "units" else array.reshape(1, 1, -1)
        width = z.shape[1]
        own = {name: np.full((1, width), float(value)) for name, (value, _) in member.own_tensors(width).items()}
        stage = member.stage(own, {name: np.zeros_like(each) for name, each in own.items()}, (1, width, 1, z.shape[2]))
        assert stage is not None
        return stage.forward(z.copy()).ravel()
    matrix = array if array.ndim == 2 else array[:, None]
    at = site(matrix.shape)
    values = np.hstack([matrix.reshape(1, -1), [[0.0, 0.0]]])
    if what == "steps":
        at = site((1, 1))
        member.begin(at, np.zeros((1, 3)))
        for step, weight in enumerate(given, start=1):
            at.epoch, at.step = 4, step
            weights = np.full((1, 3), float(weight))
            member.on_step(weights, at)
        if then == "weight":
            return weights[0, 0]
        average = np.zeros((1, 3))
        member.on_finish(average, at)
        return average[0, 0]
    member.begin(at, values)
    gradient = values.copy() if what == "gradient" else np.zeros_like(values)
    if "on_weight" in member.hooks():
        return member.on_weight(matrix[None], at)[0].reshape(array.shape)
    if then == "penalty":
        return member.penalty(values, at)
    for hook in ("add_gradient", "on_gradient", "on_step"):
        if hook in member.hooks() and (then == "gradient" or hook != "add_gradient"):
            arguments = (values, at) if hook == "on_step" else (values, gradient, at)
            getattr(member, hook)(*arguments)
    return (gradient if then == "gradient" else values)[0, :-2].reshape(array.shape)


def parsed(member: type[Regularizer]) -> tuple[Regularizer, str, Any, Any, str, Any]:
    found = EXAMPLE.search(" ".join((inspect.getdoc(member) or "").split()))
    assert found is not None, f"{member.kind} has no example"
    written, what, given, targets, then, gives = found.groups()
    settings: dict[str, Any] = {}
    for part in written.split(", "):
        key, _, value = part.rpartition(" ")
        if key != "seed":
            settings[key] = value if parameters(member)[key].type is str else json.loads(value)
    made = member(**settings)
    one = made if what == "rows" else member.of_population([made], FLOAT64)
    beside = json.loads(targets.removeprefix(" and targets ")) if targets else [[0.0]] * len(json.loads(given))
    return one, what, json.loads(given), beside, then, json.loads(gives)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.kind)
def test_the_page_has_update_usual_values_and_an_example_that_is_so(member: type[Regularizer]) -> None:
    page = explained(member.kind)[0].text
    for part in ("Update: ", "Usual: ", "Example: ", "When: ", "Cost: ", "Interacts: "):
        assert page.count(part) == 1, part
    one, what, given, targets, then, gives = parsed(member)
    found = np.asarray(outcome(one, what, given, targets, then), float)
    np.testing.assert_allclose(found, gives, atol=6e-4)
