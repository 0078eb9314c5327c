"""Crops, classifiers and other files, in a local folder by default, in an object store by URL. Never the posted picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from obstore.store import ObjectStore

    from bot.settings import Settings


class Storage:
    """Named bytes. Keys are paths such as `crops/3fa9….jpg`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, settings: Settings) -> Storage:
        """The store that `settings` names; a local folder is made if it is missing."""
        if url := settings.storage_url.get_secret_value():
            return cls(from_url(url))
        return cls(LocalStore(settings.data / "files", mkdir=True))

    async def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`, in place of what was there."""
        await obstore.put_async(self._store, key, data)

    async def get(self, key: str) -> bytes | None:
        """What is kept under `key`; None where nothing is."""
        try:
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def keys(self, folder: str) -> list[str]:
        """The keys below `folder`, in order."""
        # Some of its overloads name pyarrow's types, which aren't there.
        entries = await obstore.list(self._store, folder).collect_async()  # pyright: ignore[reportUnknownMemberType]
        return sorted(entry["path"] for entry in entries)

    async def older(self, folder: str, before: datetime) -> AsyncGenerator[list[str]]:
        """The keys below `folder` of what was put there before then, some hundreds at a time."""
        listed = obstore.list(self._store, folder, chunk_size=500)  # pyright: ignore[reportUnknownMemberType]  # as above
        async for entries in listed:
            yield [entry["path"] for entry in entries if entry["last_modified"] < before]

    async def delete(self, key: str) -> None:
        """Forget what is kept under `key`; nothing happens where nothing is."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
