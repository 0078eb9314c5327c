"""The bench that kills: it notices what is lost, doubled or left behind, and finds none of that in the real bot."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from bench.kill.ledger import Added, Ledger, faults, unfinished_clips
from bench.kill.processes import descendants, left_behind, still_alive
from bench.kill.report import Report, Victim
from bench.kill.rounds import run
from bot.database.engine import FILE, Database
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Crop, Group, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.enums import AnnotationMeaning, CaptionStyle, ClipState
from bot.infra.temporary import TemporaryFolder
from bot.settings import Settings
from tests.support.wire_world import Json

MODERATOR, CARD, CLIP_CARD, CLIP = 5, 70, 80, 81
KEPT = Ledger(added=[Added(1, "ITZY", "Yeji", 1)], confirmed={1: MODERATOR}, clips=[CLIP_CARD])


def label() -> Annotation:
    return Annotation(batch="b", meaning=AnnotationMeaning.STRANGER, author_id=MODERATOR, trust=2, counts=True)


def clip_job(**values: object) -> ClipJob:
    common = {"request_hash": "h", "asker_id": 1, "channel_id": 1, "rosters": [], "max_bytes": 1, "title": ""}
    given = {"video": "v", "start": 0.0, "style": CaptionStyle.NAMES, "card_id": CLIP_CARD, "state": ClipState.DONE}
    return ClipJob(**(common | given | {"answer_id": CLIP} | values))


def message(number: int, text: str = "", replies_to: int = 0) -> Json:
    reference = {"message_id": str(replies_to)} if replies_to else None
    return {"id": str(number), "flags": 0, "components": [text], "message_reference": reference}


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A data folder with all that `KEPT` lists; its database."""
    async with Database.open(Settings(data=tmp_path)) as database, database.writing() as session:
        session.add(Server(id=1))
        await session.flush()
        group = Group(server_id=1, name="ITZY", key="itzy", members=[Member(name="Yeji", key="yeji")])
        crop = Crop(server_id=1, sha256="s", key="crops/a.jpg", bytes=1, face_width=80)
        session.add_all([group, crop])
        await session.flush()
        session.add(Photo(member_id=group.members[0].id, crop_id=crop.id, added_by=MODERATOR))
        face = QuestionFace(
            number=1, box=[], vector=b"", confidence=1.0, band="sure", candidates=[], annotations=[label()]
        )
        picture = QuestionPicture(position=0, name="a.jpg", faces=[face])
        asked = {"asker_id": 1, "engine": "dlib-1", "threshold": 0.5, "rosters": [], "card_message_id": CARD}
        session.add_all([Question(pictures=[picture], **asked), clip_job()])
    return tmp_path / FILE


def found(database: Path, ledger: Ledger = KEPT, cards: dict[int, int] | None = None, *more: Json) -> list[str]:
    there = [message(CARD), message(CLIP_CARD, "Done"), message(CLIP, "stage.mp4", CLIP_CARD), *more]
    return list(faults(ledger, database, cards or {1: CARD}, {int(each["id"]): each for each in there}))


async def test_what_is_there_once_is_no_fault(database: Path) -> None:
    assert found(database) == []
    assert unfinished_clips(database) == 0


async def test_what_is_lost_is_a_fault(database: Path) -> None:
    lost = Ledger(added=[Added(1, "ITZY", "Yeji", 2), Added(1, "ITZY", "Ryujin", 1)], confirmed={2: MODERATOR})
    assert found(database, lost) == [
        "Yeji of ITZY has 1 photos in place of 2",
        "Ryujin of ITZY has 0 photos in place of 1",
        "the names of question 2 were confirmed, and no label is there",
    ]


async def test_a_card_that_the_database_does_not_know_is_a_fault(database: Path) -> None:
    assert found(database, KEPT, {1: 71, 9: 72}) == [
        "card 71 of question 1 is not in the database, so its deletion forgets nothing",
        "card 72 stands for question 9, which is not there",
    ]


async def test_a_clip_that_is_stuck_or_posted_twice_is_a_fault(database: Path) -> None:
    taken = Ledger(clips=[90, CLIP_CARD])
    again = message(91, "stage.mp4", CLIP_CARD)
    async with Database.open(Settings(data=database.parent)) as opened, opened.writing() as session:
        session.add(clip_job(state=ClipState.FAILED, card_id=92, answer_id=None))
    assert found(database, taken, None, message(90, "I have it"), again) == [
        "clip 2 was given up",
        "card 90 says that a clip was taken, and nothing else, and has 0 jobs",
        f"the clip of card {CLIP_CARD} is posted 2 times",
    ]


async def test_a_question_that_is_answered_twice_is_a_fault(database: Path) -> None:
    asked = Ledger(asked=[60, 61])
    replies = (message(number, replies_to=60 + number % 2) for number in (94, 96, 97))
    assert found(database, asked, None, *replies) == ["message 60 has 2 replies"]


async def test_photos_that_questions_may_have_added_are_a_minimum(database: Path) -> None:
    learning = Ledger(added=[Added(1, "ITZY", "Yeji", photos, learns=True) for photos in (0, 1, 2)])
    assert found(database, learning) == ["Yeji of ITZY has 1 photos in place of 2"]


async def test_what_is_there_twice_is_a_fault(database: Path) -> None:
    async with Database.open(Settings(data=database.parent)) as opened, opened.writing() as session:
        again = label()
        again.face_id = 1
        session.add_all([again, clip_job(state=ClipState.WAITING, answer_id=None)])
    assert found(database) == [
        "face 1 of question 1 is labelled 2 times",
        "clip 2 is still WAITING",
        f"the clip of card {CLIP_CARD} has 2 jobs",
    ]
    assert unfinished_clips(database) == 1


async def test_only_what_no_process_holds_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.kill.processes._PATIENCE", 0.1)
    with TemporaryFolder(tmp_path):
        (tmp_path / "nugu-run-dead").mkdir()
        (tmp_path / "tmpkey").mkdir()
        assert await left_behind(tmp_path) == ["nugu-run-dead", "tmpkey"]


async def test_a_process_that_stays_is_named_and_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.kill.processes._PATIENCE", 0.1)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    (named,) = await still_alive([each for each in descendants(psutil.Process()) if each.pid == process.pid])
    assert named.startswith(f"{process.pid} ")
    assert await process.wait() == -9


def test_a_report_counts_each_fault_once() -> None:
    report = Report(counts="1 answers")
    assert report.add(Victim.BOT, []) == []
    assert report.add(Victim.WORKER, ["a", "b", "a"]) == ["a", "b"]
    assert report.add(Victim.WORKER, ["b"]) == []
    assert report.table().splitlines()[2:] == [
        "| bot | 1 | 0 |",
        "| worker | 2 | 2 |",
        "| scheduler | 0 | 0 |",
        "",
        "3 kills, 0 of them during a training, 2 faults; 1 answers",
        "kill 2 (worker): a",
        "kill 2 (worker): b",
    ]


@pytest.mark.thorough
async def test_three_kills_of_each_kind_cost_nothing() -> None:
    report = Report()
    await run(report, 9, seed=1)
    assert dict(report.kills) == dict.fromkeys(Victim, 3)
    assert report.faults == [], report.table()
