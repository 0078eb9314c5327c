"""Maps of real photos of TWICE by every method: separate members, wrong labels as outliers, and all faces in the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.jobs.maps import lay_out_and_draw
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from models.drawing.maps import map_chart
from models.engines import load
from models.faces import ProjectionMethod
from models.learning.isolation import run_in_child
from models.recognition.gallery import Gallery
from models.similarity.maps import lay_out, silhouettes
from tests.support.drawn import drawings

if TYPE_CHECKING:
    from models.faces import Picture

pytestmark = pytest.mark.thorough

LIMIT = 600.0


@pytest.fixture(scope="module")
def photos(shared_faces: Path) -> list[Path]:
    """All photos of TWICE, member by member."""
    own = {key: files for key, files in photos_by_member(shared_faces / "groups").items() if key[0] == "TWICE"}
    return [photo for files in own.values() for photo in files]


@pytest.fixture(scope="module")
def twice(shared_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    own = {key: files for key, files in photos_by_member(shared_faces / "groups").items() if key[0] == "TWICE"}
    encoder = CachingEncoder(load("dlib", tmp_path_factory.mktemp("none")), PictureLimits())
    sample = read_sample(encoder, "TWICE", own, {}, {})
    return Gallery(sample.encodings, sample.people, sample.members, sample.version)


def pictures(photos: list[Path]) -> list[Picture]:
    """The photos as small squares."""
    opened = (Image.fromarray(open_picture(photo.read_bytes()).pixels) for photo in photos)
    return [np.asarray(photo.resize((160, 160))) for photo in opened]


@pytest.mark.parametrize(
    ("projection", "least", "astray"),
    [(ProjectionMethod.PCA, 0.15, 35), (ProjectionMethod.TSNE, 0.6, 2), (ProjectionMethod.UMAP, 0.6, 2)],
)
def test_members_are_separate(
    twice: Gallery,
    photos: list[Path],
    projection: ProjectionMethod,
    least: float,
    astray: int,
) -> None:
    """t-SNE and UMAP separate all members, PCA only some: two directions have a quarter of the variance."""
    arguments = twice, projection, "TWICE", [None] * len(photos), len(photos)
    (found, _), (again, _) = (run_in_child(LIMIT, lay_out_and_draw, *arguments) for _ in range(2))
    assert found.points.tobytes() == again.points.tobytes()
    values, _ = silhouettes(found.points, found.members)
    assert values.mean() > least
    assert (values < 0).sum() <= astray
    assert found.outliers == ()
    with drawings() as saved:
        map_chart("TWICE", found, pictures(photos))
    saved[-1].check(margin=16)
    assert {member.name for member in twice.members} <= set(saved[-1].words)


def test_swapped_labels_are_the_outliers(twice: Gallery) -> None:
    labels = twice.labels.copy()
    ids = [member.id for member in twice.members]
    swapped = [3, 25, 77]
    for photo in swapped:
        labels[photo] = ids[(ids.index(int(labels[photo])) + 4) % len(ids)]
    found = lay_out(replace(twice, labels=labels), ProjectionMethod.TSNE)
    assert sorted(outlier.photo for outlier in found.outliers) == swapped
