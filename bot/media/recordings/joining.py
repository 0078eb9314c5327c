"""The recordings of a joined file, written into one transport stream beside it.

Packets are copied where all recordings have one codec, geometry and colour space, and a transport stream takes the codec.
Otherwise pictures become H.264, and sound becomes AAC. A recording without sound gets silence of the same length.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.domain.clips import MissingFootage
from bot.infra.limited_process import ProcessFailedError, ProcessLimits, stream_output
from bot.media.clips.commands import as_shown, output_arguments
from bot.media.videos.containers import decoder_of, input_options, open_container
from bot.media.videos.footage import Colours, Geometry, VideoError
from bot.media.videos.pauses import missing_seconds
from bot.media.videos.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ffmpeg import VideoStream

    from bot.media.recordings.splitting import Recording
    from bot.media.videos.footage import Footage

log = logging.getLogger(__name__)

_PICTURES: Final = {"h264", "hevc", "mpeg1video", "mpeg2video"}
_SOUNDS: Final = {"aac", "ac3", "eac3", "mp2float", "mp3float"}
"""Codecs whose packets in a transport stream hold all that a decoder needs."""

_SDR: Final = Colours("bt709", "bt709", "bt709", full=False)

_APART: Final = 30.0
"""Seconds between two recordings; `bot.media.videos.timestamp_breaks` uses them to detect each beginning and move it."""

_SECONDS: Final = 600.0
"""The time limit for writing all recordings."""

_MEMORY: Final = 6 << 30


def join(
    path: Path, kind: str, recordings: Sequence[Recording], probed: Callable[[Path, str], Footage], max_bytes: int
) -> tuple[Path, Footage]:
    """Write all readable recordings of `path` into one file; returns its path, and footage with facts that the file lacks.

    The footage tells the geometry, colours and interlacing of the file, its unreadable sound, and the missing recordings.
    `probed` reads one recording.

    Raises:
        VideoError: no recording can be read, the file takes more than `max_bytes`, or writing takes more than 600 s.
    """
    wanted = repr((path.name, path.stat().st_size, recordings))
    out = path.with_name(f"joined-{hashlib.sha256(wanted.encode()).hexdigest()[:32]}.ts")
    deadline = time.monotonic() + _SECONDS
    with tempfile.TemporaryDirectory(prefix=".joining-", dir=path.parent) as name:
        folder = Path(name)
        numbered = _footages(path, kind, recordings, probed, folder)
        found = list(numbered.values())
        form = _common_form(found)
        coding = _codings(found, form)
        try:
            undecoded = _write(found, form, coding, folder / out.name, deadline, max_bytes)
        except VideoError:
            if not any(coded.copies_pictures for coded in coding):
                raise
            # ffmpeg can't always copy damaged packets, but it decodes the pictures around them.
            encoded = [replace(coded, copies_pictures=False) for coded in coding]
            undecoded = _write(found, form, encoded, folder / out.name, deadline, max_bytes)
        (folder / out.name).replace(out)
    return out, _as_a_whole(numbered, form, len(recordings), undecoded)


def _write(
    found: Sequence[Footage],
    form: _Form,
    coding: Sequence[_Coding],
    out: Path,
    deadline: float,
    max_bytes: int,
) -> float:
    """Write all recordings to `out`; returns the seconds of pictures that can't be decoded."""
    undecoded, start, part = 0.0, 0.0, out.with_name("recording.ts")
    with out.open("wb") as joined:
        for footage, coded in zip(found, coding, strict=True):
            command = _command(footage, form, coded, start, part.name)
            _run(command, out.parent, deadline, max_bytes - joined.tell())
            undecoded += _undecoded(footage, part)
            with part.open("rb") as written:
                shutil.copyfileobj(written, joined, 1 << 20)
            start += footage.seconds + _APART
    return undecoded


@dataclass(frozen=True, slots=True)
class _Form:
    """The geometry and colours of all recordings in the joined file."""

    geometry: Geometry
    colours: Colours

    @classmethod
    def from_footage(cls, footage: Footage) -> _Form:
        return cls(footage.geometry, footage.colours)


@dataclass(frozen=True, slots=True)
class _Coding:
    """Whether the packets of a recording are copied or encoded anew. `has_sound`: the joined file has a sound track."""

    copies_pictures: bool
    copies_sound: bool
    has_sound: bool


def _common_form(found: Sequence[Footage]) -> _Form:
    """The form of the first recording, if the others have it or can be converted to it; else upright square pixels in SDR."""
    forms = [_Form.from_footage(footage) for footage in found]
    width, height = found[0].size
    size = (max(2, width - width % 2), max(2, height - height % 2))
    plain = Geometry((0, 0, 0, 0), "", size)
    colours = found[0].colours
    if len(set(forms)) == 1 or (forms[0].geometry == plain and colours == _SDR):
        return forms[0]
    return _Form(plain, _SDR)


def _codings(found: Sequence[Footage], form: _Form) -> list[_Coding]:
    """The coding of each recording, used to give all the same codecs and form."""
    codecs = [_codec_of(footage) for footage in found]
    fit = [_Form.from_footage(footage) == form for footage in found]
    copied = codecs[0] if all(fit) and len(set(codecs)) == 1 and codecs[0] in _PICTURES else "h264"
    sounds = {footage.sound.codec if footage.sound else "" for footage in found}
    copies_sound = len(sounds) == 1 and sounds <= _SOUNDS
    return [
        _Coding(fits and codec == copied, copies_sound, has_sound=sounds != {""})
        for codec, fits in zip(codecs, fit, strict=True)
    ]


