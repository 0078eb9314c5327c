"""The environment of child processes: an allow-list, so that no secret of the operator reaches a worker."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
from multiprocessing import util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"}
)
PREFIXES = (
    *("LC_", "SSL_CERT_", "LD_", "DYLD_", "PYTHON", "MALLOC_"),
    *("OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "TF_", "OPENCV_"),
)
"""Beginnings of variables of the linker, of Python, and of libraries for threads and numbers. None holds a secret."""


def child_environment() -> dict[str, str]:
    """The variables of this process that a child may have."""
    return {name: value for name, value in os.environ.items() if name in NAMES or name.startswith(PREFIXES)}


def confine_spawned_processes() -> None:
    """Give `child_environment` to each process that multiprocessing spawns from now on: it has no such option.

    distributed asks for the processor's name, for which `platform` would start `uname -p` with all variables. `platform`
    remembers the machine's name in its place.
    """
    util.spawnv_passfds = _spawn
    vars(platform.uname())["processor"] = platform.machine()


def _spawn(path: bytes | str, args: Sequence[bytes | str], passfds: Sequence[int]) -> int:
    """As `multiprocessing.util.spawnv_passfds`: start a program with these open files; returns its process id."""
    child = subprocess.Popen(args, executable=path, pass_fds=passfds, env=child_environment())
    # multiprocessing waits for the process. Popen warns of a running one that it loses, and may take its exit code.
    child.returncode = 0
    return child.pid


def remove_variables(variables: set[str]) -> None:
    """Remove variables, written in any case, from this process and from its `/proc/PID/environ`.

    The other processes of this user can read that file.
    """
    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_void_p
    for name in [name for name in os.environ if name.upper() in variables]:
        # The kernel shows the memory that the process started with. The removal of a variable leaves its text there.
        if address := library.getenv(os.fsencode(name)):
            ctypes.memset(address, 0, len(ctypes.string_at(address)))
        del os.environ[name]
