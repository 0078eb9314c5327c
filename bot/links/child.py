"""yt-dlp in a process of its own: `python -I -m bot.links.child` reads a DownloadRequest from stdin and reports on stdout.

It writes lines of JSON: `{"info": {"title": …, "seconds": …, "site": …}}`, `{"progress": {"share": 0.5, "bytes": 1024}}`, and
last `{"done": {"file": "video.mp4"}}` or `{"failed": {"failure": "site", "detail": "…", "status": 404}}`. The working folder
belongs to the process, and nobody trusts its content.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bot.links.confinement import confine, limit
from bot.links.protocol import DownloadRequest, DownloadTask, LinkFailure
from bot.links.sites import GENERIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yt_dlp import YoutubeDL
    from yt_dlp.extractor import InfoExtractor

    Info = dict[str, Any]
    """yt-dlp's description of a video, a format or a download."""
    Send = Callable[[str, dict[str, Any]], None]
    """Writes one message: its kind and its value."""

PROTOCOLS = "[protocol~='^(https?|m3u8(_native)?|http_dash_segments)$']"
"""A filter of formats that yt-dlp downloads by itself, through the proxy."""

MERGED = "mov,matroska,mpegts,aac,mp3,ogg"
"""The containers that ffmpeg may open to merge files. Playlists, which name other files, are not among them."""

PROGRESS_SECONDS = 0.25
"""Seconds between two progress messages."""

BEGINNING_BYTES = 1 << 18
LONGEST_TITLE = 300


class _DownloadFailedError(BaseException):
    """The download ends here. A BaseException passes every `except Exception` of a library."""

    def __init__(self, failure: LinkFailure, detail: str = "") -> None:
        self.failure = failure
        self.detail = detail


class _BeginningFetchedError(BaseException):
    """BEGINNING_BYTES have come."""


def main() -> None:
    """Run as the downloading process."""
    request = DownloadRequest.load(sys.stdin.buffer.readline())
    limit()
    # Sites cut titles within a character, and what is left of it isn't UTF-8.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # a library's prints must not mix with the messages

    def send(kind: str, value: dict[str, Any]) -> None:
        print(json.dumps({kind: value}, ensure_ascii=False), file=out, flush=True)

    confine(request.port, {program for program in (request.deno, request.ffmpeg) if program})
    try:
        send("done", _run(request, send))
    except _DownloadFailedError as error:
        send("failed", _failed(error.failure, error.detail))
    except Exception as error:  # noqa: BLE001
        send("failed", _failure_of(error))


def _run(request: DownloadRequest, send: Send) -> dict[str, Any]:
    """Do the request's task; returns the value of the message "done"."""
    from yt_dlp import YoutubeDL

    extractor = _extractor(request)
    with YoutubeDL(_params(request)) as ydl:
        info = ydl.extract_info(request.link, download=False, ie_key=extractor.ie_key())
        if info.get("_type", "video") != "video":
            raise _DownloadFailedError(LinkFailure.PLAYLIST)
        if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
            raise _DownloadFailedError(LinkFailure.LIVE)
        send(
            "info",
            {
                "title": str(info.get("title") or "")[:LONGEST_TITLE],
                "seconds": _seconds(info.get("duration")),
                "site": str(info.get("webpage_url_domain") or extractor.IE_NAME)[:LONGEST_TITLE],
            },
        )
        if request.task is DownloadTask.INSPECT:
            return {}
        return _download(request, ydl, cast("list[Info]", info.get("requested_formats") or [info]), info, send)


def _seconds(duration: object) -> float | None:
    """The length of a video as an extractor tells it, None where that is no time."""
    return duration if isinstance(duration, (int, float)) and 0 <= duration < math.inf else None


def _extractor(request: DownloadRequest) -> type[InfoExtractor]:
    """The extractor of the link, chosen without a request."""
    from yt_dlp.extractor import gen_extractor_classes

    known = {extractor.IE_NAME.lower(): extractor for extractor in gen_extractor_classes()}
    for name in request.extractors:
        if name not in known:
            raise _DownloadFailedError(LinkFailure.WRONG_SETTING, name)
    named = [name for name in request.link_extractors if name != GENERIC]
    for name in named:
        if known[name].suitable(request.link):
            return known[name]
    # `youtube` is for one video; `youtube:tab` and the like are for playlists and channels.
    if named and any(
        name.startswith(tuple(named)) and extractor.suitable(request.link) for name, extractor in known.items()
    ):
        raise _DownloadFailedError(LinkFailure.PLAYLIST)
    if GENERIC in request.link_extractors:
        return known[GENERIC]
    raise _DownloadFailedError(LinkFailure.UNKNOWN_SITE)


def _params(request: DownloadRequest) -> dict[str, Any]:
    """The options of YoutubeDL."""
    small = f"[filesize<?{request.max_bytes * 9 // 10}][filesize_approx<?{request.max_bytes * 9 // 10}]"
    best = [f"bv*{PROTOCOLS}{size}+ba{PROTOCOLS}/b{PROTOCOLS}{size}/bv*{PROTOCOLS}{size}" for size in (small, "")]
    smallest = f"wv*{PROTOCOLS}/w{PROTOCOLS}"
    return {
        "proxy": request.proxy,
        "allowed_extractors": [re.escape(name) for name in request.extractors],
        "format": smallest if request.task is DownloadTask.BEGINNING else "/".join(best),
        "format_sort": ["vcodec:h264", "acodec:aac", f"res:{request.height}"],
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "playlist_items": "1",
        "external_downloader": "native",
        "hls_prefer_native": True,
        "skip_unavailable_fragments": False,
        "js_runtimes": {"deno": {"path": request.deno}} if request.deno else {},
        "cookiefile": "cookies.txt" if request.cookies else None,
        "cachedir": False,
        "nopart": True,
        "continuedl": False,
        "updatetime": False,
        "socket_timeout": 20,
        "retries": 2,
        "fragment_retries": 2,
        "extractor_retries": 1,
        "color": "never",
        "quiet": True,
        "noprogress": True,
    }


