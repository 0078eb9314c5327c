"""Files that only the user of this process can read: the umask of new files, and the files that others can use.

A file that a person asks for by name, such as an export, is theirs. It gets the mode of their own umask, as from pg_dump, tar
or curl. All other files are the bot's own.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

UMASK = 0o077
OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permissions of everybody but the owner."""


@dataclass(slots=True)
class _User:
    """The umask of the person who started this process, None before `set_private_umask`."""

    umask: int | None = None


_user = _User()


def set_private_umask() -> None:
    """Let only the user of this process read the files that it and its children make."""
    before = os.umask(UMASK)
    if _user.umask is None:
        _user.umask = before


@contextmanager
def with_user_mode(path: Path) -> Generator[None]:
    """Give a new file, which a person asked for by name, the mode of their own umask once it is written."""
    is_new = not path.exists()
    yield
    if is_new:
        apply_user_umask([path])


def make_user_folder(folder: Path) -> None:
    """Make a folder that a person asked for by name, with its missing parents; see `with_user_mode`."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    apply_user_umask(missing)


def apply_user_umask(paths: Iterable[Path]) -> None:
    """Give files and folders of this process the mode of the umask of the person who started it."""
    if _user.umask is None:
        return
    for path in paths:
        with suppress(FileNotFoundError):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~_user.umask)


def exposed_paths(folder: Path, *files: Path) -> list[Path]:
    """The paths that other users can use, among the folder, its content and `files`. Links in the folder are left out."""
    return [path for path in (*_inside(folder), *(file.resolve() for file in files)) if _is_exposed(path)]


def restrict(paths: Iterable[Path]) -> None:
    """Take the permissions of other users away. Raises OSError for a file of another user."""
    for path in paths:
        # By a handle, since a person who can write there could put a link in its place meanwhile.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            os.fchmod(handle, stat.S_IMODE(os.fstat(handle).st_mode) & ~OTHERS)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            os.close(handle)


def _inside(folder: Path) -> Iterator[Path]:
    """A folder with all that it holds."""
    yield folder
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(place, name)


def _is_exposed(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and bool(mode & OTHERS)
