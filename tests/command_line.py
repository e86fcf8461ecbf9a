"""The command line as a test calls it: `regx("run", config, code=0)`."""

import subprocess
from collections.abc import Callable

Regx = Callable[..., subprocess.CompletedProcess[str]]
