"""Public portraits for tests and benches, fetched once."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import skimage.data
from PIL import Image

from bot.demo.portraits import fetch_portraits

SMALL = 720
"""Pixels of the longer side: a detector's time grows with the area."""

KEPT = Path(__file__).resolve().parents[2] / ".cache" / "public-photos"


def public_portraits() -> Path:
    """A folder with obama{,2,3}.jpg, biden.jpg, obama_partial_face{,2}.jpg and astronaut.png.

    Fetched once, and kept in the ignored folder `.cache`.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with locked(KEPT / ".lock"):
        fetch_portraits(KEPT, seconds=300)
        if not (KEPT / "astronaut.png").exists():
            Image.fromarray(skimage.data.astronaut()).save(KEPT / "astronaut.png")
    return KEPT


def astronauts_head(folder: Path) -> bytes:
    """The head in astronaut.png, as a PNG: in the whole picture the detector takes a badge for a face."""
    out = BytesIO()
    with Image.open(folder / "astronaut.png") as picture:
        picture.crop((90, 0, 350, 260)).save(out, "PNG")
    return out.getvalue()


@cache
def small_photo(photo: Path) -> bytes:
    """The file of a photo, reduced to SMALL pixels."""
    out = BytesIO()
    with Image.open(photo) as picture:
        picture.thumbnail((SMALL, SMALL))
        picture.save(out, picture.format)
    return out.getvalue()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock file `path`, after the process that holds it now."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
