"""What is kept of the people of a clip."""

from __future__ import annotations

from bot.clips.making import IN_REVIEW, with_crop
from bot.clips.standing import merged, together
from bot.jobs import BilledPerson, Cut
from models.faces import Band, Box, Guess


def person(number: int, name: str | None, seconds: float) -> BilledPerson:
    guess = Guess(number if name else None, name, 0.9, Band.SURE if name else Band.UNKNOWN)
    return BilledPerson(
        number, guess, (number,), ((0.0, seconds),), seconds, Cut(b"", 100, 2.0), Box(0, 0, 9, 9), b"", ()
    )


def test_of_a_crowd_that_nobody_could_name_the_few_seen_longest_wait_in_the_review() -> None:
    crowd = [person(number, None, seconds=number / 10) for number in range(3, 23)]
    people = [person(1, "Sana", 9.0), person(2, "Momo", 0.1), *crowd]
    assert with_crop(people) == {1, 2, *range(23 - IN_REVIEW, 23)}


def test_times_of_several_people_are_counted_once() -> None:
    assert merged([(5.0, 6.0), (0.0, 2.0), (2.0, 3.0)]) == ((0.0, 3.0), (5.0, 6.0))
    assert together([[(0.0, 2.0), (5.0, 6.0)], [(1.0, 3.0)]]) == (((0.0, 3.0), (5.0, 6.0)), 4.0)
