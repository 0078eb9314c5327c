"""yt-dlp in a process of its own: `python -I -m bot.links.child` reads a DownloadRequest from stdin and reports on stdout.

Lines of JSON: `{"info": {…}}`, `{"progress": {"share": 0.5, "bytes": 1024}}`, and last `{"done": {"file": "video.mp4"}}` or
`{"failed": {"why": "site", "said": "…", "status": 404}}`. The working folder is its own; nothing in it is trusted.
"""

from __future__ import annotations

import errno
import json
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
    """What yt-dlp tells of a video, a format or a download."""
    Tell = Callable[[str, dict[str, Any]], None]

PROTOCOLS = "[protocol~='^(https?|m3u8(_native)?|http_dash_segments)$']"
"""What yt-dlp downloads by itself, through the proxy."""
MERGED = "mov,matroska,mpegts,aac,mp3,ogg"
"""The containers of ffmpeg that are opened to be merged; playlists, which name other files, are none."""
PAUSE = 0.25
TASTE = 1 << 18
TITLE = 300


class _GivenUpError(BaseException):
    """Past every `except Exception` of a library: the download ends here."""

    def __init__(self, why: LinkFailure, said: str = "") -> None:
        self.why = why
        self.said = said


class _TastedError(BaseException):
    """Enough has come."""


def main() -> None:
    """Run as the downloading process."""
    request = DownloadRequest.load(sys.stdin.buffer.readline())
    limit()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints would end up among the lines

    def tell(what: str, value: dict[str, Any]) -> None:
        print(json.dumps({what: value}), file=out, flush=True)

    confine(request.port, {each for each in (request.deno, request.ffmpeg) if each})
    try:
        tell("done", _follow(request, tell))
    except _GivenUpError as error:
        tell("failed", {"why": error.why, "said": error.said, "status": None})
    except Exception as error:  # noqa: BLE001
        tell("failed", _failure(error))


def _follow(request: DownloadRequest, tell: Tell) -> dict[str, Any]:
    from yt_dlp import YoutubeDL

    chosen = _extractor(request)
    with YoutubeDL(_params(request)) as ydl:
        info = ydl.extract_info(request.link, download=False, ie_key=chosen.ie_key())
        if info.get("_type", "video") != "video":
            raise _GivenUpError(LinkFailure.PLAYLIST)
        if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
            raise _GivenUpError(LinkFailure.LIVE)
        tell(
            "info",
            {
                "title": str(info.get("title") or "")[:TITLE],
                "seconds": info.get("duration"),
                "site": str(info.get("webpage_url_domain") or chosen.IE_NAME)[:TITLE],
            },
        )
        if request.task is DownloadTask.INSPECT:
            return {}
        return _download(request, ydl, cast("list[Info]", info.get("requested_formats") or [info]), info, tell)


def _extractor(request: DownloadRequest) -> type[InfoExtractor]:
    """The extractor that the link is given to, before anybody is asked."""
    from yt_dlp.extractor import gen_extractor_classes

    known = {each.IE_NAME.lower(): each for each in gen_extractor_classes()}
    for name in request.extractors:
        if name not in known:
            raise _GivenUpError(LinkFailure.WRONG_SETTING, name)
    named = [name for name in request.takers if name != GENERIC]
    for name in named:
        if known[name].suitable(request.link):
            return known[name]
    # `youtube` takes a video, `youtube:tab` and its like what holds several.
    if named and any(name.startswith(tuple(named)) and each.suitable(request.link) for name, each in known.items()):
        raise _GivenUpError(LinkFailure.PLAYLIST)
    if GENERIC in request.takers:
        return known[GENERIC]
    raise _GivenUpError(LinkFailure.UNKNOWN_SITE)


