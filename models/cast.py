"""Who the tracks of a clip are: one identity each, and tracks that share a frame exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.faces import Guess


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
