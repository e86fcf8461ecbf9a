"""Those who train the networks of a case, each with the same work from the same initial weights.

A peer says in `networks` how many of the case's networks it trains; making it is not timed. `train(epochs, every)`
trains them from the start, evaluates the losses of all three splits after every `every` epochs, and returns the last
training losses, (networks,). None but regx's import regx. They
are whole programs too: `python peers.py PEER CASE.pkl`.
"""

from __future__ import annotations

import itertools
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from cases import Case

Array = Any
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
MOMENTUM, NORM_EPS = 0.1, 1e-5  # of batch norm


class Peer:
    """Base of all peers. threads: the numbers of threads to try."""

    name: ClassVar[str]
    threads: ClassVar[tuple[int, ...]] = (1, 2)

    def __init__(self, case: Case) -> None:
        self.case = case
        self.networks = case.networks

    def use_threads(self, threads: int) -> None:
        """Compute on so many threads from now on."""

    def train(self, epochs: int, every: int) -> Array:
        raise NotImplementedError


class Regx(Peer):
    """regx in this process."""

    name = "regx, 1 process"
    threads = (1,)  # it says so itself
    jobs = 1

    def works(self, epochs: int, every: int) -> list[Any]:
        """The populations that the runner makes."""
        from regx.config.load import load_config
        from regx.runner.plan import Trainee, plan

        training = {**self.case.config["training"], "epochs": epochs, "eval_every": every}
        config = {**self.case.config, "training": training}
        strengths = [f"regularizers.l2.lam={lam:.6g}" for lam in self.case.lam] if self.case.sweep else []
        configs = [load_config(config, [one]) for one in strengths] or [load_config(config)]
        members = [Trainee(number, seed) for number, one in enumerate(configs) for seed in one.seeds]
        return list(plan(configs, members, self.jobs, in_halves=self.jobs > 1))

    def train(self, epochs: int, every: int) -> Array:
        from regx.engine.trainer import train

        return np.array(
            [one.metrics["train_loss"][-1] for work in self.works(epochs, every) for one in train(work.population)]
        )


class RegxInProcesses(Regx):
    """regx in two worker processes, as `regx run` has it. `steady` seconds of the last run are without their start."""

    name = "regx"
    jobs = 2

    def train(self, epochs: int, every: int) -> Array:
        from regx.core.listener import Keeper
        from regx.runner.execute import execute
        from regx.runner.plan import Trainee, Work

        works, losses = self.works(epochs, every), {}
        warm, peer = threading.Semaphore(0), self

        def all_works() -> Iterator[Work]:
            """First a short one for each process; when all are trained the processes stand, and the clock starts."""
            for _ in range(self.jobs):
                (first, *_) = self.works(1, 1)
                yield Work((Trainee(-1, 0),) * len(first.trainees), first.population)
            for _ in range(self.jobs):
                warm.acquire()
            self.began = time.perf_counter()
            yield from works

        class Timed(Keeper):
            def on_trained(self, members: Any, trained: Any) -> None:
                if members[0].config < 0:
                    return warm.release()
                for member, network in zip(members, trained, strict=True):
                    losses[member.config, member.seed] = network.metrics["train_loss"][-1]
                peer.steady = time.perf_counter() - peer.began
                return None

        execute(all_works(), self.jobs, Timed())
        return np.array([losses[key] for key in sorted(losses)])


