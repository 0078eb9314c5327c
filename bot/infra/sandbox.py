"""A command on a leash: it has its bounds before its first instruction, and dies with the process that started it.

Run as a script (`python -I -S leash.py BOUNDS PARENT COMMAND…`) this is the child, which sets its bounds and becomes the
command. It imports nothing of the project.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

_PR_SET_PDEATHSIG: Final = 1
_LOOK_SECONDS: Final = 0.25
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Leash:
    """How far a command may go. All are bounds of one process: its children have the same again.

    `seconds` on the clock, after which it is killed with its whole process group; `cpu_seconds`; `memory` that it may
    address, None for all there is, and `file_bytes` that it may write to one file, both in bytes; `nice`: how much it lets
    others go first.
    """

    seconds: float
    cpu_seconds: int
    memory: int | None
    file_bytes: int
    nice: int = 5


class LeashError(Exception):
    """The command outlasted its leash, or ended with anything but 0: `code`, and `said`, the last of what it told."""

    def __init__(self, code: int | None, said: str) -> None:
        super().__init__(code, said)
        self.code = code
        self.said = said


def leashed(command: Sequence[str], leash: Leash) -> list[str]:
    """The command that runs `command` on the leash, as a child of this process; its clock is the caller's to watch."""
    return [sys.executable, "-I", "-S", __file__, json.dumps(asdict(leash)), str(os.getpid()), *command]


@contextmanager
def follow(
    command: Sequence[str], leash: Leash, *, folder: Path, environment: Mapping[str, str] | None = None
) -> Generator[Generator[str | None]]:
    """Run a command in `folder`: yields the lines it prints, and None whenever it printed none for a quarter of a second.

    The lines end when it has ended well. Left earlier, it is killed, and so is all that it started.

    Raises:
        LeashError: it ended otherwise, or was killed past its time.
        FileNotFoundError: there is no `folder`.
    """
    with (folder / ".stderr").open("w+b") as complaints:
        process = subprocess.Popen(
            leashed(command, leash),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=folder,
            env=dict(environment or {}),
            start_new_session=True,
        )
        lines = _lines(process, leash, complaints)
        try:
            yield lines
        finally:
            lines.close()
            kill(process.pid)
            process.wait()
            if process.stdout:
                process.stdout.close()


def kill(session: int) -> None:
    """Kill a process that was started in a session of its own, with all that is in it."""
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def last_words(complaints: IO[bytes]) -> str:
    """The end of what a process wrote to its standard error."""
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - 2000))
    return complaints.read().decode(errors="replace").strip()


def _lines(process: subprocess.Popen[bytes], leash: Leash, complaints: IO[bytes]) -> Generator[str | None]:
    out = cast("IO[bytes]", process.stdout)
    deadline, rest = time.monotonic() + leash.seconds, b""
    with selectors.DefaultSelector() as ready:
        ready.register(out, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise LeashError(None, last_words(complaints))
            if not ready.select(_LOOK_SECONDS):
                yield None
                continue
            data = os.read(out.fileno(), _CHUNK)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
    try:
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise LeashError(None, last_words(complaints)) from None
    if code:
        raise LeashError(code, last_words(complaints))


def main() -> None:
    """Be the child."""
    bounds, parent, command = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("whoever started this is gone")
    for limit, most in (
        (resource.RLIMIT_AS, bounds["memory"]),
        (resource.RLIMIT_CPU, bounds["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, bounds["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        if most is not None:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (most, most))
    os.nice(bounds["nice"])
    # A parent may be deaf to signals, which a child inherits.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
