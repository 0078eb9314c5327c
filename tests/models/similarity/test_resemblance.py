"""Look-alikes: distances of a known geometry, and pictures with legible names."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bot.text.twins import member_likeness, pair_likeness
from models.drawing import theme
from models.drawing.twins import (
    MAX_MATRIX_MEMBERS,
    LookAlikePortrait,
    MemberPortrait,
    matrix_picture,
    nearest_picture,
    pair_picture,
    stacked,
)
from models.encodings import background
from models.encodings.whitening import unit_rows
from models.faces import SimilarityLevel
from models.recognition.gallery import Gallery, GalleryMember
from models.similarity.twins import (
    FULL_SHARPNESS,
    FULL_WIDTH,
    best_photos_first,
    member_distances,
    nearest_pair,
    seriation_order,
    similarity_level,
)
from tests.support.drawn import drawings
from tests.support.people import VERSION, D, SyntheticPeople

pytestmark = pytest.mark.slow

NAMES = (
    "Sana",
    "쯔위",
    "Jeongyeon",
    "さな",
    "周子瑜",
    "A name that is much too long for a label",
    "Rm",
    "Yuna'",
    "\U0001f600",
)


@pytest.fixture
def world() -> SyntheticPeople:
    return SyntheticPeople(3)


def test_distances_are_those_of_the_definition(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(3), 2: range(3, 5)}, 4)
    found = member_distances(gallery)
    whitening = background.load(VERSION).whitening
    for one in range(5):
        for other in range(5):
            mine, theirs = (gallery.encodings[gallery.labels == place] for place in (one, other))
            plain = np.linalg.norm(mine.mean(axis=0) - theirs.mean(axis=0))
            assert found.euclidean[one, other] == pytest.approx(plain, abs=1e-6)
            centroids = [unit_rows(whitening.apply(part).sum(axis=0)[None])[0] for part in (mine, theirs)]
            cosine = float(centroids[0] @ centroids[1])
            assert found.normalised[one, other] == pytest.approx((1 - cosine) / 2, abs=1e-6)
    for apart in (found.euclidean, found.normalised):
        assert (apart == apart.T).all()
        assert not apart.diagonal().any()
    assert found.photos.tolist() == [4] * 5
    assert (found.places(1), found.places(2), found.places(3)) == ([0, 1, 2], [3, 4], [])
    assert found.typical.shape == (20,)


def test_equal_faces_have_distance_0_and_opposites_1() -> None:
    """Two faces on opposite sides of the mean face."""
    whitening = background.load(VERSION).whitening
    aside = np.linalg.svd(whitening.mean[None])[2][5]
    # Orthogonal to the mean face, with the length that makes encodings of unit length.
    aside *= np.sqrt(1 - whitening.mean @ whitening.mean)
    faces = [whitening.mean + aside, whitening.mean - aside, whitening.mean + aside]
    rows = [(GalleryMember(i, f"M{i}", 1, "G"), face.astype(np.float32)) for i, face in enumerate(faces)]
    found = member_distances(Gallery.from_rows(rows, VERSION, D))
    assert found.normalised[0, 2] == pytest.approx(0, abs=1e-6)
    assert found.normalised[0, 1] == pytest.approx(1, abs=1e-6)
    assert similarity_level(0.0) is SimilarityLevel.TWINS
    assert similarity_level(1.0) is SimilarityLevel.UNLIKE


def test_members_without_an_encoding_are_left_out(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(4)}, 2)
    kept = gallery.labels != 2
    found = member_distances(gallery.subset(kept))
    assert [member.id for member in found.members] == [0, 1, 3]
    assert found.normalised.shape == (3, 3)
    nobody = member_distances(gallery.subset(np.zeros(len(gallery.labels), np.bool_)))
    assert nobody.members == ()


def test_twins_are_found_and_are_nearest_to_each_other(world: SyntheticPeople) -> None:
    world.people[2] = world.people[0] + 0.3 * world.people[2]
    world.people[2] /= np.linalg.norm(world.people[2])
    found = member_distances(world.gallery({1: range(6)}, 5))
    assert nearest_pair(found.normalised) == nearest_pair(found.euclidean) == (0, 2)
    assert found.nearest(0)[0] == 2
    assert found.nearest(2)[0] == 0
    assert similarity_level(found.normalised[0, 2]) in {SimilarityLevel.TWINS, SimilarityLevel.SIBLINGS}
    order = seriation_order(found.normalised)
    assert sorted(order) == list(range(6))
    assert abs(order.index(0) - order.index(2)) == 1


def test_the_nearest_five_come_from_all_groups(world: SyntheticPeople) -> None:
    found = member_distances(world.gallery({1: range(4), 2: range(4, 9)}, 3))
    nearest = found.nearest(0)
    assert len(nearest) == 5
    assert 0 not in nearest
    apart = found.normalised[0, nearest]
    assert (np.diff(apart) >= 0).all()
    others = np.delete(found.normalised[0], [0, *nearest])
    assert others.min() >= apart.max()
    assert {found.members[place].group for place in nearest} == {1, 2}


@pytest.mark.parametrize(("name", "is_same"), [("p0", True), ("Somebody", False)])
def test_one_person_in_two_groups_is_no_twin(world: SyntheticPeople, name: str, is_same: bool) -> None:
    gallery = world.gallery({1: range(3)}, 6)
    rows = [(member, gallery.encodings[gallery.labels == member.id]) for member in gallery.members]
    again = GalleryMember(9, name, 2, "Unit"), world.photos(0, 6)
    found = member_distances(Gallery.from_rows([*rows, again], VERSION, D))
    assert found.is_same(0, 3) is is_same
    assert (found.nearest(0)[0] == 3) is not is_same
    # The same name with another face is another person.
    stranger = GalleryMember(9, "P0", 2, "Unit"), world.photos(20, 6)
    assert not member_distances(Gallery.from_rows([*rows, stranger], VERSION, D)).is_same(0, 3)


@pytest.mark.parametrize("count", [0, 1])
def test_a_pair_needs_two_members(count: int) -> None:
    with pytest.raises(ValueError, match="no pair"):
        nearest_pair(np.zeros((count, count)))
    assert seriation_order(np.zeros((count, count))) == list(range(count))


def test_seriation_of_points_on_a_line() -> None:
    """Points on a line, in any order, are sorted along the line."""
    chance = np.random.default_rng(1)
    places = chance.permutation(12) / 11
    order = seriation_order(np.abs(places[:, None] - places[None]))
    line = places[order]
    assert line.tolist() in (sorted(places.tolist()), sorted(places.tolist(), reverse=True))


def test_the_best_photo_is_typical_clear_and_large() -> None:
    assert best_photos_first([0.5, 0.9, 0.7], [200] * 3, [3.0] * 3) == [1, 2, 0]
    assert best_photos_first([0.8, 0.8], [FULL_WIDTH, FULL_WIDTH // 2], [FULL_SHARPNESS, FULL_SHARPNESS])[0] == 0
    assert best_photos_first([0.8, 0.8], [FULL_WIDTH] * 2, [1.2, FULL_SHARPNESS])[0] == 1
    assert best_photos_first([0.8, 0.81], [FULL_WIDTH, 10 * FULL_WIDTH], [FULL_SHARPNESS, 2 * FULL_SHARPNESS])[0] == 1
    assert best_photos_first([0.7, 0.8], [FULL_WIDTH] * 2, [None, None])[0] == 1
    assert best_photos_first([], [], []) == []


def portrait(name: str, group: str = "TWICE", colour: int = 90) -> MemberPortrait:
    return MemberPortrait(name, group, np.full((320, 320, 3), colour, np.uint8))


def table(count: int) -> np.ndarray:
    apart = np.random.default_rng(count).uniform(0.1, 0.9, (count, count))
    apart = (apart + apart.T) / 2
    np.fill_diagonal(apart, 0)
    return apart


def begins(drawn: list[str], name: str) -> int:
    """The number of texts that are a name or its beginning."""
    return sum(name.startswith(text.removesuffix("...")) for text in drawn if text.removesuffix("..."))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 13, 24, MAX_MATRIX_MEMBERS])
def test_the_matrix_has_every_name_twice_and_no_text_on_another(count: int) -> None:
    names = [f"{NAMES[i % 8]} {i}" if i >= 8 else NAMES[i] for i in range(count)]
    apart, plain = table(count), table(count) / 2
    with drawings() as saved:
        matrix_picture("TWICE " * 40, "who looks like whom", names, apart, plain)
    saved[0].check(margin=6)
    assert saved[0].size[0] == theme.PAGE_WIDTH
    for name in names[:8]:
        assert begins(saved[0].words, name) >= 2, name
    numbers = [text for text in saved[0].words if text.lstrip("0").startswith(".")]
    assert len(numbers) == (count * (count - 1) if 1 < count <= 24 else 0) + 4 * (count > 1)


def test_the_matrix_is_yellow_where_somebody_is_near() -> None:
    apart = np.array([[0, 0.2, 0.6], [0.2, 0, 0.4], [0.6, 0.4, 0]])
    with drawings() as saved:
        png = matrix_picture("G", "", ["A", "B", "C"], apart, apart[::-1, ::-1] / 10)
    pixels = np.asarray(Image.open(BytesIO(png)))
    # Both scales have numbers below the matrix too.
    boxes = {text.text: text.box for text in reversed(saved[0].texts)}
    for number, share in (("0.20", 1.0), ("0.40", 0.5), ("0.60", 0.0), ("0.02", 1.0), ("0.04", 0.5), ("0.06", 0.0)):
        left, top = (round(edge) for edge in boxes[number][:2])
        assert np.abs(pixels[top - 8, left - 8] - np.array(theme.heat_colour(share))).max() <= 1, number


@pytest.mark.parametrize(("alike", "distance"), list(zip(SimilarityLevel, (0.0, 0.03, 0.27, 0.98, 1.0), strict=True)))
def test_the_pair_has_its_names_and_words(alike: SimilarityLevel, distance: float) -> None:
    first, second = portrait(NAMES[5], "TWICE " * 30), portrait(NAMES[1], "트와이스", 200)
    with drawings() as saved:
        png = pair_picture(
            "The twins of TWICE",
            "the most alike of 36 pairs",
            first,
            LookAlikePortrait(second, distance, pair_likeness(alike)),
        )
    saved[0].check(margin=theme.GAP - 6)
    assert saved[0].size[0] == theme.PAGE_WIDTH
    assert begins(saved[0].words, NAMES[5])
    assert {NAMES[1], "트와이스", pair_likeness(alike), "the same face", "any two idols", "opposites"} <= set(
        saved[0].words
    )
    assert not any(text[0].isdigit() for text in saved[0].words if text != "the most alike of 36 pairs"), (
        "what would it mean?"
    )
    pixels = np.asarray(Image.open(BytesIO(png)))
    assert (pixels == 90).all(axis=2).sum() > 450**2
    assert (pixels == 200).all(axis=2).sum() > 450**2


@pytest.mark.parametrize(("alike", "count"), list(zip(SimilarityLevel, (1, 2, 3, 5, 5), strict=True)))
def test_the_nearest_are_in_a_row(count: int, alike: SimilarityLevel) -> None:
    near = [LookAlikePortrait(portrait(NAMES[i + 1], "ITZY"), 0.1 * i, member_likeness(alike)) for i in range(count)]
    with drawings() as saved:
        nearest_picture("Who looks like Sana?", "the nearest of 19 others", portrait("Sana"), near)
    saved[0].check(margin=theme.GAP - 6)
    drawn = saved[0].words
    assert all(begins(drawn, NAMES[i + 1]) for i in range(count))
    assert drawn.count(member_likeness(alike)) == count, "no word is shortened"


def test_a_lost_crop_is_replaced_by_the_initial() -> None:
    with drawings() as saved:
        pair_picture(
            "G",
            "",
            MemberPortrait("쯔위", "G", None),
            LookAlikePortrait(MemberPortrait("\U0001f600", "G", None), 0.2, "could be twins"),
        )
    saved[0].check()
    assert "쯔" in saved[0].words


def test_pictures_are_stacked() -> None:
    apart = table(4)
    pair = pair_picture("G", "", portrait("A"), LookAlikePortrait(portrait("B"), 0.2, "could be twins"))
    matrix = matrix_picture("G", "", list("ABCD"), apart, apart)
    sizes = [Image.open(BytesIO(png)).size for png in (pair, matrix)]
    whole = Image.open(BytesIO(stacked([pair, matrix])))
    assert whole.size == (theme.PAGE_WIDTH, sizes[0][1] + sizes[1][1])
    assert np.asarray(whole)[: sizes[0][1]].tobytes() == np.asarray(Image.open(BytesIO(pair))).tobytes()
