"""The storage of crops and classifiers: a local folder by default, or an object store by URL. It never has posted pictures."""

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
    """Bytes by keys, which are paths such as `crops/3fa9….jpg`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, settings: Settings) -> Storage:
        """The store of `settings`. A missing local folder is created."""
        if url := settings.storage_url.get_secret_value():
            return cls(from_url(url))
        return cls(LocalStore(settings.data / "files", mkdir=True))

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` at `key`, in place of earlier data."""
        await obstore.put_async(self._store, key, data)

    async def get(self, key: str) -> bytes | None:
        """The data at `key`, None without any."""
        try:
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def keys(self, folder: str) -> list[str]:
        """The keys below `folder`, sorted."""
        # Some overloads refer to types of pyarrow, which isn't installed.
        entries = await obstore.list(self._store, folder).collect_async()  # pyright: ignore[reportUnknownMemberType]
        return sorted(entry["path"] for entry in entries)

    async def older(self, folder: str, before: datetime) -> AsyncGenerator[list[str]]:
        """The keys below `folder` whose data was stored before then, up to 500 at a time."""
        listed = obstore.list(self._store, folder, chunk_size=500)  # pyright: ignore[reportUnknownMemberType]  # as above
        async for entries in listed:
            yield [entry["path"] for entry in entries if entry["last_modified"] < before]

    async def delete(self, key: str) -> None:
        """Delete the data at `key`, if there is any."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
