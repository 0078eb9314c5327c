"""Encrypted backups: a tar of two files, which the program `age` reads too.

`key.age` is a new key, encrypted with the passphrase. `backup.tar.age` is the archive, encrypted with that key. pyrage encrypts
data in memory with a passphrase, and streams of any length with a key.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

import pyrage

from bot.backup.archive import BLOCK, ArchivedFile, DamagedBackupError, NotABackupError, entries, header, padding
from bot.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bot.backup.archive import Readable

KEY: Final = "key.age"
PAYLOAD: Final = "backup.tar.age"
_REFUSED: Final = "Decryption failed"
"""pyrage's words for a passphrase that doesn't fit."""

_TOO_MUCH_WORK: Final = "Excessive work"
"""The begin of its words for a file that wants more work for each try than it does."""

TRIES: Final = 20


class WrongPassphraseError(OperatorError):
    """The passphrase doesn't fit the backup."""

    def __init__(self) -> None:
        super().__init__("The passphrase doesn't open this backup.")


def is_encrypted(file: IO[bytes]) -> bool:
    """Whether a backup is encrypted. Raises NotABackupError for a file that begins otherwise than a backup."""
    first = next(entries(file), None)
    file.seek(0)
    return first is not None and first.name == KEY


@contextmanager
def encrypting(file: IO[bytes], passphrase: str) -> Generator[Callable[[bytes], object]]:
    """Give a function that writes bytes to the empty `file`, encrypted. The file is whole at the end of the context."""
    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
    file.write(header(KEY, len(key)) + key + padding(len(key)))
    begin = file.tell()
    file.write(header(PAYLOAD, 0))
    encrypted = _ErrorRecordingWriter(file)
    reader, writer = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))

    def encrypt() -> None:
        with reader:
            pyrage.encrypt_io(reader, encrypted, [identity.to_public()])

    thread = _Thread(encrypt)
    try:
        with writer:
            yield writer.write
    except BrokenPipeError:
        thread.join()
        raise encrypted.error or thread.error or BrokenPipeError from None
    finally:
        thread.join()
    if (error := encrypted.error or thread.error) is not None:
        raise error
    size = file.tell() - begin - BLOCK
    file.write(padding(size) + bytes(2 * BLOCK))
    file.seek(begin)
    file.write(header(PAYLOAD, size))


@contextmanager
def decrypting(file: IO[bytes], passphrase: str) -> Generator[Readable]:
    """Give the archive in an encrypted backup, which must be read to its end.

    Raises WrongPassphraseError, OperatorError where a try takes too long, and DamagedBackupError, at the latest at the end
    of the context.
    """
    found = entries(file)
    key = next(found)
    identity = _opened(key, passphrase)
    payload = next(found, None)
    if key.name != KEY or payload is None or payload.name != PAYLOAD:
        raise DamagedBackupError
    source = _ChunkReader(payload)
    reader, writer = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))

    def decrypt() -> None:
        with writer:
            pyrage.decrypt_io(source, writer, [identity])

    thread = _Thread(decrypt)
    try:
        with reader:
            yield reader
    except NotABackupError:
        raise DamagedBackupError from None
    finally:
        thread.join()
    if thread.error is not None or next(found, None) is not None:
        raise DamagedBackupError from thread.error


def _opened(key: ArchivedFile, passphrase: str) -> pyrage.x25519.Identity:
    encrypted = key.in_memory()
    # pyrage times a short calculation to set its limit of work. A busy machine delays that calculation.
    for _ in range(TRIES):
        try:
            text = pyrage.passphrase.decrypt(encrypted, passphrase)
            return pyrage.x25519.Identity.from_str(text.decode().strip())
        except pyrage.DecryptError as error:
            if str(error) == _REFUSED:
                raise WrongPassphraseError from None
            if not str(error).startswith(_TOO_MUCH_WORK):
                raise DamagedBackupError from None
        except (UnicodeDecodeError, pyrage.IdentityError):
            raise DamagedBackupError from None
    raise OperatorError("It would take this machine too long to try the passphrase of this backup.")


class _Thread(threading.Thread):
    """Runs `work` at once. `error`: the exception that it ended with."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001
            self.error = error


class _ErrorRecordingWriter:
    """Records the error of a write. pyrage passes on only its text."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise


class _ChunkReader:
    """Reads a file of an archive by sizes of the reader's choice."""

    def __init__(self, file: ArchivedFile) -> None:
        self._chunks = file.chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
