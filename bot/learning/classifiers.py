"""The storage of the trained classifiers of groups."""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256
from typing import TYPE_CHECKING

from bot.domain.storage import StorageReason
from bot.errors import StorageError
from models.recognition.classifier_file import FORMAT, is_complete

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.storage import Storage

log = logging.getLogger(__name__)

FOLDER = "classifiers"


class ClassifierStore:
    """Files by group, engine, and a hash of the file format and the encodings that the classifier was trained on.

    So a group whose photos change has no classifier until it is trained anew, and after a rollback it has its earlier one.
    A broken file counts as none.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def find(self, key: str) -> bytes | None:
        """The file at `key`, None if it is missing or broken."""
        try:
            file = await self._storage.get(key)
        except StorageError as fault:
            if fault.reason is not StorageReason.BROKEN:
                raise
        else:
            if file is None or await asyncio.to_thread(is_complete, file):
                return file
        log.warning("%s is broken; the distance answers alone until the group is trained anew", key)
        return None

    async def put(self, key: str, file: bytes) -> None:
        """Store `file` at `key`."""
        await self._storage.put(key, file)

    async def delete_except(self, group: int, wanted: Collection[str]) -> None:
        """Delete the files of a group, except those at `wanted` keys."""
        for key in await self._storage.keys(f"{FOLDER}/{group}"):
            if key not in wanted:
                await self._storage.delete(key)

    async def groups(self) -> set[int]:
        """The groups that have files."""
        folders = {key.split("/")[1] for key in await self._storage.keys(FOLDER)}
        return {int(folder) for folder in folders if folder.isdecimal()}


def classifier_key(engine: str, rows: Sequence[EnrolledEncoding]) -> str:
    """The storage key of the classifier of exactly these rows of one group, at least one, in the current file format."""
    digest = sha256(f"{FORMAT}/".encode() + b"".join(f"{row.member}/".encode() + row.vector for row in rows))
    return f"{FOLDER}/{rows[0].group}/{engine}/{digest.hexdigest()[:32]}.keras"