class PlainNumPy(Peer):
    """A loop as one writes it by hand, one network at a time: of many the first two."""

    name = "plain NumPy"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.networks = min(self.networks, 2)

    def use_threads(self, threads: int) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads, user_api="blas")

    def train(self, epochs: int, every: int) -> Array:
        return np.array([self._one(network, epochs, every) for network in range(self.networks)])

    def _one(self, network: int, epochs: int, every: int) -> float:
        case, f4 = self.case, np.float32
        rng = np.random.Generator(np.random.SFC64(0))
        layers = [(weight[network].copy(), bias[network].copy()) for weight, bias in case.initial]
        norms = [np.array([np.ones_like(b), np.zeros_like(b)]) for _, b in layers[:-1]] if case.batch_norm else []
        running = [np.array([np.zeros_like(b), np.ones_like(b)]) for _, b in layers[:-1]]
        parameters = [array for layer in layers for array in layer] + norms
        means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
        x, y = (rows[network % len(rows)] for rows in (case.x, case.y))
        n, bounds = case.stops[0], list(zip([0, *case.stops], case.stops, strict=False))
        lr, lam, keep, step = f4(case.lr), f4(case.lam[network]), f4(1 - case.dropout), 0
        history = []
        for epoch in range(1, epochs + 1):
            order = rng.permutation(n) if case.batch_size else None
            for start, stop in case.batches():
                xb, yb = (x[:n], y[:n]) if order is None else (x[order[start:stop]], y[order[start:stop]])
                hidden, slopes, scaled, inverses = [xb], [], [], []
                if case.filters:
                    patches, won, pooled = self._convolved(xb, *layers[0])
                    hidden, slopes = [xb, pooled], [np.float32(1)]
                for layer, (weight, bias) in enumerate(layers[:-1]):
                    if case.filters and not layer:
                        continue
                    z = hidden[-1] @ weight
                    z += bias
                    if norms:
                        mean, rows = z.mean(axis=0), f4(len(z))
                        z -= mean
                        variance = (z * z).mean(axis=0)
                        now = np.array([mean, variance * (rows / (rows - 1))])
                        running[layer] += f4(MOMENTUM) * (now - running[layer])
                        inverses.append(1 / np.sqrt(variance + f4(NORM_EPS)))
                        z *= inverses[-1]
                        scaled.append(z)
                        z = z * norms[layer][0] + norms[layer][1]
                    slope: Array = z > 0
                    np.maximum(z, 0, out=z)
                    if case.dropout:
                        mask = (rng.random(z.shape, dtype=f4) < keep) / keep
                        slope = slope * mask
                        z *= mask
                    hidden.append(z)
                    slopes.append(slope)
                gradient = self._loss(hidden[-1] @ layers[-1][0] + layers[-1][1], yb)[1]
                gradients: list[Array] = []
                of_norms: list[Array] = []
                for layer in range(len(layers) - 1, -1, -1):
                    weight = layers[layer][0]
                    if case.filters and not layer:
                        side, filters = case.side // 2, case.filters
                        shape = len(gradient), filters, side, 1, side, 1
                        of_all = np.where(won, gradient.reshape(shape), f4(0))
                        gradient = of_all.transpose(0, 2, 3, 4, 5, 1).reshape(-1, filters)
                        hidden[0] = patches
                    of_weight = hidden[layer].T @ gradient
                    if lam:
                        of_weight += lam * weight
                    gradients[:0] = [of_weight, gradient.sum(axis=0)]
                    if layer:
                        gradient = gradient @ weight.T
                        gradient *= slopes[layer - 1]
                        if norms:
                            s = scaled[layer - 1]
                            of_norms[:0] = [np.array([(gradient * s).sum(axis=0), gradient.sum(axis=0)])]
                            gradient *= norms[layer - 1][0]
                            gradient -= gradient.mean(axis=0) + s * (gradient * s).mean(axis=0)
                            gradient *= inverses[layer - 1]
                step += 1
                if case.optimizer == "sgd":
                    for p, g in zip(parameters, gradients + of_norms, strict=True):
                        p -= lr * g
                    continue
                size = f4(case.lr * (1 - BETA2**step) ** 0.5 / (1 - BETA1**step))
                eps = f4(EPS * (1 - BETA2**step) ** 0.5)
                for p, g, mean, square in zip(parameters, gradients + of_norms, means, squares, strict=True):
                    mean *= f4(BETA1)
                    mean += f4(1 - BETA1) * g
                    square *= f4(BETA2)
                    square += f4(1 - BETA2) * (g * g)
                    root = np.sqrt(square)
                    root += eps
                    p -= size * mean / root
            if epoch % every == 0 or epoch == epochs:
                h = self._convolved(x, *layers[0])[2] if case.filters else x
                for layer, (weight, bias) in enumerate(layers[1 if case.filters else 0 : -1]):
                    h = h @ weight + bias
                    if norms:
                        h = (h - running[layer][0]) / np.sqrt(running[layer][1] + f4(NORM_EPS))
                        h = h * norms[layer][0] + norms[layer][1]
                    h = np.maximum(h, 0)
                losses, _ = self._loss(h @ layers[-1][0] + layers[-1][1], y)
                history.append([losses[a:b].mean() for a, b in bounds])
        return float(history[-1][0])

    def _convolved(self, x: Array, weight: Array, bias: Array) -> tuple[Array, Array, Array]:
        """The patches, where each window's greatest value is if it is positive, and the pooled values."""
        side, filters = self.case.side, self.case.filters
        images = np.pad(x.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
        patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2)).reshape(-1, 9)
        z = patches @ weight
        z += bias
        windows = z.reshape(-1, side // 2, 2, side // 2, 2, filters).transpose(0, 5, 1, 2, 3, 4)
        greatest = np.maximum(windows.max(axis=(3, 5), keepdims=True), 0)
        return patches, (windows == greatest) & (windows > 0), greatest.reshape(len(x), -1)

    def _loss(self, z: Array, y: Array) -> tuple[Array, Array]:
        """Loss of each row, and the gradient of their mean."""
        rows = np.float32(1 / len(z))
        if self.case.task == "regression":
            d = z - y
            return (d * d)[:, 0], 2 * rows * d
        if self.case.task == "binary":
            e = np.exp(-np.abs(z))
            probability = np.where(z >= 0, np.float32(1), e) / (1 + e)
            return (np.maximum(z, 0) - z * y + np.log1p(e))[:, 0], (probability - y) * rows
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        return (y * (np.log(total) - z)).sum(axis=1), (e / total - y) * rows


class BatchedTorch(Peer):
    """PyTorch with all networks in one batched product, l2 and batch norm by hand, and the fused optimizers."""

    name = "PyTorch, batched"

    def __init__(self, case: Case) -> None:
        import torch

        super().__init__(case)
        self.torch = torch

    def use_threads(self, threads: int) -> None:
        self.torch.set_num_threads(threads)

    def loss(self, z: Any, y: Any) -> Any:
        """The loss of each row, (R, n)."""
        functional, task = self.torch.nn.functional, self.case.task
        if task == "regression":
            return ((z - y) ** 2).mean(dim=2)
        if task == "binary":
            return functional.binary_cross_entropy_with_logits(z, y, reduction="none")[:, :, 0]
        return -(y * functional.log_softmax(z, dim=2)).sum(dim=2)

    def train(self, epochs: int, every: int) -> Array:
        torch, case, replicas = self.torch, self.case, self.networks
        torch.manual_seed(0)
        layers = [
            (torch.tensor(weight).requires_grad_(), torch.tensor(bias[:, None]).requires_grad_())
            for weight, bias in case.initial
        ]
        shapes = [bias.shape for _, bias in layers[:-1]] if case.batch_norm else []
        norms = [(torch.ones(s, requires_grad=True), torch.zeros(s, requires_grad=True)) for s in shapes]
        running = [[torch.zeros(s), torch.ones(s)] for s in shapes]
        parameters = [p for pair in layers + norms for p in pair]
        kind = torch.optim.Adam if case.optimizer == "adam" else torch.optim.SGD
        optimizer = kind(parameters, lr=case.lr, fused=True)
        lam = torch.tensor(case.lam, dtype=torch.float32)[:, None, None]
        x, y = (torch.tensor(rows).expand(replicas, -1, -1) for rows in (case.x, case.y))
        n, bounds, history = case.stops[0], list(zip([0, *case.stops], case.stops, strict=False)), []
        every_network = torch.arange(replicas)[:, None]

        def convolved(h: Any) -> Any:
            """(R, B, pixels) -> (R, B, units), one group of channels for each network."""
            (weight, bias), side, filters = layers[0], case.side, case.filters
            kernels = weight.transpose(1, 2).reshape(replicas * filters, 1, 3, 3)
            images = h.transpose(0, 1).reshape(-1, replicas, side, side)
            z = torch.nn.functional.conv2d(images, kernels, bias.reshape(-1), padding=1, groups=replicas)
            pooled = torch.nn.functional.max_pool2d(torch.relu(z), 2)
            return pooled.reshape(len(images), replicas, -1).transpose(0, 1)

        def forward(h: Any, training: bool) -> Any:
            h = convolved(h) if case.filters else h
            for layer, (weight, bias) in enumerate(layers[1 if case.filters else 0 : -1]):
                h = torch.baddbmm(bias, h, weight)
                if norms:
                    if training:
                        variance, mean = torch.var_mean(h, dim=1, keepdim=True, correction=0)
                        with torch.no_grad():
                            unbiased = variance * (h.shape[1] / (h.shape[1] - 1))
                            running[layer][0].lerp_(mean, MOMENTUM)
                            running[layer][1].lerp_(unbiased, MOMENTUM)
                    else:
                        mean, variance = running[layer]
                    h = (h - mean) * torch.rsqrt(variance + NORM_EPS) * norms[layer][0] + norms[layer][1]
                h = torch.nn.functional.dropout(torch.relu(h), case.dropout, training)
            return torch.baddbmm(layers[-1][1], h, layers[-1][0])

        for epoch in range(1, epochs + 1):
            order = torch.argsort(torch.rand(replicas, n), dim=1) if case.batch_size else None
            for start, stop in case.batches():
                if order is None:
                    xb, yb = x[:, :n], y[:, :n]
                else:
                    chosen = order[:, start:stop]
                    xb, yb = x[every_network, chosen], y[every_network, chosen]
                optimizer.zero_grad()
                # The sum over the networks of each one's mean: every network gets its own gradient.
                self.loss(forward(xb, True), yb).mean(dim=1).sum().backward()
                with torch.no_grad():
                    if any(case.lam):
                        for weight, _ in layers:
                            weight.grad.addcmul_(lam, weight)
                optimizer.step()
            if epoch % every == 0 or epoch == epochs:
                with torch.no_grad():
                    losses = self.loss(forward(x, False), y)
                    history.append([losses[:, a:b].mean(dim=1) for a, b in bounds])
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
        jnp, lax, tree = jax.numpy, jax.lax, jax.tree_util.tree_map
        n, bounds, batches = case.stops[0], list(zip([0, *case.stops], case.stops, strict=False)), case.batches()
        size = batches[0][1]
        full = [one for one in batches if one[1] - one[0] == size]

        def per_row(z: Any, y: Any) -> Any:
            if case.task == "regression":
                return ((z - y) ** 2)[:, 0]
            if case.task == "binary":
                return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))[:, 0]
            return -(y * jax.nn.log_softmax(z)).sum(axis=1)

        def forward(parameters: Any, running: Any, h: Any, key: Any) -> Any:
            layers, norms = parameters
            seen = []
            if case.filters:
                (weight, bias), *layers = layers
                side = case.side
                images, kernels = h.reshape(-1, 1, side, side), weight.T.reshape(-1, 1, 3, 3)
                z = lax.conv_general_dilated(images, kernels, (1, 1), "SAME") + bias[:, None, None]
                z = z.reshape(len(h), case.filters, side // 2, 2, side // 2, 2)
                h = jax.nn.relu(z).max(axis=(3, 5)).reshape(len(h), -1)
            for layer, (weight, bias) in enumerate(layers[:-1]):
                h = h @ weight + bias
                if norms:
                    mean, variance = running[layer] if key is None else (h.mean(axis=0), h.var(axis=0))
                    seen.append((mean, variance * (len(h) / max(len(h) - 1, 1))))
                    h = (h - mean) * lax.rsqrt(variance + NORM_EPS) * norms[layer][0] + norms[layer][1]
                h = jax.nn.relu(h)
                if case.dropout and key is not None:
                    kept = jax.random.bernoulli(jax.random.fold_in(key, layer), 1 - case.dropout, h.shape)
                    h = jnp.where(kept, h / (1 - case.dropout), 0)
            return h @ layers[-1][0] + layers[-1][1], seen

        def train_one(layers: Any, lam: Any, x: Any, y: Any) -> Any:
            def step(state: Any, xb: Any, yb: Any) -> Any:
                parameters, running, means, squares, count, key = state
                key, drawn = jax.random.split(key) if case.dropout else (key, key)

                def loss(p: Any) -> Any:
                    z, seen = forward(p, running, xb, drawn)
                    return per_row(z, yb).mean(), seen

                gradient, seen = jax.grad(loss, has_aux=True)(parameters)
                running = tree(lambda old, new: old + MOMENTUM * (new - old), running, seen)
                if any(case.lam):
                    of_layers = zip(gradient[0], parameters[0], strict=True)
                    gradient = ([(g + lam * w, b) for (g, b), (w, _) in of_layers], gradient[1])
                count = count + 1
                if case.optimizer == "sgd":
                    parameters = tree(lambda p, g: p - case.lr * g, parameters, gradient)
                    return parameters, running, means, squares, count, key
                means = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, gradient)
                squares = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, squares, gradient)
                first, second = 1 - BETA1**count, 1 - BETA2**count
                parameters = tree(
                    lambda p, m, v: p - case.lr * (m / first) / (jnp.sqrt(v / second) + EPS), parameters, means, squares
                )
                return parameters, running, means, squares, count, key

            def epoch(state: Any, _: Any) -> Any:
                if not case.batch_size:
                    return step(state, x[:n], y[:n]), None
                *rest, key = state
                key, drawn = jax.random.split(key)
                order = jax.random.permutation(drawn, n)
                chosen = order[: len(full) * size].reshape(len(full), size)
                state, _ = lax.scan(lambda s, rows: (step(s, x[rows], y[rows]), None), (*rest, key), chosen)
                if len(full) < len(batches):
                    rows = order[len(full) * size :]
                    state = step(state, x[rows], y[rows])
                return state, None

            def block(state: Any, _: Any) -> Any:
                state, _ = lax.scan(epoch, state, None, length=every)
                losses = per_row(forward(state[0], state[1], x, None)[0], y)
                return state, jnp.stack([losses[a:b].mean() for a, b in bounds])

            biases = [bias for _, bias in layers[:-1]] if case.batch_norm else []
            parameters = (layers, [(jnp.ones_like(b), jnp.zeros_like(b)) for b in biases])
            running = [(jnp.zeros_like(b), jnp.ones_like(b)) for b in biases]
            zeros = tree(jnp.zeros_like, parameters)
            state = (parameters, running, zeros, zeros, jnp.float32(0), jax.random.PRNGKey(0))
            assert epochs % every == 0
            _, history = lax.scan(block, state, None, length=epochs // every)
            return history[-1, 0]

        x, y = (rows[0] if len(rows) == 1 else rows for rows in (case.x, case.y))
        over = None if len(case.x) == 1 else 0
        arguments = [tuple(map(jnp.asarray, layer)) for layer in case.initial], jnp.asarray(case.lam, "float32"), x, y
        mapped = jax.vmap(train_one, in_axes=(0, 0, over, over))
        if self.networks == 1:  # faster without an axis for it
            layers, lam, x, y = arguments
            alone = tree(lambda a: a[0], layers), lam[0], x, y
            compiled = jax.jit(train_one).lower(*alone).compile()
            return lambda: compiled(*alone).block_until_ready()[None]
        compiled = jax.jit(mapped).lower(*arguments).compile()
        return lambda: compiled(*arguments).block_until_ready()


class Products(Peer):
    """The matrix products of regx alone, in its shapes and populations. What they compute means nothing."""

    name = "matrix products, 1 thread"
    threads = (1,)

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.networks = len(Regx(case).works(1, 1)[0].trainees)
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
                    product = np.multiply if errors[layer].shape[1] == 1 else np.matmul
                    product(above[layer], errors[layer], out=back[layer])

        return step

    def train(self, epochs: int, every: int) -> Array:
        for _ in range(epochs):
            for step in self._steps:
                step()
        return np.full(self.networks, np.nan)


if __name__ == "__main__":
    with Path(sys.argv[2]).open("rb") as file:
        case = pickle.load(file)  # noqa: S301 - from bench_speed.py
    losses = {"jax": Jax, "torch": BatchedTorch}[sys.argv[1]](case).train(case.full_epochs, case.every)
    np.savetxt(Path(sys.argv[2]).with_suffix(".csv"), losses)
