"""Maps of invented people with known similarities: reproducible, from three photos on, with outliers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from models.encodings import background
from models.faces import MIN_MAP_PHOTOS, ProjectionMethod
from models.learning.isolation import run_in_child
from models.recognition.calibration import choose_whitening
from models.recognition.gallery import Gallery, GalleryMember
from models.similarity.maps import FaceMap, TooFewPhotosError, lay_out, neighbours, perplexity, project, silhouettes
from tests.support.layouts import lay_out_all
from tests.support.people import VERSION, D, SyntheticPeople

pytestmark = pytest.mark.slow

QUICK = [ProjectionMethod.PCA, ProjectionMethod.TSNE]
COMPILED = 600.0
"""Seconds for UMAP to compile itself on a busy machine."""


@pytest.fixture
def world() -> SyntheticPeople:
    return SyntheticPeople(5)


def place(found: FaceMap, name: str) -> tuple[bool, str | None]:
    (mine,) = [placement for placement in found.places if placement.member.name == name]
    return mine.is_separate, mine.overlaps.name if mine.overlaps else None


@pytest.mark.parametrize("photos", [3, 4, 5, 10, 60, 61, 62, 90, 300])
def test_perplexity_and_neighbours_fit_small_sets(photos: int) -> None:
    assert 0 < perplexity(photos) < (photos - 1) / 3
    assert 1 < neighbours(photos) < photos
    if photos >= 90:
        assert (perplexity(photos), neighbours(photos)) == (20.0, 10)


@pytest.mark.parametrize("photos", [3, 4, 10])
@pytest.mark.parametrize("projection", QUICK)
def test_a_few_photos_make_a_map(world: SyntheticPeople, projection: ProjectionMethod, photos: int) -> None:
    gallery = world.gallery({1: range(3)}, 4).subset(list(range(photos)))
    found = lay_out(gallery, projection)
    assert found.points.shape == (photos, 2)
    assert np.isfinite(found.points).all()
    assert len(np.unique(found.points.round(6), axis=0)) == photos
    assert [placement.member.name for placement in found.places] == ["P0", "P1", "P2"][: -(-photos // 4)]


@pytest.mark.parametrize("projection", QUICK)
def test_the_same_photos_give_the_same_map_in_any_order(world: SyntheticPeople, projection: ProjectionMethod) -> None:
    gallery = world.gallery({1: range(4)}, 6)
    once, again = lay_out(gallery, projection), lay_out(gallery, projection)
    assert once.points.tobytes() == again.points.tobytes()
    order = np.random.default_rng(1).permutation(len(gallery.labels)).tolist()
    shuffled = lay_out(gallery.subset(order), projection)
    np.testing.assert_allclose(shuffled.points, once.points[order], atol=1e-3)


@pytest.mark.parametrize("projection", QUICK)
def test_the_same_encoding_twice_lies_at_one_place(world: SyntheticPeople, projection: ProjectionMethod) -> None:
    gallery = world.gallery({1: range(3)}, 4)
    found = lay_out(gallery.subset([*range(12), 5, 5]), projection)
    assert (found.points[[12, 13]] == found.points[5]).all()
    assert (found.points[:12] == lay_out(gallery, projection).points).all()


def test_fewer_than_three_different_photos_make_no_map(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(2)}, 2)
    for photos in ([], [0], [0, 1], [0, 1, 1, 0]):
        with pytest.raises(TooFewPhotosError, match=f"{len(set(photos))} different photos, not {MIN_MAP_PHOTOS}"):
            lay_out(gallery.subset(photos), ProjectionMethod.PCA)


def test_pca_keeps_the_largest_variance_and_is_not_mirrored_by_one_more_photo(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(4)}, 6)
    more = Gallery(
        np.concatenate([gallery.encodings, world.photos(2)]), np.append(gallery.labels, 2), gallery.members, VERSION
    )
    before, after = lay_out(gallery, ProjectionMethod.PCA), lay_out(more, ProjectionMethod.PCA)
    assert before.explained_variance is not None
    assert 0.2 < before.explained_variance < 1
    for axis in range(2):
        assert np.corrcoef(before.points[:, axis], after.points[:-1, axis])[0, 1] > 0.5
    flat = np.zeros((5, D), np.float32)
    flat[:, 3], flat[:, 7] = (0, 4, 8, -4, -8), (1, -1, 0, 1, -1)
    points, kept = project(flat, ProjectionMethod.PCA)
    assert kept == pytest.approx(1)
    assert np.linalg.norm(points[0] - points[2]) == pytest.approx(np.linalg.norm(flat[0] - flat[2]))


def test_a_map_shows_encodings_after_the_recognisers_whitening(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(4)}, 6)
    whitening, _ = choose_whitening(gallery.encodings, gallery.labels.astype(np.intp), background.load(VERSION))
    faces = whitening.apply(gallery.encodings)
    points, _ = project(faces, ProjectionMethod.PCA)
    np.testing.assert_allclose(np.abs(lay_out(gallery, ProjectionMethod.PCA).points), np.abs(points), atol=1e-5)
    assert whitening.gains.size > 0


def test_silhouettes_are_scikit_learns() -> None:
    chance = np.random.default_rng(2)
    members = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])
    points = chance.normal(size=(10, 2)) + members[:, None]
    values, nearest = silhouettes(points, members)
    np.testing.assert_allclose(values, silhouette_samples(points, members))
    means = [[np.linalg.norm(points[members == m] - point, axis=1).mean() for m in range(4)] for point in points]
    for mean, member, other in zip(means, members, nearest, strict=True):
        assert mean[other] == min(distance for m, distance in enumerate(mean) if m != member)


def test_members_who_look_different_stand_apart(world: SyntheticPeople) -> None:
    found = lay_out(world.gallery({1: range(5)}, 6), ProjectionMethod.TSNE)
    assert [place(found, f"P{person}") for person in range(5)] == [(True, None)] * 5
    assert found.outliers == ()


def test_twins_overlap_with_each_other(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    encodings = gallery.encodings.copy()
    encodings[:12] = world.photos(30, 12)
    found = lay_out(replace(gallery, encodings=encodings), ProjectionMethod.TSNE)
    assert (place(found, "P0"), place(found, "P1")) == ((False, "P1"), (False, "P0"))
    assert [place(found, f"P{person}") for person in (2, 3, 4)] == [(True, None)] * 3


def test_a_wrong_label_is_an_outlier(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    labels = gallery.labels.copy()
    labels[8] = 4
    (outlier,) = lay_out(replace(gallery, labels=labels), ProjectionMethod.PCA).outliers
    assert (outlier.photo, outlier.label, outlier.looks_like) == (8, 4, 1)


def test_single_members_and_single_photos_have_no_silhouette(world: SyntheticPeople) -> None:
    alone = lay_out(world.gallery({1: range(1)}, 5), ProjectionMethod.PCA)
    assert [(placement.silhouette, placement.nearest) for placement in alone.places] == [(None, None)]
    singles = lay_out(world.gallery({1: range(4)}, 1), ProjectionMethod.PCA)
    assert [(placement.silhouette, placement.is_separate, placement.overlaps) for placement in singles.places] == [
        (None, False, None)
    ] * 4


def test_members_without_photos_are_not_on_the_map(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(3)}, 3)
    members = (GalleryMember(99, "Nobody", 1, "G1"), *gallery.members)
    found = lay_out(replace(gallery, members=members), ProjectionMethod.PCA)
    assert [placement.member.name for placement in found.places] == ["P0", "P1", "P2"]
    assert found.members.tolist() == [0] * 3 + [1] * 3 + [2] * 3


@pytest.mark.thorough
def test_umap_gives_the_same_map_in_another_process(world: SyntheticPeople, tmp_path: Path) -> None:
    """Equal rows would give another map each time, so each is laid out once."""
    whole = world.gallery({1: range(4)}, 6)
    galleries = [whole.subset(photos) for photos in ([0, 1, 6], [0, 1, 6, 7], list(range(10)), [*range(24), 3, 3, 9])]
    first, second = (
        run_in_child(COMPILED, lay_out_all, galleries, ProjectionMethod.UMAP, str(tmp_path)) for _ in range(2)
    )
    for gallery, points, again in zip(galleries, first, second, strict=True):
        assert points.shape == (len(gallery.labels), 2)
        assert np.isfinite(points).all()
        assert points.tobytes() == again.tobytes()
    assert list(tmp_path.rglob("*.nbi"))
    values, _ = silhouettes(first[-1], galleries[-1].labels)
    assert values.mean() > 0.5
