"""The supervision of the downloading process: its start within limits, its messages, and its end.

It is killed with all its children when it is too slow, takes too much, or is no longer wanted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.infra.limited_process import ProcessLimits, kill, limited_command
from bot.links import reasons
from bot.links.protocol import LinkFailure

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from bot.links.egress import EgressProxy
    from bot.links.protocol import DownloadRequest

    FetchProgressCallback = Callable[[float | None, int], None]
    """Called with the finished share, None where it is unknown, and the bytes so far."""

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
"""Seconds between two measurements of the working folder."""

PAGE_BYTES = 64 << 20
"""The allowance for pages, players and playlists besides the video."""

OVERHEAD_BYTES = 16 << 20
"""The allowance for a file around its video. The system writes no larger file."""

LINE_BYTES = 1 << 16


def transferred_bytes(max_bytes: int) -> int:
    """The bytes that the download of a video of at most `max_bytes` may transfer."""
    return max_bytes + max_bytes // 10 + PAGE_BYTES


@dataclass(frozen=True, slots=True)
class DownloadPrograms:
    """Absolute paths of the programs that a download may start; `deno` is empty where it isn't installed."""

    deno: str
    ffmpeg: str

    @classmethod
    def find(cls) -> DownloadPrograms:
        """The programs of the installed packages, not those of the system."""
        import imageio_ffmpeg
        from deno import find_deno_bin

        try:
            deno = find_deno_bin()
        except FileNotFoundError:
            deno = ""
        return cls(deno, str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute()))


Bytes = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Checked(BaseModel):
    """Values that are checked. The checks are built at their first use, which keeps them out of the bot's start."""

    model_config = ConfigDict(defer_build=True)


class InfoMessage(_Checked):
    """The message "info"."""

    title: str
    site: str
    seconds: Seconds | None


class ProgressMessage(_Checked):
    """The message "progress". `share`: in [0, 1], None where it is unknown. `bytes`: so far."""

    share: Annotated[float, Field(ge=0, le=1)] | None
    bytes: Bytes


class DoneMessage(_Checked):
    """The message "done". `file`: the name of the video in the working folder."""

    file: str = ""


class FailedMessage(_Checked):
    """The message "failed". `status`: of HTTP, None where there is none."""

    failure: LinkFailure
    detail: str
    status: int | None


class DownloadMessages(_Checked):
    """Messages of the process, the last of each kind, None before it: see `bot.links.child`.

    The process reads what strangers wrote, so its messages are checked too.
    """

    info: InfoMessage | None = None
    progress: ProgressMessage | None = None
    done: DoneMessage | None = None
    failed: FailedMessage | None = None

    def add(self, line: bytes) -> None:
        """Keep the messages of one line of JSON. Raises ValueError for a line that holds none."""
        message = DownloadMessages.model_validate_json(line)
        for kind in message.model_fields_set:
            setattr(self, kind, getattr(message, kind))


@asynccontextmanager
async def download_process(
    request: DownloadRequest, seconds: float, folder: Path, stderr: IO[bytes]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The downloading process, with limits, without our environment, and in a session of its own. It is killed at the end."""
    limits = ProcessLimits(
        seconds, cpu_seconds=int(seconds) + 1, memory=None, file_bytes=request.max_bytes + OVERHEAD_BYTES, nice=0
    )
    process = await asyncio.create_subprocess_exec(
        *limited_command((sys.executable, "-I", "-m", "bot.links.child"), limits),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        cwd=folder,
        env={
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PATH": str(folder / "none"),
            "LANG": "C.UTF-8",
            "YTDLP_NO_PLUGINS": "1",
            "DENO_NO_UPDATE_CHECK": "1",
        },
        start_new_session=True,
        limit=LINE_BYTES,
    )
    try:
        assert process.stdin is not None
        with suppress(ConnectionError):
            process.stdin.write(request.dump())
            await process.stdin.drain()
        yield process
    finally:
        kill(process.pid)
        await process.wait()


async def listen(
    process: asyncio.subprocess.Process,
    proxy: EgressProxy,
    folder: Path,
    max_bytes: int,
    messages: DownloadMessages,
    progress: FetchProgressCallback | None,
) -> None:
    """Collect the messages of the process until it ends. Raises LinkError when it takes too much."""
    assert process.stdout is not None
    watching = asyncio.ensure_future(_kill_when_too_large(process, proxy, folder, max_bytes))
    try:
        while line := await process.stdout.readline():
            messages.add(line)
            if progress is not None and messages.progress is not None:
                progress(messages.progress.share, messages.progress.bytes)
        await process.wait()
    except ValueError:
        log.warning("a download sent a message that can't be read")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    if watching.done() and not watching.cancelled() and watching.result():
        raise reasons.too_large_error(max_bytes)


async def _kill_when_too_large(
    process: asyncio.subprocess.Process, proxy: EgressProxy, folder: Path, max_bytes: int
) -> bool:
    """Kill the process once it exceeds its bytes; returns True then. Merging needs the room twice."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if proxy.exhausted or await asyncio.to_thread(_size, folder) > 2 * max_bytes + PAGE_BYTES:
            kill(process.pid)
            return True


def _size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(Path(place) / name).st_size
    return total
