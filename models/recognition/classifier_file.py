"""The `.keras` file of a trained classifier from outside: its format, and whether it is whole. Light enough for the gateway."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

METADATA = "nugu.json"
"""The entry with the members of the columns and the hold-out result."""

FORMAT = 1
"""Of `METADATA`. A file of another format is refused, and trained anew."""

BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, IndexError, TypeError, ValueError, RuntimeError)
"""What reading a broken zip, JSON or HDF5 raises."""


def is_whole(data: bytes) -> bool:
    """Whether every entry is as it was written, in the format of today."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return json.loads(file.read(METADATA))["format"] == FORMAT and file.testzip() is None
    except BROKEN:
        return False
