"""Who the tracks of a clip are: one identity each, and tracks that share a frame exclude each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models import background
from models.assignment import Plan
from models.calibration import scale
from models.faces import Band, Candidate, Guess
from models.recognition import SURE, guess_of, weighed_names
from models.whitening import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.recognition import Recogniser
    from models.tracks import Look, Track

ONE_PERSON = 3.0
"""Log-odds, on average, from which the tracks of two people are those of one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of some tracks: that they show `member`, or nobody of the roster (None); or, unless `face`, no face."""

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
    from which a name is sure. `told`: what people said; the later word holds.
    Tracks that look like one person are named as one. What is told of one of them holds for them all.
    """
    words = {track: word for word in told for track in word.tracks}
    faces = [
        i for i, track in enumerate(look.tracks) if len(track.encodings) and not (i in words and not words[i].face)
    ]
    tracks = [look.tracks[i] for i in faces]
    apart = _apart(tracks)
    said = [words.get(i) for i in faces]
    people = _people(_likeness(recogniser, tracks), apart, said)
    evidence = np.stack([_evidence(recogniser, track) for track in tracks]) if tracks else np.empty((0, len(recogniser.roster)))
    log_odds = np.stack([evidence[person].mean(axis=0) for person in people]) if people else evidence
    told_of = [next((said[i] for i in person if said[i] is not None), None) for person in people]
    rivals = np.array([[apart[np.ix_(one, other)].any() for other in people] for one in people], np.bool_).reshape(
        len(people), len(people)
    )
    group, group_name, named = _named(recogniser, log_odds, rivals, told_of, group, threshold)
    guesses = [_NO_FACE] * len(look.tracks)
    for person, guess in zip(people, named, strict=True):
        for i in person:
            guesses[faces[i]] = guess
    grouped = [tuple(faces[i] for i in person) for person in people]
    return Cast(group, group_name, tuple(guesses), _billed(look, grouped, named))


_NO_FACE = Guess(None, None, 1.0, Band.UNKNOWN)


def _evidence(recogniser: Recogniser, track: Track) -> NDArray[np.float64]:
    """The log-odds of each member (m,) in the sighting that speaks for her most."""
    log_odds = recogniser.log_odds(track.encodings)
    groups = np.array([member.group for member in recogniser.roster])
    for number in np.unique(groups):
        mine = groups == number
        log_odds[:, mine] = weighed_names(log_odds[:, mine], track.qualities)
    return log_odds.max(axis=0)


def _apart(tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """Which tracks share a frame: (n, n)."""
    first, last = (np.array([getattr(track, end) for track in tracks], np.int64) for end in ("first", "last"))
    shared = (first[:, None] <= last) & (first <= last[:, None])
    np.fill_diagonal(shared, False)
    return shared


def _likeness(recogniser: Recogniser, tracks: Sequence[Track]) -> NDArray[np.float64]:
    """The log-odds of two tracks being of one person: (n, n)."""
    if not tracks:
        return np.empty((0, 0))
    known = background.load(recogniser.version)
    one = scale(known.whitened if recogniser.whitening.gains.size else known.raw, 1)
    means = unit(np.stack([track.encodings.mean(axis=0) for track in tracks]))
    vectors = recogniser.whitening.apply(means)
    return one.slope * ((vectors @ vectors.T).astype(np.float64) - one.even)


def _people(
    likeness: NDArray[np.float64], apart: NDArray[np.bool_], said: Sequence[Told | None]
) -> list[list[int]]:
    """Tracks joined into people, those that are most alike on average first, as long as they are ONE_PERSON."""
    people = [[i] for i in range(len(likeness))]
    kept = [i for i, word in enumerate(said) if word is not None]
    while len(people) > 1:
        best, pair = ONE_PERSON, None
        for i, one in enumerate(people):
            for j in range(i):
                other = people[j]
                block = np.ix_(one, other)
                if apart[block].any():
                    continue
                words = {said[k].member for k in (*one, *other) if k in kept}
                if len(words) > 1:
                    continue
                mean = float(likeness[block].mean())
                if mean >= best:
                    best, pair = mean, (i, j)
        if pair is None:
            return people
        people[pair[1]] += people.pop(pair[0])
    return people


def _named(recogniser, log_odds, rivals, told_of, group, threshold):
    numbers = [group] if group is not None else list(dict.fromkeys(member.group for member in recogniser.roster))
    plans = []
    for number in numbers:
        columns = np.array([i for i, member in enumerate(recogniser.roster) if member.group == number], np.int64)
        plans.append(Plan.make(log_odds[:, columns], recogniser.prices[columns], columns, once=False))
    plan = max(plans, key=lambda plan: plan.evidence, default=None)
    if plan is None or not plan.columns.size or (group is None and plan.evidence <= math.log(len(plans))):
        return group, None, list(recogniser.strangers(log_odds - math.log(max(len(plans), 1))))
    alone = plan.log_odds
    plan = plan.together()
    worth = plan.log_odds - plan.prices
    chosen = np.full(len(worth), -1, np.int64)
    free = np.ones_like(worth, np.bool_)
    open_ = worth.copy()
    while open_.size and open_.max() > 0:
        person, member = np.unravel_index(int(open_.argmax()), open_.shape)
        chosen[person] = member
        open_[person] = -np.inf
        open_[rivals[person], member] = -np.inf
        free[rivals[person], member] = False
    plan = replace(plan, chosen=chosen, free=free)
    members = [recogniser.roster[int(column)] for column in plan.columns]
    guesses = [guess_of(members, *row, threshold) for row in plan.rows()]
    for i, member in enumerate(chosen):
        if member >= 0 and alone[i, member] < 0:
            guesses[i] = replace(guesses[i], band=Band.UNSURE)
    return members[0].group, members[0].group_name, guesses


def _billed(look, grouped, named):
    return ()
