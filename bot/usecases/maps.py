"""The map of a group: all confirmed faces in two dimensions, cached until the roster changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.labels import LabelRepository
from bot.database.lookup import require_group
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.domain.messages import Hint, Message, Strong
from bot.domain.rosters import SHARED_ROSTER
from bot.domain.trust import Trust
from bot.errors import NoRosterError, PersonError, UnencodedPhotosError
from bot.usecases.questions import crops
from models.faces import MIN_MAP_PHOTOS, ProjectionMethod
from models.learning.isolation import IsolatedProcessError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.app import App
    from bot.database.tables.rosters import Group
    from bot.domain.maps import GroupMap
    from bot.domain.rosters import EnrolledEncoding

log = logging.getLogger(__name__)

MOST = 300
"""Photos on a map, at most. Thumbnails of more would be too small."""

LIMIT = 600.0
"""Seconds that a map may take.

UMAP compiles for a quarter of a minute at the lowest priority: on a busy machine for more than two minutes. The other methods
take 3 s with 300 photos.
"""

DEFAULT = ProjectionMethod.TSNE
"""It separates members as well as UMAP, without compiling; PCA does not (docs/measured.md)."""


@dataclass(frozen=True, slots=True)
class MapView:
    """A map for one person. `may_correct`: the trust that decides how the person may correct outliers."""

    found: GroupMap
    may_correct: Trust


async def draw_map(
    app: App,
    servers: Collection[int],
    group: str,
    projection: ProjectionMethod = DEFAULT,
    *,
    trust: Trust = Trust.MEMBER,
) -> MapView:
    """The map of a group of `servers` or of the shared roster. For trusted people, outliers come first in the review.

    Raises NoRosterError, UnknownGroupError; PersonError with fewer than three different photos, where the engine in use has
    seen none, and where the process broke off.
    """
    async with app.database.reading() as session:
        rosters, visible = RosterRepository(session), {SHARED_ROSTER, *servers}
        if not await rosters.groups(visible):
            raise NoRosterError
        found = await require_group(session, visible, group)
        revisions = await rosters.revisions([found.server_id])
    engine = await app.recognisers.engine()
    key = found.id, projection, engine, revisions
    try:
        made = await app.caches.maps.get(key, partial(_draw, app, found, projection, engine))
    except IsolatedProcessError as error:
        log.warning("there is no map of group %s: %s", found.id, error)
        raise PersonError("The map broke off. Try again.") from None
    # Labels of the shared roster are corrected only on the command line.
    may_correct = trust if found.server_id != SHARED_ROSTER else Trust.MEMBER
    if made.outliers and may_correct >= Trust.TRUSTED:
        async with app.database.writing() as session:
            await LabelRepository(session).suspect([outlier.photo for outlier in made.outliers])
    return MapView(made, may_correct)


async def _draw(app: App, group: Group, projection: ProjectionMethod, engine: str) -> GroupMap:
    async with app.database.reading() as session:
        rows = await RosterRepository(session).encodings_of_groups([group.id], engine)
        keys = {
            number: photo.key for number, photo in (await PhotoRepository(session).public_photos([group.id])).items()
        }
    if keys and not rows:
        raise UnencodedPhotosError((await app.recognisers.config()).engine)
    different = len({row.vector for row in rows})
    if different < MIN_MAP_PHOTOS:
        has = Message("{number} different photos", number=different)
        if different < 2:
            has = Message("1 different photo") if different else Message("no photo")
        raise PersonError(
            "A map takes {fewest} different photos, and I have {has} of {group}.",
            fewest=MIN_MAP_PHOTOS,
            has=has,
            group=Strong(group.name),
            hint=Hint.ADD_MORE_PHOTOS,
        )
    shown = round_robin(rows, MOST)
    faces = await crops.read(app, [keys.get(row.photo) for row in shown])
    async with app.queues.maps.bulk_turn():
        return await app.compute.run_isolated(
            LIMIT, jobs.draw_map, shown, faces, engine, projection, len(rows), app.compute.run_folder
        )


def round_robin(rows: Sequence[EnrolledEncoding], most: int) -> list[EnrolledEncoding]:
    """At most `most` rows, in their order: the first photo of each member, then the second of each, and so on."""
    turns: dict[int, int] = {}
    ranked: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        turns[row.member] = turn = turns.get(row.member, -1) + 1
        ranked.append((turn, number))
    return [rows[number] for number in sorted(number for _, number in sorted(ranked)[:most])]
