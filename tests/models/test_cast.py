"""One identity a track: what shares a frame excludes each other, people are found again, and what people say holds."""

from __future__ import annotations

import numpy as np
import pytest

from bot.jobs import RosterRow, fit
from models.cast import Cast, Told, cast
from models.faces import Band
from models.quality import Quality
from models.recognition import Recogniser
from models.tracks import Look, Track

GOOD = Quality(120, 2.4, 0.0)


@pytest.fixture(scope="module")
def recogniser(gallery_rows: list[RosterRow]) -> Recogniser:
    return Recogniser.from_bytes(fit(gallery_rows, "dlib-1"))


@pytest.fixture(scope="module")
def photos(gallery_rows: list[RosterRow]) -> dict[int, np.ndarray]:
    """Of each member, what all of the photos have in common: (128,)."""
    members = {row.member for row in gallery_rows}
    of = {m: [np.frombuffer(row.vector, np.float32) for row in gallery_rows if row.member == m] for m in members}
    return {member: np.mean(vectors, axis=0) for member, vectors in of.items()}


def stranger(photos: dict[int, np.ndarray], seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    mean = np.mean(list(photos.values()), axis=0)
    away = chance.normal(size=len(mean))
    return mean + 0.25 * away / np.linalg.norm(away)


def look_of(*seen: tuple[int, int, np.ndarray]) -> Look:
    """A look with a track a (first frame, length, face)."""
    tracks: list[Track] = []
    for number, (first, length, face) in enumerate(seen):
        noise = np.random.default_rng(number).normal(scale=0.002, size=(3, len(face)))
        rows = face + noise
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        tracks.append(Track(first, np.zeros((length, 4), np.float32), rows, (GOOD,) * 3, None))
    return Look("dlib-1", (640, 360), np.arange(300) / 30, np.array([0]), tuple(tracks))


def names(found: Cast) -> list[str | None]:
    return [guess.name for guess in found.guesses]


def test_members_are_named_and_strangers_are_one_person_each(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    one, other = stranger(photos, 1), stranger(photos, 2)
    members = (0, 30, photos[11]), (30, 90, photos[12]), (150, 20, photos[11])
    look = look_of(members[0], (0, 30, one), members[1], (60, 10, one), (130, 9, other), members[2])
    found = cast(recogniser, look)
    assert (found.group, found.group_name) == (1, "G1")
    assert names(found) == ["M11", None, "M12", None, None, "M11"]
    assert [(person.number, person.guess.name, person.tracks) for person in found.people] == [
        (1, "M12", (2,)),
        (2, "M11", (0, 5)),
        (3, None, (1, 3)),
        (4, None, (4,)),
    ]
    assert all(person.guess.band is Band.SURE for person in found.people[:2])


def test_two_faces_in_a_frame_never_have_one_name(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    look = look_of((0, 30, photos[11]), (29, 30, photos[11] + 0.002))
    found = cast(recogniser, look, group=1)
    assert sorted(names(found), key=str) == ["M11", None]
    assert len(found.people) == 2


def test_the_same_faces_one_after_the_other_are_one_member(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    found = cast(recogniser, look_of((0, 30, photos[11]), (30, 30, photos[11] + 0.002)), group=1)
    assert names(found) == ["M11", "M11"]
    assert [person.tracks for person in found.people] == [(0, 1)]


def test_what_is_said_of_a_stranger_holds_for_her_other_tracks_and_excludes_others(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    face = stranger(photos, 1)
    look = look_of((0, 30, face), (40, 30, face), (40, 30, photos[13]))
    assert names(cast(recogniser, look, group=1)) == [None, None, "M13"]
    found = cast(recogniser, look, group=1, told=(Told((0,), 13),))
    assert names(found) == ["M13", "M13", None]
    assert found.guesses[0].confidence > 0.999


def test_a_member_may_be_said_to_be_nobody_and_a_later_word_holds(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    look = look_of((0, 30, photos[11]), (40, 30, photos[12]))
    nobody = Told((0,), None)
    assert names(cast(recogniser, look, group=1, told=(nobody,))) == [None, "M12"]
    assert names(cast(recogniser, look, group=1, told=(nobody, Told((0,), 14)))) == ["M14", "M12"]


def test_what_is_no_face_is_nobody(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    found = cast(recogniser, look_of((0, 30, photos[11]), (0, 30, photos[12])), told=(Told((0,), None, face=False),))
    assert names(found) == [None, "M12"]
    assert [person.tracks for person in found.people] == [(1,)]


def test_a_clip_without_faces_has_no_cast(recogniser: Recogniser) -> None:
    assert cast(recogniser, look_of()).people == ()


def test_an_unknown_group_names_nobody(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    assert names(cast(recogniser, look_of((0, 30, photos[11])), group=99)) == [None]
