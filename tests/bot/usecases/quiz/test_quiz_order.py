"""Who is asked in a quiz, among which names, and what an answer does to a memory: with chance and time passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot import jobs
from bot.database.engine import Database
from bot.database.quiz import MemberProgress, QuizMistake, QuizRepository, merge_pairs
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.quiz import MemoryState, QuizCrop, QuizHistory, QuizMember
from bot.domain.rosters import SHARED_ROSTER, EnrolledEncoding
from bot.settings import Settings
from bot.text.formatting import approximate_duration
from bot.usecases.quiz.choosing import NAMES, best_crops, choose_crop, choose_member, choose_names
from bot.usecases.quiz.memory import AGAIN, QUICK, after_answer, after_confusion, retrievability
from tests.support.galleries import ENGINE, SERVER, add_photo, enrol

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def database(data: Path) -> AsyncGenerator[Database]:
    async with Database.open(Settings(data=data)) as database:
        yield database


def member(id: int, group: int = 1, crops: int = 2, name: str | None = None) -> QuizMember:
    shown = tuple(QuizCrop(100 * id + place, f"{id}-{place}.jpg", 120, 3.0) for place in range(crops))
    name = name or f"M{id}"
    return QuizMember(id, name, name.casefold(), group, f"G{group}", shown)


def good(now: datetime = NOW) -> MemoryState:
    return after_answer(None, right=True, quick=False, now=now)


def test_a_wrong_answer_comes_back_in_a_minute_and_a_right_one_after_longer_each_time() -> None:
    wrong = after_answer(None, right=False, quick=False, now=NOW)
    assert wrong.due == NOW + AGAIN
    mended = after_answer(wrong, right=True, quick=False, now=wrong.due)
    assert mended.due >= wrong.due + DAY
    gaps: list[timedelta] = []
    memory, now = good(), NOW
    for _ in range(4):
        gaps.append(memory.due - now)
        now = memory.due
        memory = after_answer(memory, right=True, quick=False, now=now)
    assert gaps == sorted(set(gaps))
    assert gaps[0] >= DAY
    assert after_answer(None, right=True, quick=True, now=NOW).due > good().due
    lapsed = after_answer(memory, right=False, quick=False, now=now + DAY)
    assert lapsed.due == now + DAY + AGAIN
    assert (lapsed.stability or 0) < (memory.stability or 0)
    assert QUICK < AGAIN


def test_who_was_taken_for_another_comes_back_and_is_remembered_as_before() -> None:
    known = good()
    soon = after_confusion(known, NOW)
    assert soon == replace(known, due=NOW + AGAIN)
    overdue = after_confusion(known, known.due + DAY)
    assert overdue == known
    new = after_confusion(None, NOW)
    assert (new.due, new.stability, new.last_review) == (NOW + AGAIN, None, None)
    assert retrievability(known, NOW + 30 * DAY) < retrievability(known, NOW + 3 * DAY) < 1.0


def test_due_comes_before_new_and_new_before_the_least_retrievable() -> None:
    people = [member(id) for id in range(1, 6)]
    memories = {
        1: replace(good(NOW - 40 * DAY), due=NOW + DAY),
        2: good(NOW - 3 * DAY),
        3: good(NOW - 9 * DAY),
        4: replace(good(NOW - DAY), due=NOW + DAY),
    }
    order: list[int] = []
    asked = QuizHistory()
    for seed in range(5):
        chosen = choose_member(people, memories, asked, NOW, Random(seed))
        assert chosen is not None
        order.append(chosen.id)
        asked = QuizHistory((*asked.members, chosen.id), asked.crops | {crop.id for crop in chosen.crops})
    assert order == [3, 2, 5, 1, 4]
    assert choose_member(people, memories, asked, NOW, Random(0)) is None


def test_nobody_twice_in_a_row_and_no_crop_twice() -> None:
    people = [member(1, crops=3), member(2, crops=3)]
    memories = {1: good(NOW - 30 * DAY)}
    for seed in range(20):
        chance, asked = Random(seed), QuizHistory()
        while (chosen := choose_member(people, memories, asked, NOW, chance)) is not None:
            crop = choose_crop(chosen, asked, chance)
            assert crop.id not in asked.crops
            asked = QuizHistory((*asked.members, chosen.id), asked.crops | {crop.id})
        assert asked.members == (1, 2, 1, 2, 1, 2)
        assert len(asked.crops) == 6


def test_a_clear_crop_is_shown_first_and_the_best_other_beside_it() -> None:
    crops = (QuizCrop(1, "", 40, 3.0), QuizCrop(2, "", 200, 1.0), QuizCrop(3, "", 90, 3.0), QuizCrop(4, "", 150, None))
    one = replace(member(1), crops=crops)
    assert {choose_crop(one, QuizHistory(), Random(seed)).id for seed in range(30)} == {3, 4}
    assert {choose_crop(one, QuizHistory((), frozenset({3, 4})), Random(seed)).id for seed in range(30)} == {1, 2}
    assert [crop.id for crop in best_crops(one, {4})] == [3, 2, 1]


def test_names_are_drawn_from_look_alikes_of_the_group() -> None:
    people = [member(id) for id in range(1, 10)] + [member(id, group=2) for id in range(11, 14)]
    alike = [5, 4, 3, 2, 6, 7, 8, 9, 11]
    drawn: Counter[int] = Counter()
    places: Counter[int] = Counter()
    for seed in range(400):
        names = choose_names(people[0], people, alike, [], Random(seed))
        assert len(set(names)) == NAMES
        assert names == choose_names(people[0], people, alike, [], Random(seed))
        drawn.update(names)
        places[names.index(1)] += 1
    assert set(drawn) == {1, 2, 3, 4, 5, 6}
    assert all(drawn[id] > 180 for id in (2, 3, 4, 5, 6))
    assert min(places.values()) > 70


def test_who_was_mixed_up_before_is_always_among_the_names() -> None:
    people = [member(id) for id in range(1, 10)]
    for seed in range(20):
        assert 9 in choose_names(people[0], people, [2, 3, 4, 5, 6], [9, 8], Random(seed))


def test_other_groups_help_out_and_no_name_is_there_twice() -> None:
    people = [member(1), member(2), member(3, group=2), member(4, group=2), member(5, group=2, name="M1")]
    for seed in range(20):
        assert set(choose_names(people[0], people, [], [], Random(seed))) == {1, 2, 3, 4}
        assert set(choose_names(people[0], people[:2], [], [], Random(seed))) == {1, 2}


def test_look_alikes_by_the_rosters_own_distances(gallery_rows: list[EnrolledEncoding]) -> None:
    alike = jobs.look_alikes_of_each(gallery_rows, ENGINE)
    assert set(alike) == {11, 12, 13, 14, 21}
    assert set(alike[11][:3]) == {12, 13, 14}
    assert alike[11][3:] == (21,)


def test_mistakes_for_each_other_count_together() -> None:
    found = merge_pairs([QuizMistake(1, 2, 3), QuizMistake(2, 1, 2), QuizMistake(1, 3, 4)])
    assert found == [QuizMistake(1, 2, 5), QuizMistake(1, 3, 4)]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "1 min"),
        (0.02, "29 min"),
        (0.2, "5 h"),
        (2.3, "2 days"),
        (59, "59 days"),
        (120, "4 months"),
        (730, "2 years"),
    ],
)
def test_a_time_in_words(days: float, words: str) -> None:
    assert approximate_duration(days) == words


async def test_a_server_sees_its_own_faces_and_the_shared_ones_alone(
    database: Database, gallery_rows: list[EnrolledEncoding]
) -> None:
    for server in (SERVER, SERVER + 1):
        await enrol(database, gallery_rows[:6], server=server)
    shared = [replace(row, group_name=name) for row in gallery_rows[12:16] for name in ("G1", "House")]
    await enrol(database, shared, server=SHARED_ROSTER)
    await add_photo(database, "House", "Solo", gallery_rows[0].vector, server=SHARED_ROSTER)
    async with database.reading() as session:
        members = await QuizRepository(session).members(SERVER)
        own = {group.id for group in await RosterRepository(session).groups([SERVER])}
    assert {(one.name, one.group_name, one.group in own) for one in members} == {
        ("M11", "G1", True),
        ("M12", "G1", True),
        ("M14", "House", False),
        ("Solo", "House", False),
    }


async def test_scores_and_memories_are_kept(database: Database, gallery_rows: list[EnrolledEncoding]) -> None:
    await enrol(database, gallery_rows[:6])
    async with database.writing() as session:
        await ServerRepository(session).ensure(SERVER)
        quizzes = QuizRepository(session)
        one, *_ = await quizzes.members(SERVER)
        for right in (True, True, False, True):
            await quizzes.score(SERVER, one.group, 5, right=right)
        await quizzes.score(SERVER, one.group, 6, right=True)
        await quizzes.remember(5, one.id, MemberProgress(good(), 4, 3))
    async with database.reading() as session:
        quizzes = QuizRepository(session)
        assert [tuple(score) for score in await quizzes.scores(SERVER)] == [(5, 3, 4, 1, 2), (6, 1, 1, 1, 1)]
        assert await quizzes.scores(SERVER, one.group + 1) == []
        assert await quizzes.memories(5) == {one.id: MemberProgress(good(), 4, 3)}
    async with database.writing() as session:
        await QuizRepository(session).forget(5)
    async with database.reading() as session:
        assert await QuizRepository(session).memories(5) == {}
        assert [score.person for score in await QuizRepository(session).scores(SERVER)] == [6]
