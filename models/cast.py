"""Who the tracks of a clip are: one identity each, and tracks that share a frame exclude each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models import background
from models.assignment import Plan
from models.calibration import scale
from models.faces import Band, Guess
from models.recognition import SURE, Naming, guess_of, weighed_names
from models.whitening import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.recognition import Recogniser
    from models.tracks import Look, Track

ONE_PERSON = 4.0
"""Log-odds, on average over their tracks, from which two people are one."""

CERTAIN = 5.0
"""Log-odds from which a person of the clip is an example of the member."""

PHOTOS = 5.0
"""A member's centroid weighs as much as so many people of the clip who are certainly that member."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of tracks: that they show `member`, nobody of the roster (None), or, unless `face`, no face."""

    tracks: tuple[int, ...]
    member: int | None
    face: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a clip: a member, or one whom nobody could name. `tracks` are places in the look's tracks.

    `number` counts from 1, members by their screen time first, then the others by theirs. `guess` is the person's, over all
    of their tracks.
    """

    number: int
    guess: Guess
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in a clip. `guesses`: one a track. A track that is no face is nobody's, and isn't drawn."""

    group: int | None
    group_name: str | None
    guesses: tuple[Guess, ...]
    people: tuple[Person, ...]


def cast(
    recogniser: Recogniser,
    look: Look,
    *,
    group: int | None = None,
    threshold: float = SURE,
    told: Sequence[Told] = (),
) -> Cast:
    """Name the tracks of a clip.

    `group`: whose members are asked for; None finds the one that the tracks together speak for most. `threshold`: confidence
    from which a name is sure. `told`: what people said, the later word counts; what is said of one track holds for those that
    look like the same person.
    Tracks that are most alike are one person, and have one name. People who are certainly a member are further examples of her
    for the others. Two who share a frame never have one name, unless somebody said so.
    """
    words = {track: word for word in told for track in word.tracks}
    seen = [
        place
        for place, track in enumerate(look.tracks)
        if len(track.encodings) and (place not in words or words[place].face)
    ]
    guesses = [NOBODY] * len(look.tracks)
    if not seen:
        return Cast(group, None, tuple(guesses), ())
    crowd = _Crowd.of(recogniser, [look.tracks[place] for place in seen], [words.get(place) for place in seen])
    naming = _name(recogniser, crowd, group, threshold)
    people = [tuple(seen[i] for i in tracks) for tracks in crowd.people]
    for tracks, guess in zip(people, naming.guesses, strict=True):
        for place in tracks:
            guesses[place] = guess
    return Cast(naming.group, naming.group_name, tuple(guesses), _bill(look, people, naming.guesses))


NOBODY = Guess(None, None, 1.0, Band.UNKNOWN)


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """The people of a clip before they are named.

    `people`: places of tracks each. `log_odds`: (n, m) of each person being each member, on average over the
    tracks. `vectors`: (n, d) whitened, their mean faces. `rivals`: (n, n) who share a frame. `said`: what was said of each.
    """

    people: list[list[int]]
    log_odds: NDArray[np.float64]
    vectors: NDArray[np.float32]
    rivals: NDArray[np.bool_]
    said: list[Told | None]

    @classmethod
    def of(cls, recogniser: Recogniser, tracks: Sequence[Track], said: Sequence[Told | None]) -> _Crowd:
        """Joins tracks to people."""
        means = unit(np.stack([track.encodings.mean(axis=0) for track in tracks]).astype(np.float32, copy=False))
        vectors = recogniser.whitening.apply(means)
        known = background.load(recogniser.version)
        alone = scale(known.whitened if recogniser.whitening.gains.size else known.raw, 1)
        likeness = alone.slope * ((vectors @ vectors.T).astype(np.float64) - alone.even)
        first, last = (np.array([getattr(track, end) for track in tracks]) for end in ("first", "last"))
        apart = (first[:, None] <= last) & (first <= last[:, None])
        np.fill_diagonal(apart, val=False)
        people = _joined(likeness, apart | _said_apart(said))
        evidence = np.stack([_evidence(recogniser, track) for track in tracks])
        rivals = np.array([[apart[np.ix_(one, other)].any() for other in people] for one in people], np.bool_)
        return cls(
            people,
            np.stack([evidence[person].mean(axis=0) for person in people]),
            unit(np.stack([vectors[person].mean(axis=0) for person in people])),
            rivals,
            [next((word for i in person if (word := said[i]) is not None), None) for person in people],
        )


def _said_apart(said: Sequence[Told | None]) -> NDArray[np.bool_]:
    """Which tracks people said different things of: (n, n)."""
    codes = np.array([-2 if word is None else -1 if word.member is None else word.member for word in said], np.int64)
    spoken = codes > -2
    return spoken[:, None] & spoken & (codes[:, None] != codes)


def _joined(likeness: NDArray[np.float64], apart: NDArray[np.bool_]) -> list[list[int]]:
    """Tracks joined into people: always the two that are most alike on average, as long as they are ONE_PERSON."""
    likeness = np.where(apart | np.eye(len(likeness), dtype=np.bool_), -np.inf, likeness)
    people = [[i] for i in range(len(likeness))]
    while True:
        one, other = sorted(int(i) for i in np.unravel_index(int(likeness.argmax()), likeness.shape))
        if likeness[one, other] < ONE_PERSON:
            return [person for person in people if person]
        sizes = len(people[one]), len(people[other])
        mean = (sizes[0] * likeness[one] + sizes[1] * likeness[other]) / sum(sizes)
        likeness[one], likeness[:, one] = mean, mean
        likeness[one, one] = -np.inf
        likeness[other], likeness[:, other] = -np.inf, -np.inf
        people[one] += people[other]
        people[other] = []


