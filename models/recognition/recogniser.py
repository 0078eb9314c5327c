"""Open-set identification of the faces of a picture: scores, confidences, the group."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encodings import background
from models.encodings.centroids import cluster_numbers
from models.encodings.whitening import Whitening, unit_rows
from models.faces import ConfidenceBand, Guess, GuessBasis, MemberCandidate
from models.recognition.assignment import Assignment, is_each_once
from models.recognition.calibration import choose_whitening, leave_one_out, scale, sums_by_owner
from models.recognition.classifier import Classifier
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.quality import quality_weighted
from models.recognition.vetoes import Vetoes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, OncePolicy
    from models.recognition.quality import FaceQuality

SURE = 0.5
"""The default minimum confidence of a sure name."""

_VETOED = -1e3
"""Finite log-odds of a vetoed name during the arithmetic. The result has -inf in their place."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The answer for one picture.

    `group`, `group_name`: the group of the named faces, None where no face is a member. `guesses`: one a face.
    """

    group: int | None
    group_name: str | None
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """A fitted gallery, small enough to travel with every picture.

    `whitening`: applied to each encoding first. `centroids`: (c, d) float32, rows of unit length. `owners`: (c,) int64, the
    index in `members` of each centroid's member; each member has at least one. The score of a member is the cosine with the
    nearest of the member's centroids. `slopes`, `midpoints`: (m,) float64; the log-odds of a member against a stranger are
    slope * (score - midpoint). `acceptances`: (m,) float64, the minimum log-odds of an accepted name. `version`: of the engine
    that made the encodings. `classifiers`: each ranks the members of the groups that it knows in full; the centroids alone
    decide between member and stranger. `vetoes`: names that certain faces never get. Raises ValueError for shapes that don't
    fit together.
    """

    whitening: Whitening
    centroids: NDArray[np.float32]
    owners: NDArray[np.int64]
    members: tuple[GalleryMember, ...]
    slopes: NDArray[np.float64]
    midpoints: NDArray[np.float64]
    acceptances: NDArray[np.float64]
    version: str
    classifiers: tuple[Classifier, ...] = ()
    vetoes: Vetoes = field(default_factory=Vetoes)

    def __post_init__(self) -> None:
        wanted = (len(self.owners), len(self.whitening.mean))
        if self.centroids.shape != wanted:
            raise ValueError(f"centroids {self.centroids.shape}, not {wanted}")
        for column in (self.slopes, self.midpoints, self.acceptances):
            if column.shape != (len(self.members),):
                raise ValueError(f"{column.shape} slopes, midpoints or acceptances for {len(self.members)} members")
        if set(self.owners.tolist()) != set(range(len(self.members))):
            raise ValueError(f"centroids of {len(set(self.owners.tolist()))} members, not of {len(self.members)}")

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """Log-odds of each member against a stranger, for each of the faces (n, d): (n, m) float64.

        Members and strangers have the same prior. A vetoed name has -inf. Raises ValueError when the encodings aren't (n, d).
        """
        cosines = (self.whitening.apply(encodings) @ self.centroids.T).astype(np.float64)
        scores = np.full((len(encodings), len(self.members)), -1.0)
        np.maximum.at(scores.T, self.owners, cosines.T)
        log_odds = self.slopes * (scores - self.midpoints)
        forbidden = self.vetoes.forbidden(encodings, self.members, self.version)
        log_odds[forbidden] = _VETOED
        for classifier in self.classifiers:
            log_odds = classifier.rerank(log_odds, encodings, self.members)
        log_odds[forbidden] = -np.inf
        return log_odds

    def identify(
        self,
        encodings: Encodings,
        *,
        qualities: Sequence[FaceQuality] | None = None,
        group: int | None = None,
        once: OncePolicy = "auto",
        threshold: float = SURE,
    ) -> Identification:
        """Identify the faces of one picture.

        `encodings`: (n, d) float32, rows of unit length. `qualities`: one a face; None counts all faces as good. `group`: the
        id of the only group to consider; None selects the group with the most evidence. `once`: see `models.faces.OncePolicy`.
        `threshold`: the minimum confidence of a sure name. In a group without enrolled members every face is unknown.
        Raises ValueError when the encodings aren't (n, d).
        """
        log_odds = self.log_odds(encodings)
        numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in self.members))
        assignments: list[Assignment] = []
        for number in numbers:
            columns = np.array([i for i, member in enumerate(self.members) if member.group == number], np.int64)
            mine = weighted_log_odds(log_odds[:, columns], qualities)
            assignments.append(
                Assignment.solve(mine, self.acceptances[columns], columns, once=is_each_once(mine, once))
            )
        assignment = max(assignments, key=lambda assignment: assignment.evidence, default=None)
        # All groups have the same prior, so the evidence for the best one must exceed the logarithm of their number.
        prior = math.log(max(len(assignments), 1))
        if assignment is None or not assignment.columns.size or (group is None and assignment.evidence <= prior):
            return Identification(group, None, self.unknown_guesses(log_odds - prior))
        members = [self.members[int(column)] for column in assignment.columns]
        in_picture = assignment.with_context().with_elimination(assignment)
        guesses = assignment_guesses(members, in_picture, assignment.log_odds, threshold)
        return Identification(members[0].group, members[0].group_name, tuple(guesses))

    def unknown_guesses(self, log_odds: NDArray[np.float64]) -> tuple[Guess, ...]:
        """Guesses for faces that belong to no group, from their `log_odds` (n, m). The candidates are all members."""
        columns = np.arange(len(self.members), dtype=np.int64)
        nobody = Assignment.solve(log_odds, self.acceptances, columns, once=False)
        return tuple(
            row_guess(list(self.members), -1, confidences, order, SURE) for _, confidences, order in nobody.rows()
        )

    def to_bytes(self) -> bytes:
        """An .npz without pickled objects, for `from_bytes`."""
        file = io.BytesIO()
        np.savez(
            file,
            allow_pickle=False,
            mean=self.whitening.mean,
            directions=self.whitening.directions,
            gains=self.whitening.gains,
            centroids=self.centroids,
            owners=self.owners,
            ids=np.array([member.id for member in self.members], np.int64),
            names=np.array([member.name for member in self.members], np.str_),
            groups=np.array([member.group for member in self.members], np.int64),
            group_names=np.array([member.group_name for member in self.members], np.str_),
            slopes=self.slopes,
            midpoints=self.midpoints,
            acceptances=self.acceptances,
            version=np.array(self.version, np.str_),
            vetoed=self.vetoes.encodings,
            vetoed_members=self.vetoes.members,
            **{
                f"{i}/{key}": part
                for i, classifier in enumerate(self.classifiers)
                for key, part in classifier.to_arrays().items()
            },
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Recogniser:
        """The recogniser that `to_bytes` wrote. Raises ValueError or KeyError for other data."""
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
                file["midpoints"],
                file["acceptances"],
                str(file["version"]),
                tuple(Classifier.from_arrays(arrays) for arrays in parts.values()),
                Vetoes(file["vetoed"], file["vetoed_members"]),
            )


def fit(gallery: Gallery) -> Recogniser:
    """The recogniser of a gallery. It leaves out members without encodings.

    Raises LookupError when the gallery's engine has no measured background.
    """
    members, labels = gallery.with_encodings()
    whitening, scores = choose_whitening(gallery.encodings, labels, background.load(gallery.version))
    vectors = whitening.apply(gallery.encodings)
    clusters = cluster_numbers(vectors, labels, scale(scores, 1).midpoint)
    owners = labels[np.unique(clusters, return_index=True)[1]]
    photos = np.bincount(clusters, minlength=len(owners))
    slopes, midpoints, acceptances = np.zeros((3, len(members)))
    # Each group has its own scale. With one scale for all, the group with the most similar members sets it: BTS and ITZY
    # beside TWICE raised the threshold from 0.51 to 0.60 and lost 11 of 22 names in photos of all nine of TWICE.
    groups = np.array([member.group for member in members], np.int64)
    for group in np.unique(groups):
        mine = groups[labels] == group
        left_out = leave_one_out(vectors[mine], labels[mine], clusters[mine])
        of_group = np.flatnonzero(groups == group)
        counts = [int(photos[owners == member].min()) for member in of_group]
        scales = {count: scale(scores, count, left_out) for count in set(counts)}
        for member, count in zip(of_group, counts, strict=True):
            member_scale = scales[count]
            slopes[member], midpoints[member], acceptances[member] = (
                member_scale.slope,
                member_scale.midpoint,
                member_scale.acceptance,
            )
    return Recogniser(
        whitening,
        unit_rows(sums_by_owner(vectors, clusters, len(owners))),
        owners.astype(np.int64),
        members,
        slopes,
        midpoints,
        acceptances,
        gallery.version,
    )


def weighted_log_odds(log_odds: NDArray[np.float64], qualities: Sequence[FaceQuality] | None) -> NDArray[np.float64]:
    """`quality.quality_weighted` for the names without a veto: log-odds (n, m) in and out; a veto stays -inf."""
    forbidden = np.isneginf(log_odds)
    return np.where(forbidden, -np.inf, quality_weighted(np.where(forbidden, _VETOED, log_odds), qualities))


def assignment_guesses(
    members: list[GalleryMember], assignment: Assignment, alone: NDArray[np.float64], threshold: float
) -> list[Guess]:
    """One guess a face of an assignment to these members.

    `alone`: (n, m) log-odds of each face by itself, without context. `threshold`: the minimum confidence of a sure name.
    """
    guesses: list[Guess] = []
    for face, (in_context, by_itself) in enumerate(
        zip(assignment.rows(), replace(assignment, log_odds=alone).rows(), strict=True)
    ):
        member = in_context[0]
        if member < 0 or (assignment.is_accepted(face) and alone[face, member] >= 0):
            guesses.append(row_guess(members, *in_context, threshold))
            continue
        # A name from context alone is never sure. Beside eight members of nine, a woman of another group got the ninth
        # name in 297 of 300 pictures; in 291 of them the log-odds of her own face were below 0.
        basis = GuessBasis.CONTEXT if assignment.is_accepted(face) else GuessBasis.ELIMINATION
        guesses.append(replace(row_guess(members, *by_itself, threshold), band=ConfidenceBand.UNSURE, basis=basis))
    return guesses


def row_guess(
    members: list[GalleryMember], chosen: int, confidences: NDArray[np.float64], order: list[int], threshold: float
) -> Guess:
    """The guess of one row of `Assignment.rows`, for an assignment to these members."""
    candidates = tuple(
        MemberCandidate(members[i].id, members[i].name, float(confidences[i]), members[i].group_name) for i in order
    )
    if chosen < 0:
        return Guess(None, None, float(1 - confidences.sum()), ConfidenceBand.UNKNOWN, candidates)
    confidence = float(confidences[chosen])
    band = ConfidenceBand.SURE if confidence >= threshold else ConfidenceBand.UNSURE
    return Guess(members[chosen].id, members[chosen].name, confidence, band, candidates)
