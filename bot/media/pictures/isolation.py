"""Pictures that an isolated process decodes, because nothing in the file bounds its decoder's work.

A HEIC or an AVIF holds a stream of video, with any number of frames before the one that is shown. A TIFF may have a tile for
each pixel, and Pillow decodes the runs of a BMP in Python.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from threading import Lock
from typing import IO, TYPE_CHECKING, Final, cast

import numpy as np

from bot.infra.environment import child_environment
from bot.infra.limited_process import ProcessLimits, limited_command
from bot.media.pictures.headers import PictureKind
from bot.media.pictures.opened import OpenedPicture
from bot.media.pictures.refusals import PictureError, broken_message, check_frames, check_size, too_slow_error

if TYPE_CHECKING:
    from bot.media.pictures.refusals import PictureLimits

ISOLATED: Final = frozenset({PictureKind.HEIF, PictureKind.AVIF, PictureKind.TIFF, PictureKind.BMP})

MEMORY: Final = 3 << 30
"""Bytes of the process's address space. An AVIF of 49 megapixels takes 1 GiB."""

PATIENCE: Final = 5.0
"""Seconds in which a busy machine gives a process one second of processor time."""

_LIFETIME: Final = 24 * 3600

REPLY: Final = struct.Struct("<6I")
"""The reply for a picture: width, height and frames as stored, 0 where they are unknown; 1 for an orientation that exchanges
width and height; rows and columns of the pixels that follow, 0 for a picture that is refused.
"""


class DecoderProcess:
    """A process that decodes one picture after another (`bot.media.pictures.child`).

    It ends when a picture takes too much processor time or memory, when it has had nothing to do for a minute, and with the
    thread that started it. The next picture starts another.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def decode(self, data: bytes, kind: PictureKind, limits: PictureLimits) -> OpenedPicture:
        """The picture in a file. Raises PictureError."""
        with self._lock:
            process = self._running()
            try:
                _send(process, data, kind, limits)
                return _received(process, kind, limits)
            except TimeoutError as error:
                process.kill()
                raise too_slow_error(kind) from error
            except (OSError, ValueError, LookupError) as error:
                process.kill()
                if process.wait() == -signal.SIGXCPU:
                    raise too_slow_error(kind) from error
                raise PictureError(broken_message(kind)) from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._close()
            limits = ProcessLimits(_LIFETIME, cpu_seconds=_LIFETIME, memory=MEMORY, file_bytes=0, nice=0)
            self._process = subprocess.Popen(
                limited_command((sys.executable, "-I", "-m", "bot.media.pictures.child"), limits),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
        return self._process

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            with suppress(OSError):
                cast("IO[bytes]", pipe).close()


def decode_isolated(data: bytes, kind: PictureKind, limits: PictureLimits) -> OpenedPicture:
    """The picture in a file of one of the ISOLATED kinds. Raises PictureError."""
    return _decoder().decode(data, kind, limits)


@cache
def _decoder() -> DecoderProcess:
    """The decoder of this process."""
    return DecoderProcess()


def _send(process: subprocess.Popen[bytes], data: bytes, kind: PictureKind, limits: PictureLimits) -> None:
    pipe = cast("IO[bytes]", process.stdin)
    pipe.write(json.dumps({"kind": kind, "bytes": len(data), "limits": asdict(limits)}).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def _received(process: subprocess.Popen[bytes], kind: PictureKind, limits: PictureLimits) -> OpenedPicture:
    """The picture that the process sends. Raises PictureError, and OSError or ValueError where it sends anything else."""
    seconds = limits.isolated_seconds + limits.isolated_seconds_a_megapixel * limits.max_pixels / 1e6
    pipe, until = cast("IO[bytes]", process.stdout), time.monotonic() + PATIENCE * (seconds + 1)
    width, height, frames, lies, rows, columns = REPLY.unpack(_read(pipe, REPLY.size, until))
    if not rows:
        if frames:
            check_size((width, height), limits)
            check_frames(frames, limits)
        raise PictureError(broken_message(kind))
    if max(rows, columns) > limits.working_side:
        raise ValueError("a picture that is not reduced")
    pixels = np.frombuffer(_read(pipe, rows * columns * 3, until), np.uint8).reshape(rows, columns, 3)
    return OpenedPicture(pixels, (height, width) if lies else (width, height), kind.value, frames)


def _read(pipe: IO[bytes], size: int, until: float) -> bytes:
    """So many bytes of a pipe. Raises TimeoutError after `until`, and BrokenPipeError where there are fewer."""
    parts = bytearray()
    while len(parts) < size:
        if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        part = os.read(pipe.fileno(), size - len(parts))
        if not part:
            raise BrokenPipeError
        parts += part
    return bytes(parts)
