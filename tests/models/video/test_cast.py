"""One person a track: tracks that share a frame are two people, people are recognised again, and strangers stay strangers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.domain.rosters import EnrolledEncoding
from bot.jobs import fit_recogniser
from models.faces import ConfidenceBand
from models.recognition.quality import FaceQuality
from models.recognition.recogniser import Recogniser
from models.recognition.vetoes import NOBODY, Vetoes
from models.video.cast import MIN_LOG_ODDS_ALONE, Cast, build_cast
from models.video.tracks import FaceTracks, Track

GOOD = FaceQuality(120, 2.4, 0.0)


@pytest.fixture(scope="module")
def recogniser(dlib_rows: list[EnrolledEncoding]) -> Recogniser:
    return Recogniser.from_bytes(fit_recogniser(dlib_rows, "dlib-1"))


@pytest.fixture(scope="module")
def photos(dlib_rows: list[EnrolledEncoding]) -> dict[int, np.ndarray]:
    """The mean encoding of each member's photos: (128,)."""
    members = {row.member for row in dlib_rows}
    of = {m: [np.frombuffer(row.vector, np.float32) for row in dlib_rows if row.member == m] for m in members}
    return {member: np.mean(vectors, axis=0) for member, vectors in of.items()}


def stranger(photos: dict[int, np.ndarray], seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    mean = np.mean(list(photos.values()), axis=0)
    away = chance.normal(size=len(mean))
    return mean + 0.25 * away / np.linalg.norm(away)


def face_tracks_of(*rows: tuple[int, int, np.ndarray]) -> FaceTracks:
    """Face tracks with one track for each (first frame, length, face)."""
    tracks: list[Track] = []
    for number, (first, length, face) in enumerate(rows):
        noise = np.random.default_rng(number).normal(scale=0.002, size=(3, len(face)))
        faces = face + noise
        encodings = (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)
        tracks.append(Track(first, np.zeros((length, 4), np.float32), encodings, (GOOD,) * 3, None))
    return FaceTracks("dlib-1", (640, 360), np.arange(300) / 30, np.array([0]), tuple(tracks))


def names(found: Cast) -> list[str | None]:
    return [guess.name for guess in found.guesses]


def test_members_are_named_and_strangers_are_one_person_each(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    one, other = stranger(photos, 1), stranger(photos, 2)
    members = (0, 30, photos[11]), (30, 90, photos[12]), (150, 20, photos[11])
    face_tracks = face_tracks_of(members[0], (0, 30, one), members[1], (60, 10, one), (130, 9, other), members[2])
    found = build_cast(recogniser, face_tracks)
    assert (found.group, found.group_name) == (1, "G1")
    assert names(found) == ["M11", None, "M12", None, None, "M11"]
    assert [(person.number, person.guess.name, person.tracks) for person in found.people] == [
        (1, "M12", (2,)),
        (2, "M11", (0, 5)),
        (3, None, (1, 3)),
        (4, None, (4,)),
    ]
    assert all(person.guess.band is ConfidenceBand.SURE for person in found.people[:2])


def occasions(face: np.ndarray, seed: int, *, unlike: float) -> list[np.ndarray]:
    """Six faces of one person on six occasions, each `unlike` the mean face in another direction."""
    away = np.random.default_rng(seed).normal(size=(6, len(face)))
    return list(face + unlike * away / np.linalg.norm(away, axis=1, keepdims=True))


def test_a_stranger_of_several_occasions_is_one_person(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    """Few of the tracks are similar enough in pairs; the centroids of several are."""
    faces = [*occasions(stranger(photos, 1), 5, unlike=0.25), *occasions(stranger(photos, 2), 6, unlike=0.25)]
    face_tracks = face_tracks_of(*((20 * number, 19, face) for number, face in enumerate(faces)))
    found = build_cast(recogniser, face_tracks, group=1)
    assert [person.tracks for person in found.people] == [(0, 1, 2, 3, 4, 5), (6, 7, 8, 9, 10, 11)]


def test_strangers_who_share_a_frame_stay_two(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    """They stay two even after merges with other tracks."""
    faces = occasions(stranger(photos, 1), 5, unlike=0.2)
    firsts = (0, 40, 80, 120, 160, 160)
    found = build_cast(
        recogniser, face_tracks_of(*((first, 30, face) for first, face in zip(firsts, faces, strict=True))), group=1
    )
    assert sorted(len(person.tracks) for person in found.people) == [1, 5]
    assert not any({4, 5} <= set(person.tracks) for person in found.people)


def test_two_faces_in_a_frame_never_have_one_name(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    face_tracks = face_tracks_of((0, 30, photos[11]), (29, 30, photos[11] + 0.002))
    found = build_cast(recogniser, face_tracks, group=1)
    assert sorted(names(found), key=str) == ["M11", None]
    assert len(found.people) == 2


def test_the_same_faces_one_after_the_other_are_one_member(
    recogniser: Recogniser, photos: dict[int, np.ndarray]
) -> None:
    found = build_cast(recogniser, face_tracks_of((0, 30, photos[11]), (30, 30, photos[11] + 0.002)), group=1)
    assert names(found) == ["M11", "M11"]
    assert [person.tracks for person in found.people] == [(0, 1)]


def with_high_acceptances(recogniser: Recogniser) -> Recogniser:
    """The recogniser with the acceptances of a roster that strangers resemble."""
    return replace(recogniser, acceptances=np.full_like(recogniser.acceptances, 1.5))


def mixed_face(recogniser: Recogniser, member: np.ndarray, face: np.ndarray, log_odds: float) -> np.ndarray:
    """A mixture of a member's and a stranger's face whose largest log-odds are `log_odds`, to 0.01."""
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        share = (low + high) / 2
        mixed = share * member + (1 - share) * face
        vector = (mixed / np.linalg.norm(mixed)).astype(np.float32)[None]
        low, high = (share, high) if recogniser.log_odds(vector).max() < log_odds else (low, share)
    return low * member + (1 - low) * face


@pytest.mark.parametrize(("log_odds", "name"), [(MIN_LOG_ODDS_ALONE - 0.3, None), (MIN_LOG_ODDS_ALONE + 0.3, "M11")])
def test_context_raises_only_a_face_likely_by_itself(
    recogniser: Recogniser, photos: dict[int, np.ndarray], log_odds: float, name: str | None
) -> None:
    doubtful = mixed_face(recogniser, photos[11], stranger(photos, 1), log_odds)
    away = np.random.default_rng(3).normal(size=(15, len(doubtful)))
    others = [photos[12 + i % 3] + 0.2 * far / np.linalg.norm(far) for i, far in enumerate(away)]
    face_tracks = face_tracks_of((280, 10, doubtful), *((10 * i, 9, face) for i, face in enumerate(others)))
    found = build_cast(with_high_acceptances(recogniser), face_tracks, group=1)
    assert names(found) == [name, *["M12", "M13", "M14"] * 5]
    assert found.guesses[0].band is (ConfidenceBand.SURE if name else ConfidenceBand.UNKNOWN)


def test_a_doubtful_face_alone_is_unknown(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    doubtful = mixed_face(recogniser, photos[11], stranger(photos, 1), MIN_LOG_ODDS_ALONE + 0.3)
    assert names(build_cast(with_high_acceptances(recogniser), face_tracks_of((0, 20, doubtful)), group=1)) == [None]


def test_one_person_has_one_guess(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    doubtful = mixed_face(recogniser, photos[11], stranger(photos, 1), 1.5)
    face_tracks = face_tracks_of((0, 30, photos[11]), (40, 30, doubtful), (80, 30, photos[12]))
    separate = [
        build_cast(recogniser, replace(face_tracks, tracks=(track,)), group=1).guesses[0]
        for track in face_tracks.tracks
    ]
    assert [guess.name for guess in separate] == ["M11", "M11", "M12"]
    assert separate[0].confidence - separate[1].confidence > 0.1
    found = build_cast(recogniser, face_tracks, group=1)
    assert [person.tracks for person in found.people] == [(0, 1), (2,)]
    assert found.guesses[0] == found.guesses[1] == found.people[0].guess
    assert found.guesses[0].confidence >= separate[0].confidence


def test_a_veto_of_one_encoding_holds_for_the_person(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    face_tracks = face_tracks_of((0, 30, photos[11]), (40, 30, photos[11] + 0.002), (80, 30, photos[12]))
    encoding = face_tracks.tracks[1].encodings[2:]
    denied = replace(recogniser, vetoes=Vetoes(encoding, np.array([11], np.int64)))
    assert "M11" not in names(build_cast(denied, face_tracks, group=1))
    assert names(build_cast(denied, face_tracks, group=1))[2] == "M12"
    nobody = replace(recogniser, vetoes=Vetoes(encoding, np.array([NOBODY], np.int64)))
    assert names(build_cast(nobody, face_tracks, group=1)) == [None, None, "M12"]


def test_a_clip_without_faces_has_no_cast(recogniser: Recogniser) -> None:
    assert build_cast(recogniser, face_tracks_of()).people == ()


def test_an_unknown_group_has_no_names(recogniser: Recogniser, photos: dict[int, np.ndarray]) -> None:
    assert names(build_cast(recogniser, face_tracks_of((0, 30, photos[11])), group=99)) == [None]
