"""All packets of a video, looked at once without decoding pictures: how long its tracks are, and which of them count."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.error import FFmpegError
from av.stream import Disposition

from bot.media.containers import BROKEN, SOUND_CODECS, VIDEO_CODECS, decoder_of, packets_of
from bot.media.footage import ACCEPTED, SoundTrack, VideoError
from bot.media.pauses import pauses_of
from bot.media.timestamp_breaks import TimelineParts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from bot.media.timestamp_breaks import Shifts

_MOST_PACKETS: Final = 4_000_000
_PACKETS_TRIED: Final = 64
"""So many packets of sound are tried: of those that can be read, the first frame comes at the third at the latest."""

_LASTS: Final = 0.5
"""A track of pictures that goes through so much of the longest one counts before stills, covers and openings."""

_COPIED_PROFILES: Final = {None, "LC", "HE-AAC", "HE-AACv2"}
"""Of AAC, those that browsers play."""

_MINOR: Final = Disposition.comment | Disposition.hearing_impaired | Disposition.visual_impaired


def _no_stamps() -> array[int]:
    return array("q")


@dataclass
class _Pictures:
    """What is measured of a track of pictures, in its ticks."""

    track: VideoStream
    count: int = 0
    first: float = math.inf
    last: float = -math.inf
    step: int = 0
    keys: list[int] = field(default_factory=list[int])
    stamps: array[int] = field(default_factory=_no_stamps)

    def take(self, packet: Packet) -> None:
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None:
            return
        self.count += 1
        self.stamps.append(stamp)
        self.first = min(self.first, stamp)
        if packet.is_keyframe:
            self.keys.append(stamp)
        if stamp > self.last:
            self.last, self.step = stamp, packet.duration or 0
        if self.count > _MOST_PACKETS:
            raise VideoError("this video has too many frames; cut it shorter")

    @property
    def seconds(self) -> float:
        """From the first picture to the last."""
        return float((self.last - self.first) * self.base) if self.count else 0.0

    @property
    def base(self) -> Fraction:
        return self.track.time_base or Fraction(1, 90_000)


@dataclass
class _Heard:
    """What is found out of a track of sound. `framed`: each packet says how it is coded; `configurations`: in how many ways."""

    track: AudioStream
    framed: bool
    tried: int = 0
    readable: bool = False
    configurations: set[int] = field(default_factory=set[int])

    def take(self, packet: Packet) -> None:
        if self.framed:
            head = bytes(memoryview(packet)[:4])
            # Profile, sampling rate and channels (ISO/IEC 13818-7, 6.2).
            self.configurations.add(int.from_bytes(head[2:4], "big") & 0xFDC0)
        if not self.readable and self.tried < _PACKETS_TRIED:
            self.tried += 1
            try:
                self.readable = any(frame.samples for frame in self.track.decode(packet))
            except (FFmpegError, ValueError):
                self.readable = False

    def told(self, number: int) -> SoundTrack:
        """The track, which is the `number`th of sound."""
        context = self.track.codec_context
        header = len(self.configurations) == 1 if self.framed else bool(context.extradata)
        copied = context.name == "aac" and context.profile in _COPIED_PROFILES and header
        return SoundTrack(context.name, number, int(self.track.bit_rate or 0), copied)


@dataclass(frozen=True)
class Survey:
    """What a file's packets tell.

    `pictures`, `sound`: numbers of the tracks that count, among those of their kind. `unheard`: the codec of the sound
    where there is some and none can be read. `first`, `end`: of the pictures, in seconds as they are written, and `keyframes`
    and `pauses` likewise.
    `shifts`: how its parts are moved so that one follows the other; None where they do.
    """

    pictures: int
    sound: SoundTrack | None
    unheard: str | None
    count: int
    first: float
    end: float
    keyframes: tuple[float, ...]
    pauses: tuple[tuple[float, float], ...]
    shifts: Shifts | None


def survey(container: InputContainer) -> Survey:
    """Read all packets of a file. Raises VideoError where it holds no pictures that can be read, or too many."""
    seen, heard = tracks_of(container)
    pictures = {one.index: _Pictures(one) for one in seen}
    sounds = {one.index: _Heard(one, framed=_is_framed(container, one)) for one in heard}
    parts = TimelineParts(container, [*seen, *heard])
    for packet in packets_of(container, [*seen, *heard]):
        parts.of(packet)
        (pictures.get(packet.stream_index) or sounds[packet.stream_index]).take(packet)
    if not any(one.count for one in pictures.values()):
        raise VideoError(BROKEN)
    chosen = _chosen(list(pictures.values()))
    sound = _chosen_sound(container, sounds.values())
    unheard = None
    if sound is None and container.streams.audio:
        unheard = decoder_of(container.streams.audio[0]) or "of an unknown kind"
    return _told(container, chosen, sound, unheard, parts.shifts())


def tracks_of(container: InputContainer) -> tuple[list[VideoStream], list[AudioStream]]:
    """The tracks of pictures and of sound that there are decoders for. Raises VideoError where there is no picture."""
    return _picture_tracks(container), [one for one in container.streams.audio if decoder_of(one) in SOUND_CODECS]


def _told(
    container: InputContainer, chosen: _Pictures, sound: SoundTrack | None, unheard: str | None, shifts: Shifts | None
) -> Survey:
    base, count = chosen.base, chosen.count
    first, end = (float(stamp * base) for stamp in (chosen.first, chosen.last + chosen.step))
    if not chosen.step:
        end += (end - first) / (count - 1) if count > 1 and end > first else 0.04
    keyframes = tuple(float(stamp * base) for stamp in sorted(chosen.keys))
    pauses = pauses_of([*(float(stamp * base) for stamp in sorted(chosen.stamps)), end])
    number = container.streams.video.index(chosen.track)
    return Survey(number, sound, unheard, count, first, end, keyframes, pauses, shifts)


def _picture_tracks(container: InputContainer) -> list[VideoStream]:
    """The tracks whose pictures can be read; a cover picture is none."""
    tracks = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not tracks:
        if container.streams.audio:
            raise VideoError("this file has sound alone, and no picture to look at; post a video")
        raise VideoError("this file has no picture track; I read {accepted}", accepted=ACCEPTED)
    readable = [one for one in tracks if decoder_of(one) in VIDEO_CODECS]
    if not readable:
        raise VideoError(
            "I can't read this video's codec ({codec}); save it as H.264 in an MP4",
            codec=decoder_of(tracks[0]) or "an unknown one",
        )
    return readable


def _chosen(pictures: Sequence[_Pictures]) -> _Pictures:
    """One that lasts, before stills; the one that players take by default; the one with the most pixels; the first."""
    longest = max(one.seconds for one in pictures)

    def rank(one: _Pictures) -> tuple[bool, bool, bool, int]:
        lasts = one.count > 1 and one.seconds >= _LASTS * longest
        return one.count > 0, lasts, _is_default(one.track), one.track.width * one.track.height

    return max(pictures, key=rank)


def _chosen_sound(container: InputContainer, sounds: Iterable[_Heard]) -> SoundTrack | None:
    """Of what can be read, the one that players take by default; no commentary or description before the film's own."""
    readable = [one for one in sounds if one.readable]
    if not readable:
        return None
    chosen = max(readable, key=lambda one: (_is_default(one.track), not one.track.disposition & _MINOR))
    return chosen.told(container.streams.audio.index(chosen.track))


def _is_default(track: VideoStream | AudioStream) -> bool:
    return bool(track.disposition & Disposition.default)


def _is_framed(container: InputContainer, track: AudioStream) -> bool:
    """Whether each packet says how it is coded: AAC does in a transport stream."""
    return container.format.name == "mpegts" and decoder_of(track) == "aac"
