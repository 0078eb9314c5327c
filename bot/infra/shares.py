"""The use of a scarce resource by each asker. The next turn goes to the asker with the smallest use.

Start-time fair queueing (Goyal, Vin, Cheng 1996) in two levels: servers share evenly, and within a server its people. An
account counts the seconds that were really used, as in Kubernetes' API Priority and Fairness (KEP-1040), since the cost of a
picture isn't known before. So many short turns and few long ones weigh the same.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bot.infra.request_context import Asker

    Place = tuple[str, int]

K = TypeVar("K", bound="Hashable")


class FairShares:
    """The accounts of all askers who wait or have a turn, and of earlier askers who have used more than these."""

    def __init__(self) -> None:
        self._places = _ShareAccounts["Place"]()
        self._people: defaultdict[Place, _ShareAccounts[Asker]] = defaultdict(_ShareAccounts)
        self._waiting: defaultdict[Place, Counter[Asker]] = defaultdict(Counter)

    @property
    def waiting(self) -> int:
        """The number of turns that askers wait for."""
        return sum(counted.total() for counted in self._waiting.values())

    def enter(self, asker: Asker) -> None:
        """Count one more turn that `asker` waits for. A new asker begins with the smallest use of the present ones."""
        self._places.enter(asker.queue_key)
        self._people[asker.queue_key].enter(asker)
        self._waiting[asker.queue_key][asker] += 1

    def begin(self, asker: Asker) -> None:
        """Count one turn less that `asker` waits for: it has begun, or is given up."""
        counted = self._waiting[asker.queue_key]
        counted[asker] -= 1
        if not counted[asker]:
            del counted[asker]
        if not counted:
            del self._waiting[asker.queue_key]

    def leave(self, asker: Asker) -> None:
        """Count the end of a turn that began, or was given up."""
        self._places.leave(asker.queue_key)
        people = self._people[asker.queue_key]
        people.leave(asker)
        if people.is_empty:
            del self._people[asker.queue_key]

    def charge(self, asker: Asker, seconds: float) -> None:
        """Add `seconds` to the use of `asker`, who has not left."""
        self._places.charge(asker.queue_key, seconds / asker.queue_weight)
        self._people[asker.queue_key].charge(asker, seconds / asker.weight)

    def seconds_used(self, asker: Asker) -> tuple[float, float]:
        """The weighted seconds that the asker's queue key and the asker have used. The smallest pair comes next."""
        return self._places.amount_used(asker.queue_key), self._people[asker.queue_key].amount_used(asker)

    def turns_until(self, asker: Asker, turns: int) -> int:
        """The number of turns from now to the end of `turns` new ones of `asker`, where all cost the same.

        In its server, nobody of the same weight has more turns than the asker meanwhile; and no server more than this one.
        """
        here: Counter[Asker] = self._waiting.get(asker.queue_key, Counter())
        own = here[asker] + turns
        mine = own + sum(
            min(number, math.ceil(own * other.weight / asker.weight))
            for other, number in here.items()
            if other != asker
        )
        others = (counted.total() for place, counted in self._waiting.items() if place != asker.queue_key)
        return mine + sum(min(number, mine) for number in others)


class _ShareAccounts(Generic[K]):
    """The accounts of one level. An account without waiting turns stays only while it exceeds the others."""

    def __init__(self) -> None:
        self._had: dict[K, float] = {}
        self._present: Counter[K] = Counter()

    @property
    def is_empty(self) -> bool:
        return not self._present

    def enter(self, key: K) -> None:
        if key not in self._present:
            least = min((self._had[other] for other in self._present), default=0.0)
            self._had[key] = max(self._had.get(key, 0.0), least)
        self._present[key] += 1

    def leave(self, key: K) -> None:
        self._present[key] -= 1
        if self._present[key]:
            return
        del self._present[key]
        least = min((self._had[other] for other in self._present), default=float("inf"))
        self._had = {other: had for other, had in self._had.items() if other in self._present or had > least}

    def charge(self, key: K, amount: float) -> None:
        self._had[key] += amount

    def amount_used(self, key: K) -> float:
        return self._had[key]
