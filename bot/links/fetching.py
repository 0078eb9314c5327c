"""From a link to a file: supervises the process that downloads, which is killed with all it started when it is too slow,
takes too much or is no longer wanted. Media is never opened here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from bot.domain.addresses import read_allowed
from bot.infra.limited_process import ProcessLimits, kill, limited_command, stderr_tail
from bot.links import reasons
from bot.links.egress import Upstream, egress
from bot.links.protocol import DownloadRequest, DownloadTask, LinkFailure
from bot.links.reasons import LinkError
from bot.links.sites import Sites, tidy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from aiohttp.abc import AbstractResolver

    from bot.links.egress import Egress
    from bot.settings import Settings

    FetchProgressCallback = Callable[[float | None, int], None]
    """What is called as a download goes on: the share that is done, where it is known, and the bytes that are there."""

log = logging.getLogger(__name__)

INSPECTION_SECONDS = 60.0
WATCH_SECONDS = 0.5
PAGES = 64 << 20
"""What a download may take besides the video: pages, players, playlists."""
OVERHEAD = 16 << 20
"""Bytes by which a file may be larger than the video in it, before the system writes no more."""
LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """What a site tells of a video. `site`: whose page it is, as youtube.com; `seconds`: how long it lasts, where known."""

    title: str
    site: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class DownloadedVideo:
    """A video that came, untrusted: `path` is in the folder that was named."""

    path: Path
    title: str


@dataclass(frozen=True, slots=True)
class Programs:
    """What a download may start, absolute paths; `deno` is empty where there is none."""

    deno: str
    ffmpeg: str

    @classmethod
    def find(cls) -> Programs:
        """Those of the packages, not those of the system."""
        import imageio_ffmpeg
        from deno import find_deno_bin

        try:
            deno = find_deno_bin()
        except FileNotFoundError:
            deno = ""
        return cls(deno, str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute()))


def tidied(settings: Settings, link: str) -> str:
    """`link` as it is followed, the same for all ways to write it. Raises LinkError for what is no link of the web."""
    try:
        return tidy(link)
    except ValueError:
        raise reasons.not_a_link(Sites.read(settings.link_sites)) from None


async def inspect(settings: Settings, link: str, *, resolver: AbstractResolver | None = None) -> LinkInfo:
    """What there is at `link`; nothing is downloaded.

    Raises LinkError for everything that stands in the way: an unknown site, a playlist, a live stream, a private address.
    """
    seconds = min(INSPECTION_SECONDS, settings.link_seconds)
    with tempfile.TemporaryDirectory(prefix="nugu-link-", ignore_cleanup_errors=True) as place:
        came = await _follow(settings, link, DownloadTask.INSPECT, Path(place), seconds, resolver=resolver)
        return came.info()


async def fetch(
    settings: Settings,
    link: str,
    folder: Path,
    progress: FetchProgressCallback | None = None,
    *,
    resolver: AbstractResolver | None = None,
) -> DownloadedVideo:
    """The video at `link`, as a file in `folder`: H.264 and AAC where there are, of at most `clip_height` lines on its
    shorter side where there are, and never more than `clip_bytes`.

    Raises LinkError. Whatever happens, the download's own folder within `folder` is gone afterwards, and all its processes.
    """
    within = folder.absolute()  # for a process that works elsewhere
    with tempfile.TemporaryDirectory(prefix="link-", dir=within, ignore_cleanup_errors=True) as place:
        seconds = settings.link_seconds
        came = await _follow(
            settings, link, DownloadTask.FETCH, Path(place), seconds, progress=progress, resolver=resolver
        )
        file = came.file(Path(place))
        if file.stat().st_size > settings.clip_bytes:
            raise reasons.too_large(settings.clip_bytes)
        fetched = DownloadedVideo(folder / file.name, came.info().title)
        shutil.move(file, fetched.path)
        return fetched


async def taste(settings: Settings, link: str, *, resolver: AbstractResolver | None = None) -> tuple[LinkInfo, int]:
    """Try `link` out: what there is, and how many bytes of its smallest format came; 256 KiB are enough.

    Raises LinkError.
    """
    with tempfile.TemporaryDirectory(prefix="nugu-link-", ignore_cleanup_errors=True) as place:
        came = await _follow(settings, link, DownloadTask.TASTE, Path(place), settings.link_seconds, resolver=resolver)
        return came.info(), came.file(Path(place)).stat().st_size


@dataclass(slots=True)
class _Came:
    """The messages of the process."""

    known: dict[str, Any] | None = None
    done: dict[str, Any] | None = None
    failed: dict[str, Any] | None = None

    def take(self, line: dict[str, dict[str, Any]], progress: FetchProgressCallback | None) -> None:
        """Keep one line, and report the progress that it states."""
        for what, value in line.items():
            match what:
                case "progress":
                    if progress is not None:
                        progress(value["share"], value["bytes"])
                case "info":
                    self.known = value
                case "done":
                    self.done = value
                case _:
                    self.failed = value

    def info(self) -> LinkInfo:
        if self.known is None:
            raise reasons.broken_off()
        seconds = self.known.get("seconds")
        return LinkInfo(
            str(self.known.get("title")),
            str(self.known.get("site")),
            float(seconds) if isinstance(seconds, (int, float)) else None,
        )

    def file(self, folder: Path) -> Path:
        """The file that came: a plain one with something in it, in `folder` itself."""
        file = folder / Path(str((self.done or {}).get("file"))).name
        if file.is_symlink() or not file.is_file() or not file.stat().st_size:
            raise reasons.of_failure(LinkFailure.NO_VIDEO, "", None, Sites(frozenset()), 0)
        return file


async def _follow(
    settings: Settings,
    link: str,
    task: DownloadTask,
    folder: Path,
    seconds: float,
    *,
    progress: FetchProgressCallback | None = None,
    resolver: AbstractResolver | None = None,
) -> _Came:
    """Let a process follow `link` in `folder`; returns its messages. Raises LinkError."""
    sites = Sites.read(settings.link_sites)
    link = tidied(settings, link)
    programs = await asyncio.to_thread(Programs.find)
    if settings.link_cookies is not None:
        # A copy: yt-dlp writes to its file, and what a site changes there is not for other people's videos.
        try:
            await asyncio.to_thread(shutil.copyfile, settings.link_cookies, folder / "cookies.txt")
        except OSError as error:
            log.warning("%s: %s", settings.link_cookies, error)
            raise reasons.no_cookies() from None
    most = settings.clip_bytes
    async with egress(
        read_allowed(settings.allowed_addresses), most + most // 10 + PAGES, _upstream(settings), resolver
    ) as proxy:
        request = DownloadRequest(
            task=task,
            link=link,
            extractors=tuple(sorted(sites.extractors)),
            takers=tuple(sorted(sites.takers(link))),
            port=proxy.port,
            proxy=proxy.url,
            height=settings.clip_height,
            most=most,
            deno=programs.deno,
            ffmpeg=programs.ffmpeg,
            cookies=settings.link_cookies is not None,
        )
        with tempfile.TemporaryFile() as noise:
            came = _Came()
            try:
                async with asyncio.timeout(seconds), _running(request, seconds, folder, noise) as process:
                    await _listen(process, proxy, folder, most, came, progress)
            except TimeoutError:
                raise reasons.no_time(seconds) from None
            if came.done is not None:
                return came
            if proxy.refused:
                log.info("a link led to %s, which is not public", ", ".join(proxy.refused[:5]))
                raise LinkError(reasons.PRIVATE)
            if came.failed is None:
                log.warning("a download ended with %s: %s", process.returncode, stderr_tail(noise))
                if process.returncode == -signal.SIGXCPU:
                    raise reasons.no_time(seconds)
                raise reasons.broken_off()
            why, said, status = LinkFailure(came.failed["why"]), str(came.failed["said"]), came.failed["status"]
            log.info("a link gave no video: %s %s", why, said)
            raise reasons.of_failure(why, said, status, sites, most)


@asynccontextmanager
async def _running(
    request: DownloadRequest, seconds: float, folder: Path, noise: IO[bytes]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The downloading process: limited, without our environment, in a session of its own that is killed at the end."""
    limits = ProcessLimits(
        seconds, cpu_seconds=int(seconds) + 1, memory=None, file_bytes=request.most + OVERHEAD, nice=0
    )
    process = await asyncio.create_subprocess_exec(
        *limited_command((sys.executable, "-I", "-m", "bot.links.child"), limits),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=noise,
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
        limit=LINE,
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


async def _listen(
    process: asyncio.subprocess.Process,
    proxy: Egress,
    folder: Path,
    most: int,
    came: _Came,
    progress: FetchProgressCallback | None,
) -> None:
    """Take down what the process tells until it ends; raises LinkError when it takes too much."""
    assert process.stdout is not None
    watching = asyncio.ensure_future(_watch(process, proxy, folder, most))
    try:
        while line := await process.stdout.readline():
            came.take(cast("dict[str, dict[str, Any]]", json.loads(line)), progress)
        await process.wait()
    except (ValueError, AttributeError, KeyError):
        log.warning("a download said something else than it should")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    if watching.done() and not watching.cancelled() and watching.result():
        raise reasons.too_large(most)


async def _watch(process: asyncio.subprocess.Process, proxy: Egress, folder: Path, most: int) -> bool:
    """Kill the process once more has come than may; merging needs the room twice. Whether it did."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if proxy.exhausted or await asyncio.to_thread(_size, folder) > 2 * most + PAGES:
            kill(process.pid)
            return True


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(Path(place) / name).st_size
    return total


def _upstream(settings: Settings) -> Upstream | None:
    url = settings.link_proxy.get_secret_value()
    if not url:
        return None
    try:
        return Upstream.read(url)
    except ValueError:
        raise reasons.no_proxy() from None
