"""Videos of two seconds, made by ffmpeg, and what sites put around them: pages, playlists, a player's answers."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from aiohttp import web

from bot.settings import Settings
from tests.support.image_search import ImageSearch

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
KEY = bytes(range(16))
RESOURCE = "0123456789abcdef0123456789abcdef1d"


@dataclass(frozen=True)
class Videos:
    """One video in several shapes: a whole file, its picture and its sound apart, and segments."""

    whole: bytes
    small: bytes
    picture: bytes
    sound: bytes
    segments: tuple[bytes, ...]


def make_videos(folder: Path) -> Videos:
    """Two seconds of a test picture with a tone, 160x120, H.264 and AAC."""

    def ffmpeg(*arguments: str) -> None:
        subprocess.run([FFMPEG, "-loglevel", "error", "-y", *arguments], cwd=folder, check=True)

    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=2", "-f", "lavfi", "-i", "sine=duration=2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "whole.mp4"),
    )
    ffmpeg("-i", "whole.mp4", "-vf", "scale=80:60", "-preset", "ultrafast", "small.mp4")
    ffmpeg("-i", "whole.mp4", "-an", "-c", "copy", "picture.mp4")
    ffmpeg("-i", "whole.mp4", "-vn", "-c", "copy", "sound.m4a")
    ffmpeg("-i", "whole.mp4", "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "out.m3u8")
    names = ("whole.mp4", "small.mp4", "picture.mp4", "sound.m4a")
    whole, small, picture, sound = ((folder / name).read_bytes() for name in names)
    return Videos(whole, small, picture, sound, tuple(each.read_bytes() for each in sorted(folder.glob("out*.ts"))))


def page(site: ImageSearch, path: str, head: str = "", body: str = "") -> str:
    """A page on `site`; its link."""
    html = f"<!DOCTYPE html><html><head><title>A stage</title>{head}</head><body>{body}</body></html>"
    return site.put(path, html.encode(), "text/html")


def playlist(site: ImageSearch, path: str, segments: list[str], key: str = "", over: bool = True) -> str:
    """An HLS playlist on `site`; its link."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0"]
    if key:
        lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{key}"')
    for segment in segments:
        lines += ["#EXTINF:1.0,", segment]
    if over:
        lines.append("#EXT-X-ENDLIST")
    return site.put(path, "\n".join(lines).encode(), "application/vnd.apple.mpegurl")


def mediasite(site: ImageSearch, *streams: tuple[str, str], title: str = "A stage", thumbnail: str = "") -> str:
    """A presentation as yt-dlp's extractor `mediasite`, which takes any host, expects it; its link.

    `streams`: links and their MIME types, the best last.
    """

    async def options(_: web.Request) -> web.StreamResponse:
        urls = [{"Location": link, "MimeType": kind, "MediaType": "MP4"} for link, kind in streams]
        stream = {"StreamType": 0, "VideoUrls": urls, "ThumbnailUrl": thumbnail}
        presentation = {"Title": title, "Duration": 2000, "UnixTime": 0, "Streams": [stream]}
        return web.Response(text=json.dumps({"d": {"Presentation": presentation}}), content_type="application/json")

    site.serve("/Mediasite/PlayerService/PlayerService.svc/json/GetPlayerOptions", options)
    return page(site, f"/Mediasite/Play/{RESOURCE}")


def player(site: ImageSearch, *sizes: tuple[str, int, int]) -> str:
    """A page whose player names a video in several heights, and how many bytes each has; its link."""
    sources = [{"file": f"/{name}.mp4", "height": height, "filesize": size} for name, height, size in sizes]
    script = f'jwplayer("stage").setup({json.dumps({"sources": sources})})'
    return page(site, "/page", body=f'<div id="stage"></div><script>{script}</script>')


def endless(site: ImageSearch, path: str, claimed: int | None) -> str:
    """A video on `site` without an end; its link."""

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        response.content_length = claimed
        await response.prepare(request)
        if request.method != "HEAD":
            while True:
                await response.write(bytes(1 << 16))
        return response

    return site.serve(path, pour)


def dripping(site: ImageSearch, path: str) -> str:
    """A video on `site` that hardly comes; its link."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        await response.prepare(request)
        while True:
            await response.write(bytes(64))
            await asyncio.sleep(0.1)

    return site.serve(path, drip)


def link_settings(settings: Settings, **changed: object) -> Settings:
    """These settings, but for what is `changed`."""
    return settings.model_copy(update=changed)
