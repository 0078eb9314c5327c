"""Turns at a scarce resource, such as the workers: bounded, and fair to people and servers.

The asker with the smallest use comes next (`bot.infra.shares`), so nobody's work keeps others waiting. A request that would
wait too long is refused at once, with the time to come back.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from bot.clock import unix_time
from bot.errors import BusyError
from bot.infra.request_context import bulk_request_context, current_request_context
from bot.infra.shares import FairShares

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from bot.infra.request_context import Asker

MAX_WAITING = 1_000
"""Turns that are waited for at a time, at most. Each costs a kilobyte: nothing is read before its turn."""

REMEMBERED_TURNS = 8
"""The usual length of a turn follows the last turns: each counts one in so many."""


@dataclass(eq=False, slots=True)
class Turn:
    """A turn, waited for or begun. `kind`: whose limit it counts to. `size`: in bytes."""

    asker: Asker
    kind: object
    size: int
    number: int
    granted: asyncio.Future[None]
    began: float = 0.0
    ended: float | None = None
    """The time from which on it costs its asker nothing; None: its end."""


class TurnQueue:
    """Grants at most `slots` turns at a time, which hold at most `budget` bytes together.

    While the next turn waits for bytes, no other begins; so a turn that is larger than the budget gets its time alone.
    `limits`: the turns of a kind at a time, at most. `asker_slots`, `asker_budget`: the turns of one asker at a time, at most,
    and their bytes; a turn that is larger is the only one of its asker. `patience`: the seconds that a person who asked may
    have to wait. `usual`: the seconds of a turn, before one of its kind was measured.
    """

    def __init__(
        self,
        slots: int,
        *,
        budget: float = math.inf,
        limits: Mapping[object, int] | None = None,
        asker_slots: float = math.inf,
        asker_budget: float = math.inf,
        shares: FairShares | None = None,
        patience: float = math.inf,
        usual: float = 1.0,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = slots
        self._limits = limits or {}
        self._budget = budget
        self._asker_slots = asker_slots
        self._asker_budget = asker_budget
        self._shares = shares or FairShares()
        self._patience = patience
        self._usual: defaultdict[object, float] = defaultdict(lambda: usual)
        self._timer = timer
        self._numbers = count()
        self._waiting: list[Turn] = []
        self._running: list[Turn] = []

    @property
    def waiting(self) -> list[Asker]:
        """The askers of the turns that have not begun."""
        return [turn.asker for turn in self._waiting]

    def check_room(self, turns: int = 1, *, kind: object = None) -> None:
        """Raise BusyError where the current request would wait too long for the end of so many new turns of a kind.

        A request that has begun is never turned away.
        """
        context = current_request_context()
        share = context.asker.relative_patience
        if context.admitted or share is None:
            context.admitted = True
            return
        seconds, patience = self.seconds_until(context.asker, turns, kind=kind), share * self._patience
        if seconds > patience or self._shares.waiting + turns > MAX_WAITING:
            raise BusyError(unix_time() + max(self._usual[kind], seconds - min(seconds, patience) / 2))
        context.admitted = True

    def seconds_until(self, asker: Asker, turns: int, *, kind: object = None) -> float:
        """The estimated seconds until the end of so many new turns of a kind."""
        if len(self._running) + turns <= self._slots and not self._waiting:
            return self._usual[kind]
        return (self._shares.turns_until(asker, turns) + len(self._running)) * self._usual[kind] / self._slots

    @asynccontextmanager
    async def bulk_turn(self) -> AsyncGenerator[None]:
        """A turn for a whole order, whose work counts as bulk work. Raises BusyError where it would have to wait too long."""
        self.check_room()
        async with self.turn():
            with bulk_request_context():
                yield

    @asynccontextmanager
    async def turn(self, asker: Asker | None = None, *, size: int = 0) -> AsyncGenerator[Turn]:
        """A turn for `asker`, or for that of the current request, from its begin to the end of the context."""
        turn = await self.acquire(asker, size=size)
        try:
            yield turn
        finally:
            self.release(turn)

    async def acquire(self, asker: Asker | None = None, *, kind: object = None, size: int = 0) -> Turn:
        """Wait for a turn, which the caller gives back. A caller that is cancelled no longer waits."""
        granted = asyncio.get_running_loop().create_future()
        turn = Turn(asker or current_request_context().asker, kind, size, next(self._numbers), granted)
        self._shares.enter(turn.asker)
        self._waiting.append(turn)
        self._grant()
        try:
            await turn.granted
        except BaseException:
            self.release(turn)
            raise
        return turn

    def release(self, turn: Turn) -> None:
        """End a turn, which may still be waited for."""
        if turn in self._waiting:
            self._waiting.remove(turn)
            self._shares.begin(turn.asker)
        else:
            self._running.remove(turn)
            self._charge(turn)
        self._shares.leave(turn.asker)
        self._grant()

    def stop_charging(self, turn: Turn) -> None:
        """Charge nothing for the rest of a turn, since other turns count it."""
        turn.ended = self._timer()

    def shrink(self, turn: Turn, size: int) -> None:
        """Let a turn hold `size` bytes, which are fewer than it was granted."""
        turn.size = min(turn.size, size)
        self._grant()

    def resize(self, slots: int, limits: Mapping[object, int] | None = None, *, asker_slots: float = math.inf) -> None:
        """Change the numbers of turns at a time."""
        self._slots, self._limits, self._asker_slots = slots, limits or {}, asker_slots
        self._grant()

    def _grant(self) -> None:
        """Begin the turns for which there is room."""
        while len(self._running) < self._slots and (turn := self._next()) is not None and self._has_bytes(turn):
            self._waiting.remove(turn)
            self._running.append(turn)
            self._shares.begin(turn.asker)
            turn.began = self._timer()
            turn.granted.set_result(None)

    def _charge(self, turn: Turn) -> None:
        """Charge a turn to its asker."""
        seconds = (self._timer() if turn.ended is None else turn.ended) - turn.began
        self._usual[turn.kind] += (seconds - self._usual[turn.kind]) / REMEMBERED_TURNS
        self._shares.charge(turn.asker, seconds)

    def _next(self) -> Turn | None:
        """The turn that comes next, of the kinds that are below their limits."""
        kinds = Counter(turn.kind for turn in self._running)
        numbers = Counter(turn.asker for turn in self._running)
        sizes: Counter[Asker] = Counter()
        of_places: defaultdict[object, float] = defaultdict(float)
        of_people: defaultdict[Asker, float] = defaultdict(float)
        for turn in self._running:
            sizes[turn.asker] += turn.size
            of_places[turn.asker.queue_key] += self._usual[turn.kind]
            of_people[turn.asker] += self._usual[turn.kind]

        def order(turn: Turn) -> tuple[float, float, int]:
            asker = turn.asker
            place, person = self._shares.seconds_used(asker)
            place += of_places[asker.queue_key] / asker.queue_weight
            person += of_people[asker] / asker.weight
            return place, person, turn.number

        def is_ready(turn: Turn) -> bool:
            asker, size = turn.asker, turn.size
            fits = numbers[asker] < self._asker_slots and sizes[asker] + size <= self._asker_budget
            is_below = kinds[turn.kind] < self._limits.get(turn.kind, math.inf)
            return not turn.granted.done() and is_below and (fits or not numbers[asker])

        return min(filter(is_ready, self._waiting), key=order, default=None)

    def _has_bytes(self, turn: Turn) -> bool:
        held = sum(other.size for other in self._running)
        return not self._running or held + turn.size <= self._budget
