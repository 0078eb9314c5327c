"""The place of a database: its file or its server, and the faults of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bot.database.faults import reason_of
from bot.domain.storage import StorageReason
from bot.errors import PersonError, StorageError

if TYPE_CHECKING:
    from sqlalchemy import URL

UNCLEAR = (StorageReason.MISSING, StorageReason.BROKEN)
"""Reasons by which SQLite also reports a full or a read-only disk: it could not open or extend a file beside its own."""


class DatabaseLocation:
    """The file of an SQLite database, or the server of another one."""

    def __init__(self, url: URL) -> None:
        is_file = url.get_backend_name() == "sqlite" and bool(url.database)
        self.name = str(url.database) if is_file else url.set(query={}).render_as_string()
        """For operators: the file, or the URL without the password and the query, which may have one too."""
        self._file = Path(self.name) if is_file and self.name != ":memory:" else None
        self._identity = self._look()

    def check(self) -> None:
        """Raise StorageError where the file is gone, or another is in its place.

        SQLite would go on in the deleted file, which nobody finds again, or begin a new one.
        """
        if self._identity is not None and self._look() != self._identity:
            raise StorageError(StorageReason.MISSING, self.name)

    def fault_of(self, error: BaseException) -> StorageError | None:
        """The fault that an error stands for; None for another error."""
        if isinstance(error, StorageError):
            return error
        if self._file is not None and isinstance(error, OSError):
            return StorageError.from_error(error, self.name)
        reason = reason_of(error)
        return None if reason is None else StorageError(self._cause(reason), self.name, _words(error))

    def error_at_open(self, error: Exception) -> PersonError:
        """The error for a database that can't be opened."""
        fault = self.fault_of(error)
        if fault is not None and fault.reason not in UNCLEAR:
            return fault
        return PersonError(
            "The database {database} can't be opened: {reason}.", database=self.name, reason=_words(error)
        )

    def _look(self) -> tuple[int, int] | None:
        """Which file is there now, by device and number; None for none."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _cause(self, reason: StorageReason) -> StorageReason:
        """The reason, in place of an unclear one that of the disk."""
        if self._file is None or reason not in UNCLEAR:
            return reason
        try:
            disk = os.statvfs(self._file.parent)
        except OSError:
            return StorageReason.MISSING
        if disk.f_flag & os.ST_RDONLY:
            return StorageReason.READ_ONLY
        if not disk.f_bavail:
            return StorageReason.FULL
        return StorageReason.DENIED if reason is StorageReason.MISSING and self._look() is not None else reason


def _words(error: BaseException) -> str:
    """The driver's words, without SQLAlchemy's additions."""
    return str(getattr(error, "orig", None) or error)