def _params(request: DownloadRequest) -> dict[str, Any]:
    small = f"[filesize<?{request.most * 9 // 10}][filesize_approx<?{request.most * 9 // 10}]"
    best = [f"bv*{PROTOCOLS}{each}+ba{PROTOCOLS}/b{PROTOCOLS}{each}/bv*{PROTOCOLS}{each}" for each in (small, "")]
    tasted = f"wv*{PROTOCOLS}/w{PROTOCOLS}"
    return {
        "proxy": request.proxy,
        "allowed_extractors": [re.escape(name) for name in request.extractors],
        "format": tasted if request.task is DownloadTask.TASTE else "/".join(best),
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


def _download(request: DownloadRequest, ydl: YoutubeDL, formats: list[Info], info: Info, tell: Tell) -> dict[str, Any]:
    """Each format into a file, by yt-dlp's own downloaders alone, and these into one. The file's name."""
    sizes = [int(each.get("filesize") or each.get("filesize_approx") or 0) for each in formats]
    expected = sum(sizes) if all(sizes) else None
    if request.task is DownloadTask.FETCH and expected is not None and expected > request.most:
        raise _GivenUpError(LinkFailure.TOO_LARGE)
    finished = 0
    reported_at = 0.0

    def hook(state: Info) -> None:
        nonlocal reported_at
        got = finished + int(state.get("downloaded_bytes") or 0)
        if got > request.most:
            raise _GivenUpError(LinkFailure.TOO_LARGE)
        if request.task is DownloadTask.TASTE and got >= TASTE:
            raise _TastedError
        if time.monotonic() - reported_at >= PAUSE:
            reported_at = time.monotonic()
            alone = int(state.get("total_bytes") or state.get("total_bytes_estimate") or 0)
            whole = expected or (alone if len(formats) == 1 else 0)
            tell("progress", {"share": min(1.0, got / whole) if whole else None, "bytes": got})

    ydl.add_progress_hook(hook)
    files: list[Path] = []
    for number, each in enumerate(formats):
        file = Path(f"{number}.format")
        try:
            # Without what belongs to all formats together.
            succeeded, _ = ydl.dl(str(file), {**info, "requested_formats": None, **each})
        except _TastedError:
            return {"file": str(file)}
        if not succeeded:
            raise _GivenUpError(LinkFailure.NO_VIDEO)
        finished += file.stat().st_size
        if finished > request.most:
            raise _GivenUpError(LinkFailure.TOO_LARGE)
        files.append(file)
    tell("progress", {"share": 1.0, "bytes": finished})
    if len(files) == 1 and not str(formats[0].get("protocol")).startswith("m3u8"):
        return {"file": str(files[0].rename("video." + (re.sub(r"\W", "", str(formats[0].get("ext")))[:5] or "mp4")))}
    return {"file": _merged(request.ffmpeg, files, formats)}


def _merged(ffmpeg: str, files: list[Path], formats: list[Info]) -> str:
    """All files as one, packet by packet; segments of a stream become a video with an index."""
    plain = all(each.get("ext") in {"mp4", "m4a"} for each in formats)
    out = "video.mp4" if plain else "video.mkv"
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-y"]
    for file in files:
        command += ["-protocol_whitelist", "file", "-format_whitelist", MERGED, "-i", f"file:{file}"]
    maps = ["-map", "0:v:0", "-map", "1:a:0" if len(files) > 1 else "0:a:0?"]
    done = subprocess.run(
        [*command, *maps, "-c", "copy", "-map_metadata", "-1", f"file:{out}"], capture_output=True, check=False
    )
    if done.returncode:
        raise _GivenUpError(LinkFailure.NOT_MERGED, done.stderr.decode(errors="replace")[-500:])
    for file in files:
        file.unlink()
    return out


def _failure(error: Exception) -> dict[str, Any]:
    from yt_dlp.utils import DownloadError, YoutubeDLError

    chain = list(_causes(error))
    if any(isinstance(each, OSError) and each.errno == errno.EFBIG for each in chain):
        return {"why": LinkFailure.TOO_LARGE, "said": "", "status": None}
    if not isinstance(error, (DownloadError, YoutubeDLError)):
        return {"why": LinkFailure.BROKEN, "said": "".join(traceback.format_exception(error))[-4000:], "status": None}
    statuses = [each for each in (getattr(cause, "status", None) for cause in chain) if isinstance(each, int)]
    if "Unsupported URL" in str(error) or "Requested format is not available" in str(error):
        return {"why": LinkFailure.NO_VIDEO, "said": "", "status": None}
    if "No suitable extractor" in str(error):
        return {"why": LinkFailure.UNKNOWN_SITE, "said": "", "status": None}
    return {"why": LinkFailure.SITE, "said": str(error)[:2000], "status": statuses[-1] if statuses else None}


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        raised = getattr(each, "exc_info", None)
        waiting += [each.__cause__, each.__context__, getattr(each, "cause", None), raised[1] if raised else None]


if __name__ == "__main__":
    main()
