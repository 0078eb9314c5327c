"""Clusters of a clip's tracks, one for each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from models.encodings import background
from models.encodings.whitening import unit_rows
from models.recognition.calibration import scale
from models.recognition.recogniser import weighted_log_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Guess
    from models.recognition.calibration import LogOddsScale
    from models.recognition.recogniser import Recogniser
    from models.video.tracks import Track

SAME_PERSON = 5.0
"""The minimum mean log-odds between the tracks of two clusters for merging them. It applies before the naming."""

SAME_STRANGER = 3.5
"""Minimum log-odds for merging two unnamed people.

Two videos have twenty people, each photographed on several occasions; about eleven aren't enrolled. Both engines together count
81 people in their tracks; two of the 81 each mix two people (`python -m bench.strangers`). The value was chosen on three other
videos, where it gives 126 people (four of them two); 5 gives 170 (two), 2 gives 101 (eight).
"""

_NEVER = 1e9
"""The distance of two tracks that share a frame. It keeps every mean distance with it large."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackClusters:
    """The people of a clip before the naming, as clusters of tracks.

    `clusters`: indices of the tracks of each. `log_odds`: (n, m) of each cluster's mean face being each member. `faces`:
    (n, d), those faces, whitened. `cannot_link`: (n, n) bool, the pairs that share a frame and so are two people.
    """

    clusters: list[list[int]]
    log_odds: NDArray[np.float64]
    faces: NDArray[np.float32]
    cannot_link: NDArray[np.bool_]

    @classmethod
    def from_tracks(cls, recogniser: Recogniser, tracks: Sequence[Track]) -> TrackClusters:
        """Cluster tracks into people."""
        means = unit_rows(np.stack([track.encodings.mean(axis=0) for track in tracks]).astype(np.float32, copy=False))
        vectors = recogniser.whitening.apply(means)
        together = _share_a_frame(tracks)
        single = _scale(recogniser, 1)
        log_odds = single.slope * ((vectors @ vectors.T).astype(np.float64) - single.midpoint)
        clusters = _cluster(log_odds, together)
        cannot_link = _any_between(together, clusters)
        faces = unit_rows(np.stack([means[cluster].mean(axis=0) for cluster in clusters]))
        member_log_odds = _member_log_odds(recogniser, faces, [[tracks[i] for i in cluster] for cluster in clusters])
        return cls(clusters, member_log_odds, recogniser.whitening.apply(faces), cannot_link)

    def with_strangers_merged(
        self, recogniser: Recogniser, guesses: Sequence[Guess]
    ) -> tuple[list[list[int]], list[Guess]]:
        """The clusters, and a guess for each, with those of strangers merged by `SAME_STRANGER`."""
        known = [number for number, guess in enumerate(guesses) if guess.member is not None]
        unknown = [number for number, guess in enumerate(guesses) if guess.member is None]
        counts = np.array([len(self.clusters[number]) for number in unknown], np.int64)
        strangers = _merge_strangers(
            recogniser, self.faces[unknown], counts, self.cannot_link[np.ix_(unknown, unknown)]
        )
        merged = [[unknown[i] for i in stranger] for stranger in strangers]
        clusters = [self.clusters[number] for number in known]
        clusters += [[track for number in numbers for track in self.clusters[number]] for numbers in merged]
        clearest = [
            max((guesses[number] for number in numbers), key=lambda guess: guess.confidence) for numbers in merged
        ]
        return clusters, [*(guesses[number] for number in known), *clearest]


