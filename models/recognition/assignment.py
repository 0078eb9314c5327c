"""The assignment of a group's names to the faces of a picture: each name at most once, with context from the other faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import OncePolicy

PRIOR_FACES = 6.0
"""Weight, in faces, of the prior that half of all faces are members.

Measured with five photos a member of TWICE, on pictures of four members and one woman of ITZY: 95% of the members get a name
(91% by their faces alone), and 6% of the women (3%). At 3 these are 95 and 8%, at 12 they are 94 and 5%. In pictures of all
nine members every face gets its name.
"""

ROUNDS = 3
"""Iterations of the update of each face by the others."""

CLEAR_LOG_ODDS = 3.0
"""The minimum log-odds at which a face alone shows a member. Two such faces with one name make the picture a collage."""

MIN_ELIMINATION_FACES = 4
"""The smallest group in which the last face gets its name by elimination."""


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """An assignment of the m members of one group to n faces.

    `log_odds`: (n, m) float64 against a stranger, -inf for a name that a face never gets. `acceptances`: (m,) float64, the
    minimum log-odds of an accepted name. `columns`: (m,) int64, indices in `Recogniser.members`. `once`: whether each name
    occurs at most once. `chosen`: (n,) int64, the member of each face, -1 for none. `possible`: (n, m) bool, the members that
    each face may be, given the names of the others.
    """

    log_odds: NDArray[np.float64]
    acceptances: NDArray[np.float64]
    columns: NDArray[np.int64]
    once: bool
    chosen: NDArray[np.int64]
    possible: NDArray[np.bool_]

    @classmethod
    def solve(
        cls, log_odds: NDArray[np.float64], acceptances: NDArray[np.float64], columns: NDArray[np.int64], *, once: bool
    ) -> Assignment:
        """The assignment with the largest sum of log-odds minus acceptance; a face without a name adds 0.

        Shapes as in the class. With `once` it is a linear sum assignment.
        """
        faces, members = log_odds.shape
        possible = np.ones((faces, members), np.bool_)
        chosen = np.full(faces, -1, np.int64)
        if not members:
            return cls(log_odds, acceptances, columns, once, chosen, possible)
        worth = log_odds - acceptances
        if not once:
            chosen = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), chosen)
            return cls(log_odds, acceptances, columns, once, chosen, possible)
        padded = np.hstack([worth, np.zeros((faces, faces))])
        for face, member in zip(*linear_sum_assignment(padded, maximize=True), strict=True):
            if member < members and worth[face, member] > 0:
                chosen[face] = member
        for face in np.flatnonzero(chosen >= 0):
            possible[:, chosen[face]] = False
        possible[chosen >= 0, chosen[chosen >= 0]] = True
        return cls(log_odds, acceptances, columns, once, chosen, possible)

    def with_context(self) -> Assignment:
        """The assignment with context: beside members, a doubtful face is more likely a member too.

        The odds of each face grow with the share of members among the other faces, and with the share of the group that is
        already present. Both shares have Beta priors with mean one half; that of the second is Jeffreys's. Context never
        lowers the odds, so a face among strangers keeps its own.
        """
        assignment = self
        for _ in range(ROUNDS):
            named = 1 - assignment.stranger_probabilities()
            members = named.sum() - named
            strangers = len(named) - 1 - members
            context = _positive_log((members + PRIOR_FACES / 2) / (strangers + PRIOR_FACES / 2))
            if self.once:
                absent = np.maximum(self.log_odds.shape[1] - 1 - members, 0)
                context += _positive_log((members + 0.5) / (absent + 0.5))
            assignment = Assignment.solve(
                self.log_odds + context[:, None], self.acceptances, self.columns, once=self.once
            )
        return assignment

    def with_elimination(self) -> Assignment:
        """The assignment with its last face named by elimination.

        This needs as many faces as members, `MIN_ELIMINATION_FACES` at least, and exactly one face without a name. That face
        is the missing member, or a stranger beside an incomplete line-up.
        """
        faces, members = self.log_odds.shape
        left = np.flatnonzero(self.chosen < 0)
        if not self.once or members < MIN_ELIMINATION_FACES or faces != members or left.size != 1:
            return self
        face = int(left[0])
        (missing,) = set(range(members)) - set(self.chosen.tolist())
        if np.isneginf(self.log_odds[face, missing]):
            return self
        chosen = self.chosen.copy()
        chosen[face] = missing
        return replace(self, chosen=chosen)

    def is_accepted(self, face: int) -> bool:
        """Whether the log-odds of a face's name exceed its acceptance. Those of a name by elimination don't."""
        member = self.chosen[face]
        return bool(self.log_odds[face, member] > self.acceptances[member])

    @property
    def evidence(self) -> float:
        """The sum of log-odds minus acceptance over all names."""
        named = self.chosen >= 0
        return float((self.log_odds - self.acceptances)[named, self.chosen[named]].sum())

    def confidences(self) -> NDArray[np.float64]:
        """The probability of each member for each face: (n, m). The remainder of each row is the probability of a stranger."""
        open_odds = np.where(self.possible, self.log_odds, -np.inf)
        largest = np.maximum(open_odds.max(axis=1, initial=0.0, keepdims=True), 0.0)
        odds = np.exp(open_odds - largest)
        return odds / (np.exp(-largest) + odds.sum(axis=1, keepdims=True))

    def stranger_probabilities(self) -> NDArray[np.float64]:
        """The probability of each face being a stranger: (n,)."""
        return 1 - self.confidences().sum(axis=1)

    def rows(self) -> list[tuple[int, NDArray[np.float64], list[int]]]:
        """One row a face: the chosen member or -1, the members' probabilities (m,), the members by falling probability."""
        confidences = self.confidences()
        return [
            (int(chosen), confidence, sorted(range(len(odds)), key=lambda i: (-confidence[i], -odds[i])))
            for chosen, confidence, odds in zip(self.chosen, confidences, self.log_odds, strict=True)
        ]


def _positive_log(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0, np.log(odds))


def is_each_once(log_odds: NDArray[np.float64], once: OncePolicy) -> bool:
    """Whether each name occurs at most once, for log-odds (n, m) of the faces and members of a picture."""
    if once != "auto" or not log_odds.size:
        return once != "no"
    clear = log_odds.max(axis=1) >= CLEAR_LOG_ODDS
    return len(set(log_odds.argmax(axis=1)[clear].tolist())) == clear.sum()
