"""Who the faces of a picture are: scores, confidences, the group."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encodings import background
from models.encodings.centroids import centres
from models.encodings.whitening import Whitening, unit
from models.faces import Band, Basis, Candidate, Guess
from models.recognition.assignment import Plan, each_once
from models.recognition.calibration import choose_whitening, scale, sums_by_owner, try_out
from models.recognition.classifier import Classifier
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.quality import weighed
from models.recognition.vetoes import Vetoes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Once
    from models.recognition.quality import Quality

SURE = 0.5
"""Confidence from which an answer is sure, unless the asker says otherwise."""

_HARDLY = -1e3
"""Log-odds of a vetoed name where arithmetic goes on; in the end they are -inf."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The answer for one picture: the group, None when no face is anybody in the roster, and one guess a face."""

    group: int | None
    group_name: str | None
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """What is learned from a gallery; small enough to travel with every picture.

    `whitening`: what encodings go through first. `centroids`: (c, d) float32, unit length. `owners`: (c,) int64, whose each
    is, as a place in `roster`; each member has at least one. A score is the cosine with the nearest centroid of a member.
    `slopes`, `evens`: (m,) float64, a score's log-odds against nobody are slope * (score - even). `prices`: (m,) float64, the
    log-odds from which a name may be given. `version`: the engine's whose encodings these are.
    `classifiers`: each picks among the members of those groups that it knows in full; whether a face is anybody stays the
    centroids' to say. `vetoes`: names that certain faces never get.
    """

    whitening: Whitening
    centroids: NDArray[np.float32]
    owners: NDArray[np.int64]
    roster: tuple[GalleryMember, ...]
    slopes: NDArray[np.float64]
    evens: NDArray[np.float64]
    prices: NDArray[np.float64]
    version: str
    classifiers: tuple[Classifier, ...] = ()
    vetoes: Vetoes = field(default_factory=Vetoes)

    def __post_init__(self) -> None:
        wanted = (len(self.owners), len(self.whitening.mean))
        if self.centroids.shape != wanted:
            raise ValueError(f"centroids {self.centroids.shape}, not {wanted}")
        for column in (self.slopes, self.evens, self.prices):
            if column.shape != (len(self.roster),):
                raise ValueError(f"{column.shape} slopes, evens or prices for {len(self.roster)} members")
        if set(self.owners.tolist()) != set(range(len(self.roster))):
            raise ValueError(f"centroids of {len(set(self.owners.tolist()))} members, not of {len(self.roster)}")

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """Of each face being each member against being nobody, members and strangers being as frequent: (n, m).

        -inf where a veto says no. Raises ValueError when the encodings aren't (n, d).
        """
        cosines = (self.whitening.apply(encodings) @ self.centroids.T).astype(np.float64)
        scores = np.full((len(encodings), len(self.roster)), -1.0)
        np.maximum.at(scores.T, self.owners, cosines.T)
        log_odds = self.slopes * (scores - self.evens)
        forbidden = self.vetoes.forbid(encodings, self.roster, self.version)
        log_odds[forbidden] = _HARDLY
        for classifier in self.classifiers:
            log_odds = classifier.pick(log_odds, encodings, self.roster)
        log_odds[forbidden] = -np.inf
        return log_odds

    def name(
        self,
        encodings: Encodings,
        *,
        qualities: Sequence[Quality] | None = None,
        group: int | None = None,
        once: Once = "auto",
        threshold: float = SURE,
    ) -> Naming:
        """Name the faces of one picture.

        `encodings`: (n, d) float32 of unit length. `qualities`: one a face; None takes all as good. `group`: whose members
        are asked for; None finds the one that the faces together speak for most. `once`: see `Once`. `threshold`: confidence
        from which a name is sure.
        A group without enrolled members names nobody. Raises ValueError when the encodings aren't (n, d).
        """
        log_odds = self.log_odds(encodings)
        numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in self.roster))
        plans: list[Plan] = []
        for number in numbers:
            columns = np.array([i for i, member in enumerate(self.roster) if member.group == number], np.int64)
            mine = weighed_names(log_odds[:, columns], qualities)
            plans.append(Plan.make(mine, self.prices[columns], columns, once=each_once(mine, once)))
        plan = max(plans, key=lambda plan: plan.evidence, default=None)
        # Every group is as likely beforehand: one that is found must make up for all those that it was chosen from.
        if plan is None or not plan.columns.size or (group is None and plan.evidence <= math.log(len(plans))):
            return Naming(group, None, self.strangers(log_odds - math.log(max(len(plans), 1))))
        members = [self.roster[int(column)] for column in plan.columns]
        guesses = guesses_of(members, plan.together().completed(), plan.log_odds, threshold)
        return Naming(members[0].group, members[0].group_name, tuple(guesses))

    def strangers(self, log_odds: NDArray[np.float64]) -> tuple[Guess, ...]:
        """Guesses for faces (n, m) of which no group could make anybody; the candidates are the whole roster."""
        columns = np.arange(len(self.roster), dtype=np.int64)
        nobody = Plan.make(log_odds, self.prices, columns, once=False)
        return tuple(
            guess_of(list(self.roster), -1, confidences, order, SURE) for _, confidences, order in nobody.rows()
        )

    def to_bytes(self) -> bytes:
        """For `from_bytes`: an .npz without pickled objects."""
        file = io.BytesIO()
        np.savez(
            file,
            allow_pickle=False,
            mean=self.whitening.mean,
            directions=self.whitening.directions,
            gains=self.whitening.gains,
            centroids=self.centroids,
            owners=self.owners,
            ids=np.array([member.id for member in self.roster], np.int64),
            names=np.array([member.name for member in self.roster], np.str_),
            groups=np.array([member.group for member in self.roster], np.int64),
            group_names=np.array([member.group_name for member in self.roster], np.str_),
            slopes=self.slopes,
            evens=self.evens,
            prices=self.prices,
            version=np.array(self.version, np.str_),
            vetoed=self.vetoes.encodings,
            vetoed_members=self.vetoes.members,
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
                Whitening(file["mean"], file["directions"], file["gains"]),
                file["centroids"],
                file["owners"],
                tuple(GalleryMember(*row) for row in zip(*columns, strict=True)),
                file["slopes"],
                file["evens"],
                file["prices"],
                str(file["version"]),
                tuple(Classifier.of_arrays(arrays) for arrays in parts.values()),
                Vetoes(file["vetoed"], file["vetoed_members"]),
            )


