"""The loops of `loops.py` and what calls them, as machine code in one file of the user's cache.

To compile them takes numba and some seconds, once for each version and processor (`python -m regx.core.compiling`,
which `kernels.py` starts). To load the file takes llvmlite alone. It appears whole, behind its checksum.
"""

import hashlib
import os
import secrets
import types
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.loops import LOOPS

PRECISIONS = (np.float32, np.float64)
MOST_ARRAYS = 8  # of a call
RUN = "regx_run"  # the compiled function that makes the calls of a program


def compile_all() -> None:
    """Compile all kernels and put them into the user's cache. Raises OSError where that cannot be written."""
    import llvmlite.binding as llvm
    import numba

    whole = llvm.parse_assembly("")
    for loop in LOOPS:
        for precision in PRECISIONS:
            to: Any = numba.types.CPointer
            real = numba.from_dtype(np.dtype(precision))
            words = {"B": to(numba.uint8), "U2": to(numba.uint16), "I8": to(numba.int64), "U8": to(numba.uint64)}
            pointers = {"F": to(real), "int": numba.int64, **words}
            of_precision = types.FunctionType(loop.__code__, {**loop.__globals__, "REAL": precision}, loop.__name__)
            signature = numba.void(*(pointers[kind] for kind in _kinds(loop)))
            compiled = numba.cfunc(signature, error_model="numpy")(of_precision)
            module = llvm.parse_assembly(compiled.inspect_llvm())
            whole.triple, whole.data_layout = module.triple, module.data_layout
            whole.link_in(module)
            whole.link_in(llvm.parse_assembly(_as_numpys(compiled.native_name, _kinds(loop), symbol(loop, precision))))
    whole.link_in(llvm.parse_assembly(_runner()))
    named = [one.name for one in whole.functions if one.is_declaration]
    # Such as the error of a range whose step is 0: to call it ends the process.
    absent = [name for name in named if not name.startswith(("llvm.", "sqrt"))]
    assert not absent, f"the loops of `loops.py` need {absent}, which is not there without numba"
    path = cached_at()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    code = machine().emit_object(whole)
    part.write_bytes(hashlib.sha256(code).digest() + code)
    part.replace(path)


def _as_numpys(name: str, kinds: Sequence[str], symbol: str) -> str:
    """A function of the form of NumPy's own loops, (arrays, dims, steps, data), that calls another by its arguments."""
    from llvmlite import ir

    word, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
    module = ir.Module()
    called = ir.Function(
        module, ir.FunctionType(ir.VoidType(), [word if kind == "int" else pointer for kind in kinds]), name
    )
    function = ir.Function(module, _form(), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    taken, arguments = {True: 0, False: 0}, []
    for kind in kinds:
        is_number = kind == "int"
        at = builder.gep(function.args[is_number], [word(taken[is_number])])
        found = builder.load(at)
        arguments.append(found if is_number else builder.inttoptr(found, pointer))
        taken[is_number] += 1
    builder.call(called, arguments)
    builder.ret_void()
    return str(module)


def _form() -> Any:
    """The type of NumPy's own loops, with the addresses of arrays as numbers."""
    from llvmlite import ir

    words = ir.IntType(64).as_pointer()
    return ir.FunctionType(ir.VoidType(), [words, words, words, ir.IntType(8).as_pointer()])


def _runner() -> str:
    """What makes the calls of a `Program`: (its table, how many there are, networks, steps, going_on)."""
    from llvmlite import ir

    word = ir.IntType(64)
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [word] * 5), RUN)
    table, calls, replicas, steps, flags = function.args
    blocks = "start", "network", "step", "call", "step_done", "network_done", "done"
    start, network, step, make, step_done, network_done, done = map(function.append_basic_block, blocks)
    builder = ir.IRBuilder(start)
    arrays = builder.alloca(word, MOST_ARRAYS)
    first, going_on = (builder.inttoptr(one, word.as_pointer()) for one in (table, flags))
    builder.branch(network)

    def counted(head: Any, before: Any) -> Any:
        """A number that begins at 0 where one comes from the block before."""
        builder.position_at_end(head)
        number = builder.phi(word)
        number.add_incoming(word(0), before)
        return number

    def again(number: Any, head: Any, stop: Any, after: Any, but_not: Any = None) -> None:
        """Go back to its head with the next number unless that is `stop`."""
        following = builder.add(number, word(1))
        number.add_incoming(following, builder.block)
        goes_on = builder.icmp_signed("<", following, stop)
        builder.cbranch(goes_on if but_not is None else builder.and_(goes_on, but_not), head, after)

    r = counted(network, start)
    builder.branch(step)
    t = counted(step, network)
    builder.branch(make)
    at = counted(make, step)
    row = builder.gep(first, [builder.mul(at, word(4 + 3 * MOST_ARRAYS))])
    here, dims, lengths, data = (builder.load(builder.gep(row, [word(place)])) for place in range(4))
    for array in range(MOST_ARRAYS):
        begin, of_network, of_step = (
            builder.load(builder.gep(row, [word(4 + more * MOST_ARRAYS + array)])) for more in range(3)
        )
        place = builder.add(builder.add(begin, builder.mul(r, of_network)), builder.mul(t, of_step))
        builder.store(place, builder.gep(arrays, [word(array)]))
    form = _form()
    pointers = [builder.inttoptr(one, kind) for one, kind in zip((dims, lengths, data), form.args[1:], strict=True)]
    builder.call(builder.inttoptr(here, form.as_pointer()), [arrays, *pointers])
    again(at, make, calls, step_done)
    builder.position_at_end(step_done)
    again(t, step, steps, network_done, builder.icmp_signed("!=", builder.load(builder.gep(going_on, [r])), word(0)))
    builder.position_at_end(network_done)
    again(r, network, replicas, done)
    builder.position_at_end(done)
    builder.ret_void()
    return str(module)


def symbol(loop: Callable[..., None], precision: Any) -> str:
    return f"regx_{loop.__name__}_{np.dtype(precision).name}"


def _kinds(loop: Callable[..., None]) -> list[str]:
    return [kind for name, kind in loop.__annotations__.items() if name != "return"]


def machine() -> Any:
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

    source = b"".join(Path(str(one)).read_bytes() for one in (LOOPS[0].__code__.co_filename, __file__))
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
