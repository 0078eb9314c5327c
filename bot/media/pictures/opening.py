"""Untrusted bytes → an upright RGB picture. Called in worker processes only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.messages import Message
from bot.errors import LongJobError
from bot.media.pictures.decoding import decode
from bot.media.pictures.headers import PictureKind, other_file_kind, sniff, webp_canvas
from bot.media.pictures.isolation import ISOLATED, decode_isolated
from bot.media.pictures.refusals import ACCEPTED, PictureError, PictureLimits, broken_message, check_size
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from bot.media.pictures.opened import OpenedPicture


def open_picture(data: bytes, *, limits: PictureLimits | None = None) -> OpenedPicture:
    """Decode the first frame of `data`, turned upright as its EXIF says, flattened to 8-bit RGB.

    The content alone decides the kind.

    Raises:
        PictureError: not a picture of an accepted kind, broken, cut short, or beyond `limits` (default: as declared).
        LongJobError: `limits` want a quick picture, and this one takes long, or its work can't be counted.
    """
    limits = limits or PictureLimits()
    kind = _admit(data, limits)
    if kind in ISOLATED and limits.quick_only:
        raise LongJobError
    return decode_isolated(data, kind, limits) if kind in ISOLATED else decode(data, kind, limits)


def _admit(data: bytes, limits: PictureLimits) -> PictureKind:
    """The kind of a picture. Raises PictureError for bytes that are refused without a decoder."""
    if not data:
        raise PictureError("this file is empty")
    if len(data) > limits.max_bytes:
        raise PictureError(
            "this file is too large ({size}); I read pictures of up to {most}",
            size=mebibytes(len(data), 1),
            most=mebibytes(limits.max_bytes),
        )
    kind = sniff(data)
    if kind is None:
        looks = other_file_kind(data)
        raise PictureError(
            "this is not a picture{looks}; I read {accepted}",
            looks=Message(" (it looks like {looks})", looks=looks) if looks else "",
            accepted=ACCEPTED,
        )
    if kind is PictureKind.WEBP:
        canvas = webp_canvas(data)
        if canvas is None:
            raise PictureError(broken_message(kind))
        check_size(canvas, limits)
    return kind
