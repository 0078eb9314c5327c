"""Turns: bounded, fair to people and servers, and left by whoever no longer waits."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

import pytest

from bot.errors import BusyError
from bot.infra.request_context import Asker, Urgency, bulk_request_context, request_context
from bot.infra.turns import MAX_WAITING, Turn, TurnQueue
from tests.conftest import LONG_ENOUGH

ANN, BEN, CLEO = (Asker(person, server=1, urgency=Urgency.ASKED) for person in (1, 2, 3))
FAR = Asker(9, server=2, urgency=Urgency.ASKED)
PATIENCE = 10.0


class Line:
    """Turns whose clock stands still between the steps of a test, and the turns in the order in which they began."""

    def __init__(
        self,
        slots: int = 1,
        *,
        budget: float = math.inf,
        limits: dict[object, int] | None = None,
        asker_slots: float = math.inf,
        asker_budget: float = math.inf,
        patience: float = PATIENCE,
    ) -> None:
        self.now = 0.0
        self.turns = TurnQueue(
            slots,
            budget=budget,
            limits=limits,
            asker_slots=asker_slots,
            asker_budget=asker_budget,
            patience=patience,
            timer=lambda: self.now,
        )
        self.begun: list[Turn] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, *askers: Asker, size: int = 0, kind: object = None) -> None:
        """Let each of these wait for one more turn."""
        for asker in askers:
            with request_context(asker):
                self.tasks.append(asyncio.create_task(self._wait(kind, size)))
        await settled()

    async def end(self, turn: Turn, *, seconds: float = 1.0) -> None:
        """End a turn after some seconds."""
        self.now += seconds
        self.turns.release(turn)
        self.begun.remove(turn)
        await settled()

    async def serve(self, most: int, *, seconds: dict[Asker, float] | None = None) -> list[Asker]:
        """End one turn after the other, the longest first; those who had them."""
        served: list[Asker] = []
        while self.begun and len(served) < most:
            turn = self.begun[0]
            served.append(turn.asker)
            await self.end(turn, seconds=(seconds or {}).get(turn.asker, 1.0))
        return served

    async def _wait(self, kind: object, size: int) -> None:
        self.begun.append(await self.turns.acquire(kind=kind, size=size))


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def shares_of(served: Sequence[Asker]) -> Counter[Asker]:
    return Counter(served)


async def test_a_hundred_pictures_of_one_person_delay_another_by_one() -> None:
    line = Line()
    await line.ask(*[ANN] * 100)
    await line.ask(BEN)
    assert await line.serve(2) == [ANN, BEN]


async def test_people_of_a_server_share_evenly() -> None:
    line = Line(slots=2)
    await line.ask(*[ANN] * 50, *[BEN] * 10, *[CLEO] * 10)
    assert shares_of(await line.serve(30)) == {ANN: 10, BEN: 10, CLEO: 10}


async def test_two_servers_share_evenly_whatever_the_number_of_their_people() -> None:
    line = Line()
    crowd = [Asker(person, server=1, urgency=Urgency.ASKED) for person in range(10)]
    await line.ask(*crowd * 5, *[FAR] * 10)
    served = await line.serve(20)
    assert shares_of(served)[FAR] == 10
    assert len({asker for asker in served if asker != FAR}) == 10


async def test_one_long_turn_weighs_as_many_short_ones() -> None:
    line = Line()
    await line.ask(*[ANN] * 10, *[BEN] * 40)
    served = await line.serve(22, seconds={ANN: 10.0})
    assert shares_of(served) == {ANN: 2, BEN: 20}


async def test_a_watched_channel_has_a_quarter_of_a_question() -> None:
    line = Line()
    watched = Asker(4, server=1, urgency=Urgency.WATCHED)
    await line.ask(*[watched] * 20, *[ANN] * 20)
    assert shares_of(await line.serve(20)) == {ANN: 16, watched: 4}


async def test_an_archive_delays_no_question_of_the_same_person() -> None:
    line = Line()
    with request_context(ANN), bulk_request_context():
        line.tasks += [asyncio.create_task(line._wait(None, 0)) for _ in range(30)]
    await settled()
    await line.serve(10)
    await line.ask(ANN)
    assert ANN in await line.serve(2)


async def test_a_newcomer_is_not_first_for_as_long_as_others_were_served_before() -> None:
    line = Line()
    await line.ask(*[ANN] * 30)
    await line.serve(20)
    await line.ask(*[BEN] * 10)
    assert shares_of(await line.serve(10)) == {ANN: 5, BEN: 5}


async def test_who_comes_back_at_once_has_no_advantage() -> None:
    line = Line()
    await line.ask(ANN, *[BEN] * 20)
    served: list[Asker] = []
    for _ in range(11):
        served += await line.serve(1, seconds={ANN: 10.0})
        await line.ask(*[ANN] * (ANN not in [turn.asker for turn in line.begun] and served[-1] == ANN))
    assert shares_of(served)[ANN] == 1


async def test_no_more_turns_than_slots_are_running() -> None:
    line = Line(slots=3)
    await line.ask(*[ANN] * 5)
    assert len(line.begun) == 3
    line.turns.resize(4)
    await settled()
    assert len(line.begun) == 4


async def test_a_kind_has_its_own_limit() -> None:
    line = Line(slots=3, limits={"clip": 1})
    await line.ask(*[ANN] * 3, kind="clip")
    assert [turn.kind for turn in line.begun] == ["clip"]
    await line.ask(BEN, kind="picture")
    assert [turn.kind for turn in line.begun] == ["clip", "picture"]
    await line.end(line.begun[0])
    assert [turn.kind for turn in line.begun] == ["picture", "clip"]


async def test_clips_have_a_quarter_of_the_turns_of_questions() -> None:
    line = Line()
    clip = Asker(4, server=1, urgency=Urgency.BULK)
    await line.ask(*[clip] * 20, *[ANN] * 20)
    assert shares_of(await line.serve(20)) == {ANN: 16, clip: 4}


async def test_the_estimate_is_of_turns_of_the_same_kind() -> None:
    line = Line()
    await line.ask(*[ANN] * 30, kind="clip")
    await line.serve(30, seconds={ANN: 100.0})
    await line.ask(*[BEN] * 4, kind="picture")
    with request_context(ANN):
        line.turns.check_room(1, kind="picture")
    with request_context(CLEO), pytest.raises(BusyError):
        line.turns.check_room(1, kind="clip")


async def test_nobody_holds_all_turns_or_bytes() -> None:
    line = Line(slots=10, budget=100, asker_slots=3, asker_budget=50)
    await line.ask(*[ANN] * 5, size=1)
    await line.ask(*[BEN] * 5, size=20)
    await line.ask(CLEO, CLEO, size=55)
    assert Counter(turn.asker for turn in line.begun) == {ANN: 3, BEN: 2, CLEO: 1}


async def test_bytes_are_bounded_together() -> None:
    line = Line(slots=10, budget=100)
    await line.ask(ANN, ANN, ANN, size=40)
    assert len(line.begun) == 2
    line.turns.shrink(line.begun[0], 10)
    await settled()
    assert len(line.begun) == 3


async def test_a_file_larger_than_the_budget_gets_its_time_alone() -> None:
    line = Line(slots=10, budget=100)
    await line.ask(ANN, size=30)
    await line.ask(BEN, size=500)
    await line.ask(*[ANN] * 20, size=30)
    assert [turn.asker for turn in line.begun] == [ANN]
    await line.end(line.begun[0])
    assert [turn.asker for turn in line.begun] == [BEN]
    await line.end(line.begun[0])
    assert len(line.begun) == 3


async def test_many_small_files_do_not_starve_a_large_one() -> None:
    line = Line(slots=10, budget=100)
    await line.ask(*[ANN] * 5, size=20)
    await line.ask(BEN, size=90)
    for _ in range(5):
        await line.ask(ANN, size=20)
        await line.end(line.begun[0])
    assert [turn.asker for turn in line.begun] == [BEN]


async def test_who_is_cancelled_no_longer_waits() -> None:
    line = Line()
    await line.ask(ANN, BEN, CLEO)
    line.tasks[1].cancel()
    with suppress(asyncio.CancelledError):
        await line.tasks[1]
    assert await line.serve(3) == [ANN, CLEO]


async def test_who_is_cancelled_as_the_turn_begins_gives_it_back() -> None:
    line = Line()
    await line.ask(ANN, BEN, CLEO)
    line.now += 1
    line.turns.release(line.begun.pop())
    line.tasks[1].cancel()  # its turn is granted, and it has not run since
    await settled()
    assert [turn.asker for turn in line.begun] == [CLEO]


async def test_a_turn_costs_nothing_after_its_part_that_counts() -> None:
    line = Line()
    await line.ask(ANN, ANN, BEN)
    line.turns.stop_charging(line.begun[0])
    assert await line.serve(1, seconds={ANN: 100.0}) == [ANN]
    await line.ask(BEN)
    assert await line.serve(3) == [ANN, BEN, BEN]


async def test_who_would_wait_too_long_hears_when_to_come_back() -> None:
    line = Line()
    await line.ask(*[ANN] * 30)
    with request_context(ANN), pytest.raises(BusyError) as busy:
        line.turns.check_room(1)
    assert 10 < busy.value.until - time.time() < 60
    with request_context(BEN):
        line.turns.check_room(3)
    with request_context(BEN), pytest.raises(BusyError):
        line.turns.check_room(20)


async def test_a_watched_channel_is_dropped_first() -> None:
    line = Line()
    await line.ask(*[Asker(person, 1, Urgency.ASKED) for person in range(4)])
    with request_context(Asker(8, 1, Urgency.WATCHED)), pytest.raises(BusyError):
        line.turns.check_room(1)
    with request_context(Asker(8, 1, Urgency.ASKED)):
        line.turns.check_room(1)


async def test_the_whole_queue_is_bounded() -> None:
    line = Line(patience=math.inf)
    people = (Asker(person, person, Urgency.ASKED) for person in range(10, 10_000))
    await line.ask(*islice(people, MAX_WAITING + 1))
    with request_context(ANN), pytest.raises(BusyError):
        line.turns.check_room(1)
    for task in line.tasks:
        task.cancel()
    await asyncio.gather(*line.tasks, return_exceptions=True)
    with request_context(ANN):
        line.turns.check_room(1)


async def test_a_request_that_has_begun_is_not_turned_away() -> None:
    line = Line()
    with request_context(ANN):
        line.turns.check_room(1)
        await line.ask(*[ANN] * 50)
        line.turns.check_room(1)


async def test_the_bots_own_work_is_not_turned_away() -> None:
    line = Line()
    await line.ask(*[ANN] * 50, *[FAR] * 50)
    line.turns.check_room(100)


async def test_nothing_is_left_of_those_who_are_done() -> None:
    line = Line(slots=2)
    for round_ in range(50):
        await line.ask(Asker(round_, server=round_ % 3, urgency=Urgency.ASKED), ANN)
        await line.serve(1)
    await line.serve(1_000)
    shares = line.turns._shares
    assert shares.waiting == 0
    assert not shares._people
    assert not shares._places._had


async def test_turns_of_many_at_once_come_to_an_end() -> None:
    """Random askers, sizes and cancellations: everybody gets a turn who waits for one."""
    turns = TurnQueue(4, budget=50)
    served = 0

    async def visit(number: int) -> None:
        nonlocal served
        with request_context(Asker(number % 7, server=number % 3, urgency=Urgency.ASKED)):
            async with turns.turn(size=number % 60):
                await asyncio.sleep(0)
                served += 1

    tasks = [asyncio.create_task(visit(number)) for number in range(600)]
    await asyncio.sleep(0)
    for task in tasks[::5]:
        task.cancel()
    async with asyncio.timeout(LONG_ENOUGH):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert served >= 480
    assert turns._running == turns._waiting == []
