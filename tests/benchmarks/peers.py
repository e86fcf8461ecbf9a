"""Those who train the networks of a case. Each peer does the same work from the same initial weights.

A peer is made for a case and says in `networks` how many of the case's networks it trains; making it is not timed.
`train(epochs, every)` trains them from the start, evaluates the losses of all three splits after every `every` epochs,
and returns the last training losses, (networks,).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from cases import Case

from regx.core.arrays import Array
from regx.core.listener import Keeper
from regx.engine.trainer import train
from regx.runner.execute import execute
from regx.runner.plan import Member, Work, networks_per_population

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Peer:
    """Base of all peers. threads: the numbers of threads to try; most are not better for having two."""

    name: ClassVar[str]
    threads: ClassVar[tuple[int, ...]] = (1, 2)

    def __init__(self, case: Case) -> None:
        self.case = case
        self.networks = len(case.lam)

    def use_threads(self, threads: int) -> None:
        """Compute on so many threads from now on."""

    def train(self, epochs: int, every: int) -> Array:
        raise NotImplementedError


class Regx(Peer):
    """regx in this process."""

    name = "regx"
    threads = (1,)  # it says so itself

    def populations(self, epochs: int, every: int) -> Iterator[Work]:
        """The populations that the runner would make."""
        # It reads what a config and a population share: architecture, optimizer and training.
        whole: Any = self.case.of_regx(slice(None), epochs, every)
        size = networks_per_population(whole, self.case.data)
        for start in range(0, self.networks, size):
            part = slice(start, start + size)
            members = tuple(Member(index, 0) for index in range(self.networks)[part])
            yield Work(members, self.case.of_regx(part, epochs, every))

    def train(self, epochs: int, every: int) -> Array:
        return np.array(
            [
                network.metrics["train_loss"][-1]
                for work in self.populations(epochs, every)
                for network in train(work.population)
            ]
        )


class RegxInProcesses(Regx):
    """regx in two worker processes. `startup` and `steady` seconds of the last run are told apart."""

    name = "regx, 2 processes"
    jobs = 2

    def train(self, epochs: int, every: int) -> Array:
        began, losses = time.perf_counter(), np.zeros(self.networks)
        warm = threading.Semaphore(0)

        def works() -> Iterator[Work]:
            """First a network for each process; when all are trained the processes stand, and the clock starts."""
            for _ in range(self.jobs):
                yield Work((Member(-1, 0),), self.case.of_regx(slice(0, 1), 1, 1))
            for _ in range(self.jobs):
                warm.acquire()
            self.startup = time.perf_counter() - began
            yield from self.populations(epochs, every)

        peer = self

        class Timed(Keeper):
            def on_trained(self, members: Any, trained: Any) -> None:
                for member, network in zip(members, trained, strict=True):
                    if member.config < 0:
                        warm.release()
                    else:
                        losses[member.config] = network.metrics["train_loss"][-1]
                peer.steady = time.perf_counter() - began - getattr(peer, "startup", 0.0)

        execute(works(), self.jobs, Timed())
        return losses


class PlainNumPy(Peer):
    """A loop as one writes it by hand, one network at a time: of many the first four."""

    name = "plain NumPy"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.networks = min(self.networks, 4)

    def use_threads(self, threads: int) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads, user_api="blas")

    def train(self, epochs: int, every: int) -> Array:
        return np.array([self._one(lam, epochs, every) for lam in self.case.lam[: self.networks]])

    def _one(self, lam: float, epochs: int, every: int) -> float:
        case, f4 = self.case, np.float32
        rng = np.random.Generator(np.random.SFC64(0))
        layers = case.initial()
        parameters = [array for layer in layers for array in layer]
        means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
        x, y = case.joined()
        stops, n = case.stops(), len(case.data.train.x)
        lr, lam, keep, step = f4(case.lr), f4(lam), f4(1 - case.dropout), 0
        history = []
        for epoch in range(1, epochs + 1):
            order = rng.permutation(n) if case.batch_size else None
            for start, stop in case.batches():
                xb, yb = (x[:n], y[:n]) if order is None else (x[order[start:stop]], y[order[start:stop]])
                hidden, slopes = [xb], []
                for weight, bias in layers[:-1]:
                    z = hidden[-1] @ weight
                    z += bias
                    slope: Array = z > 0
                    np.maximum(z, 0, out=z)
                    if case.dropout:
                        slope = slope * ((rng.random(z.shape, dtype=f4) < keep) / keep)
                        z *= slope != 0
                        z /= keep
                    hidden.append(z)
                    slopes.append(slope)
                gradient = self._loss(hidden[-1] @ layers[-1][0] + layers[-1][1], yb, True)[1]
                gradients: list[Array] = []
                for layer in range(len(layers) - 1, -1, -1):
                    weight = layers[layer][0]
                    of_weight = hidden[layer].T @ gradient
                    if lam:
                        of_weight += lam * weight
                    gradients[:0] = [of_weight, gradient.sum(axis=0)]
                    if layer:
                        gradient = gradient @ weight.T
                        gradient *= slopes[layer - 1]
                step += 1
                if case.optimizer == "sgd":
                    for p, g in zip(parameters, gradients, strict=True):
                        p -= lr * g
                    continue
                size = f4(case.lr * (1 - BETA2**step) ** 0.5 / (1 - BETA1**step))
                eps = f4(EPS * (1 - BETA2**step) ** 0.5)
                for p, g, mean, square in zip(parameters, gradients, means, squares, strict=True):
                    mean *= f4(BETA1)
                    mean += f4(1 - BETA1) * g
                    square *= f4(BETA2)
                    square += f4(1 - BETA2) * (g * g)
                    root = np.sqrt(square)
                    root += eps
                    p -= size * mean / root
            if epoch % every == 0 or epoch == epochs:
                h = x
                for weight, bias in layers[:-1]:
                    h = np.maximum(h @ weight + bias, 0)
                losses, _ = self._loss(h @ layers[-1][0] + layers[-1][1], y, False)
                history.append([losses[a:b].mean() for a, b in zip([0, *stops], stops, strict=False)])
        return float(history[-1][0])

    def _loss(self, z: Array, y: Array, with_gradient: bool) -> tuple[Array, Array]:
        """Loss of each row, and the gradient of their mean."""
        rows = np.float32(1 / len(z))
        if self.case.data.task == "regression":
            d = z - y
            return (d * d)[:, 0] if not with_gradient else d, 2 * rows * d
        if self.case.data.task == "binary":
            e = np.exp(-np.abs(z))
            probability = np.where(z >= 0, np.float32(1), e) / (1 + e) if with_gradient else z
            return (np.maximum(z, 0) - z * y + np.log1p(e))[:, 0], (probability - y) * rows
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        return (y * (np.log(total) - z)).sum(axis=1), (e / total - y) * rows


class Torch(Peer):
    """PyTorch as its tutorials write it, one network at a time: of many the first."""

    name = "PyTorch eager"

    def __init__(self, case: Case) -> None:
        import torch

        super().__init__(case)
        self.torch, self.networks = torch, 1

    def use_threads(self, threads: int) -> None:
        self.torch.set_num_threads(threads)

    def loss(self, z: Any, y: Any, reduction: str) -> Any:
        functional, task = self.torch.nn.functional, self.case.data.task
        if task == "multiclass":
            return functional.cross_entropy(z, y, reduction=reduction)
        of = functional.mse_loss if task == "regression" else functional.binary_cross_entropy_with_logits
        return of(z, y, reduction=reduction)

    def rows(self) -> tuple[Any, Any]:
        x, y = map(self.torch.tensor, self.case.joined())
        return x, y.argmax(1) if self.case.data.task == "multiclass" else y

    def train(self, epochs: int, every: int) -> Array:
        torch, case = self.torch, self.case
        torch.manual_seed(0)
        parts: list[Any] = []
        for weight, bias in case.initial():
            linear = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(weight.T.copy()))
                linear.bias.copy_(torch.tensor(bias))
            parts += [linear, torch.nn.ReLU(), *([torch.nn.Dropout(case.dropout)] if case.dropout else [])]
        model = torch.nn.Sequential(*parts[: -2 if case.dropout else -1])
        groups = [
            {"params": [p for p in model.parameters() if (p.ndim == 2) is is_weight], "weight_decay": decay}
            for is_weight, decay in ((True, case.lam[0]), (False, 0.0))
        ]
        kind = torch.optim.Adam if case.optimizer == "adam" else torch.optim.SGD
        optimizer = kind(groups, lr=case.lr)
        x, y = self.rows()
        stops, n, history = case.stops(), len(case.data.train.x), []
        for epoch in range(1, epochs + 1):
            model.train()
            order = torch.randperm(n) if case.batch_size else None
            for start, stop in case.batches():
                chosen = slice(start, stop) if order is None else order[start:stop]
                optimizer.zero_grad()
                self.loss(model(x[chosen]), y[chosen], "mean").backward()
                optimizer.step()
            if epoch % every == 0 or epoch == epochs:
                model.eval()
                with torch.no_grad():
                    losses = self.loss(model(x), y, "none")
                    history.append([losses[a:b].mean() for a, b in zip([0, *stops], stops, strict=False)])
        return np.array([history[-1][0].item()])


class BatchedTorch(Torch):
    """PyTorch with all networks in one batched product, its l2 by hand, and the fused Adam."""

    name = "PyTorch batched"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.networks = len(case.lam)
        assert case.data.task == "regression"
        assert case.optimizer == "adam"
        assert not case.batch_size
        assert not case.dropout

    def train(self, epochs: int, every: int) -> Array:
        torch, case, replicas = self.torch, self.case, self.networks
        layers = [
            tuple(torch.tensor(np.stack([a] * replicas)).requires_grad_() for a in (weight, bias[None]))
            for weight, bias in case.initial()
        ]
        optimizer = torch.optim.Adam([p for layer in layers for p in layer], lr=case.lr, fused=True)
        lam = torch.tensor(case.lam, dtype=torch.float32)[:, None, None]
        x, y = (rows.expand(replicas, -1, -1) for rows in self.rows())
        stops, history = case.stops(), []
        n = stops[0]

        def forward(h: Any) -> Any:
            for weight, bias in layers[:-1]:
                h = torch.relu(torch.baddbmm(bias, h, weight))
            return torch.baddbmm(layers[-1][1], h, layers[-1][0])

        for epoch in range(1, epochs + 1):
            optimizer.zero_grad()
            # The sum over the networks of each one's mean: every network gets its own gradient.
            ((forward(x[:, :n]) - y[:, :n]) ** 2).mean(dim=(1, 2)).sum().backward()
            with torch.no_grad():
                if any(case.lam):
                    for weight, _ in layers:
                        weight.grad.addcmul_(lam, weight)
            optimizer.step()
            if epoch % every == 0 or epoch == epochs:
                with torch.no_grad():
                    losses = (forward(x) - y) ** 2
                    history.append([losses[:, a:b].mean(dim=(1, 2)) for a, b in zip([0, *stops], stops, strict=False)])
        return history[-1][0].numpy()


class Jax(Peer):
    """JAX: the whole training one compiled scan over epochs, mapped over the networks. Compiled before it is timed."""

    name = "JAX, compiled"
    threads = (0,)  # XLA has one pool for the life of the process, of as many threads as there are cores

    def __init__(self, case: Case) -> None:
        import jax

        super().__init__(case)
        self.jax = jax
        self._compiled: dict[tuple[int, int], Any] = {}

    def train(self, epochs: int, every: int) -> Array:
        key = (epochs, every)
        if key not in self._compiled:
            self._compiled[key] = self.program(epochs, every)
        return np.asarray(self._compiled[key]())

    def program(self, epochs: int, every: int) -> Any:
        """The function that trains, compiled."""
        jax, case = self.jax, self.case
        jnp, lax = jax.numpy, jax.lax
        x, y = map(jnp.asarray, case.joined())
        stops = case.stops()
        n = stops[0]
        batches = case.batches()
        size = batches[0][1]
        full = [one for one in batches if one[1] - one[0] == size]

        def per_row(z: Any, y: Any) -> Any:
            if case.data.task == "regression":
                return ((z - y) ** 2)[:, 0]
            if case.data.task == "binary":
                return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))[:, 0]
            return -(y * jax.nn.log_softmax(z)).sum(axis=1)

        def forward(layers: Any, h: Any, key: Any) -> Any:
            for layer, (weight, bias) in enumerate(layers[:-1]):
                h = jax.nn.relu(h @ weight + bias)
                if case.dropout and key is not None:
                    kept = jax.random.bernoulli(jax.random.fold_in(key, layer), 1 - case.dropout, h.shape)
                    h = jnp.where(kept, h / (1 - case.dropout), 0)
            return h @ layers[-1][0] + layers[-1][1]

        def train_one(layers: Any, lam: Any) -> Any:
            def step(state: Any, xb: Any, yb: Any) -> Any:
                layers, means, squares, count, key = state
                if case.dropout:
                    key, drawn = jax.random.split(key)
                else:
                    drawn = None
                gradient = jax.grad(lambda p: per_row(forward(p, xb, drawn), yb).mean())(layers)
                if any(case.lam):
                    gradient = [(g + lam * w, b) for (g, b), (w, _) in zip(gradient, layers, strict=True)]
                count = count + 1
                tree = jax.tree_util.tree_map
                if case.optimizer == "sgd":
                    return tree(lambda p, g: p - case.lr * g, layers, gradient), means, squares, count, key
                means = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, gradient)
                squares = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, squares, gradient)
                first, second = 1 - BETA1**count, 1 - BETA2**count
                layers = tree(
                    lambda p, m, v: p - case.lr * (m / first) / (jnp.sqrt(v / second) + EPS), layers, means, squares
                )
                return layers, means, squares, count, key

            def epoch(state: Any, _: Any) -> Any:
                if not case.batch_size:
                    return step(state, x[:n], y[:n]), None
                *rest, key = state
                key, drawn = jax.random.split(key)
                order = jax.random.permutation(drawn, n)
                state = (*rest, key)
                chosen = order[: len(full) * size].reshape(len(full), size)
                state, _ = lax.scan(lambda s, rows: (step(s, x[rows], y[rows]), None), state, chosen)
                if len(full) < len(batches):
                    rows = order[len(full) * size :]
                    state = step(state, x[rows], y[rows])
                return state, None

            def block(state: Any, _: Any) -> Any:
                state, _ = lax.scan(epoch, state, None, length=every)
                losses = per_row(forward(state[0], x, None), y)
                return state, jnp.stack([losses[a:b].mean() for a, b in zip([0, *stops], stops, strict=False)])

            zeros = jax.tree_util.tree_map(jnp.zeros_like, layers)
            state = (layers, zeros, zeros, jnp.float32(0), jax.random.PRNGKey(0))
            assert epochs % every == 0
            _, history = lax.scan(block, state, None, length=epochs // every)
            return history[-1, 0]

        layers = [tuple(map(jnp.asarray, layer)) for layer in case.initial()]
        lam = jnp.asarray(case.lam, dtype=jnp.float32)
        # Compiled here and kept, so that no clearing of JAX's caches makes it compile again.
        if self.networks == 1:
            alone = jax.jit(train_one).lower(layers, lam[0]).compile()
            return lambda: alone(layers, lam[0]).block_until_ready()[None]
        stacked = jax.tree_util.tree_map(lambda a: jnp.stack([a] * self.networks), layers)
        many = jax.jit(jax.vmap(train_one)).lower(stacked, lam).compile()
        return lambda: many(stacked, lam).block_until_ready()


class JaxWithCompile(Jax):
    """JAX as a user meets it: the time of the compiler and of a full run."""

    name = "JAX, with compile time"

    def train(self, epochs: int, every: int) -> Array:
        self.jax.clear_caches()
        return np.asarray(self.program(epochs, every)())


class Products(Peer):
    """The matrix products of regx alone, in its shapes and populations. What they compute means nothing."""

    name = "matrix products"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        whole: Any = case.of_regx(slice(None), 1, 1)
        self.networks = min(self.networks, networks_per_population(whole, case.data))
        sizes = [stop - start for start, stop in case.batches()]
        of_size = {size: self._step(size) for size in set(sizes)}
        self._steps = [of_size[size] for size in sizes]

    use_threads = PlainNumPy.use_threads

    def _step(self, batch: int) -> Any:
        replicas, widths, f4 = self.networks, self.case.widths, np.float32
        weights = [np.ones((replicas, i + 1, o), f4) for i, o in itertools.pairwise(widths)]
        inputs = [np.ones((replicas, width + 1, batch), f4) for width in widths[:-1]]
        outputs = [h[:, :-1] for h in inputs[1:]] + [np.ones((replicas, widths[-1], batch), f4)]
        errors = [np.ones((replicas, width, batch), f4) for width in widths[1:]]
        gradients, back = [np.empty_like(w) for w in weights], [np.empty_like(h[:, :-1]) for h in inputs]
        transposed, above = [w.swapaxes(1, 2) for w in weights], [w[:, :-1] for w in weights]
        layers = range(len(weights))

        def step() -> None:
            for layer in layers:
                np.matmul(transposed[layer], inputs[layer], out=outputs[layer])
            for layer in reversed(layers):
                np.matmul(inputs[layer], errors[layer].swapaxes(1, 2), out=gradients[layer])
                if layer:
                    np.matmul(above[layer], errors[layer], out=back[layer])

        return step

    def train(self, epochs: int, every: int) -> Array:
        for _ in range(epochs):
            for step in self._steps:
                step()
        return np.full(self.networks, np.nan)


class ProductsOnOneThread(Products):
    """The same on as many threads as regx itself uses."""

    name = "matrix products, 1 thread"
    threads = (1,)
