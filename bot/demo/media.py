"""The media of the demo's page, unchanged where browsers show them."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any, cast

import av
from simcord.preview._media import MediaInfo, MediaWorker

MAGIC_BYTES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


class PassThroughMediaWorker(MediaWorker):
    """Passes media through that every browser shows, and leaves others to SimCord.

    SimCord converts pictures to PNG and videos to VP9, one after the other, and gives up after 30 s.
    """

    async def validate(self, key: str, blob: bytes, *, media_time: float | None = None) -> MediaInfo:
        content_type = content_type_of(blob)
        if content_type is None:
            return await super().validate(key, blob, media_time=media_time)
        kind, form = content_type.split("/")
        poster = await asyncio.to_thread(_first_frame, blob) if kind == "video" else None
        # With a width and height of 0 the browser finds the size. SimCord warns where memory is not limited.
        return MediaInfo(
            *(form, 0, 0, 1, 0, blob, content_type),
            kind=kind,
            poster=poster,
            transformation="preserved",
            memory_limited=True,
        )


def content_type_of(blob: bytes) -> str | None:
    """The content type of JPEG, PNG, GIF, WebP, and of ffmpeg's MP4, by their first bytes; None for others."""
    if blob[:4] == b"RIFF" and blob[8:12] == b"WEBP":
        return "image/webp"
    if blob[4:12] == b"ftypisom":
        return "video/mp4"
    return next((content_type for start, content_type in MAGIC_BYTES.items() if blob.startswith(start)), None)


def _first_frame(blob: bytes) -> bytes:
    """The first frame of a video as a PNG, the picture before it plays."""
    out = BytesIO()
    with cast("Any", av.open(BytesIO(blob))) as video:
        next(video.decode(video=0)).to_image().save(out, "PNG")
    return out.getvalue()
