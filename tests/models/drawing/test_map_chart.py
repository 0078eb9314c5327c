"""The picture of any map: names don't overlap, nothing crosses the edges, and no face covers another."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.drawing.map_layout import arrange_thumbnails
from models.drawing.maps import map_chart
from models.drawing.theme import member_colour
from models.faces import ProjectionMethod
from models.learning.cleaning import SuspectedLabel
from models.recognition.gallery import GalleryMember
from models.similarity.maps import FaceMap, MemberPlacement
from tests.support.drawn import Drawing, Rectangle, drawings

pytestmark = pytest.mark.slow

ROOM = (1376, 1240)
NAMES = ("쯔위", "Momo", "A very long name, much too long for any label", "Chaeyoung", "\U0001f600 Ha-eun", "지효")


def crowds(members: int, photos: int, *, seed: int = 0, spread: float = 1.0) -> np.ndarray:
    """Points of `photos` photos a member, around one centre for each member."""
    chance = np.random.default_rng(seed)
    return np.concatenate([chance.normal(chance.uniform(-9, 9, 2), spread, (photos, 2)) for _ in range(members)])


def face_map(points: np.ndarray, members: int, outliers: tuple[int, ...] = ()) -> FaceMap:
    photos = np.repeat(np.arange(members), -(-len(points) // members))[: len(points)]
    places = tuple(
        MemberPlacement(GalleryMember(n, f"{NAMES[n % 6]}{n // 6 or ''}", 1, "G"), 0.4, None)
        for n in range(len(np.unique(photos)))
    )
    wrong = tuple(SuspectedLabel(photo, int(photos[photo]), None, 3.0) for photo in outliers)
    return FaceMap(points, photos.astype(np.int64), places, wrong, ProjectionMethod.TSNE, None)


def drawn(found: FaceMap, **how: Any) -> tuple[np.ndarray, Drawing]:
    face = np.full((40, 40, 3), 200, np.uint8)
    with drawings() as saved:
        png = map_chart("TWICE 트와이스", found, [face] * len(found.points), **how)
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")), saved[0]


def boxes(drawing: Drawing, words: str) -> list[Rectangle]:
    return [text.box for text in drawing.texts if text.text == words]


@pytest.mark.parametrize(
    ("members", "photos", "spread"), [(1, 3, 1.0), (3, 1, 1.0), (9, 10, 0.5), (9, 10, 6.0), (20, 15, 0.3), (60, 2, 2.0)]
)
def test_every_name_is_there_and_no_text_overlaps(members: int, photos: int, spread: float) -> None:
    outliers = tuple(range(0, members * photos, 7))
    pixels, drawing = drawn(face_map(crowds(members, photos, spread=spread), members, outliers))
    assert pixels.shape[1] == 1440
    assert pixels.shape[0] >= 1350
    drawing.check(margin=16)
    texts = drawing.words
    for name in (f"{name}{n // 6 or ''}" for n, name in enumerate(NAMES * 10) if n < members):
        start = name.removeprefix("\U0001f600 ")[:8]
        assert any(words.startswith(start) for words in texts), name
    assert any(words.startswith("dashed") for words in texts)
    for edge in (pixels[:16], pixels[-16:], pixels[:, :16], pixels[:, -16:]):
        assert (edge == pixels[0, 0]).all()


def test_a_name_lies_near_its_own_photos() -> None:
    points = np.concatenate([np.random.default_rng(1).normal((x, 0), 0.5, (8, 2)) for x in (-8, 0, 8)])
    _, drawing = drawn(face_map(points, 3))
    middles = [boxes(drawing, name)[0][0] for name in (NAMES[0], NAMES[1])]
    assert all(len(boxes(drawing, name)) == 2 for name in NAMES[:2])
    assert middles[0] < 480 < middles[1] < 960


def test_an_outlier_has_a_dashed_ring_and_its_name_beside_it() -> None:
    points = np.array([[0, 0], [1, 0], [0, 1], [8, 8], [9, 8], [8, 9]], float)
    (usual, _), (odd, drawing) = (drawn(face_map(points, 2, outliers)) for outliers in ((), (1,)))
    assert len(boxes(drawing, "쯔위")) == 3
    centres, side = arrange_thumbnails(points, ROOM)
    x, y = centres[1] + (32, 112)
    ring = [(odd == member_colour(0)).all(axis=2), (usual == member_colour(0)).all(axis=2)]
    around = np.s_[int(y) - side // 2 : int(y) + side // 2, int(x) - side // 2 : int(x) + side // 2]
    shown = [part[around].sum() for part in ring]
    assert 0.4 < shown[0] / shown[1] < 0.8
    left, top, right, bottom = boxes(drawing, "쯔위")[0]
    assert np.hypot((left + right) / 2 - x, (top + bottom) / 2 - y) < 1.5 * side


@pytest.mark.parametrize("photos", [3, 4, 10, 90, pytest.param(300, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", ["apart", "crowded", "one place", "line", "far out"])
def test_thumbnails_lie_inside_and_cover_none(kind: str, photos: int) -> None:
    chance = np.random.default_rng(3)
    points = {
        "apart": chance.uniform(-1, 1, (photos, 2)),
        "crowded": crowds(3, photos)[chance.permutation(3 * photos)[:photos]],
        "one place": np.zeros((photos, 2)),
        "line": np.linspace(0, 1, photos)[:, None] * (1.0, 0.0),
        "far out": np.concatenate([chance.normal(size=(photos - 1, 2)), [[1000.0, 0]]]),
    }[kind]
    centres, side = arrange_thumbnails(points, ROOM)
    assert side >= {3: 120, 4: 120, 10: 120, 90: 50, 300: 25}[photos]
    assert (centres >= side / 2).all()
    assert (centres <= np.array(ROOM) - side / 2).all()
    distances = np.linalg.norm(centres[:, None] - centres, axis=2)[~np.eye(photos, dtype=bool)]
    assert distances.min() > side


def test_neighbours_on_the_map_are_neighbours_in_the_picture() -> None:
    points = crowds(4, 10, spread=0.3)
    centres, _ = arrange_thumbnails(points, ROOM)
    for axis, sign in ((0, 1), (1, -1)):
        assert np.corrcoef(points[:, axis], sign * centres[:, axis])[0, 1] > 0.9


def test_a_lost_crop_leaves_a_disc() -> None:
    found = face_map(crowds(2, 3), 2)
    face = np.full((40, 40, 3), 200, np.uint8)
    with Image.open(BytesIO(map_chart("G", found, [face, None, *[face] * 4]))) as image:
        lost = np.asarray(image.convert("RGB"))
    centres, _ = arrange_thumbnails(found.points, ROOM)
    x, y = (round(value) for value in centres[1] + (32, 112))
    assert (lost[y, x] == (38, 40, 47)).all()
    with pytest.raises(ValueError, match="1 faces for 6 points"):
        map_chart("G", found, [face])


def test_the_subtitle_says_that_photos_are_left_out() -> None:
    _, drawing = drawn(face_map(crowds(3, 4), 3), total_photos=700)
    assert any("12 of 700 photos" in words for words in drawing.words)


def test_members_beyond_the_colours_have_double_rings() -> None:
    """The thirteenth member has the colour of the first, and one more ring."""
    points = crowds(13, 2, seed=4, spread=0.1)
    pixels, _ = drawn(face_map(points, 13))
    centres, side = arrange_thumbnails(points, ROOM)
    shown: list[int] = []
    for photo in (0, 25):
        x, y = (round(value) for value in centres[photo] + (32, 112))
        row = (pixels[y, x - side // 2 : x] == member_colour(0)).all(axis=1)
        shown.append(int((np.diff(row.astype(int)) == 1).sum() + row[0]))
    assert shown == [1, 2]
