"""Videos from links: inspect one, fetch it, or fetch its beginning. No media is opened here."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.addresses import read_allowed
from bot.errors import StorageError
from bot.infra.limited_process import stderr_tail
from bot.infra.redaction import redact
from bot.infra.temporary import TemporaryFolder
from bot.links import reasons
from bot.links.cookies import copy_cookies
from bot.links.download_process import (
    OVERHEAD_BYTES,
    DownloadMessages,
    DownloadPrograms,
    download_process,
    listen,
    transferred_bytes,
)
from bot.links.egress import UpstreamProxy, egress
from bot.links.protocol import DownloadRequest, DownloadTask, LinkFailure
from bot.links.reasons import LinkError
from bot.links.sites import PermittedSites, normalise

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from bot.links.download_process import FetchProgressCallback
    from bot.settings import Settings

log = logging.getLogger(__name__)

INSPECTION_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """The site's description of a video. `site`: for example youtube.com. `seconds`: the length, None where it is unknown."""

    title: str
    site: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class DownloadedVideo:
    """A downloaded video, untrusted. `path`: in the folder of the request."""

    path: Path
    title: str


def normalised_link(settings: Settings, link: str) -> str:
    """`sites.normalise` of a link, the same for all its spellings. Raises LinkError for text that is no link of the web."""
    try:
        return normalise(link)
    except ValueError:
        raise reasons.not_a_link_error(PermittedSites.read(settings.link_sites)) from None


async def inspect(settings: Settings, link: str, *, resolver: AbstractResolver | None = None) -> LinkInfo:
    """The description of the video at `link`, without a download.

    Raises LinkError for every obstacle: an unknown site, a playlist, a live stream, a private address.
    """
    seconds = min(INSPECTION_SECONDS, settings.link_seconds)
    with TemporaryFolder() as place:
        messages = await _download(settings, link, DownloadTask.INSPECT, place, seconds, resolver=resolver)
        return _info(messages)


async def fetch(
    settings: Settings,
    link: str,
    folder: Path,
    progress: FetchProgressCallback | None = None,
    *,
    max_bytes: int | None = None,
    resolver: AbstractResolver | None = None,
) -> DownloadedVideo:
    """The video at `link`, as a file in `folder` of at most `settings.clip_bytes`, and at most `max_bytes`.

    Formats of H.264 and AAC with at most `settings.clip_height` lines on the shorter side are preferred. Raises LinkError. The
    download's own folder within `folder` and all its processes are gone afterwards, whatever happens.
    """
    max_bytes = settings.clip_bytes if max_bytes is None else min(settings.clip_bytes, max_bytes)
    within = folder.absolute()  # the process has another working folder
    with tempfile.TemporaryDirectory(prefix="link-", dir=within, ignore_cleanup_errors=True) as place:
        messages = await _download(
            settings,
            link,
            DownloadTask.FETCH,
            Path(place),
            settings.link_seconds,
            max_bytes=max_bytes,
            progress=progress,
            resolver=resolver,
        )
        file = _file(messages, Path(place))
        if file.stat().st_size > max_bytes:
            raise reasons.too_large_error(max_bytes)
        fetched = DownloadedVideo(folder / file.name, _info(messages).title)
        shutil.move(file, fetched.path)
        return fetched


async def fetch_beginning(
    settings: Settings, link: str, *, resolver: AbstractResolver | None = None
) -> tuple[LinkInfo, int]:
    """Try `link`: the video's description, and the number of bytes that came of the beginning of its smallest format.

    The download ends after 256 KiB. Raises LinkError.
    """
    with TemporaryFolder() as place:
        messages = await _download(
            settings, link, DownloadTask.BEGINNING, place, settings.link_seconds, resolver=resolver
        )
        return _info(messages), _file(messages, place).stat().st_size


def bytes_of_download(max_bytes: int) -> int:
    """The bytes that the download of a video of at most `max_bytes` takes on the disk, since merging needs room twice."""
    return transferred_bytes(max_bytes) + max_bytes + OVERHEAD_BYTES


