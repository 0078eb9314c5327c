"""A corrected copy of a video whose time stamps start again or jump.

Nothing is decoded. The file is opened anew for each reading, since libav may read a joined file differently after a seek.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av

from bot.media.videos.containers import open_container, packets_of, video_errors
from bot.media.videos.footage import VideoError
from bot.media.videos.survey import tracks_of
from bot.media.videos.timestamp_breaks import USUAL_STEP, TimelineParts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    from bot.media.videos.footage import Footage
    from bot.media.videos.timestamp_breaks import Shifts

TRANSPORT_PACKET, TRANSPORT_PAYLOAD = 188, 184
"""Bytes of a packet of a transport stream, and of what it holds."""


def repair_timestamps(footage: Footage, shifts: Shifts, max_bytes: int | None = None) -> Footage:
    """The footage in a copy beside the file, with the chosen tracks alone; its times are not measured yet.

    `shifts`: the shifts of the file's parts. An existing copy is used again. Raises VideoError, also for a copy that may take
    more than `max_bytes`.
    """
    # A transport stream keeps its ticks and sound codecs. Matroska supports the codecs of other files, in milliseconds.
    kind, ending = ("mpegts", "ts") if footage.format == "mpegts" else ("matroska", "mkv")
    wanted = repr((footage.path.name, footage.path.stat().st_size, footage.number, footage.sound, shifts))
    out = footage.path.with_name(f"righted-{hashlib.sha256(wanted.encode()).hexdigest()[:32]}.{ending}")
    if not out.exists():
        with tempfile.TemporaryDirectory(prefix=".righting-", dir=out.parent) as folder:
            _write(footage, shifts, Path(folder, out.name), kind, max_bytes)
            Path(folder, out.name).replace(out)
    sound = replace(footage.sound, number=0) if footage.sound else None
    return replace(footage, path=out, format=kind, number=0, sound=sound)


def _write(footage: Footage, shifts: Shifts, out: Path, kind: str, max_bytes: int | None) -> None:
    stamps: dict[int, list[int | None]] = {}
    steps: dict[int, int] = {}
    most_packets = 0
    with _moved(footage, shifts) as (_, packets):
        for packet, stamp in packets:
            stamps.setdefault(packet.stream_index, []).append(stamp)
            most_packets += (packet.size // TRANSPORT_PAYLOAD + 2) * TRANSPORT_PACKET
            steps[packet.stream_index] = packet.duration or round(USUAL_STEP / packet.time_base)
    if max_bytes is not None and most_packets > max_bytes:
        raise VideoError("this video's time stamps are broken, and there is no room for a corrected copy of it")
    # Matroska needs a stamp for each packet. In a transport stream, decoders count on from the packet before.
    showing = {index: _filled(track, steps[index], all_of_them=kind != "mpegts") for index, track in stamps.items()}
    decoding = {index: iter(_decoded_at(track, steps[index])) for index, track in showing.items()}
    shown = {index: iter(track) for index, track in showing.items()}
    # Stamps stay unchanged, and each PES packet holds one packet of sound: others in it would have no stamp.
    options = {"mpegts_copyts": "1", "pes_payload_size": "0"} if kind == "mpegts" else {}
    with (
        video_errors(),
        _moved(footage, shifts) as (tracks, packets),
        av.open(str(out), "w", format=kind, options=options) as written,
    ):
        streams = {track.index: _like(written, track) for track in tracks}
        for packet, _ in packets:
            stamp = next(shown[packet.stream_index])
            packet.dts = decoded = next(decoding[packet.stream_index])
            packet.pts = None if stamp is None else max(stamp, decoded)
            packet.stream = streams[packet.stream_index]
            written.mux(packet)


@contextmanager
def _moved(footage: Footage, shifts: Shifts) -> Generator[tuple[list[Stream], Iterator[tuple[Packet, int | None]]]]:
    """The chosen tracks, and their packets with the shifted stamps at which they are shown, in ticks; None without a stamp."""
    with open_container(footage.path, footage.format) as container:
        tracks: list[Stream] = [container.streams.video[footage.number]]
        tracks += [container.streams.audio[footage.sound.number]] if footage.sound else []
        yield tracks, _stamped(container, tracks, shifts)


def _stamped(
    container: InputContainer, tracks: Sequence[Stream], shifts: Shifts
) -> Iterator[tuple[Packet, int | None]]:
    picture_tracks, sound_tracks = tracks_of(container)
    parts = TimelineParts(container, [*picture_tracks, *sound_tracks])
    for packet in packets_of(container, [*picture_tracks, *sound_tracks]):
        part = parts.part_of(packet)
        stamp = packet.pts if packet.pts is not None else packet.dts
        if packet.stream in tracks:
            shift = round(shifts[part].get(packet.stream_index, 0.0) / float(packet.time_base))
            yield packet, None if stamp is None else stamp + shift


def _filled(stamps: Sequence[int | None], step: int, *, all_of_them: bool) -> list[int | None]:
    """The stamps of a track, estimated where they are missing before the first, or everywhere. `step`: ticks of a packet."""
    filled = list(stamps)
    first = next((place for place, stamp in enumerate(stamps) if stamp is not None), None)
    if first is None:
        return [number * step for number in range(len(stamps))]
    for place in range(first - 1, -1, -1):
        filled[place] = (filled[place + 1] or 0) - step
    for place in range(first + 1, len(filled) if all_of_them else 0):
        if filled[place] is None:
            filled[place] = (filled[place - 1] or 0) + step
    return filled


def _decoded_at(shown: Sequence[int | None], step: int) -> list[int]:
    """The decoding stamps of packets with these shown stamps, rising strictly, each at most the shown one if that is possible.

    `step`: ticks from one packet to the next after the last stamp.
    """
    stamped = [stamp for stamp in shown if stamp is not None]
    rising = sorted(stamped)
    delay = max((at - stamp for at, stamp in zip(rising, stamped, strict=True)), default=0)
    places = [place for place, stamp in enumerate(shown) if stamp is not None]
    ends = [*zip(places, rising, strict=True)]
    if ends:
        ends.append((len(shown), rising[-1] + step * (len(shown) - places[-1])))
    decoded: list[int] = []
    for (place, at), (following, later) in pairwise(ends):
        for number in range(following - place):
            due = at - delay + number * (later - at) // (following - place)
            decoded.append(max(due, decoded[-1] + 1) if decoded else due)
    return decoded


def _like(written: OutputContainer, track: Stream) -> Stream:
    add = cast("Callable[..., Stream]", written.add_stream_from_template)
    return add(track, opaque=True)
