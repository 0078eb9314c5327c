"""Commands with resource limits, which apply from the first instruction. A command dies with the process that starts it.

Run as a script (`python -I -S limited_process.py LIMITS PARENT COMMAND…`) this module sets the limits (JSON) and becomes the
command. It imports nothing of the project.
"""

from __future__ import annotations

import ctypes
import errno
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
TAIL_BYTES: Final = 2000
_OF_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Limits of one process; each of its children has the same limits again.

    `seconds`: time until the whole process group is killed. `cpu_seconds`: RLIMIT_CPU. `memory`: RLIMIT_AS in bytes, None for
    no limit. `file_bytes`: RLIMIT_FSIZE, the largest file that it may write. `nice`: added to the niceness.
    """

    seconds: float
    cpu_seconds: int
    memory: int | None
    file_bytes: int
    nice: int = 5


class ProcessFailedError(Exception):
    """A command failed. `code`: its exit code, None where it was killed past its time. `stderr`: the end of its output."""

    def __init__(self, code: int | None, stderr: str) -> None:
        super().__init__(code, stderr)
        self.code = code
        self.stderr = stderr

    def disk_error(self, folder: Path) -> OSError | None:
        """The error of the disk of `folder` that ended ffmpeg, None for another end.

        ffmpeg's exit code is the number of the error, negated and cut to a byte. A full disk may hold no word of its stderr.
        """
        number = 256 - (self.code or 0)
        return OSError(number, os.strerror(number), str(folder)) if number in _OF_DISK else None


def limited_command(command: Sequence[str], limits: ProcessLimits) -> list[str]:
    """The command line that runs `command` within `limits`, as a child of this process.

    The caller enforces `limits.seconds`.
    """
    return [sys.executable, "-I", "-S", __file__, json.dumps(asdict(limits)), str(os.getpid()), *command]


@contextmanager
def stream_output(
    command: Sequence[str], limits: ProcessLimits, *, folder: Path, environment: Mapping[str, str] | None = None
) -> Generator[Generator[str | None]]:
    """Run a command in `folder` and yield its lines; None stands for a quarter of a second without a line.

    The lines end when the command has ended with exit code 0. A caller that leaves earlier kills the command's process group.

    Raises:
        ProcessFailedError: another exit code, or killed past its time.
        FileNotFoundError: `folder` is missing.
    """
    with (folder / ".stderr").open("w+b") as errors:
        process = subprocess.Popen(
            limited_command(command, limits),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=dict(environment or {}),
            start_new_session=True,
        )
        lines = _lines(process, limits, errors)
        try:
            yield lines
        finally:
            lines.close()
            kill(process.pid)
            process.wait()
            if process.stdout:
                process.stdout.close()


def kill(session: int) -> None:
    """Kill all processes of a session, by the id of the process that leads it."""
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def stderr_tail(errors: IO[bytes]) -> str:
    """The last lines of a process's standard error, 2000 bytes at most. A part of a line could be a part of a secret."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - TAIL_BYTES))
    tail = errors.read()
    if size > TAIL_BYTES:
        tail = tail.partition(b"\n")[2]
    return tail.decode(errors="replace").strip()


def _lines(process: subprocess.Popen[bytes], limits: ProcessLimits, errors: IO[bytes]) -> Generator[str | None]:
    out = cast("IO[bytes]", process.stdout)
    deadline, rest = time.monotonic() + limits.seconds, b""
    with selectors.DefaultSelector() as ready:
        ready.register(out, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise ProcessFailedError(None, stderr_tail(errors))
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
        raise ProcessFailedError(None, stderr_tail(errors)) from None
    if code:
        raise ProcessFailedError(code, stderr_tail(errors))


def main() -> None:
    """Set the limits of this process, and become the command."""
    limits, parent, command = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent process is gone")
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        if most is not None:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))
    os.nice(limits["nice"])
    # The command would inherit the mask of a parent that blocks signals.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
