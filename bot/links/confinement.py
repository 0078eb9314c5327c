"""What a process that downloads may not do, set by itself before it takes up its work. Light: it imports nothing of ours.

Its own code is held by an audit hook; the programs that it starts, which no hook sees, by a filter in the kernel that gives
them no socket but a local one.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

MEMORY = 2 << 30
"""Bytes of memory of its own that a process may write to (RLIMIT_DATA)."""
SPACE = 8 << 30
"""Bytes of address space of the process itself (RLIMIT_AS). V8 reserves 64 GB before it does anything, so what is started is
held by MEMORY alone."""
FILES = 256

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

# linux/audit.h, and the numbers of socket and io_uring_setup on each (the latter opens sockets too).
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425

_SILENT = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"})
_NAMES = frozenset({"socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_PLACES = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})


class ConfinedError(PermissionError):
    """Something was tried that is not allowed here."""

    def __init__(self, event: str) -> None:
        super().__init__(f"not allowed here: {event}")


def limit() -> None:
    """Limit the open files and the memory of this process and of each child, besides its `ProcessLimits`."""
    for what, most in ((resource.RLIMIT_NOFILE, FILES), (resource.RLIMIT_DATA, MEMORY)):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (SPACE if hard == resource.RLIM_INFINITY else min(SPACE, hard), hard))


def confine(port: int, programs: Collection[str]) -> None:
    """From here on this process connects to 127.0.0.1:`port` alone, and starts nothing but `programs`, absolute paths.

    What it starts dies with it, has no network at all (Linux on x86-64 and ARM), and no bound on its address space.
    """
    way_out = ("127.0.0.1", port)
    started = frozenset(programs)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _PLACES:
            allowed = event == "socket.connect" and args[1] == way_out
        elif event == "socket.getaddrinfo":
            allowed = (args[0], args[1]) == way_out
        elif event == "socket.__new__":
            allowed = args[1] in {-1, socket.AF_INET} and args[2] in {-1, socket.SOCK_STREAM}
        elif event == "subprocess.Popen":
            allowed = os.fspath(args[0]) in started
        else:
            allowed = event not in _SILENT and event not in _NAMES
        if not allowed:
            raise ConfinedError(event)

    _hold_what_is_started()
    sys.addaudithook(hook)


def _hold_what_is_started() -> None:
    """Let every subprocess begin with `_hold`: what starts them is a library's code, which can't be told to."""
    begin = subprocess.Popen.__init__

    def held(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs | {"preexec_fn": _hold})

    subprocess.Popen.__init__ = held


def _hold() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _no_network()


def _no_network() -> None:
    """Take every socket but AF_UNIX from this process and all that it starts, by a seccomp filter."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return
    architecture, call_of_socket = _MACHINES[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, deny = 0x7FFF_0000, 0x0005_0000 | 13  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES
    program = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 0, 7, architecture),  # another one's numbers mean other calls
        (load, 0, 0, 0),  # seccomp_data.nr
        (at_least, 5, 0, 0x4000_0000),  # those of x32
        (equal, 4, 0, _IO_URING_SETUP),
        (equal, 0, 2, call_of_socket),
        (load, 0, 0, 16),  # seccomp_data.args[0], its lower half: the family
        (equal, 0, 1, socket.AF_UNIX),
        (answer, 0, 0, allow),
        (answer, 0, 0, deny),
    ]
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    kept = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(kept)))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filters))


def _prctl(option: int, first: int, second: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(each) for each in (first, second, 0, 0)]
    if libc.prctl(ctypes.c_int(option), *arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
