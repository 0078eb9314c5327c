"""Media in the demo's page: shown as they were posted."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any, cast

import av
from simcord.preview._media import MediaInfo, MediaWorker

STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


class AsPosted(MediaWorker):
    """Hands on what every browser shows by itself, at once; the rest goes SimCord's way.

    That makes PNG of pictures and VP9 of videos, one after the other, and gives up after 30 s.
    """

    async def validate(self, key: str, blob: bytes, *, media_time: float | None = None) -> MediaInfo:
        content_type = content_type_of(blob)
        if content_type is None:
            return await super().validate(key, blob, media_time=media_time)
        kind, form = content_type.split("/")
        poster = await asyncio.to_thread(_first_frame, blob) if kind == "video" else None
        # A width of 0 leaves it to the browser how large a picture is; it warns where memory is not limited.
        return MediaInfo(
            *(form, 0, 0, 1, 0, blob, content_type),
            kind=kind,
            poster=poster,
            transformation="preserved",
            memory_limited=True,
        )


def content_type_of(blob: bytes) -> str | None:
    """The content type of JPEG, PNG, GIF, WebP, and of MP4 as ffmpeg writes it, by the first bytes; None for all else."""
    if blob[:4] == b"RIFF" and blob[8:12] == b"WEBP":
        return "image/webp"
    if blob[4:12] == b"ftypisom":
        return "video/mp4"
    return next((content_type for start, content_type in STARTS.items() if blob.startswith(start)), None)


def _first_frame(blob: bytes) -> bytes:
    """What is shown before a video plays, as a PNG."""
    out = BytesIO()
    with cast("Any", av.open(BytesIO(blob))) as video:
        next(video.decode(video=0)).to_image().save(out, "PNG")
    return out.getvalue()
