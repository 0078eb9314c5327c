"""The isolated process that decodes pictures: `python -m bot.media.pictures.child`, started by `bot.media.pictures.isolation`.

For each picture it reads a line of JSON (kind, number of bytes, limits) and the bytes, and writes a `REPLY` and the pixels. The
system ends it when a picture takes more processor time than its limits give it.
"""

from __future__ import annotations

import json
import math
import resource
import select
import sys
from typing import IO, Final

from PIL import AvifImagePlugin
from pillow_heif import options

from bot.media.pictures.decoding import decode
from bot.media.pictures.headers import PictureKind
from bot.media.pictures.isolation import REPLY
from bot.media.pictures.refusals import PictureError, PictureLimits

IDLE_SECONDS: Final = 60.0


def main() -> None:
    """Decode pictures until there is none for a minute, or the pipe is closed."""
    # Further threads would take the cores of other workers.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    options.DECODE_THREADS = 1
    pictures, replies = sys.stdin.buffer, sys.stdout.buffer
    while select.select([pictures], [], [], IDLE_SECONDS)[0] and (line := pictures.readline()):
        request = json.loads(line)
        data = pictures.read(request["bytes"])
        _answer(data, PictureKind(request["kind"]), PictureLimits(**request["limits"]), replies)
        replies.flush()


def _answer(data: bytes, kind: PictureKind, limits: PictureLimits, replies: IO[bytes]) -> None:
    measured = (0, 0, 0)

    def allow_for(size: tuple[int, int], frames: int) -> None:
        nonlocal measured
        measured = (*size, frames)
        _allow(limits.isolated_seconds + limits.isolated_seconds_a_megapixel * size[0] * size[1] / 1e6)

    _allow(limits.isolated_seconds)
    try:
        opened = decode(data, kind, limits, allow_for)
    except PictureError:
        replies.write(REPLY.pack(*measured, 0, 0, 0))
        return
    rows, columns, _ = opened.pixels.shape
    replies.write(REPLY.pack(*measured, opened.size != measured[:2], rows, columns))
    replies.write(opened.pixels.tobytes())


def _allow(seconds: float) -> None:
    """Let the system end this process after so much more processor time; whole seconds are exact enough."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(most, math.ceil(used.ru_utime + used.ru_stime + seconds)), most))


if __name__ == "__main__":
    main()
