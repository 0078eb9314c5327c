"""Real faults of a disk: a small one that fills up, and one that can only be read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

BLOCK = 4096


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Generator[Path]:
    """A disk of its own at `folder`, in memory. The test is skipped where nothing may be mounted."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "none", str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def read_only(folder: Path) -> Generator[None]:
    """While this context lasts, nothing in `folder` can be changed by files that are opened in it, not even by root."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _unmount(folder)


@contextmanager
def filled(folder: Path, *, but: int = 0) -> Generator[None]:
    """While this context lasts, no space is left on the disk of `folder`, apart from about `but` bytes."""
    filler = folder / ".filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"\0" * BLOCK):
            pass
    os.truncate(filler, max(0, filler.stat().st_size - but))
    try:
        yield
    finally:
        filler.unlink()


def _mount(*arguments: str) -> None:
    mounted = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount a disk")


def _unmount(folder: Path) -> None:
    # Lazily: a worker may still have a file open.
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)
