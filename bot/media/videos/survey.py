"""One reading of all packets of a video, without decoding pictures: the lengths of its tracks, and the choice among them."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.error import FFmpegError
from av.stream import Disposition

from bot.domain.messages import Message
from bot.media.videos.containers import BROKEN, SOUND_CODECS, VIDEO_CODECS, decoder_of, packets_of
from bot.media.videos.footage import ACCEPTED, SoundTrack, VideoError
from bot.media.videos.pauses import pauses_of
from bot.media.videos.timestamp_breaks import TimelineParts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from bot.media.videos.timestamp_breaks import Shifts

_MAX_PACKETS: Final = 4_000_000
_PACKETS_TRIED: Final = 64
"""The packets of sound that are tried; readable sound has its first frame by the third packet."""

_LASTS: Final = 0.5
"""The minimum share of the longest track's length for choosing a track before stills, covers and openings."""

_COPIED_PROFILES: Final = {None, "LC", "HE-AAC", "HE-AACv2"}
"""The AAC profiles that browsers play."""

_MINOR: Final = Disposition.comment | Disposition.hearing_impaired | Disposition.visual_impaired


def _no_stamps() -> array[int]:
    return array("q")


@dataclass
class _PictureMeasurements:
    """The measurements of a picture track, in its ticks."""

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
        if self.count > _MAX_PACKETS:
            raise VideoError("this video has too many frames; cut it shorter")

    @property
    def seconds(self) -> float:
        """Seconds from the first picture to the last."""
        return float((self.last - self.first) * self.base) if self.count else 0.0

    @property
    def base(self) -> Fraction:
        return self.track.time_base or Fraction(1, 90_000)


@dataclass
class _SoundMeasurements:
    """The measurements of a sound track. `framed`: each packet has a header; `configurations`: the different headers."""

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

    def described(self, number: int) -> SoundTrack:
        """The description of the track; `number`: its place among the sound tracks."""
        context = self.track.codec_context
        header = len(self.configurations) == 1 if self.framed else bool(context.extradata)
        copied = context.name == "aac" and context.profile in _COPIED_PROFILES and header
        return SoundTrack(context.name, number, int(self.track.bit_rate or 0), copied)


@dataclass(frozen=True)
class PacketSurvey:
    """The measurements of a file's packets.

    `pictures`, `sound`: the chosen tracks, by their places among the tracks of their kind. `unheard`: the codec of the sound
    if none can be read. `first`, `end`, `keyframes`, `pauses`: times of the pictures, in seconds as written. `shifts`: the
    corrections that make the file's parts follow one another; None if they already do.
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


def survey(container: InputContainer) -> PacketSurvey:
    """Read all packets of a file. Raises VideoError for one without readable pictures, or with more than 4 million."""
    picture_tracks, sound_tracks = tracks_of(container)
    pictures = {track.index: _PictureMeasurements(track) for track in picture_tracks}
    sounds = {track.index: _SoundMeasurements(track, framed=_is_framed(container, track)) for track in sound_tracks}
    parts = TimelineParts(container, [*picture_tracks, *sound_tracks])
    for packet in packets_of(container, [*picture_tracks, *sound_tracks]):
        parts.part_of(packet)
        (pictures.get(packet.stream_index) or sounds[packet.stream_index]).take(packet)
    if not any(track.count for track in pictures.values()):
        raise VideoError(BROKEN)
    chosen = _chosen(list(pictures.values()))
    sound = _chosen_sound(container, sounds.values())
    unheard = None
    if sound is None and container.streams.audio:
        unheard = decoder_of(container.streams.audio[0]) or "of an unknown kind"
    return _survey_of(container, chosen, sound, unheard, parts.shifts())


def tracks_of(container: InputContainer) -> tuple[list[VideoStream], list[AudioStream]]:
    """The picture and sound tracks with a decoder. Raises VideoError for a file without readable pictures."""
    return _picture_tracks(container), [track for track in container.streams.audio if decoder_of(track) in SOUND_CODECS]


def _survey_of(
    container: InputContainer,
    chosen: _PictureMeasurements,
    sound: SoundTrack | None,
    unheard: str | None,
    shifts: Shifts | None,
) -> PacketSurvey:
    base, count = chosen.base, chosen.count
    first, end = (float(stamp * base) for stamp in (chosen.first, chosen.last + chosen.step))
    if not chosen.step:
        end += (end - first) / (count - 1) if count > 1 and end > first else 0.04
    keyframes = tuple(float(stamp * base) for stamp in sorted(chosen.keys))
    pauses = pauses_of([*(float(stamp * base) for stamp in sorted(chosen.stamps)), end])
    number = container.streams.video.index(chosen.track)
    return PacketSurvey(number, sound, unheard, count, first, end, keyframes, pauses, shifts)


def _picture_tracks(container: InputContainer) -> list[VideoStream]:
    """The readable picture tracks without cover pictures."""
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    if not tracks:
        if container.streams.audio:
            raise VideoError("this file has sound alone, and no picture to look at; post a video")
        raise VideoError("this file has no picture track; I read {accepted}", accepted=ACCEPTED)
    readable = [track for track in tracks if decoder_of(track) in VIDEO_CODECS]
    if not readable:
        raise VideoError(
            "I can't read this video's codec ({codec}); save it as H.264 in an MP4",
            codec=decoder_of(tracks[0]) or Message("an unknown one"),
        )
    return readable


def _chosen(pictures: Sequence[_PictureMeasurements]) -> _PictureMeasurements:
    """The best track: a lasting one before stills, then the default one, then the largest, then the first."""
    longest = max(measured.seconds for measured in pictures)

    def rank(measured: _PictureMeasurements) -> tuple[bool, bool, bool, int]:
        lasts = measured.count > 1 and measured.seconds >= _LASTS * longest
        track = measured.track
        return measured.count > 0, lasts, _is_default(track), track.width * track.height

    return max(pictures, key=rank)


def _chosen_sound(container: InputContainer, sounds: Iterable[_SoundMeasurements]) -> SoundTrack | None:
    """The best readable track: the default one, then the film's own sound before commentaries and descriptions."""
    readable = [measured for measured in sounds if measured.readable]
    if not readable:
        return None
    chosen = max(readable, key=lambda sound: (_is_default(sound.track), not sound.track.disposition & _MINOR))
    return chosen.described(container.streams.audio.index(chosen.track))


def _is_default(track: VideoStream | AudioStream) -> bool:
    return bool(track.disposition & Disposition.default)


def _is_framed(container: InputContainer, track: AudioStream) -> bool:
    """Whether each packet has a header of its own, as AAC has in a transport stream."""
    return container.format.name == "mpegts" and decoder_of(track) == "aac"
