"""The faults behind the errors of databases: by SQLite's result codes, by SQLSTATE, and by the numbers of MySQL."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.domain.storage import StorageReason

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: StorageReason.FULL,
    sqlite3.SQLITE_BUSY: StorageReason.LOCKED,
    sqlite3.SQLITE_LOCKED: StorageReason.LOCKED,
    sqlite3.SQLITE_CANTOPEN: StorageReason.MISSING,
    sqlite3.SQLITE_READONLY: StorageReason.READ_ONLY,
    sqlite3.SQLITE_PERM: StorageReason.DENIED,
    sqlite3.SQLITE_AUTH: StorageReason.DENIED,
    sqlite3.SQLITE_IOERR: StorageReason.BROKEN,
    sqlite3.SQLITE_CORRUPT: StorageReason.BROKEN,
    sqlite3.SQLITE_NOTADB: StorageReason.BROKEN,
}
"""By primary result code (sqlite.org/rescode.html)."""

_SQLITE_EXTENDED: Final = {sqlite3.SQLITE_READONLY_DBMOVED: StorageReason.MISSING}

_SQLSTATES: Final = (
    ("53100", StorageReason.FULL),  # disk full
    ("53", StorageReason.AWAY),  # out of memory or connections
    ("55P03", StorageReason.LOCKED),  # lock not available
    ("40001", StorageReason.LOCKED),  # serialization failure
    ("40P01", StorageReason.LOCKED),  # deadlock
    ("25006", StorageReason.READ_ONLY),  # read-only transaction
    ("28", StorageReason.DENIED),  # invalid authorisation
    ("42501", StorageReason.DENIED),  # insufficient privilege
    ("3D000", StorageReason.MISSING),  # no such database
    ("08", StorageReason.AWAY),  # connection
    ("57P", StorageReason.AWAY),  # the server shuts down or starts
    ("58", StorageReason.BROKEN),  # error of the system, such as of a disk
    ("XX", StorageReason.BROKEN),  # damaged data or index
)
"""By the beginning of the code, the first that fits (PostgreSQL, appendix A)."""

_MYSQL: Final = {
    1021: StorageReason.FULL,  # ER_DISK_FULL
    1114: StorageReason.FULL,  # ER_RECORD_FILE_FULL
    1205: StorageReason.LOCKED,  # ER_LOCK_WAIT_TIMEOUT
    1213: StorageReason.LOCKED,  # ER_LOCK_DEADLOCK
    1290: StorageReason.READ_ONLY,  # ER_OPTION_PREVENTS_STATEMENT: --read-only
    1836: StorageReason.READ_ONLY,  # ER_READ_ONLY_MODE
    1044: StorageReason.DENIED,  # ER_DBACCESS_DENIED_ERROR
    1045: StorageReason.DENIED,  # ER_ACCESS_DENIED_ERROR
    1049: StorageReason.MISSING,  # ER_BAD_DB_ERROR
    1040: StorageReason.AWAY,  # ER_CON_COUNT_ERROR
    1053: StorageReason.AWAY,  # ER_SERVER_SHUTDOWN
    2002: StorageReason.AWAY,  # CR_CONNECTION_ERROR
    2003: StorageReason.AWAY,  # CR_CONN_HOST_ERROR
    2006: StorageReason.AWAY,  # CR_SERVER_GONE_ERROR
    2013: StorageReason.AWAY,  # CR_SERVER_LOST
    1030: StorageReason.BROKEN,  # ER_GET_ERRNO
}
"""By error number (MySQL error reference)."""


def reason_of(error: BaseException) -> StorageReason | None:
    """The reason of a fault of the database; None for another error, such as one of a constraint or of a statement.

    An error of a connection (OSError) counts as one of the server: some drivers raise it bare.
    """
    if isinstance(error, PoolTimeoutError):
        return StorageReason.LOCKED
    if isinstance(error, OSError):
        return StorageReason.AWAY
    if isinstance(error, DBAPIError):
        return _of_driver(error.orig) or (StorageReason.AWAY if error.connection_invalidated else None)
    return _of_driver(error) if isinstance(error, sqlite3.Error) else None


def _of_driver(error: BaseException | None) -> StorageReason | None:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE_EXTENDED.get(code) or _SQLITE.get(code & 0xFF)
    # psycopg and asyncpg call it `sqlstate`, psycopg2 `pgcode`.
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(state, str):
        return next((reason for beginning, reason in _SQLSTATES if state.startswith(beginning)), None)
    number = error.args[0] if error is not None and error.args else None
    return _MYSQL.get(number) if isinstance(number, int) else None
