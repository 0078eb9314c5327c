"""Files on their way to the workers: on the disk for a job, and gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.files import Content, SubmittedFile
from bot.infra.incoming import IncomingFiles
from bot.infra.storage_faults import StorageFaults
from bot.infra.turns import TurnQueue


def files_of(folder: Path, *, shared: bool) -> IncomingFiles:
    return IncomingFiles(folder, TurnQueue(1), 1 << 20, shared=shared, faults=StorageFaults())


async def received(files: IncomingFiles, folder: Path) -> list[Content]:
    """A submitted file and a private one, as the workers get them."""
    async with files.receive(SubmittedFile("face.jpg", b"face")) as submitted, files.scratch_folder() as private:
        (private / "0").write_bytes(b"another")
        contents = [submitted, await files.content_of(private / "0")]
        assert len(list(folder.iterdir())) == 2
    assert list(folder.iterdir()) == []
    return contents


async def test_workers_of_our_own_read_the_files(tmp_path: Path) -> None:
    contents = await received(files_of(tmp_path, shared=True), tmp_path)
    assert [isinstance(content, Path) for content in contents] == [True, True]


async def test_files_travel_as_bytes_to_workers_elsewhere(tmp_path: Path) -> None:
    assert await received(files_of(tmp_path, shared=False), tmp_path) == [b"face", b"another"]


async def test_a_private_folder_is_gone_after_an_error(tmp_path: Path) -> None:
    async def fail() -> None:
        async with files_of(tmp_path, shared=True).scratch_folder() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "0").write_bytes(b"face")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert list(tmp_path.iterdir()) == []