def _evidence(recogniser: Recogniser, track: Track) -> NDArray[np.float64]:
    """The log-odds of a track being each member (m,), on average over its best sightings."""
    log_odds = recogniser.log_odds(track.encodings)
    groups = np.array([member.group for member in recogniser.roster])
    for number in np.unique(groups):
        mine = groups == number
        log_odds[:, mine] = weighed_names(log_odds[:, mine], track.qualities)
    return log_odds.mean(axis=0)


def _name(recogniser: Recogniser, crowd: _Crowd, group: int | None, threshold: float) -> Naming:
    """One guess a person."""
    numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in recogniser.roster))
    plans: list[Plan] = []
    for number in numbers:
        columns = np.array([i for i, one in enumerate(recogniser.roster) if one.group == number], np.int64)
        told = _told(recogniser, crowd, columns)
        plans.append(Plan.make(told, recogniser.prices[columns], columns, once=False))
    plan = max(plans, key=lambda plan: plan.evidence, default=None)
    if plan is None or not plan.columns.size or (group is None and plan.evidence <= math.log(len(plans))):
        return Naming(group, None, recogniser.strangers(crowd.log_odds - math.log(max(len(plans), 1))))
    alone = plan.log_odds
    plan = _exclusive(plan.together(), crowd)
    again = np.where(np.abs(alone) < _TOLD, _shown(recogniser, crowd, plan), alone)
    plan = _exclusive(Plan.make(again, plan.prices, plan.columns, once=False).together(), crowd)
    members = [recogniser.roster[int(column)] for column in plan.columns]
    guesses = [guess_of(members, *row, threshold) for row in plan.rows()]
    for person, member in enumerate(plan.chosen.tolist()):
        # As in one picture: a name that only the company speaks for is never sure.
        if member >= 0 and alone[person, member] < 0:
            guesses[person] = replace(guesses[person], band=Band.UNSURE)
    return Naming(members[0].group, members[0].group_name, tuple(guesses))


_TOLD = 50.0
"""Log-odds of what somebody said."""


def _told(recogniser: Recogniser, crowd: _Crowd, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """The log-odds of these members (n, columns), what people said overruling what faces say."""
    log_odds = crowd.log_odds[:, columns].copy()
    ids = np.array([member.id for member in recogniser.roster], np.int64)[columns]
    for person, word in enumerate(crowd.said):
        if word is not None:
            log_odds[person] = np.where(ids == word.member, _TOLD, -np.inf)
    return log_odds


def _exclusive(plan: Plan, crowd: _Crowd) -> Plan:
    """The plan in which nobody has the name of a rival: names are given one by one, the clearest first."""
    chosen, free = np.full(len(plan.chosen), -1, np.int64), np.ones_like(plan.free)
    left = plan.log_odds - plan.prices
    while left.size and left.max() > 0:
        person, member = (int(i) for i in np.unravel_index(int(left.argmax()), left.shape))
        chosen[person] = member
        left[person] = -np.inf
        others = crowd.rivals[person] & ~np.array([word is not None for word in crowd.said])
        left[others, member] = -np.inf
        free[others, member] = False
    free[chosen >= 0, chosen[chosen >= 0]] = True
    return replace(plan, chosen=chosen, free=free)


def _shown(recogniser: Recogniser, crowd: _Crowd, plan: Plan) -> NDArray[np.float64]:
    """The log-odds of each person being each member of the plan (n, m), once other people of the clip are examples too."""
    log_odds = crowd.log_odds[:, plan.columns].copy()
    named = np.flatnonzero(plan.chosen >= 0)
    certain = named[plan.log_odds[named, plan.chosen[named]] >= CERTAIN]
    for place, column in enumerate(plan.columns.tolist()):
        examples = certain[plan.chosen[certain] == place]
        if not examples.size:
            continue
        centroids = recogniser.centroids[recogniser.owners == column]
        total = crowd.vectors[examples].sum(axis=0)
        for person in range(len(log_odds)):
            others = total - crowd.vectors[person] if person in examples else total
            now = unit((PHOTOS * centroids + others).astype(np.float32, copy=False)) @ crowd.vectors[person]
            before = centroids @ crowd.vectors[person]
            log_odds[person, place] += recogniser.slopes[column] * float(now.max() - before.max())
    return log_odds


def _bill(look: Look, people: Sequence[tuple[int, ...]], guesses: Sequence[Guess]) -> tuple[Person, ...]:
    """The people of a clip: a member's tracks are one person's. Members first, each kind by screen time."""
    tracks: dict[tuple[str, int], list[int]] = {}
    best: dict[tuple[str, int], Guess] = {}
    for number, (places, guess) in enumerate(zip(people, guesses, strict=True)):
        key = ("stranger", number) if guess.member is None else ("member", guess.member)
        tracks.setdefault(key, []).extend(places)
        best[key] = max(best.get(key, guess), guess, key=lambda one: one.confidence)
    frames = {key: sum(len(look.tracks[place].boxes) for place in places) for key, places in tracks.items()}
    order = sorted(tracks, key=lambda key: (key[0] != "member", -frames[key], min(tracks[key])))
    return tuple(Person(number, best[key], tuple(sorted(tracks[key]))) for number, key in enumerate(order, start=1))
