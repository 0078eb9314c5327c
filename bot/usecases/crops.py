"""Crops on their way into the storage and out of it: a file is there as long as a row names it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.database.crops import CropRepository, StoredCrop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable
    from datetime import datetime

    from bot.app import App
    from bot.domain.deletions import MessageScope
    from bot.domain.faces import FaceCrop


@asynccontextmanager
async def stored(app: App, cuts: Iterable[FaceCrop]) -> AsyncGenerator[dict[bytes, StoredCrop]]:
    """The cuts by their JPEG, put into the storage before the write lock is taken, since a store may be slow.

    Afterwards those that no row came to name are taken out again.
    """
    kept = {cut.jpeg: StoredCrop(cut, f"crops/{uuid4().hex}.jpg", hashlib.sha256(cut.jpeg).hexdigest()) for cut in cuts}
    keys = [one.key for one in kept.values()]
    await asyncio.gather(*(app.storage.put(one.key, one.crop.jpeg) for one in kept.values()))
    try:
        yield kept
    finally:
        async with app.database.reading() as session:
            used = await CropRepository(session).used(keys)
        await forget_files(app, set(keys) - used)


async def of_face(app: App, face_id: int) -> bytes | None:
    """The crop of a face that was asked about, as a JPEG; None where none is kept."""
    async with app.database.reading() as session:
        key = await CropRepository(session).storage_key(face_id)
    return None if key is None else await app.storage.get(key)


async def forget_older(app: App, before: datetime) -> None:
    """Forget the faces that were asked about before then, and that no trusted person labelled."""
    async with _forgetting(app) as crops:
        await crops.forget_older(before)


async def forget_deleted(app: App, gone: MessageScope) -> None:
    """Forget the faces of what was deleted, unless a trusted person labelled them.

    Most that is deleted on Discord concerns nobody here, so it takes no write lock.
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
    """Forget the crops that nothing names any more."""
    async with _forgetting(app):
        pass


async def sweep_files(app: App, before: datetime) -> None:
    """Take crops out of the storage that were put there before then and that no row names.

    A bot that is killed between the storage and the database leaves such.
    """
    async for keys in app.storage.older("crops", before):
        async with app.database.reading() as session:
            used = await CropRepository(session).used(keys)
        await forget_files(app, set(keys) - used)


@asynccontextmanager
async def _forgetting(app: App) -> AsyncGenerator[CropRepository]:
    """Statements that take crops from what names them; those that nothing names then are gone, files included."""
    async with app.database.writing() as session:
        yield CropRepository(session)
        gone = await CropRepository(session).sweep()
    await forget_files(app, gone)


async def forget_files(app: App, keys: Collection[str]) -> None:
    """Take crops out of the storage, once no row names them."""
    await asyncio.gather(*(app.storage.delete(key) for key in keys))