def _share_a_frame(tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """The pairs of tracks that are visible at the same time: (n, n)."""
    first, last = (np.array([getattr(track, end) for track in tracks]) for end in ("first", "last"))
    together = (first[:, None] <= last) & (first <= last[:, None])
    np.fill_diagonal(together, val=False)
    return together


def _any_between(pairs: NDArray[np.bool_], clusters: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """The pairs of clusters (c, c) with at least one of the `pairs` (n, n) of their members."""
    members = np.zeros((len(clusters), len(pairs)), np.float32)
    for number, cluster in enumerate(clusters):
        members[number, cluster] = 1
    return members @ pairs.astype(np.float32) @ members.T > 0


def _scale(recogniser: Recogniser, photos: int) -> LogOddsScale:
    """The scale from the cosine of a face and a centroid of `photos` photos to the log-odds of one person."""
    known = background.load(recogniser.version)
    return scale(known.whitened if recogniser.whitening.mean.any() else known.raw, photos)


def _cluster(log_odds: NDArray[np.float64], cannot_link: NDArray[np.bool_]) -> list[list[int]]:
    """Clusters of tracks by average linkage, down to mean log-odds of SAME_PERSON.

    `log_odds`: (n, n) of two tracks being one person. `cannot_link`: (n, n), the pairs that are two people.
    """
    if len(log_odds) < 2:
        return [[i] for i in range(len(log_odds))]
    most = float(log_odds.max())
    distances = np.where(cannot_link, _NEVER, most - log_odds)
    tree = linkage(distances[np.triu_indices(len(log_odds), 1)], "average")
    _, numbers = np.unique(fcluster(tree, most - SAME_PERSON, "distance"), return_inverse=True)
    clusters = [np.flatnonzero(numbers == number).tolist() for number in np.unique(numbers)]
    return sorted(clusters)


def _merge_strangers(
    recogniser: Recogniser, faces: NDArray[np.float32], tracks: NDArray[np.int64], cannot_link: NDArray[np.bool_]
) -> list[list[int]]:
    """Merge the two people with the most similar centroids, down to SAME_STRANGER; returns indices of each merged person.

    The comparison of two centroids uses the scale of a member's centroid with as many photos as the larger one has tracks.
    `faces`: (n, d), whitened. `tracks`: (n,), the number of each person's tracks. `cannot_link`: (n, n), the pairs that are two
    people.
    """
    scales = [_scale(recogniser, photos) for photos in range(1, background.PHOTOS[-1] + 1)]
    slopes = np.array([scale_.slope for scale_ in scales])
    midpoints = np.array([scale_.midpoint for scale_ in scales])
    sums, tracks, cannot_link = faces * tracks[:, None].astype(np.float32), tracks.copy(), cannot_link.copy()

    def log_odds_of(person: int) -> NDArray[np.float64]:
        photos = np.minimum(np.maximum(tracks, tracks[person]), len(scales)) - 1
        row = slopes[photos] * (
            (unit_rows(sums) @ unit_rows(sums[person : person + 1])[0]).astype(np.float64) - midpoints[photos]
        )
        return np.where(cannot_link[person] | (tracks == 0) | (np.arange(len(row)) == person), -np.inf, row)

    people = [[i] for i in range(len(faces))]
    log_odds = np.array([log_odds_of(person) for person in range(len(faces))])
    while log_odds.max(initial=-np.inf) >= SAME_STRANGER:
        one, other = sorted(int(i) for i in np.unravel_index(int(log_odds.argmax()), log_odds.shape))
        sums[one], tracks[one] = sums[one] + sums[other], tracks[one] + tracks[other]
        cannot_link[one] |= cannot_link[other]
        cannot_link[:, one] = cannot_link[one]
        tracks[other] = 0
        people[one] += people[other]
        people[other] = []
        log_odds[one], log_odds[:, one] = log_odds_of(one), log_odds_of(one)
        log_odds[other], log_odds[:, other] = -np.inf, -np.inf
    return [person for person in people if person]


def _member_log_odds(
    recogniser: Recogniser, faces: NDArray[np.float32], clusters: Sequence[Sequence[Track]]
) -> NDArray[np.float64]:
    """The log-odds of clusters with these mean faces (n, d) being each member: (n, m).

    A mean face has the quality of the best face in it. A veto of one of these faces is one of the whole cluster.
    """
    log_odds = recogniser.log_odds(faces)
    best = [
        max((quality for track in tracks for quality in track.qualities), key=lambda quality: quality.weight)
        for tracks in clusters
    ]
    groups = np.array([member.group for member in recogniser.members])
    for number in np.unique(groups):
        mine = groups == number
        log_odds[:, mine] = weighted_log_odds(log_odds[:, mine], best)
    for row, tracks in zip(log_odds, clusters, strict=True):
        encodings = np.concatenate([track.encodings for track in tracks])
        row[recogniser.vetoes.forbidden(encodings, recogniser.members, recogniser.version).any(axis=0)] = -np.inf
    return log_odds
