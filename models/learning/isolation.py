"""One long calculation in a process of its own: `python -m models.learning.isolation SECONDS PARENT`.

The process reads a pickled (function, arguments) from stdin and writes the pickled result to stdout. It runs at low priority
(nice 10) and ends after SECONDS, or as soon as the process PARENT is gone. Its memory is freed when it ends.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class IsolatedProcessError(Exception):
    """The isolated process was killed, took too long, or failed."""


def run_in_child(limit: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `work(*args, **kwargs)` from a process of its own, which ends within `limit` seconds.

    `work`: a function of a module, as it is pickled by its name. Raises IsolatedProcessError when the process gives no result,
    or when `limit` is not positive; then no process starts.
    """
    if limit <= 0:
        raise IsolatedProcessError("no time was left for it")
    command = [sys.executable, "-m", "models.learning.isolation", str(limit), str(os.getpid())]
    given = pickle.dumps((work, args, kwargs))
    try:
        # The process ends itself too, if this one dies; but its own clock starts only after Python has started.
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        raise IsolatedProcessError(f"it was not done within {limit:.0f} s") from None
    if done.returncode:
        *_, last = ["", *done.stderr.decode(errors="replace").splitlines()]
        raise IsolatedProcessError(f"it ended with {done.returncode} {last}".strip())
    return cast("T", pickle.loads(done.stdout))


def main() -> None:
    """Run as the isolated process."""
    faulthandler.dump_traceback_later(float(sys.argv[1]), exit=True)
    threading.Thread(target=_end_with, args=(int(sys.argv[2]),), daemon=True).start()
    os.nice(10)
    work, args, kwargs = pickle.load(sys.stdin.buffer)
    # Output of libraries on stdout would end up in the result.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with out:
        pickle.dump(work(*args, **kwargs), out)


def _end_with(parent: int) -> None:
    """End this process once its parent is gone: a killed parent sends no signal."""
    while os.getppid() == parent:
        threading.Event().wait(1)
    os._exit(1)


if __name__ == "__main__":
    main()
