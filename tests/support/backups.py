"""A data folder with crops, and backups of it that somebody changed."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.backup.archive import ArchiveWriter

COLUMNS = "id, server_id, sha256, key, face_width, spoiler, made_at"


def jpeg(shade: int) -> bytes:
    """A grey picture."""
    file = io.BytesIO()
    Image.new("L", (40, 40), shade).save(file, "JPEG")
    return file.getvalue()


def whole_jpeg(name: str) -> bytes:
    """Bytes that are stored as a crop, and that nobody decodes."""
    return b"\xff\xd8\xff" + name.encode() + b"\xff\xd9"


def with_crops(data: Path, number: int = 3) -> Path:
    """The data folder `data` with crops `crops/0.jpg` and so on in database and files."""
    (data / "files" / "crops").mkdir(parents=True)
    with closing(sqlite3.connect(data / "nugu.sqlite3")) as connection:
        for each in range(number):
            add_crop(connection, each)
            (data / "files" / "crops" / f"{each}.jpg").write_bytes(jpeg(each))
        connection.commit()
    return data


def add_crop(connection: sqlite3.Connection, number: int) -> None:
    """Add the row of a crop."""
    row = (number + 1, 0, f"{number:064}", f"crops/{number}.jpg", 100, False, datetime.now(UTC).isoformat(" "))
    connection.execute(f"INSERT INTO crop ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def files_of(backup: Path) -> dict[str, bytes]:
    """The files of an unencrypted backup, as tar reads them."""
    with tarfile.open(backup) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # pyright: ignore[reportOptionalMemberAccess]


def written(path: Path, files: dict[str, bytes]) -> Path:
    """A backup of these files, with right sums."""
    with path.open("wb") as file:
        archive = ArchiveWriter(file.write)
        for name, data in files.items():
            if name not in {"nugu-backup", "SHA256SUMS"}:
                archive.add(name, data)
        archive.end()
    return path


def damage(database: Path) -> None:
    """Overwrite the middle of a database: its header stays, its tables break."""
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