def _download(request: DownloadRequest, ydl: YoutubeDL, formats: list[Info], info: Info, send: Send) -> dict[str, Any]:
    """Download each format by yt-dlp's own downloaders, and merge the files; returns the value of the message "done"."""
    sizes = [int(format_.get("filesize") or format_.get("filesize_approx") or 0) for format_ in formats]
    expected = sum(sizes) if all(sizes) else None
    if request.task is DownloadTask.FETCH and expected is not None and expected > request.max_bytes:
        raise _DownloadFailedError(LinkFailure.TOO_LARGE)
    finished = 0
    reported_at = 0.0

    def hook(state: Info) -> None:
        nonlocal reported_at
        count = finished + int(state.get("downloaded_bytes") or 0)
        if count > request.max_bytes:
            raise _DownloadFailedError(LinkFailure.TOO_LARGE)
        if request.task is DownloadTask.BEGINNING and count >= BEGINNING_BYTES:
            raise _BeginningFetchedError
        if time.monotonic() - reported_at >= PROGRESS_SECONDS:
            reported_at = time.monotonic()
            estimate = int(state.get("total_bytes") or state.get("total_bytes_estimate") or 0)
            total = expected or (estimate if len(formats) == 1 else 0)
            send("progress", {"share": min(1.0, count / total) if total else None, "bytes": count})

    ydl.add_progress_hook(hook)
    files: list[Path] = []
    for number, format_ in enumerate(formats):
        file = Path(f"{number}.format")
        try:
            # Without `requested_formats`, which would download all formats at once.
            succeeded, _ = ydl.dl(str(file), {**info, "requested_formats": None, **format_})
        except _BeginningFetchedError:
            return {"file": str(file)}
        if not succeeded:
            raise _DownloadFailedError(LinkFailure.NO_VIDEO)
        finished += file.stat().st_size
        if finished > request.max_bytes:
            raise _DownloadFailedError(LinkFailure.TOO_LARGE)
        files.append(file)
    send("progress", {"share": 1.0, "bytes": finished})
    if len(files) == 1 and not str(formats[0].get("protocol")).startswith("m3u8"):
        return {"file": str(files[0].rename("video." + (re.sub(r"\W", "", str(formats[0].get("ext")))[:5] or "mp4")))}
    return {"file": _merged(request.ffmpeg, files, formats)}


def _merged(ffmpeg: str, files: list[Path], formats: list[Info]) -> str:
    """Merge files without a new encoding; returns the name of the result. Segments of a stream become a video with an index."""
    all_mp4 = all(format_.get("ext") in {"mp4", "m4a"} for format_ in formats)
    out = "video.mp4" if all_mp4 else "video.mkv"
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-y"]
    for file in files:
        command += ["-protocol_whitelist", "file", "-format_whitelist", MERGED, "-i", f"file:{file}"]
    maps = ["-map", "0:v:0", "-map", "1:a:0" if len(files) > 1 else "0:a:0?"]
    done = subprocess.run(
        [*command, *maps, "-c", "copy", "-map_metadata", "-1", f"file:{out}"], capture_output=True, check=False
    )
    if done.returncode == 256 - errno.ENOSPC:  # ffmpeg ends with the number of the error, negated
        raise _DownloadFailedError(LinkFailure.NO_ROOM, str(Path.cwd()))
    if done.returncode:
        raise _DownloadFailedError(LinkFailure.NOT_MERGED, done.stderr.decode(errors="replace")[-500:])
    for file in files:
        file.unlink()
    return out


def _failed(failure: LinkFailure, detail: str = "", status: int | None = None) -> dict[str, Any]:
    """The value of the message "failed". `status`: of HTTP."""
    return {"failure": failure, "detail": detail, "status": status}


def _failure_of(error: Exception) -> dict[str, Any]:
    """The message "failed" of an error that yt-dlp raises."""
    from yt_dlp.utils import DownloadError, YoutubeDLError

    chain = list(_causes(error))
    numbers = {cause.errno for cause in chain if isinstance(cause, OSError)}
    if errno.EFBIG in numbers:
        return _failed(LinkFailure.TOO_LARGE)
    if numbers & {errno.ENOSPC, errno.EDQUOT}:
        return _failed(LinkFailure.NO_ROOM, str(Path.cwd()))
    if not isinstance(error, (DownloadError, YoutubeDLError)):
        return _failed(LinkFailure.BROKEN, "".join(traceback.format_exception(error))[-4000:])
    if "Unsupported URL" in str(error) or "Requested format is not available" in str(error):
        return _failed(LinkFailure.NO_VIDEO)
    if "No suitable extractor" in str(error):
        return _failed(LinkFailure.UNKNOWN_SITE)
    statuses = [status for status in (getattr(cause, "status", None) for cause in chain) if isinstance(status, int)]
    return _failed(LinkFailure.SITE, str(error)[:2000], statuses[-1] if statuses else None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all errors that caused it, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        raised = getattr(cause, "exc_info", None)
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "cause", None), raised[1] if raised else None]


if __name__ == "__main__":
    main()
