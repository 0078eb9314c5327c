"""The pieces of a file are put together once: a transport stream beside it, in which they follow one another.

Packets stay as they are where all pieces are coded alike and a transport stream takes them. Else pictures become H.264, and
sound AAC. A piece without sound is silent as long.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.clips import MissingFootage
from bot.infra.limited_process import ProcessFailedError, ProcessLimits, stream_output
from bot.media.containers import decoder_of, opened, reading
from bot.media.footage import VideoError
from bot.media.pauses import missing_seconds
from bot.media.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.media.cutting import Piece
    from bot.media.footage import Footage

log = logging.getLogger(__name__)

_PICTURES: Final = {"h264", "hevc", "mpeg1video", "mpeg2video"}
_SOUNDS: Final = {"aac", "ac3", "eac3", "mp2float", "mp3float"}
"""What a transport stream holds with all that a decoder needs."""

_APART: Final = 30.0
"""Seconds between two pieces, so that `bot.media.timestamp_breaks` sees each begin, and moves it by its own tracks."""

_SECONDS: Final = 600.0
"""That putting together may take in all."""

_MEMORY: Final = 6 << 30


def join(
    path: Path, kind: str, pieces: Sequence[Piece], probed: Callable[[Path, str], Footage], most_bytes: int
) -> tuple[Path, Footage]:
    """The file that holds all pieces of `path` that can be read, and the footage of the first, as `probed` reads it.

    Its `missing` names the pieces that are left out, and those whose sound is; its `unheard` holds for all of them. Raises
    VideoError where no piece can be read, where all take more than `most_bytes`, or too long.
    """
    wanted = repr((path.name, path.stat().st_size, pieces))
    out = path.with_name(f"joined-{hashlib.sha256(wanted.encode()).hexdigest()[:32]}.ts")
    deadline = time.monotonic() + _SECONDS
    with tempfile.TemporaryDirectory(prefix=".joining-", dir=path.parent) as name:
        folder = Path(name)
        numbered = _footages(path, kind, pieces, probed, folder)
        found = list(numbered.values())
        undecoded = 0.0
        whole = folder / out.name
        with whole.open("wb") as joined:
            start = 0.0
            for footage, arguments in zip(found, _coded(found), strict=True):
                written = folder / "piece.ts"
                _run(_command(footage, arguments, start, written), folder, deadline, most_bytes - joined.tell())
                undecoded += _undecoded(footage, written)
                with written.open("rb") as part:
                    shutil.copyfileobj(part, joined, 1 << 20)
                start += footage.seconds + _APART
        whole.replace(out)
    return out, _as_a_whole(numbered, len(pieces), undecoded)


def _as_a_whole(numbered: Mapping[int, Footage], parts: int, undecoded: float) -> Footage:
    """The first footage with that which holds for all of them. `numbered`: by their pieces' numbers."""
    unread = tuple(number for number in range(1, parts + 1) if number not in numbered)
    silent = tuple(number for number, footage in numbered.items() if footage.unheard)
    first = next(iter(numbered.values()))
    if not any(footage.sound for footage in numbered.values()):
        unheard = numbered[silent[0]].unheard if silent else None
        return replace(first, unheard=unheard, missing=MissingFootage(parts, unread, (), undecoded))
    return replace(first, unheard=None, missing=MissingFootage(parts, unread, silent, undecoded))


def _footages(
    path: Path, kind: str, pieces: Sequence[Piece], probed: Callable[[Path, str], Footage], folder: Path
) -> dict[int, Footage]:
    """The footage of each piece that can be read, by the piece's number from 1."""
    found: dict[int, Footage] = {}
    refused: VideoError | None = None
    for number, piece in enumerate(pieces, start=1):
        cut = folder / f"{number}.cut"
        piece.write(path, cut)
        try:
            found[number] = probed(cut, kind)
        except VideoError as error:
            log.warning("piece %s of %s is left out: %s", number, len(pieces), error)
            refused = refused or error
    if refused and not found:
        raise refused
    return found


def _coded(found: Sequence[Footage]) -> list[list[str]]:
    """How ffmpeg codes each piece, so that all are coded alike."""
    seen = [_codec_of(one) for one in found]
    kept = seen[0] if len(set(seen)) == 1 and seen[0] in _PICTURES else "h264"
    sounds = [one.sound.codec if one.sound else "" for one in found]
    copied = len(set(sounds)) == 1 and sounds[0] in _SOUNDS
    again = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-fps_mode", "passthrough"]
    sound = ["-c:a", "copy"] if copied else ["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"]
    return [[*(["-c:v", "copy"] if one == kept else again), *(sound if any(sounds) else [])] for one in seen]


def _undecoded(footage: Footage, written: Path) -> float:
    """Seconds of a piece's pictures that aren't in the file that was written of it, since they can't be decoded."""
    try:
        with opened(written, "mpegts") as container:
            found = survey(container)
    except VideoError:
        return footage.seconds - footage.first
    ahead = found.first - footage.first
    pauses = [(before - ahead, after - ahead) for before, after in found.pauses]
    return missing_seconds([*pauses, (found.end - ahead, footage.seconds)], footage.pauses)


def _codec_of(footage: Footage) -> str | None:
    with opened(footage.path, footage.format) as container:
        return decoder_of(container.streams.video[footage.number])


def _command(footage: Footage, coded: Sequence[str], start: float, out: Path) -> list[str]:
    """The ffmpeg run that makes a transport stream of a piece, which begins at `start`."""
    import imageio_ffmpeg

    options = [part for name, value in reading(footage.format).items() for part in (f"-{name}", value)]
    # Turned and cropped as `bot.media.geometry` reads it, later.
    options += ["-noautorotate", "-apply_cropping", "codec", "-itsoffset", f"{start - footage.beginning:.6f}"]
    inputs = [*options, "-f", footage.format, "-i", f"file:{footage.path.absolute()}"]
    tracks = ["-map", f"0:v:{footage.number}"]
    if "-c:a" in coded:
        tracks += ["-map", f"0:a:{footage.sound.number}" if footage.sound else "1:a:0"]
        if not footage.sound:
            silence = f"anullsrc=r=48000:cl=stereo:d={footage.seconds:.6f}"
            inputs += ["-itsoffset", f"{start:.6f}", "-f", "lavfi", "-i", silence]
    told = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-max_error_rate", "1", "-copyts"]
    written = ["-map_metadata", "-1", "-pes_payload_size", "0", "-f", "mpegts", out.name]
    return [imageio_ffmpeg.get_ffmpeg_exe(), *told, *inputs, *tracks, *coded, *written]


def _run(command: Sequence[str], folder: Path, deadline: float, most_bytes: int) -> None:
    seconds = max(1.0, deadline - time.monotonic())
    limits = ProcessLimits(
        seconds=seconds,
        cpu_seconds=math.ceil(seconds * (os.cpu_count() or 1)),
        memory=_MEMORY,
        file_bytes=max(1, most_bytes),
    )
    try:
        with stream_output(command, limits, folder=folder) as lines:
            for _ in lines:
                pass
    except ProcessFailedError as error:
        log.warning("ffmpeg ended with %s: %s", error.code, error.stderr)
        raise VideoError(
            "this video is joined of several files, and they can't be put together; save it once more and post that copy"
        ) from error
