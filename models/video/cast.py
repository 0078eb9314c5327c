"""Who the tracks of a clip are: one identity each, and tracks that share a frame exclude each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from models.encodings import background
from models.encodings.whitening import unit
from models.faces import Band, Guess
from models.recognition.assignment import CLEAR_LOG_ODDS, Assignment
from models.recognition.calibration import WRONG_NAME_COST, scale
from models.recognition.recogniser import SURE, Identification, guesses_of, weighted_log_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.recognition.calibration import Scale
    from models.recognition.recogniser import Recogniser
    from models.video.tracks import FaceTracks, Track

ONE_PERSON = 5.0
"""Log-odds, on average over their tracks' mean faces, from which two people are one before anybody is named."""

ONE_STRANGER = 3.5
"""Log-odds from which two people whom nobody could name are one, by the centroids of their tracks.

In two videos of twenty people, photographed on several occasions each, the tracks of the eleven or so who aren't enrolled
are 81 people by both engines together, two of whom are two (`python -m bench.strangers`). Chosen on three others: 126 people,
four of them two; from 5 on it would be 170, two of them two, from 2 on 101, eight of them two.
"""

PHOTOS = 5.0
"""A member's centroid weighs as much as so many people of the clip who are clearly that member."""

ALONE = math.log(WRONG_NAME_COST)
"""Log-odds that a face must have of being a member by itself for the others of the clip to raise them.

Beside so many members nearly everybody would be one. In simulated clips (seven photos a member of TWICE by dlib, women of ITZY
as every eighth face) 2.5% of the strangers' faces are named instead of 17%, and 97.1% of the frames right instead of 96.0%.
"""

_NEVER = 1e9
"""Distance of two tracks that are two people: no mean with it in it is near."""

