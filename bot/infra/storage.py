"""The storage of crops and classifiers: a local folder by default, or an object store by URL. It never has posted pictures."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, from_url

from bot.domain.storage import StorageReason
from bot.errors import StorageError
from bot.infra.storage_faults import StorageFaults

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from obstore.store import ClientConfig, ObjectStore, RetryConfig

    from bot.settings import Settings

PATIENCE: Final = timedelta(seconds=30)
"""How long a request to an object store is repeated. Its library would take three minutes, in which a person waits."""

_RETRIES: Final[RetryConfig] = {"max_retries": 5, "retry_timeout": PATIENCE}
_CLIENT: Final[ClientConfig] = {"timeout": PATIENCE, "connect_timeout": timedelta(seconds=5)}

_SECRET: Final = re.compile(r"(?<=//)[^/@]*@|\?.*")
"""The user and the query of a URL."""

_OF_SYSTEM: Final = re.compile(r"\(os error (\d+)\)")
_OF_SERVER: Final = re.compile(r"status code: (\d+ [\w ]+)")
_NO_ROOM: Final = "507"
"""The status of a server without room, Insufficient Storage (RFC 4918, 11.5)."""

_LONGEST_WORDS: Final = 200

_UNFINISHED: Final = re.compile(r"#\d+$")
"""The end of the name under which obstore writes a file into a folder, before it takes its place. No listing shows it."""


class Storage:
    """Bytes by keys, which are paths such as `crops/3fa9….jpg`. Each method raises StorageError for a fault of the store."""

    def __init__(self, store: ObjectStore, faults: StorageFaults | None = None, name: str = "") -> None:
        """`faults`: gets each fault. `name`: of the store, for the operator; a folder has its path."""
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None
        self._identity = self._look()
        self._name = name or str(self._folder or type(store).__name__)
        self._faults = faults or StorageFaults()

    @classmethod
    def open(cls, settings: Settings, faults: StorageFaults | None = None) -> Storage:
        """The store of `settings`. A missing local folder is created. Raises StorageError if that fails."""
        if url := settings.storage_url.get_secret_value():
            named = _SECRET.sub("", url)
            return cls(from_url(url, client_options=_CLIENT, retry_config=_RETRIES), faults, named)
        folder = settings.data / "files"
        try:
            return cls(LocalStore(folder, mkdir=True), faults)
        except (BaseError, OSError) as error:
            raise _fault_of(error, str(folder)) from error

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` at `key`, in place of earlier data."""
        with self._faults.reporting(self._fault_of):
            self._check()
            await obstore.put_async(self._store, key, data)

    async def get(self, key: str) -> bytes | None:
        """The data at `key`, None without any."""
        with self._faults.reporting(self._fault_of):
            self._check()
            try:
                found = await obstore.get_async(self._store, key)
                return bytes(await found.bytes_async())
            except FileNotFoundError as error:
                self._refuse_missing_bucket(error)
                return None

    async def keys(self, folder: str) -> list[str]:
        """The keys below `folder`, sorted."""
        with self._faults.reporting(self._fault_of):
            self._check()
            # Some overloads refer to types of pyarrow, which isn't installed.
            entries = await obstore.list(self._store, folder).collect_async()  # pyright: ignore[reportUnknownMemberType]
            return sorted(entry["path"] for entry in entries)

    async def keys_older_than(self, folder: str, before: datetime) -> AsyncGenerator[list[str]]:
        """The keys below `folder` whose data was stored before then, up to 500 at a time."""
        with self._faults.reporting(self._fault_of):
            self._check()
            listed = obstore.list(self._store, folder, chunk_size=500)  # pyright: ignore[reportUnknownMemberType]  # as above
            async for entries in listed:
                yield [entry["path"] for entry in entries if entry["last_modified"] < before]

    async def unfinished_keys(self, before: datetime) -> list[str]:
        """The keys of the parts of files that a process was storing when it was killed, before then.

        Only a folder has such parts. `delete` takes their keys.
        """
        with self._faults.reporting(self._fault_of):
            self._check()
            if self._folder is None:
                return []
            return await asyncio.to_thread(_unfinished, Path(self._folder), before.timestamp())

    async def delete(self, key: str) -> None:
        """Delete the data at `key`, if there is any."""
        with self._faults.reporting(self._fault_of):
            self._check()
            if self._folder is not None and _UNFINISHED.search(key):
                await asyncio.to_thread(Path(self._folder, key).unlink, missing_ok=True)
                return
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError as error:
                self._refuse_missing_bucket(error)

    def _check(self) -> None:
        """Raise StorageError where the folder is gone, or another is in its place: in it, every crop would be missing."""
        if self._identity is not None and self._look() != self._identity:
            raise StorageError(StorageReason.MISSING, self._name)

    def _look(self) -> tuple[int, int] | None:
        if self._folder is None:
            return None
        try:
            found = Path(self._folder).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _refuse_missing_bucket(self, error: FileNotFoundError) -> None:
        """Raise StorageError where not the object is missing, but the bucket."""
        if "NoSuchBucket" in str(error):
            raise StorageError(StorageReason.MISSING, self._name)

    def _fault_of(self, error: Exception) -> StorageError | None:
        if isinstance(error, StorageError):
            return error
        return _fault_of(error, self._name) if isinstance(error, (BaseError, OSError)) else None


def _unfinished(folder: Path, before: float) -> list[str]:
    found: list[str] = []
    for path in folder.rglob("*#*"):
        # A process may finish the file meanwhile.
        with suppress(FileNotFoundError):
            if _UNFINISHED.search(path.name) and path.stat().st_mtime < before:
                found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _fault_of(error: BaseError | OSError, name: str) -> StorageError:
    """The fault that an error of a store stands for. The number of the system, or the status of the server, tells it."""
    text = str(error)
    if (of_system := _OF_SYSTEM.search(text)) is not None:
        return _of_system(int(of_system[1]), name)
    status = _OF_SERVER.search(text)
    words = status[1].strip() if status is not None else text.partition("\n")[0][-_LONGEST_WORDS:]
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
        return StorageError(StorageReason.DENIED, name, words)
    if isinstance(error, FileNotFoundError):
        return StorageError(StorageReason.MISSING, name, words)
    return StorageError(StorageReason.FULL if words.startswith(_NO_ROOM) else StorageReason.AWAY, name, words)


def _of_system(number: int, name: str) -> StorageError:
    """The fault behind an error number of the system, which a local folder gives."""
    words = os.strerror(number)
    if number in {errno.EACCES, errno.EPERM}:
        return StorageError(StorageReason.DENIED, name, words)
    return StorageError.from_error(OSError(number, words), name) or StorageError(StorageReason.BROKEN, name, words)
