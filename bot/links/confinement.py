"""The confinement of the downloading process, which it sets up by itself before its work. It imports nothing of the project.

An audit hook confines its own code. A filter in the kernel confines the programs that it starts, which no hook sees: they have
local sockets alone.
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
"""Bytes of writable memory of a process (RLIMIT_DATA)."""

SPACE = 8 << 30
"""Bytes of address space of the process itself (RLIMIT_AS). Its children have no such limit, because V8 reserves 64 GB at its
start.
"""

FILES = 256
"""Open files of a process."""

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

# AUDIT_ARCH of linux/audit.h, and the number of the system call socket. io_uring_setup has one number on both; it can open
# sockets too.
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425

_STARTS = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"})
_NAME_LOOKUPS = frozenset({"socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_CONNECTIONS = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})


class ConfinedError(PermissionError):
    """The audit hook refused an event."""

    def __init__(self, event: str) -> None:
        super().__init__(f"not allowed here: {event}")


def limit() -> None:
    """Limit the open files and the memory of this process and of each child, besides its `ProcessLimits`."""
    for kind, wanted in ((resource.RLIMIT_NOFILE, FILES), (resource.RLIMIT_DATA, MEMORY)):
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (SPACE if hard == resource.RLIM_INFINITY else min(SPACE, hard), hard))


def confine(port: int, programs: Collection[str]) -> None:
    """Confine this process for the rest of its life.

    It connects to 127.0.0.1:`port` alone, and starts no programs but `programs`, absolute paths. These die with it, have no
    network (Linux on x86-64 and ARM), and no limit of their address space.
    """
    proxy = ("127.0.0.1", port)
    allowed_programs = frozenset(programs)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTIONS:
            allowed = event == "socket.connect" and args[1] == proxy
        elif event == "socket.getaddrinfo":
            allowed = (args[0], args[1]) == proxy
        elif event == "socket.__new__":
            allowed = args[1] in {-1, socket.AF_INET} and args[2] in {-1, socket.SOCK_STREAM}
        elif event == "subprocess.Popen":
            allowed = os.fspath(args[0]) in allowed_programs
        else:
            allowed = event not in _STARTS and event not in _NAME_LOOKUPS
        if not allowed:
            raise ConfinedError(event)

    _confine_subprocesses()
    sys.addaudithook(hook)


def _confine_subprocesses() -> None:
    """Run `_confine_child` first in every subprocess. Popen is patched, because a library's code calls it."""
    original = subprocess.Popen.__init__

    def confined(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs | {"preexec_fn": _confine_child})

    subprocess.Popen.__init__ = confined


def _confine_child() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _no_network()


def _no_network() -> None:
    """Refuse every socket but AF_UNIX to this process and its children, by a seccomp filter."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return
    architecture, socket_call = _MACHINES[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, deny = 0x7FFF_0000, 0x0005_0000 | 13  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES
    program = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 0, 7, architecture),  # another architecture has other numbers
        (load, 0, 0, 0),  # seccomp_data.nr
        (at_least, 5, 0, 0x4000_0000),  # calls of x32
        (equal, 4, 0, _IO_URING_SETUP),
        (equal, 0, 2, socket_call),
        (load, 0, 0, 16),  # seccomp_data.args[0], its lower half: the family
        (equal, 0, 1, socket.AF_UNIX),
        (answer, 0, 0, allow),
        (answer, 0, 0, deny),
    ]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer)))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filters))


def _prctl(option: int, first: int, second: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (first, second, 0, 0)]
    if libc.prctl(ctypes.c_int(option), *arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