def fit(gallery: Gallery) -> Recogniser:
    """Learn a gallery. Members without encodings are left out.

    Raises LookupError when the background of the gallery's engine isn't known.
    """
    roster = tuple(member for member in gallery.roster if (gallery.members == member.id).any())
    row = {member.id: i for i, member in enumerate(roster)}
    members = np.array([row[member] for member in gallery.members.tolist()], np.intp)
    whitening, scores = choose_whitening(gallery.encodings, members, background.load(gallery.version))
    vectors = whitening.apply(gallery.encodings)
    camps = centres(vectors, members, apart=scale(scores, 1).even)
    owners = members[np.unique(camps, return_index=True)[1]]
    photos = np.bincount(camps, minlength=len(owners))
    slopes, evens, prices = np.zeros((3, len(roster)))
    # One scale for all groups would be that of the group whose members resemble each other most: enrolling BTS and ITZY
    # beside TWICE once raised the threshold from 0.51 to 0.60, and 11 of 22 names in photos of all nine of TWICE were lost.
    groups = np.array([member.group for member in roster], np.int64)
    for group in np.unique(groups):
        mine = groups[members] == group
        trial = try_out(vectors[mine], members[mine], camps[mine])
        of_group = np.flatnonzero(groups == group)
        counts = [int(photos[owners == member].min()) for member in of_group]
        scales = {count: scale(scores, count, trial) for count in set(counts)}
        for member, count in zip(of_group, counts, strict=True):
            its = scales[count]
            slopes[member], evens[member], prices[member] = its.slope, its.even, its.price
    return Recogniser(
        whitening,
        unit(sums_by_owner(vectors, camps, len(owners))),
        owners.astype(np.int64),
        roster,
        slopes,
        evens,
        prices,
        gallery.version,
    )


def weighed_names(log_odds: NDArray[np.float64], qualities: Sequence[Quality] | None) -> NDArray[np.float64]:
    """`models.recognition.quality.weighed` among the names that are not vetoed."""
    forbidden = np.isneginf(log_odds)
    return np.where(forbidden, -np.inf, weighed(np.where(forbidden, _HARDLY, log_odds), qualities))


def guesses_of(members: list[GalleryMember], plan: Plan, alone: NDArray[np.float64], threshold: float) -> list[Guess]:
    """One guess a face of a plan of these members. `alone`: (n, m) each face's log-odds before the others had a say."""
    guesses: list[Guess] = []
    for face, (heard, by_itself) in enumerate(zip(plan.rows(), replace(plan, log_odds=alone).rows(), strict=True)):
        member = heard[0]
        if member < 0 or (plan.is_paid(face) and alone[face, member] >= 0):
            guesses.append(guess_of(members, *heard, threshold))
            continue
        # A name that only the company speaks for is never sure: beside eight members of nine, a woman of another group
        # got the ninth name in 297 of 300 pictures; in 291 of them her own face spoke against it.
        basis = Basis.CONTEXT if plan.is_paid(face) else Basis.ELIMINATION
        guesses.append(replace(guess_of(members, *by_itself, threshold), band=Band.UNSURE, basis=basis))
    return guesses


def guess_of(
    members: list[GalleryMember], chosen: int, confidences: NDArray[np.float64], order: list[int], threshold: float
) -> Guess:
    """What a row of a plan of these members says (`Plan.rows`)."""
    candidates = tuple(
        Candidate(members[i].id, members[i].name, float(confidences[i]), members[i].group_name) for i in order
    )
    if chosen < 0:
        return Guess(None, None, float(1 - confidences.sum()), Band.UNKNOWN, candidates)
    confidence = float(confidences[chosen])
    band = Band.SURE if confidence >= threshold else Band.UNSURE
    return Guess(members[chosen].id, members[chosen].name, confidence, band, candidates)
