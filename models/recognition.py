"""Who the faces of a picture are: scores, confidences, the group, everybody at most once."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from models import background
from models.calibration import calibrate, centred, sums_by_member, unit
from models.classifier import Classifier
from models.faces import Band, Candidate, Guess
from models.gallery import Gallery, Member

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings, Once

SURE = 0.5
"""Confidence from which an answer is sure, unless the asker says otherwise."""

EXPECTED = 1 / 15
"""Share of faces that are members, before a picture has spoken. The threshold lets one stranger in a hundred pass and sits
where members are dense: odds of about 14 to one for a member, which log-odds of 0 make even.
"""

PRIOR_FACES = 20.0
"""`EXPECTED` weighs as much as so many faces of the picture.

Five photos a member of TWICE, four members beside one woman of ITZY: 92 % of the members named (85 % each face by itself)
and 6 % of the women (2 %); all nine in one picture: 94 % (83 %). At 10 it is 92 % and 8 %, at 30 90 % and 5 %.
"""

ROUNDS = 3
"""So many times the faces of a picture hear what the others have become."""

CLEARLY = 1.5
"""Log-odds from which a face is a member whatever else is in the picture; two such faces of one name make a collage."""


LINE_UP = 4
"""Members that a group must have for its last face to be named by elimination."""

ELIMINATED = 0.49
"""Confidence of a name by elimination. The picture has as many faces as the group has members and all but one are named:
the last is the missing member, or a stranger beside an incomplete line-up. The face itself spoke for neither, so the name
stays below even odds, and is never shown as sure.
"""


@dataclass(frozen=True, slots=True)
class Naming:
    """The answer for one picture: the group, None when no face is anybody in the roster, and one guess a face."""

    group: int | None
    group_name: str | None
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """What is learned from a gallery; small enough to travel with every picture.

    `mean`: (d,) float32, taken off every encoding. `centroids`: (m, d) float32, unit length, one a member of `roster`, in
    its order. `thresholds`: (m,) float64, the score at which a face is as likely nobody. `slope`: log-odds a unit of score;
    a score is a cosine. `version`: the engine's whose encodings these are. `classifiers`: each picks among the members of
    those groups that it knows in full; whether a face is anybody stays the centroids' to say.
    """

    mean: NDArray[np.float32]
    centroids: NDArray[np.float32]
    roster: tuple[Member, ...]
    slope: float
    thresholds: NDArray[np.float64]
    version: str
    classifiers: tuple[Classifier, ...] = ()

    def __post_init__(self) -> None:
        wanted = (len(self.roster), len(self.mean))
        if self.centroids.shape != wanted or self.thresholds.shape != wanted[:1]:
            raise ValueError(f"centroids {self.centroids.shape} and thresholds {self.thresholds.shape}, not {wanted}")

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """Of each face being each member against being nobody: (n, m).

        Raises ValueError when the encodings aren't (n, d).
        """
        if encodings.ndim != 2 or encodings.shape[1] != len(self.mean):
            raise ValueError(f"encodings {encodings.shape}, not (n, {len(self.mean)})")
        scores = centred(encodings, self.mean) @ self.centroids.T
        log_odds = self.slope * (scores.astype(np.float64) - self.thresholds)
        for classifier in self.classifiers:
            log_odds = classifier.pick(log_odds, encodings, self.roster)
        return log_odds

    def name(
        self, encodings: Encodings, *, group: int | None = None, once: Once = "auto", threshold: float = SURE
    ) -> Naming:
        """Name the faces of one picture.

        `encodings`: (n, d) float32 of unit length. `group`: whose members are asked for; None finds the one that the faces
        together speak for most. `once`: see `Once`. `threshold`: confidence from which a name is sure.
        A group without enrolled members names nobody. Raises ValueError when the encodings aren't (n, d).
        """
        log_odds = self.log_odds(encodings)
        numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in self.roster))
        plans: list[_Plan] = []
        for number in numbers:
            columns = np.array([i for i, member in enumerate(self.roster) if member.group == number], np.int64)
            mine = log_odds[:, columns]
            plans.append(_Plan.make(mine, columns, once=_once(mine, once)))
        plan = max(plans, key=lambda plan: plan.evidence, default=None)
        # Every group is as likely beforehand: one that is found must make up for all those that it was chosen from.
        if plan is None or not plan.columns.size or (group is None and plan.evidence <= math.log(len(plans))):
            return Naming(group, None, self._strangers(log_odds))
        plan = plan.together().completed()
        members = [self.roster[int(column)] for column in plan.columns]
        guesses = [_guess(members, *row, threshold) for row in plan.rows()]
        if plan.eliminated is not None:
            guesses[plan.eliminated] = replace(guesses[plan.eliminated], band=Band.UNSURE)
        return Naming(members[0].group, members[0].group_name, tuple(guesses))

    def _strangers(self, log_odds: NDArray[np.float64]) -> tuple[Guess, ...]:
        """Guesses for faces (n, m) of which no group could make anybody; the candidates are the whole roster."""
        columns = np.arange(len(self.roster), dtype=np.int64)
        nobody = _Plan.make(np.minimum(log_odds, 0.0), columns, once=False)
        return tuple(_guess(list(self.roster), -1, confidences, order, SURE) for _, confidences, order in nobody.rows())

    def to_bytes(self) -> bytes:
        """For `from_bytes`: an .npz without pickled objects."""
        file = io.BytesIO()
        np.savez(
            file,
            allow_pickle=False,
            mean=self.mean,
            centroids=self.centroids,
            ids=np.array([member.id for member in self.roster], np.int64),
            names=np.array([member.name for member in self.roster], np.str_),
            groups=np.array([member.group for member in self.roster], np.int64),
            group_names=np.array([member.group_name for member in self.roster], np.str_),
            slope=np.array(self.slope, np.float64),
            thresholds=self.thresholds,
            version=np.array(self.version, np.str_),
            **{f"{i}/{key}": part for i, one in enumerate(self.classifiers) for key, part in one.arrays().items()},
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Recogniser:
        """What `to_bytes` wrote. Raises ValueError or KeyError when it is something else."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            columns = (file[key].tolist() for key in ("ids", "names", "groups", "group_names"))
            parts: dict[str, dict[str, NDArray[Any]]] = {}
            for number, key in (name.split("/") for name in file.files if "/" in name):
                parts.setdefault(number, {})[key] = file[f"{number}/{key}"]
            return cls(
                file["mean"],
                file["centroids"],
                tuple(Member(*row) for row in zip(*columns, strict=True)),
                float(file["slope"]),
                file["thresholds"],
                str(file["version"]),
                tuple(Classifier.of_arrays(arrays) for arrays in parts.values()),
            )


