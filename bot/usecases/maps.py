"""The map of a group: all confirmed faces in two dimensions, cached until the roster changes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.labels import LabelRepository
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.domain.messages import Hint, Message, Strong
from bot.domain.rosters import SHARED_ROSTER
from bot.domain.trust import Trust
from bot.errors import NoRosterError, PersonError, UnseenPhotosError
from bot.usecases.lookup import require_group
from models.faces import FEWEST_MAPPED, Projection
from models.learning.isolation import BrokenOffError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.app import App
    from bot.database.tables.rosters import Group
    from bot.domain.maps import GroupMap
    from bot.domain.rosters import RosterRow

log = logging.getLogger(__name__)

MOST = 300
"""Photos on a map: with more, thumbnails would be too small to be told apart."""

LIMIT = 600.0
"""Seconds that a map may take. UMAP compiles itself for a quarter of a minute, and lets everybody else go first: on a busy
machine that came to more than two minutes. The others take 3 s with 300 photos.
"""

DEFAULT = Projection.TSNE
"""It keeps members apart as well as UMAP, and at once; PCA does not (docs/measured.md)."""


@dataclass(frozen=True, slots=True)
class ShownMap:
    """A map as somebody sees it. `may_correct`: how far the asker may go with the outliers: review them, remove photos."""

    found: GroupMap
    may_correct: Trust


async def draw(
    app: App,
    servers: Collection[int],
    group: str,
    projection: Projection = DEFAULT,
    *,
    trust: Trust = Trust.MEMBER,
) -> ShownMap:
    """The map of a group of `servers` or of the shared roster. For trusted people, what looks wrong comes first in the review.

    Raises NoRosterError, UnknownGroupError; PersonError with fewer than three different photos, where the engine in use
    has seen none, and where it broke off.
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
    except BrokenOffError as error:
        log.warning("there is no map of group %s: %s", found.id, error)
        raise PersonError("The map broke off. Try again.") from None
    # Labels of the shared roster are corrected on the command line alone.
    may_correct = trust if found.server_id != SHARED_ROSTER else Trust.MEMBER
    if made.outliers and may_correct >= Trust.TRUSTED:
        async with app.database.writing() as session:
            await LabelRepository(session).suspect([outlier.photo for outlier in made.outliers])
    return ShownMap(made, may_correct)


async def _draw(app: App, group: Group, projection: Projection, engine: str) -> GroupMap:
    async with app.database.reading() as session:
        rows = await RosterRepository(session).rows_of([group.id], engine)
        keys = {number: photo.key for number, photo in (await PhotoRepository(session).public([group.id])).items()}
    if keys and not rows:
        raise UnseenPhotosError((await app.recognisers.config()).engine)
    different = len({row.vector for row in rows})
    if different < FEWEST_MAPPED:
        has = Message("{number} different photos", number=different)
        if different < 2:
            has = Message("1 different photo") if different else Message("no photo")
        raise PersonError(
            "A map takes {fewest} different photos, and I have {has} of {group}.",
            fewest=FEWEST_MAPPED,
            has=has,
            group=Strong(group.name),
            hint=Hint.ADD_MORE_PHOTOS,
        )
    shown = in_turns(rows, MOST)
    crops = await asyncio.gather(*(_crop(app, keys.get(row.photo)) for row in shown))
    compiled = (app.settings.data / "numba").absolute()
    # Each takes a process of its own, of several hundred megabytes.
    async with app.map_semaphore:
        return await app.compute.run_isolated(
            LIMIT, jobs.draw_map, shown, crops, engine, projection, len(rows), compiled
        )


async def _crop(app: App, key: str | None) -> bytes | None:
    """The crop at this place; None where it is lost, or not for everybody to see."""
    return None if key is None else await app.storage.get(key)


def in_turns(rows: Sequence[RosterRow], most: int) -> list[RosterRow]:
    """At most so many rows, in their order: everybody's first photo, then everybody's second, until the room is taken."""
    turns: dict[int, int] = {}
    ranked: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        turns[row.member] = turn = turns.get(row.member, -1) + 1
        ranked.append((turn, number))
    return [rows[number] for number in sorted(number for _, number in sorted(ranked)[:most])]
