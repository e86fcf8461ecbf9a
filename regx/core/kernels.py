"""The loops of `loops.py` compiled, for work that would else take several passes over the same numbers.

Whoever has such work keeps it in NumPy too and asks here for the compiled one, which gives the same bits (a law in
`tests/engine/test_kernels.py`), so that it is all one which of them runs, and training may begin with the one and go on
with the other. Compiled ones are there where numba is (the extra `fast`), and only once enough is asked of a process:
to load them takes a tenth of a second. `compiling.py` makes them in a process of its own and in nobody's way that
outlives it. REGX_KERNELS=off does without, and REGX_KERNELS=on loads them at once.

A `Call` is such a loop, or a loop of NumPy's own, over the numbers of one network; a `Program` makes several calls one
after the other for the first network, as often as it is told, then for the second: what one call has written is then
still in cache for the next, and Python is not asked in between. Both kinds of loops are functions of the form in which
NumPy keeps its own.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, ClassVar, NamedTuple

import numpy as np

from regx.core.arrays import Array
from regx.core.compiling import MOST_ARRAYS, PRECISIONS, RUN, cached_at, machine, symbol
from regx.core.loops import LOOPS

# Expected savings in seconds from which loading, and compiling, pays: about a nanosecond for each number and pass.
WORTH_LOADING, WORTH_COMPILING = 0.15, 1.0


class _Process:
    """What this process has: compiled kernels by name and precision, and the seconds that it has been asked for."""

    functions: ClassVar[dict[tuple[Callable[..., None], np.dtype[Any]], int]] = {}  # addresses
    run: Any = None  # what makes the calls of a program
    in_use = False
    seconds = 0.0
    compiling: Any = None  # the process that does
    engine: Any = None  # in whose memory the functions lie


def use(seconds: float) -> None:
    """Use compiled kernels from here on, if the seconds that they save in training make up for loading them."""
    here = _Process
    here.seconds += seconds
    wanted = os.environ.get("REGX_KERNELS", "")
    if here.in_use or wanted == "off" or (here.seconds < WORTH_LOADING and wanted != "on"):
        return
    if any(find_spec(name) is None for name in ("numba", "llvmlite", "platformdirs")) or load():
        return
    if here.seconds >= WORTH_COMPILING and (here.compiling is None or here.compiling.poll() is not None):
        import subprocess

        here.seconds = 0.0  # where that fails it is not tried again at once
        command = [sys.executable, "-m", "regx.core.compiling"]
        here.compiling = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at this one does not end it
        )


def load() -> bool:
    """Use the compiled loops from here on, if there are some. Returns whether there are."""
    _Process.in_use = bool(_Process.functions)
    if _Process.in_use:
        return True
    import llvmlite.binding as llvm

    try:
        compiled = cached_at().read_bytes()
    except (OSError, RuntimeError):  # RuntimeError: of a processor whose features LLVM does not know
        return False
    checksum, code = compiled[:32], compiled[32:]
    probe = np.empty(1)
    # A broken file would make LLVM end the process; and where Python keeps an array otherwise, there is no going on.
    if hashlib.sha256(code).digest() != checksum or address(probe) != probe.ctypes.data:
        return False
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _Process.engine, _Process.in_use = engine, True
    _Process.run = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(engine.get_function_address(RUN))
    for loop in LOOPS:
        for precision in PRECISIONS:
            _Process.functions[loop, np.dtype(precision)] = engine.get_function_address(symbol(loop, precision))
    return True


def unload() -> None:
    """Go on in NumPy."""
    _Process.in_use, _Process.seconds = False, 0.0


class OfSteps(NamedTuple):
    """An array of a call, (steps, R, ...), of which each step of a program has the next part."""

    array: Array


@dataclass(frozen=True)
class Call:
    """One loop over the numbers of one network. function, data: addresses.

    arrays: of all networks, which are their first axis. dims, steps: lengths, and NumPy's bytes from number to number.
    """

    function: int
    arrays: tuple[Array | OfSteps, ...]
    dims: Sequence[int]
    steps: Sequence[int] = ()
    data: int = 0


def call(loop: Callable[..., None], precision: np.dtype[Any], *arguments: Array | OfSteps | int) -> list[Call]:
    """The call of the compiled `loop`; empty where there is none. Its last arrays may be given when it is made.

    Arrays are of the types that the loop says, and each network's numbers one behind the other. Nothing checks that.
    """
    if not _Process.in_use:
        return []
    arrays = tuple(one for one in arguments if not isinstance(one, int))
    return [Call(_Process.functions[loop, precision], arrays, [one for one in arguments if isinstance(one, int)])]


class Program:
    """Calls to be made network by network, for R of them.

    going_on: (R,) int64; a network for which it has become 0 after a step makes no further steps.
    """

    def __init__(self, calls: Sequence[Call], replicas: int, going_on: Array | None = None) -> None:
        self._calls, self._replicas, self._last = calls, replicas, len(calls[-1].arrays)
        self._going_on = np.ones(replicas, np.int64) if going_on is None else going_on
        self._shapes = [np.array([*each.dims, *each.steps], np.int64) for each in calls]
        self._table = np.zeros((len(calls), 4 + 3 * MOST_ARRAYS), np.int64)
        for row, each, shape in zip(self._table, calls, self._shapes, strict=True):
            at = address(shape)
            row[:4] = each.function, at, at + 8 * len(each.dims), each.data
            for number, array in enumerate(each.arrays):
                _point(row, number, array)
        self._run, self._first, self._flags = _Process.run, address(self._table), address(self._going_on)

    def __call__(self, *rest: Array, steps: int = 1) -> None:
        """Make them, so many times in a row. rest: the arrays that the last call was made without."""
        table, first = self._table, self._first
        if rest:
            table = table.copy()  # several threads may have the same program
            first, row, at = address(table), table[-1], 4 + self._last
            row[at : at + len(rest)] = [address(one) for one in rest]
            at += MOST_ARRAYS
            row[at : at + len(rest)] = [one.strides[0] if one.ndim else 0 for one in rest]
        self._run(first, len(table), self._replicas, steps, self._flags)


def _point(row: Array, number: int, array: Array | OfSteps) -> None:
    """Where an array of a call begins, and how far it is to the next network's numbers and to the next step's."""
    strides = array.array.strides if isinstance(array, OfSteps) else (0, *array.strides)
    row[4 + number] = address(array.array if isinstance(array, OfSteps) else array)
    row[4 + MOST_ARRAYS + number] = strides[1] if len(strides) > 1 else 0
    row[4 + 2 * MOST_ARRAYS + number] = strides[0]


def kernel(loop: Callable[..., None], precision: np.dtype[Any], replicas: int, *first: Array | int) -> Program | None:
    """A program of this `loop` alone, with its first arguments; None where there is none."""
    found = call(loop, precision, *first)
    return Program(found, replicas) if found else None


def kernel_of_size(loop: Callable[..., None], precision: np.dtype[Any], replicas: int, *sizes: int) -> Program | None:
    """The same without its arrays, kept by the sizes."""
    return _kept(loop, precision, replicas, *sizes) if _Process.in_use else None


_kept = lru_cache(maxsize=256)(kernel)


def address(array: Array) -> int:
    """Where an array's first number lies: `array.ctypes.data`, in a tenth of its time."""
    return ctypes.c_size_t.from_address(id(array) + object.__basicsize__).value