NOBODY = Guess(None, None, 1.0, Band.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a clip: a member, or one whom nobody could name. `tracks` are places in the look's tracks.

    `number` counts from 1, members by their screen time first, then the others by theirs. `guess` holds for all of the tracks.
    """

    number: int
    guess: Guess
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in a clip. `guesses`: one a track, that of its person; NOBODY for a track without encodings."""

    group: int | None
    group_name: str | None
    guesses: tuple[Guess, ...]
    people: tuple[Person, ...]


def cast(recogniser: Recogniser, face_tracks: FaceTracks, *, group: int | None = None, threshold: float = SURE) -> Cast:
    """Name the tracks of a clip.

    `group`: whose members are asked for; None finds the one that the tracks together speak for most. `threshold`: confidence
    from which a name is sure.
    Tracks that are most alike are one person, whose face is their mean, and have one name. People who are clearly a member
    are further examples of her for the others. Two who share a frame never have one name.
    """
    seen = [place for place, track in enumerate(face_tracks.tracks) if len(track.encodings)]
    guesses = [NOBODY] * len(face_tracks.tracks)
    if not seen:
        return Cast(group, None, tuple(guesses), ())
    crowd = _Crowd.of(recogniser, [face_tracks.tracks[place] for place in seen])
    naming = _name(recogniser, crowd, group, threshold)
    one_each, guesses_of_each = crowd.with_strangers_joined(recogniser, naming.guesses)
    people = _people_of(face_tracks, [tuple(seen[i] for i in tracks) for tracks in one_each], guesses_of_each)
    for person in people:
        for place in person.tracks:
            guesses[place] = person.guess
    return Cast(naming.group, naming.group_name, tuple(guesses), people)


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """The people of a clip before they are named.

    `people`: places of tracks each. `log_odds`: (n, m) of each person's mean face being each member. `faces`: (n, d) those
    faces, whitened. `rivals`: (n, n) who share a frame.
    """

    people: list[list[int]]
    log_odds: NDArray[np.float64]
    faces: NDArray[np.float32]
    rivals: NDArray[np.bool_]

    @classmethod
    def of(cls, recogniser: Recogniser, tracks: Sequence[Track]) -> _Crowd:
        """Joins tracks to people."""
        means = unit(np.stack([track.encodings.mean(axis=0) for track in tracks]).astype(np.float32, copy=False))
        vectors = recogniser.whitening.apply(means)
        apart = _share_a_frame(tracks)
        alone = _likely(recogniser, 1)
        people = _joined(alone.slope * ((vectors @ vectors.T).astype(np.float64) - alone.midpoint), apart)
        rivals = np.array([[apart[np.ix_(one, other)].any() for other in people] for one in people], np.bool_)
        faces = unit(np.stack([means[person].mean(axis=0) for person in people]))
        log_odds = _log_odds(recogniser, faces, [[tracks[i] for i in person] for person in people])
        return cls(people, log_odds, recogniser.whitening.apply(faces), rivals)

    def with_strangers_joined(
        self, recogniser: Recogniser, guesses: Sequence[Guess]
    ) -> tuple[list[list[int]], list[Guess]]:
        """The people, and a guess for each, with those whom nobody could name joined."""
        known = [number for number, guess in enumerate(guesses) if guess.member is not None]
        unknown = [number for number, guess in enumerate(guesses) if guess.member is None]
        counts = np.array([len(self.people[number]) for number in unknown], np.int64)
        strangers = _strangers(recogniser, self.faces[unknown], counts, self.rivals[np.ix_(unknown, unknown)])
        alike = [[unknown[i] for i in person] for person in strangers]
        people = [self.people[number] for number in known]
        people += [[track for number in numbers for track in self.people[number]] for numbers in alike]
        clearest = [
            max((guesses[number] for number in numbers), key=lambda guess: guess.confidence) for numbers in alike
        ]
        return people, [*(guesses[number] for number in known), *clearest]


def _share_a_frame(tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """Which tracks are seen at the same time, and so are two people: (n, n)."""
    first, last = (np.array([getattr(track, end) for track in tracks]) for end in ("first", "last"))
    apart = (first[:, None] <= last) & (first <= last[:, None])
    np.fill_diagonal(apart, val=False)
    return apart


def _likely(recogniser: Recogniser, photos: int) -> Scale:
    """How the cosine of a face and a centroid of so many photos becomes the log-odds of their being one person's."""
    known = background.load(recogniser.version)
    return scale(known.whitened if recogniser.whitening.mean.any() else known.raw, photos)


def _joined(likeness: NDArray[np.float64], apart: NDArray[np.bool_]) -> list[list[int]]:
    """Tracks joined to people: always the two that are most alike on average over their tracks, down to ONE_PERSON.

    `likeness`, `apart`: (n, n) of each two tracks, the log-odds of their being one person, and whether they never are.
    """
    if len(likeness) < 2:
        return [[i] for i in range(len(likeness))]
    most = float(likeness.max())
    distances = np.where(apart, _NEVER, most - likeness)
    tree = linkage(distances[np.triu_indices(len(likeness), 1)], "average")
    _, numbers = np.unique(fcluster(tree, most - ONE_PERSON, "distance"), return_inverse=True)
    people = [np.flatnonzero(numbers == number).tolist() for number in np.unique(numbers)]
    return sorted(people)


def _strangers(
    recogniser: Recogniser, faces: NDArray[np.float32], tracks: NDArray[np.int64], rivals: NDArray[np.bool_]
) -> list[list[int]]:
    """People joined: always the two whose centroids are most alike, down to ONE_STRANGER.

    A centroid is held against another as a member's is against a face, by what is known of centroids of so many photos as
    the larger one has tracks.
    `faces`: (n, d), whitened. `tracks`: (n,) how many each is the mean of. `rivals`: (n, n) who are never one.
    """
    scales = [_likely(recogniser, photos) for photos in range(1, background.PHOTOS[-1] + 1)]
    slopes, midpoints = (np.array([getattr(one, name) for one in scales]) for name in ("slope", "midpoint"))
    sums, tracks, rivals = faces * tracks[:, None].astype(np.float32), tracks.copy(), rivals.copy()

    def likeness(one: int) -> NDArray[np.float64]:
        photos = np.minimum(np.maximum(tracks, tracks[one]), len(scales)) - 1
        row = slopes[photos] * ((unit(sums) @ unit(sums[one : one + 1])[0]).astype(np.float64) - midpoints[photos])
        return np.where(rivals[one] | (tracks == 0) | (np.arange(len(row)) == one), -np.inf, row)

    people = [[i] for i in range(len(faces))]
    alike = np.array([likeness(one) for one in range(len(faces))])
    while alike.max(initial=-np.inf) >= ONE_STRANGER:
        one, other = sorted(int(i) for i in np.unravel_index(int(alike.argmax()), alike.shape))
        sums[one], tracks[one] = sums[one] + sums[other], tracks[one] + tracks[other]
        rivals[one] |= rivals[other]
        rivals[:, one] = rivals[one]
        tracks[other] = 0
        people[one] += people[other]
        people[other] = []
        alike[one], alike[:, one] = likeness(one), likeness(one)
        alike[other], alike[:, other] = -np.inf, -np.inf
    return [person for person in people if person]


def _log_odds(
    recogniser: Recogniser, faces: NDArray[np.float32], people: Sequence[Sequence[Track]]
) -> NDArray[np.float64]:
    """The log-odds of people with these mean faces (n, d) being each member: (n, m).

    A mean face is as good as the sharpest that it is made of. What is vetoed for one of these is vetoed for the person.
    """
    log_odds = recogniser.log_odds(faces)
    best = [max((one for track in tracks for one in track.qualities), key=lambda one: one.weight) for tracks in people]
    groups = np.array([member.group for member in recogniser.roster])
    for number in np.unique(groups):
        mine = groups == number
        log_odds[:, mine] = weighted_log_odds(log_odds[:, mine], best)
    for row, tracks in zip(log_odds, people, strict=True):
        encodings = np.concatenate([track.encodings for track in tracks])
        row[recogniser.vetoes.forbidden(encodings, recogniser.roster, recogniser.version).any(axis=0)] = -np.inf
    return log_odds


def _name(recogniser: Recogniser, crowd: _Crowd, group: int | None, threshold: float) -> Identification:
    """One guess a person."""
    numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in recogniser.roster))
    assignments: list[Assignment] = []
    for number in numbers:
        columns = np.array([i for i, one in enumerate(recogniser.roster) if one.group == number], np.int64)
        assignments.append(
            Assignment.solve(crowd.log_odds[:, columns], recogniser.acceptances[columns], columns, once=False)
        )
    assignment = max(assignments, key=lambda one: one.evidence, default=None)
    prior = math.log(max(len(assignments), 1))
    if assignment is None or not assignment.columns.size or (group is None and assignment.evidence <= prior):
        return Identification(group, None, recogniser.unknown_guesses(crowd.log_odds - prior))
    alone = assignment.log_odds
    assignment = _exclusive(assignment, crowd.rivals)
    assignment = _exclusive(replace(assignment, log_odds=_shown(recogniser, crowd, assignment)), crowd.rivals)
    members = [recogniser.roster[int(column)] for column in assignment.columns]
    return Identification(
        members[0].group, members[0].group_name, tuple(guesses_of(members, assignment, alone, threshold))
    )


