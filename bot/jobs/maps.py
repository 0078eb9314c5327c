"""Draw the map of a group in an isolated process: UMAP compiles code, and its memory is free when the process ends."""

from __future__ import annotations

import os
from contextlib import nullcontext
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
    run_folder: Path | None,
) -> GroupMap:
    """The map of the group of `rows`, at least `MIN_MAP_PHOTOS` of them, made in an isolated process.

    `crops`: the JPEG of each row, None where it is lost. `total_photos`: the number of the group's photos. `run_folder`: the
    private folder of this run, None where the worker may be on another machine. Raises IsolatedProcessError.
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
        run_folder,
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
    run_folder: Path | None = None,
) -> tuple[FaceMap, bytes]:
    """A map of a group's gallery, and the picture of it; `draw_map` else."""
    from bot.infra.temporary import TemporaryFolder

    with TemporaryFolder() if run_folder is None else nullcontext(run_folder / "numba") as compiled:
        # numba keeps UMAP's compiled functions there, and runs what it reads there: so the folder is this run's own, or this
        # process's. The import of numba reads the variable.
        os.environ["NUMBA_CACHE_DIR"] = str(compiled)
        from models.drawing.maps import map_chart
        from models.similarity.maps import lay_out

        found = lay_out(gallery, projection)
    faces = [None if crop is None else open_crop(crop) for crop in crops]
    return found, map_chart(group, found, faces, total_photos=total_photos if total_photos > len(faces) else None)
