"""Temporary folders that a later start removes if the process that made them was killed.

A lock on the folder ends with its process, however that ends. A process id would be taken by another process some day.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

PREFIX = "nugu-run-"


class TemporaryFolder:
    """A new folder of this user alone, `path`. `close` removes it, or `sweep` after the death of this process.

    `parent`: the folder that it is in; None: the system's one for temporary files. `prefix`: the beginning of its name.
    """

    def __init__(self, parent: Path | None = None, prefix: str = PREFIX) -> None:
        self.path, self._handle = _make(parent, prefix)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder. A second call does nothing."""
        if self._handle is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._handle)
            self._handle = None


def sweep(parent: Path | None = None, prefix: str = PREFIX) -> None:
    """Remove the folders of `TemporaryFolder` with this parent and prefix whose processes died. Blocks.

    Only real folders of this user are removed, never links, and none that a process holds. A folder that can't be removed gets
    a line in the log.
    """
    with os.scandir(parent or tempfile.gettempdir()) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(prefix)]
    for path in found:
        try:
            _remove_dead(path)
        except OSError as error:
            log.warning("a temporary folder stays: %s", error)


def _make(parent: Path | None, prefix: str) -> tuple[Path, int | None]:
    """A new folder, and the handle that locks it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        # Another start may have taken it for a dead one before the lock, and removed it.
        if _lock(handle) and folder.exists():
            return folder, handle
        os.close(handle)


def _remove_dead(path: str) -> None:
    if not _is_own(os.lstat(path)):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if _is_own(os.fstat(handle)) and _lock(handle):
            shutil.rmtree(path)
    finally:
        os.close(handle)


def _is_own(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _lock(handle: int) -> bool:
    """Lock a folder unless another process holds it; whether this one does now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
