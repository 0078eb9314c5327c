"""The format of a classifier's `.keras` file, and a check that it is whole. Light enough for the gateway."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

METADATA = "nugu.json"
"""The entry with the members of the columns and the hold-out result."""

FORMAT = 1
"""The version of `METADATA`. Files of other versions are refused and trained again."""

BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, IndexError, TypeError, ValueError, RuntimeError)
"""The exceptions of broken zip, JSON and HDF5 files."""


def is_whole(data: bytes) -> bool:
    """Whether all entries are intact, in the current format."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return json.loads(file.read(METADATA))["format"] == FORMAT and file.testzip() is None
    except BROKEN:
        return False
