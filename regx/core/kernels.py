"""The loops of `loops.py` compiled, for who would else make several passes over the same numbers.

Whoever has such work keeps it in NumPy too and asks here for the compiled one, which gives the same bits (a law in
`tests/engine/test_kernels.py`), so that it is all one which of them runs, and training may begin with the one and go on
with the other. Compiled ones are there where numba is (the extra `fast`), and only once enough is asked of a process:
to load them takes a tenth of a second. That needs llvmlite alone, on which numba stands; to compile them takes some
seconds, once for each version and processor, in a process of its own and in nobody's way. They are kept in the user's
cache, in one file, which appears there whole. REGX_KERNELS=off does without, and REGX_KERNELS=on loads them at once.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import types
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from regx.core.arrays import Array
from regx.core.loops import LOOPS

# Seconds by which training is expected to become shorter (a number less read and written in one pass takes about a
# nanosecond), at which it is worth it to load what is compiled, and to compile.
WORTH_LOADING, WORTH_COMPILING = 0.3, 1.0
PRECISIONS = (np.float32, np.float64)


class _Process:
    """What this process has: compiled kernels by name and precision, and the seconds that it has been asked for."""

    functions: ClassVar[dict[tuple[Callable[..., None], np.dtype[Any]], Any]] = {}
    in_use = False
    seconds = 0.0
    compiling: Any = None  # the process that does
    engine: Any = None  # in whose memory the functions lie


def use(seconds: float) -> None:
    """From here on use compiled kernels, if training that becomes so much shorter by them is still to come."""
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
        command = [sys.executable, "-m", "regx.core.kernels"]
        here.compiling = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def load() -> bool:
    """Load what is compiled and use it from here on, if it is there; whether it is."""
    _Process.in_use = bool(_Process.functions)
    if _Process.in_use:
        return True
    import llvmlite.binding as llvm

    try:
        compiled = cached_at().read_bytes()
    except OSError:
        return False
    checksum, code = compiled[:32], compiled[32:]
    probe = np.empty(1)
    # A broken file would make LLVM end the process; and where Python keeps an array otherwise, there is no going on.
    if hashlib.sha256(code).digest() != checksum or address(probe) != probe.ctypes.data:
        return False
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _Process.engine, _Process.in_use = engine, True
    for loop in LOOPS:
        arguments = [ctypes.c_int64 if kind == "int" else ctypes.c_void_p for kind in _kinds(loop)]
        for precision in PRECISIONS:
            function = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address(_symbol(loop, precision)))
            _Process.functions[loop, np.dtype(precision)] = (function, _called(function))
    return True


def unload() -> None:
    """Go on in NumPy."""
    _Process.in_use, _Process.seconds = False, 0.0


def kernel(loop: Callable[..., None], precision: np.dtype[Any], *first: Array | int) -> Callable[..., None] | None:
    """The compiled `loop` with its first arguments, which are kept alive; None where it is not to be had.

    Arrays are of the types that the loop says, and lie as it says. Nothing checks the memory.
    """
    if not _Process.in_use:
        return None
    function, call = _Process.functions[loop, precision]
    return _called(function, first) if first else call


def _called(function: Any, first: tuple[Array | int, ...] = ()) -> Callable[..., None]:
    """A compiled function as one calls it, with arrays."""
    bound = partial(function, *(one if isinstance(one, int) else address(one) for one in first))

    def call(*rest: Any, kept: Any = first) -> None:
        bound(*(one if isinstance(one, int) else address(one) for one in rest))

    def call_alone(kept: Any = first) -> None:
        bound()

    return call if len(first) < len(function.argtypes) else call_alone


def address(array: Array) -> int:
    """Where an array's first number lies: `array.ctypes.data`, in a tenth of its time."""
    return ctypes.c_size_t.from_address(id(array) + object.__basicsize__).value


def compile_all() -> None:
    """Compile all kernels and put them into the user's cache. Raises OSError where that cannot be written."""
    import llvmlite.binding as llvm
    import numba

    whole = llvm.parse_assembly("")
    for loop in LOOPS:
        for precision in PRECISIONS:
            to: Any = numba.types.CPointer
            real = numba.from_dtype(np.dtype(precision))
            pointers = {"F": to(real), "B": to(numba.uint8), "U2": to(numba.uint16), "int": numba.int64}
            of_precision = types.FunctionType(loop.__code__, {**loop.__globals__, "REAL": precision}, loop.__name__)
            signature = numba.void(*(pointers[kind] for kind in _kinds(loop)))
            compiled = numba.cfunc(signature, error_model="numpy")(of_precision)
            module = llvm.parse_assembly(compiled.inspect_llvm())
            module.get_function(compiled.native_name).name = _symbol(loop, precision)
            whole.triple, whole.data_layout = module.triple, module.data_layout
            whole.link_in(module)
    import secrets

    path = cached_at()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    code = _machine().emit_object(whole)
    part.write_bytes(hashlib.sha256(code).digest() + code)
    part.replace(path)


def _symbol(loop: Callable[..., None], precision: Any) -> str:
    return f"regx_{loop.__name__}_{np.dtype(precision).name}"


def _kinds(loop: Callable[..., None]) -> list[str]:
    return [kind for name, kind in loop.__annotations__.items() if name != "return"]


def _machine() -> Any:
    """The processor here, as LLVM compiles for it; a new one for each use, since an engine keeps it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )


@cache
def cached_at() -> Path:
    """Where the compiled kernels of this version on this processor are kept."""
    import llvmlite
    import llvmlite.binding as llvm
    from platformdirs import user_cache_dir

    source = Path(LOOPS[0].__code__.co_filename).read_bytes()
    about = f"{llvmlite.__version__} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    return Path(user_cache_dir("regx")) / f"kernels-{hashlib.sha256(source + about.encode()).hexdigest()[:16]}.o"


def _compile_unless_another_does() -> None:
    import fcntl

    os.nice(10)
    cached_at().parent.mkdir(parents=True, exist_ok=True)
    with cached_at().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError, which nobody reads
        compile_all()


if __name__ == "__main__":
    _compile_unless_another_does()
