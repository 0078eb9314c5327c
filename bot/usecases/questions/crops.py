"""Crops in the storage: a file stays as long as a row of the database names it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.database.crops import CropRepository, StoredCrop
from bot.database.damage import DamageRepository
from bot.errors import StorageError
from bot.media.pictures.jpeg import is_whole

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
    from datetime import datetime

    from bot.app import App
    from bot.domain.deletions import MessageScope
    from bot.domain.faces import FaceCrop

log = logging.getLogger(__name__)


@asynccontextmanager
async def storing(
    app: App, face_crops: Iterable[FaceCrop], *, needed: bool = True
) -> AsyncGenerator[dict[bytes, StoredCrop]]:
    """Put crops into the storage, before the write lock is taken, since a storage may be slow; returns them by their JPEG.

    At the end of the context, crops that no row names are deleted again. `needed`: raise StorageError where the storage can't
    take them all; otherwise there are none then.
    """
    crops = {
        crop.jpeg: StoredCrop(crop, f"crops/{uuid4().hex}.jpg", hashlib.sha256(crop.jpeg).hexdigest())
        for crop in face_crops
    }
    keys = [stored.key for stored in crops.values()]
    try:
        try:
            await asyncio.gather(*(app.storage.put(stored.key, stored.crop.jpeg) for stored in crops.values()))
        except StorageError as fault:
            if needed:
                raise
            log.error("crops were not kept: %s", fault)
            crops.clear()
        yield crops
    finally:
        await _forget_unnamed(app, keys)


async def _forget_unnamed(app: App, keys: Sequence[str]) -> None:
    """Delete the files of those crops that no row names. `sweep_files` tries again after a failure."""
    try:
        async with app.database.reading() as session:
            used = await CropRepository(session).existing_keys(keys)
        await forget_files(app, set(keys) - used)
    except StorageError as fault:
        log.warning("files of crops may be left behind: %s", fault)


async def crop_of_face(app: App, face_id: int) -> bytes | None:
    """The crop of a face of a question, as a JPEG; None if there is none."""
    async with app.database.reading() as session:
        key = await CropRepository(session).storage_key(face_id)
    (crop,) = await read(app, [key])
    return crop


async def read(app: App, keys: Iterable[str | None]) -> list[bytes | None]:
    """The crops at these places in the storage, as JPEGs; None for no place, and for a file that is lost or no whole JPEG."""
    return list(await asyncio.gather(*(_read(app, key) for key in keys)))


async def _read(app: App, key: str | None) -> bytes | None:
    crop = None if key is None else await app.storage.get(key)
    if crop is not None and not is_whole(crop):
        log.warning("%s is damaged; nugu check finds all that are", key)
        return None
    return crop


async def lost(app: App, server_id: int, hashes: Collection[str]) -> frozenset[str]:
    """Those of `hashes` whose crops are on record and have no file any more."""
    async with app.database.reading() as session:
        keys = await CropRepository(session).keys_by_hash(server_id, hashes)
    files = await asyncio.gather(*(app.storage.get(key) for key in keys.values()))
    return frozenset(sha256 for sha256, file in zip(keys, files, strict=True) if file is None)


async def forget_older(app: App, before: datetime) -> None:
    """Forget the faces of questions before `before`, unless a trusted person labelled them."""
    async with _forgetting(app) as crops:
        await crops.forget_older(before)


async def forget_deleted(app: App, gone: MessageScope) -> None:
    """Forget the faces of deleted messages, unless a trusted person labelled them.

    Most deletions on Discord concern no face, so they take no write lock.
    """
    async with app.database.reading() as session:
        if not await CropRepository(session).has_faces_of_deleted(gone):
            return
    async with _forgetting(app) as crops:
        await crops.forget_deleted(gone)


async def forget_question(app: App, question_id: int) -> None:
    """Forget the faces of a question, unless a trusted person labelled them."""
    async with _forgetting(app) as crops:
        await crops.forget_question(question_id)


async def sweep(app: App) -> None:
    """Delete the crops that no row names any more."""
    async with _forgetting(app):
        pass


async def sweep_files(app: App, before: datetime) -> None:
    """Delete the files that were stored before `before` and that no row names, and those that were never finished.

    A bot that is killed between the storage and the database, or while it stores, leaves such files. While rows may be lost,
    files that no row names stay, and the log has a line.
    """
    held_back = 0
    complete: bool | None = None
    async for keys in app.storage.keys_older_than("crops", before):
        async with app.database.reading() as session:
            unnamed = set(keys) - await CropRepository(session).existing_keys(keys)
            # The check reads the whole database, and most hours there is no such file.
            if unnamed and complete is None:
                complete = not await DamageRepository(session).may_lack_rows()
        if complete:
            await forget_files(app, unnamed)
        else:
            held_back += len(unnamed)
    if held_back:
        log.warning("rows may be lost, so crops that no row names stay (%d); nugu check names the damage", held_back)
    await forget_files(app, await app.storage.unfinished_keys(before))


@asynccontextmanager
async def _forgetting(app: App) -> AsyncGenerator[CropRepository]:
    """Statements that detach crops from faces. At the end of the context, crops without a row are deleted with their files."""
    async with app.database.writing() as session:
        yield CropRepository(session)
        gone = await CropRepository(session).sweep()
    await forget_files(app, gone)
    await app.database.empty_log()


async def forget_files(app: App, keys: Collection[str]) -> None:
    """Delete the files of crops that no row names."""
    await asyncio.gather(*(app.storage.delete(key) for key in keys))
