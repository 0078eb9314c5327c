"""The format of a classifier's `.keras` file, and a check that it is whole. Light enough for the gateway."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

METADATA = "nugu.json"
"""The entry with the members of the columns and the hold-out result."""

FORMAT = 1
"""The version of `METADATA`. Files of other versions are refused and trained again."""

LARGEST = 64 * 2**20
"""Bytes of a file's unpacked entries together, and of its weights. A classifier of 2,000 members has a megabyte."""

BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, IndexError, TypeError, ValueError, RuntimeError)
"""The exceptions of broken zip, JSON and HDF5 files."""


@contextmanager
def opened(data: bytes) -> Generator[zipfile.ZipFile]:
    """The file as a zip. Raises one of `BROKEN` where it is none, or where its entries are larger than `LARGEST`."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        if sum(entry.file_size for entry in file.infolist()) > LARGEST:
            raise ValueError("larger than a classifier is")
        yield file


def is_complete(data: bytes) -> bool:
    """Whether all entries are intact, in the current format."""
    try:
        with opened(data) as file:
            return json.loads(file.read(METADATA))["format"] == FORMAT and file.testzip() is None
    except BROKEN:
        return False
