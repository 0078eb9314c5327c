"""Invented clips: what the queue hands to the reporter, and the files beside it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from bot.domain.answers import Answer, AnsweredFace, AnsweredPicture
from bot.domain.clip_requests import ReplyTarget
from bot.domain.clips import (
    NOTHING_MISSING,
    ClipAttachments,
    ClipStage,
    FinishedClip,
    MissingFootage,
    PersonScreenTime,
    ReportedClip,
)
from models.faces import Box, ConfidenceBand, Guess, MemberCandidate


def face(number: int, name: str | None) -> AnsweredFace:
    """A face of a clip, named surely or not at all."""
    guess = Guess(None, None, 0.9, ConfidenceBand.UNKNOWN)
    if name is not None:
        guess = Guess(number, name, 0.97, ConfidenceBand.SURE, (MemberCandidate(number, name, 0.97),))
    return AnsweredFace(number, number, Box(0, 0, 9, 9), guess, None)


def finished(
    *names: str | None,
    spans: tuple[tuple[float, float], ...] = ((3.0, 8.2), (15.0, 21.0)),
    title: str = "TWICE M/V.mp4",
    link: str | None = None,
    start: float = 30.0,
    stale: bool = False,
    in_review: int = 0,
    asker: int = 1,
    unheard: str | None = None,
    missing: MissingFootage = NOTHING_MISSING,
) -> FinishedClip:
    """A clip of sixty seconds with these people, all of them on screen at the same times."""
    faces = tuple(face(number, name) for number, name in enumerate(names, start=1))
    picture = AnsweredPicture(0, title, (640, 360), "TWICE", None, faces)
    return FinishedClip(
        job_id=7,
        title=title,
        link=link,
        start=start,
        seconds=60.0,
        answer=Answer(5, 1, asker, "dlib-1", 0.5, (0,), (picture,)),
        cast=tuple(
            PersonScreenTime(one.number, (one.number - 1,), spans, sum(end - begin for begin, end in spans))
            for one in faces
        ),
        stale=stale,
        in_review=in_review,
        unheard=unheard,
        missing=missing,
    )


def attachments(folder: Path, size: int = 1000) -> ClipAttachments:
    """The files of a clip; nobody plays them."""
    clip, chart = folder / "clip.mp4", BytesIO()
    clip.write_bytes(bytes(size))
    Image.new("RGB", (110, 50)).save(chart, "PNG")
    return ClipAttachments(clip, chart.getvalue())


def reported_clip(
    channel: int,
    card: int | None,
    *,
    asker: int = 1,
    server: int | None = 1,
    token: str | None = None,
    until: float = 0.0,
) -> ReportedClip:
    """A clip whose card is this message."""
    return ReportedClip(
        job_id=7,
        asker_id=asker,
        server_id=server,
        question_message_id=None,
        answer_id=None,
        target=ReplyTarget(channel, 10 << 20, card, token, until),
    )


def no_progress(stage: ClipStage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
    """Where nobody wants to know how far a clip is."""