def fit(gallery: Gallery) -> Recogniser:
    """Learn a gallery. Members without encodings are left out.

    Raises LookupError when the background of the gallery's engine isn't known.
    """
    roster = tuple(member for member in gallery.roster if (gallery.members == member.id).any())
    row = {member.id: i for i, member in enumerate(roster)}
    owners = np.array([row[member] for member in gallery.members.tolist()], np.intp)
    groups = np.array([member.group for member in roster], np.int64)
    scale = calibrate(gallery.encodings, owners, groups, background.load(gallery.version))
    vectors = centred(gallery.encodings, scale.mean)
    centroids = unit(sums_by_member(vectors, owners, len(roster)))
    return Recogniser(scale.mean, centroids, roster, scale.slope, scale.thresholds, gallery.version)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Which face gets which name in one group.

    `log_odds`: (n, m) of the group's members, `columns`: (m,) their places in the roster. `chosen`: (n,) the member of each
    face or -1. `free`: (n, m) which members each face might still be. `once`: whether names may not repeat. `eliminated`: the
    face that was named by elimination, if one was.
    """

    log_odds: NDArray[np.float64]
    columns: NDArray[np.int64]
    once: bool
    chosen: NDArray[np.int64]
    free: NDArray[np.bool_]
    eliminated: int | None = None

    @classmethod
    def make(cls, log_odds: NDArray[np.float64], columns: NDArray[np.int64], *, once: bool) -> _Plan:
        """The likeliest choice of names, nobody being worth 0 to every face."""
        faces, members = log_odds.shape
        free = np.ones((faces, members), np.bool_)
        chosen = np.full(faces, -1, np.int64)
        if not members:
            return cls(log_odds, columns, once, chosen, free)
        if not once:
            chosen = np.where(log_odds.max(axis=1) > 0, log_odds.argmax(axis=1), chosen)
            return cls(log_odds, columns, once, chosen, free)
        worth = np.hstack([log_odds, np.zeros((faces, faces))])
        for face, member in zip(*linear_sum_assignment(worth, maximize=True), strict=True):
            if member < members and log_odds[face, member] > 0:
                chosen[face] = member
        for face in np.flatnonzero(chosen >= 0):
            free[:, chosen[face]] = False
        free[chosen >= 0, chosen[chosen >= 0]] = True
        return cls(log_odds, columns, once, chosen, free)

    def together(self) -> _Plan:
        """The plan once the faces speak for each other: among members, a doubtful face is more likely a member too.

        The expected share of members follows what the other faces are (a Beta prior); it never falls below `EXPECTED`.
        """
        plan = self
        for _ in range(ROUNDS):
            named = 1 - plan.nobody()
            members = named.sum() - named
            strangers = len(named) - 1 - members
            odds = (members + EXPECTED * PRIOR_FACES) / (strangers + (1 - EXPECTED) * PRIOR_FACES)
            lift = np.maximum(0, np.log(odds * (1 - EXPECTED) / EXPECTED))
            plan = _Plan.make(self.log_odds + lift[:, None], self.columns, once=self.once)
        return plan

    def completed(self) -> _Plan:
        """The plan with its last face named by elimination, where everybody else of the group is there and nobody else."""
        faces, members = self.log_odds.shape
        left = np.flatnonzero(self.chosen < 0)
        if not self.once or members < LINE_UP or faces != members or left.size != 1:
            return self
        face = int(left[0])
        (missing,) = set(range(members)) - set(self.chosen.tolist())
        log_odds, chosen = self.log_odds.copy(), self.chosen.copy()
        log_odds[face, missing] = math.log(ELIMINATED / (1 - ELIMINATED))
        chosen[face] = missing
        return _Plan(log_odds, self.columns, self.once, chosen, self.free, eliminated=face)

    @property
    def evidence(self) -> float:
        """Log-odds of all the names together."""
        named = self.chosen >= 0
        return float(self.log_odds[named, self.chosen[named]].sum())

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


def _once(log_odds: NDArray[np.float64], once: Once) -> bool:
    """Whether names may not repeat among these faces and members (n, m)."""
    if once != "auto" or not log_odds.size:
        return once != "no"
    clear = log_odds.max(axis=1) >= CLEARLY
    return len(set(log_odds.argmax(axis=1)[clear].tolist())) == clear.sum()


def _guess(
    members: list[Member], chosen: int, confidences: NDArray[np.float64], order: list[int], threshold: float
) -> Guess:
    candidates = tuple(
        Candidate(members[i].id, members[i].name, float(confidences[i]), members[i].group_name) for i in order
    )
    if chosen < 0:
        return Guess(None, None, float(1 - confidences.sum()), Band.UNKNOWN, candidates)
    confidence = float(confidences[chosen])
    band = Band.SURE if confidence >= threshold else Band.UNSURE
    return Guess(members[chosen].id, members[chosen].name, confidence, band, candidates)