def _as_a_whole(numbered: Mapping[int, Footage], form: _Form, total: int, undecoded: float) -> Footage:
    """The first footage with the values that hold for all. `numbered`: the footage by the recording's number."""
    unread = tuple(number for number in range(1, total + 1) if number not in numbered)
    silent = tuple(number for number, footage in numbered.items() if footage.unheard)
    unheard = None
    if not any(footage.sound for footage in numbered.values()) and silent:
        unheard, silent = numbered[silent[0]].unheard, ()
    return replace(
        next(iter(numbered.values())),
        geometry=form.geometry,
        colours=form.colours,
        interlaced=any(footage.interlaced for footage in numbered.values()),
        unheard=unheard,
        missing=MissingFootage(total, unread, silent, undecoded),
    )


def _footages(
    path: Path, kind: str, recordings: Sequence[Recording], probed: Callable[[Path, str], Footage], folder: Path
) -> dict[int, Footage]:
    """The footage of each recording that can be read, by the recording's number from 1."""
    found: dict[int, Footage] = {}
    refused: VideoError | None = None
    for number, recording in enumerate(recordings, start=1):
        copy = folder / f"{number}.recording"
        recording.write(path, copy)
        try:
            found[number] = probed(copy, kind)
        except VideoError as error:
            log.warning("recording %s of %s is left out: %s", number, len(recordings), error)
            refused = refused or error
    if refused and not found:
        raise refused
    return found


def _undecoded(footage: Footage, written: Path) -> float:
    """Seconds of a recording's pictures that are missing in the written file."""
    try:
        with open_container(written, "mpegts") as container:
            found = survey(container)
    except VideoError:
        return footage.seconds - footage.first
    ahead = found.first - footage.first
    pauses = [(before - ahead, after - ahead) for before, after in found.pauses]
    return missing_seconds([*pauses, (found.end - ahead, footage.seconds)], footage.pauses)


def _codec_of(footage: Footage) -> str | None:
    with open_container(footage.path, footage.format) as container:
        return decoder_of(container.streams.video[footage.number])


def _command(footage: Footage, form: _Form, coding: _Coding, start: float, out: str) -> list[str]:
    """The ffmpeg command that writes a recording as the transport stream `out`, beginning at `start` seconds."""
    import ffmpeg

    options = {
        **input_options(footage.format),
        # `bot.media.videos.geometry` crops and turns.
        "noautorotate": True,
        "apply_cropping": "codec",
        "itsoffset": f"{start - footage.beginning:.6f}",
    }
    source: Any = ffmpeg.input(f"file:{footage.path.absolute()}", f=footage.format, extra_options=options)
    pictures = source.video_stream(footage.number)
    written: dict[str, Any] = {"map_metadata": -1, "pes_payload_size": 0}
    if coding.copies_pictures:
        written["c:v"] = "copy"
    else:
        if _Form.from_footage(footage) != form:
            pictures = _fitted(pictures, footage, form.geometry.size)
        written |= {"c:v": "libx264", "preset": "veryfast", "crf": 16, "fps_mode": "passthrough"}
    tracks = [pictures]
    if coding.has_sound:
        written |= {"c:a": "copy"} if coding.copies_sound else {"c:a": "aac", "b:a": "192k", "ar": 48000, "ac": 2}
        if footage.sound:
            tracks.append(source.audio_stream(footage.sound.number))
        else:
            silence = f"anullsrc=r=48000:cl=stereo:d={footage.seconds:.6f}"
            offset = {"itsoffset": f"{start:.6f}"}
            tracks.append(ffmpeg.input(silence, f="lavfi", extra_options=offset).audio_stream(0))
    return output_arguments(ffmpeg.output(*tracks, filename=out, f="mpegts", extra_options=written))


def _fitted(pictures: VideoStream, footage: Footage, size: tuple[int, int]) -> VideoStream:
    """The filters that show a whole recording in pictures of this size, (width, height), with bars beside another shape."""
    share = min(size[0] / footage.size[0], size[1] / footage.size[1])
    width, height = (max(2, 2 * round(length * share / 2)) for length in footage.size)
    pictures = as_shown(pictures, footage, (min(width, size[0]), min(height, size[1])))
    pictures = pictures.scale(extra_options={"out_color_matrix": "bt709", "out_range": "tv"})
    pictures = pictures.pad(width=str(size[0]), height=str(size[1]), x="(ow-iw)/2", y="(oh-ih)/2")
    return pictures.setparams(range="limited", color_primaries="bt709", color_trc="bt709", colorspace="bt709")


def _run(command: Sequence[str], folder: Path, deadline: float, max_bytes: int) -> None:
    seconds = max(1.0, deadline - time.monotonic())
    limits = ProcessLimits(
        seconds=seconds,
        cpu_seconds=math.ceil(seconds * (os.cpu_count() or 1)),
        memory=_MEMORY,
        file_bytes=max(1, max_bytes),
    )
    try:
        with stream_output(command, limits, folder=folder) as lines:
            for _ in lines:
                pass
    except ProcessFailedError as error:
        log.warning("ffmpeg ended with %s: %s", error.code, error.stderr)
        if (fault := error.disk_error(folder)) is not None:
            raise fault from error
        raise VideoError(
            "this video is joined of several files, and they can't be put together; save it once more and post that copy"
        ) from error
