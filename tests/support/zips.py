"""Zip archives as other programs write them."""

from __future__ import annotations

import zipfile


class RawName(zipfile.ZipInfo):
    """An entry whose name is written as these very bytes."""

    def __init__(self, raw: bytes, *, utf8: bool = False, extra: bytes = b"") -> None:
        super().__init__(raw.hex())
        self.raw, self.utf8, self.extra = raw, utf8, extra

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  # zipfile's
        return self.raw, 0x800 if self.utf8 else 0
