"""The faces of a clip: tracked in segments of a few seconds, joined, and named."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.domain.clips import NamedClip, NamedPerson, NamingOptions, TrackName, merge_spans
from bot.domain.faces import FaceCrop, UnreadableFile
from bot.jobs.config import engine_of
from bot.jobs.pictures import phash_of
from bot.media.videos.footage import VideoError
from bot.text.faces import name_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.enums import CaptionStyle
    from bot.jobs.config import EngineConfig
    from bot.media.videos.footage import Footage, VideoSection
    from models.video.cast import Cast, CastPerson
    from models.video.tracks import FaceTracks


def track_faces(
    config: EngineConfig, footage: Footage, section: VideoSection, span: VideoSection
) -> bytes | UnreadableFile:
    """The face tracks of a span of a section, serialised for `join_segments`, or the reason why it can't be read."""
    import numpy as np

    from bot.media.videos.frames import frames
    from bot.media.videos.work import MAX_RATE
    from models.video.segments import VideoSegment
    from models.video.tracker import FaceTracker
    from models.video.tracks import FaceTracks

    engine = engine_of(config)
    tracker = FaceTracker(engine)
    size, first_luma = (0, 0), np.zeros((36, 64), np.uint8)
    last_luma = first_luma
    try:
        for frame in frames(footage, span):
            tracker.add_frame(frame.time, frame.luma, frame.picture)
            if len(tracker.times) == 1:
                size, first_luma = frame.size, frame.luma
            last_luma = frame.luma
            if len(tracker.times) > MAX_RATE * max(1.0, span.seconds):
                raise VideoError("this video has more than {most:.0f} frames in a second", most=MAX_RATE)
    except VideoError as error:
        return UnreadableFile(error.message)
    recent = np.array(tracker.cuts.recent, np.float64)
    tracker.close()
    times = np.array(tracker.times, np.float64) - section.start
    found = FaceTracks(
        engine.version,
        size,
        times,
        np.array(tracker.shots, np.int64),
        tuple(tracker.tracks),
        tracker.passed_over,
        tracker.left_out,
    )
    return VideoSegment(found, first_luma, last_luma, recent).to_bytes()


def join_segments(segments: Sequence[bytes]) -> bytes:
    """The face tracks of a section, serialised, from its segments in order. Shots and tracks go on across segments."""
    from models.video.segments import VideoSegment, join_tracks

    return join_tracks([VideoSegment.from_bytes(data) for data in segments]).to_bytes()


def name_tracks(face_tracks: bytes, recogniser: bytes, options: NamingOptions) -> NamedClip:
    """The people of a clip, and its captions."""
    from bot.media.clips.captions import caption_script

    seen, named = _cast(face_tracks, recogniser, options)
    return NamedClip(
        named.group_name,
        tuple(_named_person(seen, person) for person in named.people),
        caption_script(seen, named, options.style),
        seen.size,
        _shown_until(seen)[-1] if len(seen.times) else 0.0,
    )


def sure_names(segment: bytes, recogniser: bytes, options: NamingOptions) -> tuple[str, ...]:
    """The names of the members who are surely in a segment, judged by this segment alone."""
    from models.recognition.recogniser import Recogniser
    from models.video.cast import build_cast
    from models.video.segments import VideoSegment

    seen = VideoSegment.from_bytes(segment).face_tracks
    named = build_cast(Recogniser.from_bytes(recogniser), seen, group=options.group, threshold=options.threshold)
    return tuple(person.guess.name for person in named.people if person.guess.name and person.guess.band == "sure")


def write_captions(face_tracks: bytes, track_names: Sequence[TrackName], style: CaptionStyle) -> str:
    """The captions of a clip whose tracks have names, as ASS."""
    from bot.media.clips.captions import caption_script
    from models.video.cast import UNKNOWN_GUESS, Cast, CastPerson
    from models.video.tracks import FaceTracks

    seen = FaceTracks.from_bytes(face_tracks)
    guesses = [UNKNOWN_GUESS] * len(seen.tracks)
    for track_name in track_names:
        for place in track_name.tracks:
            guesses[place] = track_name.guess
    people = tuple(CastPerson(track_name.number, track_name.guess, track_name.tracks) for track_name in track_names)
    return caption_script(seen, Cast(None, None, tuple(guesses), people), style)


def faces_by_frame(face_tracks: bytes, recogniser: bytes, options: NamingOptions) -> dict[str, Any]:
    """Every face of every frame, for JSON: `{"fps", "frames": [[{"name", "box", "confidence"}]]}`.

    `box`: [left, top, right, bottom] in pixels. `name`, `confidence`: None for somebody unknown.
    """
    seen, named = _cast(face_tracks, recogniser, options)
    frames: list[list[dict[str, Any]]] = [[] for _ in seen.times]
    for place in sorted(place for person in named.people for place in person.tracks):
        track, guess = seen.tracks[place], named.guesses[place]
        for number, box in enumerate(track.boxes.round().astype(int).tolist(), start=track.first):
            frames[number].append({"name": guess.name, "box": box, "confidence": name_confidence(guess)})
    length = float(seen.times[-1] - seen.times[0]) if len(seen.times) > 1 else 0.0
    return {"fps": round((len(seen.times) - 1) / length, 3) if length else 0.0, "frames": frames}


def _cast(face_tracks: bytes, recogniser: bytes, options: NamingOptions) -> tuple[FaceTracks, Cast]:
    from models.recognition.recogniser import Recogniser
    from models.video.cast import build_cast
    from models.video.tracks import FaceTracks

    seen = FaceTracks.from_bytes(face_tracks)
    fitted = Recogniser.from_bytes(recogniser)
    return seen, build_cast(fitted, seen, group=options.group, threshold=options.threshold)


def _named_person(face_tracks: FaceTracks, person: CastPerson) -> NamedPerson:
    from models.faces import Box
    from models.video.tracks import encoding_priority

    best = max(
        (face_tracks.tracks[place] for place in person.tracks), key=lambda track: encoding_priority(track.qualities[0])
    )
    portrait = best.portrait
    if portrait is None:
        raise ValueError("a track with encodings and without a portrait")
    until = _shown_until(face_tracks)
    tracks = [face_tracks.tracks[place] for place in person.tracks]
    spans = merge_spans((float(face_tracks.times[track.first]), until[track.last]) for track in tracks)
    return NamedPerson(
        person.number,
        person.guess,
        person.tracks,
        spans,
        sum(end - start for start, end in spans),
        FaceCrop(portrait.jpeg, portrait.face_width, portrait.sharpness, phash_of(portrait.jpeg)),
        Box(*(round(corner) for corner in best.boxes[len(best.boxes) // 2].tolist())),
        best.encodings[0].tobytes(),
        best.qualities[0].flaws,
    )


def _shown_until(face_tracks: FaceTracks) -> list[float]:
    """The end of each frame's time on screen, in seconds. The last frame lasts as long as the median one."""
    times = face_tracks.times.tolist()
    usual = sorted(after - before for before, after in pairwise(times))
    return [*times[1:], times[-1] + (usual[len(usual) // 2] if usual else 0.04)]
