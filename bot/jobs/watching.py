"""A clip's faces: looked for in a few seconds of it at a time, joined, named and billed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.domain.clips import Billed, BilledPerson, Billing, Credit, merged
from bot.domain.faces import Cut, Refused
from bot.jobs.config import engine_of, hash_of
from bot.media.footage import VideoError
from bot.text.formatting import confidence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.enums import CaptionStyle
    from bot.jobs.config import EngineConfig
    from bot.media.footage import Footage, Section
    from models.video.cast import Cast, Person
    from models.video.tracks import Look


def look(config: EngineConfig, footage: Footage, section: Section, span: Section) -> bytes | Refused:
    """The faces of a span of a section, serialised for `join`."""
    import numpy as np

    from bot.media.video import frames
    from models.video.segments import Stretch
    from models.video.tracks import Look
    from models.video.watching import Watcher

    engine = engine_of(config)
    watcher = Watcher(engine)
    size, opening = (0, 0), np.zeros((36, 64), np.uint8)
    closing = opening
    try:
        for frame in frames(footage, span):
            watcher.see(frame.time, frame.luma, frame.picture)
            if len(watcher.times) == 1:
                size, opening = frame.size, frame.luma
            closing = frame.luma
    except VideoError as error:
        return Refused(str(error))
    usual = np.array(watcher.cuts.usual, np.float64)
    watcher.close()
    times = np.array(watcher.times, np.float64) - section.start
    seen = Look(engine.version, size, times, np.array(watcher.shots, np.int64), tuple(watcher.tracks))
    return Stretch(seen, opening, closing, usual).to_bytes()


def join(stretches: Sequence[bytes]) -> bytes:
    """The look of a section, serialised, from its spans in order; shots and tracks go on across their borders."""
    from models.video.segments import Stretch, joined

    return joined([Stretch.from_bytes(data) for data in stretches]).to_bytes()


def bill(look: bytes, recogniser: bytes, how: Billing) -> Billed:
    """Who is in a clip, and what is drawn on it."""
    from bot.media.captions import script

    seen, named = _cast(look, recogniser, how)
    return Billed(
        named.group_name,
        tuple(_billed(seen, person) for person in named.people),
        script(seen, named, how.style),
        seen.size,
        _shown_until(seen)[-1] if len(seen.times) else 0.0,
    )


def names_in(stretch: bytes, recogniser: bytes, how: Billing) -> tuple[str, ...]:
    """The members who are surely in a stretch, before the others are looked at."""
    from models.recognition.recogniser import Recogniser
    from models.video.cast import cast
    from models.video.segments import Stretch

    seen = Stretch.from_bytes(stretch).look
    named = cast(Recogniser.from_bytes(recogniser), seen, group=how.group, threshold=how.threshold)
    return tuple(person.guess.name for person in named.people if person.guess.name and person.guess.band == "sure")


def caption(look: bytes, credits: Sequence[Credit], style: CaptionStyle) -> str:
    """What is drawn on a clip whose people are known: ASS."""
    from bot.media.captions import script
    from models.video.cast import NOBODY, Cast, Person
    from models.video.tracks import Look

    seen = Look.from_bytes(look)
    guesses = [NOBODY] * len(seen.tracks)
    for credit in credits:
        for place in credit.tracks:
            guesses[place] = credit.guess
    people = tuple(Person(credit.number, credit.guess, credit.tracks) for credit in credits)
    return script(seen, Cast(None, None, tuple(guesses), people), style)


def faces_by_frame(look: bytes, recogniser: bytes, how: Billing) -> dict[str, Any]:
    """Every face of every frame, as it is written to JSON: `{"fps", "frames": [[{"name", "box", "confidence"}]]}`.

    `box` is [left, top, right, bottom] in pixels; `name` and `confidence` are None for somebody unknown.
    """
    seen, named = _cast(look, recogniser, how)
    frames: list[list[dict[str, Any]]] = [[] for _ in seen.times]
    for place in sorted(place for person in named.people for place in person.tracks):
        track, guess = seen.tracks[place], named.guesses[place]
        for number, box in enumerate(track.boxes.round().astype(int).tolist(), start=track.first):
            frames[number].append({"name": guess.name, "box": box, "confidence": confidence_of(guess)})
    length = float(seen.times[-1] - seen.times[0]) if len(seen.times) > 1 else 0.0
    return {"fps": round((len(seen.times) - 1) / length, 3) if length else 0.0, "frames": frames}


def _cast(look: bytes, recogniser: bytes, how: Billing) -> tuple[Look, Cast]:
    from models.recognition.recogniser import Recogniser
    from models.video.cast import cast
    from models.video.tracks import Look

    seen = Look.from_bytes(look)
    whom = Recogniser.from_bytes(recogniser)
    return seen, cast(whom, seen, group=how.group, threshold=how.threshold)


def _billed(look: Look, person: Person) -> BilledPerson:
    from models.faces import Box
    from models.video.tracks import worth

    best = max((look.tracks[place] for place in person.tracks), key=lambda track: worth(track.qualities[0]))
    portrait = best.portrait
    if portrait is None:
        raise ValueError("a track with encodings and without a portrait")
    until = _shown_until(look)
    tracks = [look.tracks[place] for place in person.tracks]
    spans = merged((float(look.times[track.first]), until[track.last]) for track in tracks)
    return BilledPerson(
        person.number,
        person.guess,
        person.tracks,
        spans,
        sum(end - start for start, end in spans),
        Cut(portrait.jpeg, portrait.face_width, portrait.sharpness, hash_of(portrait.jpeg)),
        Box(*(round(corner) for corner in best.boxes[len(best.boxes) // 2].tolist())),
        best.encodings[0].tobytes(),
        best.qualities[0].flaws,
    )


def _shown_until(look: Look) -> list[float]:
    """When each frame gives way to the next; the last one is shown as long as most."""
    times = look.times.tolist()
    usual = sorted(after - before for before, after in pairwise(times))
    return [*times[1:], times[-1] + (usual[len(usual) // 2] if usual else 0.04)]
