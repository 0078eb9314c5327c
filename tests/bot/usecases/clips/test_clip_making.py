"""What is kept of the people of a clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import App
from bot.clock import utc_now
from bot.database.clips import ClipRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import QuestionFace
from bot.domain.clip_requests import ClipRequest, ReplyTarget
from bot.domain.clips import NOTHING_MISSING, NamedClip, NamedPerson, common_screen_time, merge_spans
from bot.domain.deletions import MessageScope
from bot.domain.faces import FaceCrop
from bot.infra.clip_files import CachedVideo
from bot.infra.recent_deletions import RecentDeletions
from bot.learning.recognisers import FittedRecogniser
from bot.media.videos.footage import VideoSection
from bot.usecases import deletions
from bot.usecases.clips import attempt, request
from bot.usecases.clips.attempt import IN_REVIEW, numbers_to_learn
from bot.usecases.clips.pipeline import AnnotatedClip
from bot.usecases.questions import identify
from bot.usecases.questions.identify import IdentifyRequest
from models.faces import Box, ConfidenceBand, Guess
from tests.support.clips import no_progress


def person(number: int, name: str | None, seconds: float) -> NamedPerson:
    guess = Guess(number if name else None, name, 0.9, ConfidenceBand.SURE if name else ConfidenceBand.UNKNOWN)
    return NamedPerson(
        number, guess, (number,), ((0.0, seconds),), seconds, FaceCrop(b"", 100, 2.0), Box(0, 0, 9, 9), b"", ()
    )


def test_of_a_crowd_that_nobody_could_name_the_few_seen_longest_wait_in_the_review() -> None:
    crowd = [person(number, None, seconds=number / 10) for number in range(3, 23)]
    people = [person(1, "Sana", 9.0), person(2, "Momo", 0.1), *crowd]
    assert numbers_to_learn(people) == {1, 2, *range(23 - IN_REVIEW, 23)}


def test_times_of_several_people_are_counted_once() -> None:
    assert merge_spans([(5.0, 6.0), (0.0, 2.0), (2.0, 3.0)]) == ((0.0, 3.0), (5.0, 6.0))
    assert common_screen_time([[(0.0, 2.0), (5.0, 6.0)], [(1.0, 3.0)]]) == (((0.0, 3.0), (5.0, 6.0)), 4.0)


@pytest.mark.parametrize(
    "gone", [MessageScope(frozenset({555})), MessageScope(channels=frozenset({60}))], ids=["message", "channel"]
)
async def test_of_a_link_whose_message_was_deleted_nothing_is_kept_though_the_bot_ended_meanwhile(
    app: App, monkeypatch: pytest.MonkeyPatch, gone: MessageScope
) -> None:
    async def made(*_: object) -> AnnotatedClip:
        known = replace(person(1, None, 2.0), vector=b"1234")
        named = NamedClip(None, (known,), "", (9, 9), 2.0)
        return AnnotatedClip(Path("clip.mp4"), b"", None, NOTHING_MISSING, VideoSection(0.0, 2.0), named)

    async def drawn(*_: object) -> bytes:
        return b""

    async def fitted(*_: object) -> FittedRecogniser:
        return FittedRecogniser(app.engine_config, "dlib-1", b"")

    monkeypatch.setattr(attempt, "annotate", made)
    monkeypatch.setattr(attempt, "draw_chart", drawn)
    monkeypatch.setattr(identify, "recogniser_for", fitted)
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(7, "TWICE")
        await RosterRepository(session).add_member(group.id, "Sana")
    asked = IdentifyRequest(1, 7, 60, 50, source_message_id=555, rosters=(7,))
    await request.request_clip(
        app, asked, ClipRequest("https://www.youtube.com/watch?v=aaaaaaaaaaa"), ReplyTarget(50, 10 << 20, card_id=40)
    )
    await deletions.forget(app, gone)
    app = replace(app, deletions=RecentDeletions())
    async with app.database.writing() as session:
        job = await ClipRepository(session).begin_next(utc_now())
        assert job is not None
    await attempt.make(app, job, CachedVideo(Path(), "Fancy"), no_progress)
    async with app.database.reading() as session:
        (face,) = await session.scalars(select(QuestionFace))
        assert (face.crop_id, face.vector) == (None, b"")
        assert (await session.get_one(ClipJob, job.id)).question_id is not None
    assert await app.storage.keys("crops") == []