def _exclusive(assignment: Assignment, rivals: NDArray[np.bool_]) -> Assignment:
    """The assignment once people speak for each other, and nobody has the name of a rival (n, n).

    Names are given one by one, the clearest first.
    """
    log_odds = np.where(assignment.log_odds < ALONE, assignment.log_odds, assignment.with_context().log_odds)
    chosen, possible = np.full(len(assignment.chosen), -1, np.int64), np.ones_like(assignment.possible)
    left = log_odds - assignment.acceptances
    while left.max(initial=0) > 0:
        person, member = (int(i) for i in np.unravel_index(int(left.argmax()), left.shape))
        chosen[person] = member
        left[person] = -np.inf
        left[rivals[person], member] = -np.inf
        possible[rivals[person], member] = False
    return replace(assignment, log_odds=log_odds, chosen=chosen, possible=possible)


def _shown(recogniser: Recogniser, crowd: _Crowd, assignment: Assignment) -> NDArray[np.float64]:
    """Log-odds (n, m) of each person against each member of the assignment, with other people of the clip as examples."""
    log_odds = crowd.log_odds[:, assignment.columns].copy()
    named = np.flatnonzero(assignment.chosen >= 0)
    clear = named[assignment.log_odds[named, assignment.chosen[named]] >= CLEAR_LOG_ODDS]
    for place, column in enumerate(assignment.columns.tolist()):
        examples = clear[assignment.chosen[clear] == place]
        if not examples.size:
            continue
        centroids = recogniser.centroids[recogniser.owners == column]
        total = crowd.faces[examples].sum(axis=0)
        for person in range(len(log_odds)):
            others = total - crowd.faces[person] if person in examples else total
            now = unit((PHOTOS * centroids + others).astype(np.float32, copy=False)) @ crowd.faces[person]
            before = centroids @ crowd.faces[person]
            log_odds[person, place] += recogniser.slopes[column] * float(now.max() - before.max())
    return log_odds


def _people_of(
    face_tracks: FaceTracks, people: Sequence[tuple[int, ...]], guesses: Sequence[Guess]
) -> tuple[Person, ...]:
    """The people of a clip: all who are one member are one person, with the clearest of their guesses.

    Members first, each kind by screen time.
    """
    tracks: dict[tuple[str, int], list[int]] = {}
    best: dict[tuple[str, int], Guess] = {}
    for number, (places, guess) in enumerate(zip(people, guesses, strict=True)):
        key = ("stranger", number) if guess.member is None else ("member", guess.member)
        tracks.setdefault(key, []).extend(places)
        best[key] = max(best.get(key, guess), guess, key=lambda one: (one.band is Band.SURE, one.confidence))
    frames = {key: sum(len(face_tracks.tracks[place].boxes) for place in places) for key, places in tracks.items()}
    order = sorted(tracks, key=lambda key: (key[0] != "member", -frames[key], min(tracks[key])))
    return tuple(Person(number, best[key], tuple(sorted(tracks[key]))) for number, key in enumerate(order, start=1))
