"""Draw the map of a group in an isolated process: UMAP compiles code, and its memory is free when the process ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot.domain.maps import GroupMap, MapOutlier, MapPlace
from bot.jobs.pictures import open_crop
from bot.jobs.rosters import gallery_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.deadline import Deadline
    from models.faces import ProjectionMethod
    from models.recognition.gallery import Gallery
    from models.similarity.maps import FaceMap


def draw_map(
    until: Deadline,
    rows: Sequence[EnrolledEncoding],
    crops: Sequence[bytes | None],
    engine: str,
    projection: ProjectionMethod,
    total_photos: int,
    compilation_folder: Path,
) -> GroupMap:
    """The map of the group of `rows`, at least `MIN_MAP_PHOTOS` of them, made in an isolated process.

    `crops`: the JPEG of each row, None where it is lost. `total_photos`: the number of the group's photos.
    `compilation_folder`: the folder of numba's compiled functions. Raises IsolatedProcessError.
    """
    from bot.infra.worker_side import release_worker
    from models.learning.isolation import run_in_child

    release_worker()
    name = rows[0].group_name
    found, picture = run_in_child(
        until.left(),
        lay_out_and_draw,
        gallery_of(rows, engine),
        projection,
        name,
        crops,
        total_photos,
        compilation_folder,
    )
    names = {row.member: row.name for row in rows}
    counts = [int((found.members == place).sum()) for place in range(len(found.places))]
    return GroupMap(
        name,
        projection,
        len(rows),
        total_photos,
        tuple(
            MapPlace(place.member.name, photos, place.is_separate, place.overlaps.name if place.overlaps else None)
            for place, photos in zip(found.places, counts, strict=True)
        ),
        tuple(
            MapOutlier(
                rows[outlier.photo].photo,
                rows[outlier.photo].name,
                names[outlier.looks_like] if outlier.looks_like is not None else None,
            )
            for outlier in found.outliers
        ),
        found.explained_variance,
        picture,
        engine,
    )


def lay_out_and_draw(
    gallery: Gallery,
    projection: ProjectionMethod,
    group: str,
    crops: Sequence[bytes | None],
    total_photos: int,
    compilation_folder: Path,
) -> tuple[FaceMap, bytes]:
    """A map of a group's gallery, and the picture of it; `draw_map` else."""
    # numba reads this when it is imported. Without it, it writes beside the installed packages.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compilation_folder))
    from models.drawing.maps import map_chart
    from models.similarity.maps import lay_out

    found = lay_out(gallery, projection)
    faces = [None if crop is None else open_crop(crop) for crop in crops]
    return found, map_chart(group, found, faces, total_photos=total_photos if total_photos > len(faces) else None)