def max_bytes_within(room: int) -> int:
    """The most bytes of a video whose download takes at most `room` bytes on the disk, at least 1."""
    return max(1, (room - bytes_of_download(0)) * 10 // 21)


def _info(messages: DownloadMessages) -> LinkInfo:
    if messages.info is None:
        raise reasons.no_message_error()
    return LinkInfo(messages.info.title, messages.info.site, messages.info.seconds)


def _file(messages: DownloadMessages, folder: Path) -> Path:
    """The downloaded file, a plain one with content, in `folder` itself."""
    name = "" if messages.done is None else Path(messages.done.file).name
    file = folder / name
    if file.is_symlink() or not file.is_file() or not file.stat().st_size:
        raise reasons.failure_error(LinkFailure.NO_VIDEO, "", None, PermittedSites(frozenset()), 0)
    return file


async def _download(
    settings: Settings,
    link: str,
    task: DownloadTask,
    folder: Path,
    seconds: float,
    *,
    max_bytes: int | None = None,
    progress: FetchProgressCallback | None = None,
    resolver: AbstractResolver | None = None,
) -> DownloadMessages:
    """Run a downloading process in `folder` for `seconds` at most; returns its messages. Raises LinkError, StorageError."""
    sites = PermittedSites.read(settings.link_sites)
    link = normalised_link(settings, link)
    programs = await asyncio.to_thread(DownloadPrograms.find)
    await _copy_cookies(settings, folder)
    max_bytes = max_bytes or settings.clip_bytes
    async with egress(
        read_allowed(settings.allowed_addresses),
        transferred_bytes(max_bytes),
        _upstream(settings),
        resolver,
    ) as proxy:
        request = DownloadRequest(
            task=task,
            link=link,
            extractors=tuple(sorted(sites.extractors)),
            link_extractors=tuple(sorted(sites.extractors_for(link))),
            port=proxy.port,
            proxy=proxy.url,
            height=settings.clip_height,
            max_bytes=max_bytes,
            deno=programs.deno,
            ffmpeg=programs.ffmpeg,
            cookies=settings.link_cookies is not None,
        )
        with tempfile.TemporaryFile() as stderr:
            messages = DownloadMessages()
            try:
                async with asyncio.timeout(seconds), download_process(request, seconds, folder, stderr) as process:
                    await listen(process, proxy, folder, max_bytes, messages, progress)
            except TimeoutError:
                raise reasons.timeout_error(seconds) from None
            if messages.done is not None:
                return messages
            if proxy.refused_hosts:
                log.info("a link led to %s, which is not public", ", ".join(proxy.refused_hosts[:5]))
                raise LinkError(reasons.PRIVATE)
            if messages.failed is None:
                log.warning("a download ended with %s: %s", process.returncode, stderr_tail(stderr))
                if process.returncode == -signal.SIGXCPU:
                    raise reasons.timeout_error(seconds)
                raise reasons.no_message_error()
            failure, detail = messages.failed.failure, redact(messages.failed.detail)
            log.info("a link gave no video: %s %s", failure, detail)
            raise reasons.failure_error(failure, detail, messages.failed.status, sites, max_bytes)


async def _copy_cookies(settings: Settings, folder: Path) -> None:
    """Copy the file of cookies, if there is one, into `folder`. Raises LinkError where that fails.

    yt-dlp writes to its file, and changes by one site must not reach other people's downloads.
    """
    if settings.link_cookies is None:
        return
    try:
        await asyncio.to_thread(copy_cookies, settings.link_cookies, folder / "cookies.txt")
    except OSError as error:
        if (fault := StorageError.from_error(error, str(folder))) is not None:
            raise fault from error
        log.warning("%s: %s", settings.link_cookies, error)
        raise reasons.cookies_error() from None


def _upstream(settings: Settings) -> UpstreamProxy | None:
    url = settings.link_proxy.get_secret_value()
    if not url:
        return None
    try:
        return UpstreamProxy.read(url)
    except ValueError:
        raise reasons.proxy_error() from None