class _Ufunc(ctypes.Structure):
    """How NumPy keeps a ufunc: `PyUFuncObject` of its public headers."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__), ("nin", ctypes.c_int), ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int), ("identity", ctypes.c_int), ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)), ("ntypes", ctypes.c_int), ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p), ("types", ctypes.POINTER(ctypes.c_byte)),
    )  # fmt: skip


@cache
def _own(ufunc: np.ufunc, precision: np.dtype[Any]) -> tuple[int, int]:
    """The address of NumPy's own loop of a ufunc and of its data; 0 where it is not found."""
    kept = _Ufunc.from_address(id(ufunc))
    found = kept.nin, kept.nargs, kept.ntypes, kept.name
    if found != (ufunc.nin, ufunc.nargs, ufunc.ntypes, ufunc.__name__.encode()):
        return 0, 0
    for number in range(kept.ntypes):
        if all(kept.types[number * kept.nargs + one] == precision.num for one in range(kept.nargs)):
            return kept.functions[number] or 0, kept.data[number] or 0
    return 0, 0


def elementwise(ufunc: np.ufunc, one: Array, out: Array) -> list[Call]:
    """The call that NumPy makes for a function of every number, (R, ...), each network's one behind the other."""
    function, data = _own(ufunc, out.dtype)
    if not _Process.in_use or not function:
        return []
    return [Call(function, (one, out), (one[0].size,), (one.itemsize, out.itemsize), data)]


def total(values: OfSteps, out: OfSteps) -> list[Call]:
    """The call that `np.add.reduce(axis=-1)` makes for each network's row, (steps, R, n); out: (steps, R), zeros."""
    function, data = _own(np.add, out.array.dtype)
    if not _Process.in_use or not function:
        return []
    return [Call(function, (out, values, out), values.array.shape[2:], (0, values.array.itemsize, 0), data)]


def product(one: Array, other: Array, out: Array) -> list[Call]:
    """The call that `np.matmul` makes for each network, (R, n, m) by (R, m, p) to (R, n, p), all of one precision."""
    function, data = _own(np.matmul, out.dtype)
    if not _Process.in_use or not function:
        return []
    (n, m), p = one.shape[1:], other.shape[2]
    of_networks = 0, 0, 0  # NumPy's loop could step through them itself
    steps = (*of_networks, *one.strides[1:], *other.strides[1:], *out.strides[1:])
    return [Call(function, (one, other, out), (1, n, m, p), steps, data)]
