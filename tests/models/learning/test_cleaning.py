"""Strangers among gathered photos and wrong labels are found; right labels are not flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.commands.evaluation import CachingEncoder
from bot.media.pictures.refusals import PictureLimits
from models.engines import load
from models.learning.cleaning import LIKELIER, outliers, suspected_labels
from models.learning.report import report
from models.recognition.gallery import Gallery, GalleryMember
from tests.support.people import VERSION, D, SyntheticPeople

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> SyntheticPeople:
    return SyntheticPeople(request.param)


@pytest.fixture(scope="module")
def twice(shared_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Five photos of each member of TWICE by dlib."""
    engine = load("dlib", tmp_path_factory.mktemp("weights"))
    encoder = CachingEncoder(engine, PictureLimits())
    rows: list[tuple[GalleryMember, np.ndarray]] = []
    for i, folder in enumerate(sorted((shared_faces / "groups" / "TWICE").iterdir())):
        for path in sorted(folder.iterdir())[::2]:
            _, seen = encoder.encode(path)
            assert seen is not None
            rows.append((GalleryMember(i, folder.name, 1, "TWICE"), seen.encoding))
    return Gallery.from_rows(rows, engine.version, engine.dimensions)


@pytest.mark.parametrize(("own", "strangers"), [(5, 2), (7, 3), (14, 6)])
def test_strangers_among_gathered_photos_are_found(world: SyntheticPeople, own: int, strangers: int) -> None:
    faces = np.vstack([world.photos(0, own), *(world.photos(person) for person in range(20, 20 + strangers))])
    turn = world.chance.permutation(len(faces))
    assert outliers(faces[turn], VERSION).tolist() == (turn >= own).tolist()


def test_another_person_in_several_photos_is_found(world: SyntheticPeople) -> None:
    faces = np.vstack([world.photos(0, 7), world.photos(1, 3)])
    assert np.flatnonzero(outliers(faces, VERSION)).tolist() == [7, 8, 9]


def test_accepted_photos_identify_the_person_even_against_a_majority(world: SyntheticPeople) -> None:
    faces = np.vstack([world.photos(0, 2), world.photos(1, 5)])
    assert np.flatnonzero(outliers(faces, VERSION)).tolist() == [0, 1]
    accepted = world.photos(0, 3)
    assert np.flatnonzero(outliers(faces, VERSION, accepted)).tolist() == [2, 3, 4, 5, 6]


def test_one_person_alone_has_no_outliers(world: SyntheticPeople) -> None:
    for count in (0, 1, 2, 9):
        assert not outliers(world.photos(0, count), VERSION).any()
    assert outliers(world.photos(1), VERSION, world.photos(0, 2)).tolist() == [True]


def test_right_labels_are_not_flagged(world: SyntheticPeople) -> None:
    assert suspected_labels(world.gallery({1: range(6), 2: range(6, 9)}, 4)) == ()


def test_a_photo_of_momo_labelled_sana_looks_like_momo(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(6)}, 5)
    labels = gallery.labels.copy()
    labels[[7, 22]] = 3, 0
    found = suspected_labels(replace(gallery, labels=labels))
    assert {(label.photo, label.label, label.looks_like) for label in found} == {(7, 3, 1), (22, 0, 4)}
    assert [label.strength for label in found] == sorted((label.strength for label in found), reverse=True)
    assert found[-1].strength > LIKELIER


def test_a_stranger_is_found_and_looks_like_nobody(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(6)}, 5)
    encodings = gallery.encodings.copy()
    encodings[12] = world.photos(40)
    (found,) = suspected_labels(replace(gallery, encodings=encodings))
    assert (found.photo, found.label, found.looks_like) == (12, 2, None)


def test_wrong_labels_do_not_confirm_each_other(world: SyntheticPeople) -> None:
    """Two of four photos of one member show another person, so each of them has the other in the fitted photos."""
    gallery = world.gallery({1: range(5)}, 4)
    encodings = gallery.encodings.copy()
    encodings[[4, 5]] = world.photos(0, 2)
    found = suspected_labels(replace(gallery, encodings=encodings))
    assert {label.photo for label in found} >= {4, 5}
    assert {label.looks_like for label in found if label.photo in {4, 5}} == {0}


def test_a_single_photo_is_not_flagged(world: SyntheticPeople) -> None:
    assert suspected_labels(world.gallery({1: range(5)}, 1)) == ()
    assert suspected_labels(Gallery.from_rows([], VERSION, D)) == ()


@pytest.mark.thorough
def test_swapped_labels_among_photos_of_twice_are_found(twice: Gallery) -> None:
    chance = np.random.default_rng(0)
    labels = twice.labels.copy()
    wrong = chance.permutation(len(labels))[:5]
    labels[wrong] = (labels[wrong] + chance.integers(1, 9, len(wrong))) % 9
    found = {label.photo for label in suspected_labels(replace(twice, labels=labels))}
    assert len(found & set(wrong.tolist())) >= 4
    assert len(found - set(wrong.tolist())) <= 2
    assert len(suspected_labels(twice)) <= 1


@pytest.mark.thorough
def test_strangers_among_gathered_photos_of_twice_are_found(twice: Gallery) -> None:
    """Five photos of each member, and two of other members."""
    kept = missed = 0
    for member in range(9):
        own = np.flatnonzero(twice.labels == member)
        others = np.flatnonzero(twice.labels != member)[member * 2 :: 19][:2]
        out = outliers(twice.encodings[np.concatenate([own, others])], twice.version)
        kept += int((~out[:5]).sum())
        missed += int((~out[5:]).sum())
    assert kept >= 38
    assert missed <= 2


@pytest.mark.thorough
def test_the_report_of_twice(twice: Gallery) -> None:
    found = report(twice)
    assert np.trace(found.confusion) > 0.8 * len(twice.labels)
    assert {member.photos for member in found.members} == {5}


def test_any_number_of_wrong_labels_is_compared_with_accepted_ones() -> None:
    world = SyntheticPeople(4)
    known = world.gallery({1: range(4)}, 3)
    lies = np.concatenate([world.photos(0) for _ in range(6)])
    gallery = Gallery(
        np.concatenate([known.encodings, lies]),
        np.concatenate([known.labels, np.full(6, 1, np.int64)]),
        known.members,
        known.version,
    )
    accepted = np.arange(len(gallery.labels)) < len(known.labels)
    found = suspected_labels(gallery, accepted=accepted)
    assert sorted(label.photo for label in found) == np.flatnonzero(~accepted).tolist()
    assert {label.looks_like for label in found} == {0}
