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
"""The smallest group that counts as whole where a picture has as many faces."""

MOST_LEFT = 1 / 3
"""The largest share of a whole group that gets its names by elimination."""

MOST_SHORT = 0.5
"""The log-odds by which a face may fall short of the acceptance of a name that it supports.

A member in a poor photo resembles one member most, and a stranger several members a little. So a lead over the likeliest other
name counts too, as far as it exceeds `SMALL_LEAD`. Measured by `python -m bench.whole_groups`, five photos a member of TWICE:
94% (sface) and 92% (dlib) of the pictures of all nine are right; beside eight members a woman of ITZY gets no name in 99.5 and
98.2%. Without any limit these are 100 and 99%, but 8 and 6%. At 1.0 with a lead of 2.0 dlib names 2.5% of the women.
"""

SMALL_LEAD = 1.5
"""The log-odds by which strangers often resemble one member more than all others."""

_NEVER = -1e6
"""Finite log-odds of a name that a face can't get, for `linear_sum_assignment`."""


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
        lowers the odds, so a face among strangers keeps its own. Where the faces may be a whole group, it raises only supported
        names. Otherwise a stranger in the place of a member would often get that name.
        """
        raised = self.supported() if self.may_be_whole else np.ones_like(self.possible)
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
                self.log_odds + raised * context[:, None], self.acceptances, self.columns, once=self.once
            )
        return assignment

    @property
    def may_be_whole(self) -> bool:
        """Whether the faces may be one of each member: as many faces as members, `MIN_ELIMINATION_FACES` or more."""
        faces, members = self.log_odds.shape
        return self.once and faces == members >= MIN_ELIMINATION_FACES

    def supported(self) -> NDArray[np.bool_]:
        """The names that each face itself supports: a mask (n, m). For log-odds without context, of two members or more.

        The log-odds may fall short of the acceptance by `MOST_SHORT`, and by as much more as their lead over the face's
        likeliest other name exceeds `SMALL_LEAD`.
        """
        ordered: NDArray[np.float64] = np.sort(self.log_odds, axis=1)
        others = np.where(self.log_odds < ordered[:, -1:], ordered[:, -1:], ordered[:, -2:-1])
        lead = np.where(np.isneginf(others), 0, self.log_odds - np.maximum(others, _NEVER))
        return self.log_odds + np.maximum(lead - SMALL_LEAD, 0) >= self.acceptances - MOST_SHORT

    def with_elimination(self, alone: Assignment) -> Assignment:
        """The assignment with its last faces named by elimination, by the largest sum of log-odds.

        `alone`: the assignment without context. The faces may be a whole group, and at most the share `MOST_LEFT` has no name.
        Each of these must support its name by itself. One that doesn't may be a stranger beside an incomplete line-up, so then
        nobody is named.
        """
        members = self.log_odds.shape[1]
        left = np.flatnonzero(self.chosen < 0)
        if not self.may_be_whole or not 0 < left.size <= MOST_LEFT * members:
            return self
        missing = np.array(sorted(set(range(members)) - set(self.chosen.tolist())), np.int64)
        pairs = np.ix_(left, missing)
        supported = alone.supported()[pairs]
        places, names = linear_sum_assignment(np.where(supported, self.log_odds[pairs], _NEVER), maximize=True)
        if not supported[places, names].all():
            return self
        chosen = self.chosen.copy()
        chosen[left[places]] = missing[names]
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
