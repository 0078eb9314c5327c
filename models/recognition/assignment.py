"""Which face of a picture gets which name of a group: everybody at most once, and faces that speak for each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Once

PRIOR_FACES = 6.0
"""That half of all faces are members weighs as much as so many faces of the picture.

Five photos a member of TWICE, four members beside one woman of ITZY: 95% of the members named (91% each face by itself)
and 6% of the women (3%); all nine in one picture: all named. At 3 it is 95 and 8%, at 12 94 and 5%.
"""

ROUNDS = 3
"""So many times the faces of a picture hear what the others have become."""

CLEARLY = 3.0
"""Log-odds from which a face is a member whatever else is in the picture; two such faces of one name make a collage."""

LINE_UP = 4
"""Members that a group must have for its last face to be named by elimination."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which face gets which name in one group.

    `log_odds`: (n, m) of the group's members, -inf for a name that a face never gets. `prices`: (m,) of their names.
    `columns`: (m,) their places in the roster. `chosen`: (n,) the member of each face or -1. `free`: (n, m) which members
    each face might still be. `once`: whether names may not repeat.
    """

    log_odds: NDArray[np.float64]
    prices: NDArray[np.float64]
    columns: NDArray[np.int64]
    once: bool
    chosen: NDArray[np.int64]
    free: NDArray[np.bool_]

    @classmethod
    def make(
        cls, log_odds: NDArray[np.float64], prices: NDArray[np.float64], columns: NDArray[np.int64], *, once: bool
    ) -> Plan:
        """The best choice of names: each is worth its log-odds less its price, nobody is worth 0 to every face."""
        faces, members = log_odds.shape
        free = np.ones((faces, members), np.bool_)
        chosen = np.full(faces, -1, np.int64)
        if not members:
            return cls(log_odds, prices, columns, once, chosen, free)
        worth = log_odds - prices
        if not once:
            chosen = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), chosen)
            return cls(log_odds, prices, columns, once, chosen, free)
        padded = np.hstack([worth, np.zeros((faces, faces))])
        for face, member in zip(*linear_sum_assignment(padded, maximize=True), strict=True):
            if member < members and worth[face, member] > 0:
                chosen[face] = member
        for face in np.flatnonzero(chosen >= 0):
            free[:, chosen[face]] = False
        free[chosen >= 0, chosen[chosen >= 0]] = True
        return cls(log_odds, prices, columns, once, chosen, free)

    def together(self) -> Plan:
        """The plan once the faces speak for each other: among members, a doubtful face is more likely a member too.

        Odds follow how many of the other faces are members, and how many of the group are there already; both shares have Beta
        priors around one half, the second Jeffreys's. A face among strangers is judged as if it were alone.
        """
        plan = self
        for _ in range(ROUNDS):
            named = 1 - plan.nobody()
            members = named.sum() - named
            strangers = len(named) - 1 - members
            lift = _raised((members + PRIOR_FACES / 2) / (strangers + PRIOR_FACES / 2))
            if self.once:
                absent = np.maximum(self.log_odds.shape[1] - 1 - members, 0)
                lift += _raised((members + 0.5) / (absent + 0.5))
            plan = Plan.make(self.log_odds + lift[:, None], self.prices, self.columns, once=self.once)
        return plan

    def completed(self) -> Plan:
        """The plan with its last face named by elimination, where everybody else of the group is there and nobody else.

        It is the missing member, or a stranger beside an incomplete line-up.
        """
        faces, members = self.log_odds.shape
        left = np.flatnonzero(self.chosen < 0)
        if not self.once or members < LINE_UP or faces != members or left.size != 1:
            return self
        face = int(left[0])
        (missing,) = set(range(members)) - set(self.chosen.tolist())
        if np.isneginf(self.log_odds[face, missing]):
            return self
        chosen = self.chosen.copy()
        chosen[face] = missing
        return replace(self, chosen=chosen)

    def is_paid(self, face: int) -> bool:
        """Whether the name that a face has is worth its price; one by elimination is not."""
        member = self.chosen[face]
        return bool(self.log_odds[face, member] > self.prices[member])

    @property
    def evidence(self) -> float:
        """What all the names together are worth."""
        named = self.chosen >= 0
        return float((self.log_odds - self.prices)[named, self.chosen[named]].sum())

    def confidences(self) -> NDArray[np.float64]:
        """Probability of each face being each member (n, m), nobody having the rest of each row."""
        open_odds = np.where(self.free, self.log_odds, -np.inf)
        top = np.maximum(open_odds.max(axis=1, initial=0.0, keepdims=True), 0.0)
        odds = np.exp(open_odds - top)
        return odds / (np.exp(-top) + odds.sum(axis=1, keepdims=True))

    def nobody(self) -> NDArray[np.float64]:
        """Probability of each face being nobody: (n,)."""
        return 1 - self.confidences().sum(axis=1)

    def rows(self) -> list[tuple[int, NDArray[np.float64], list[int]]]:
        """For each face the chosen member or -1, the members' probabilities, and the members from the likeliest down."""
        confidences = self.confidences()
        return [
            (int(chosen), confidence, sorted(range(len(odds)), key=lambda i: (-confidence[i], -odds[i])))
            for chosen, confidence, odds in zip(self.chosen, confidences, self.log_odds, strict=True)
        ]


def _raised(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0, np.log(odds))


def each_once(log_odds: NDArray[np.float64], once: Once) -> bool:
    """Whether names may not repeat among these faces and members (n, m)."""
    if once != "auto" or not log_odds.size:
        return once != "no"
    clear = log_odds.max(axis=1) >= CLEARLY
    return len(set(log_odds.argmax(axis=1)[clear].tolist())) == clear.sum()
