"""A process that has imported what commands need, and runs each in a fork of itself: a start without its imports.

It reads a request a line, as JSON: `arguments`, `folder`, `environment`, and `stdout` and `stderr`, files that are
written. It answers each with a line, the exit code.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import sys
import traceback

import regx
from regx.cli.app import main

ELSEWHERE = (
    "jinja2", "matplotlib.backends.backend_agg", "matplotlib.figure", "pandas", "rich.progress", "rich.table",
    "scipy.stats", "sklearn.ensemble", "sklearn.linear_model", "threadpoolctl",
)  # fmt: skip


def serve() -> None:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os.chdir(request["folder"])
            os.environ.clear()
            os.environ.update(request["environment"])
            files = (os.devnull, request["stdout"], request["stderr"])
            for number, path in enumerate(files):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
            sys.argv = [regx.__path__[0] + "/__main__.py", *request["arguments"]]
            code: object = 1
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
            except BaseException:
                traceback.print_exc()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code if isinstance(code, int) else 1)  # to take down all that was imported takes half a second
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    for name in (*(module.name for module in pkgutil.walk_packages(regx.__path__, "regx.")), *ELSEWHERE):
        if not name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of an extra that is not there
                importlib.import_module(name)
    gc.freeze()
    serve()
