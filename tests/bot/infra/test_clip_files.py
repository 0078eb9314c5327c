"""The cache of videos and clips never has more bytes than it may, and what is in use stays."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import pytest

from bot.clock import utc_now
from bot.errors import PersonError, QuotaError
from bot.infra.clip_files import CachedVideo, ClipFiles
from bot.infra.clip_folders import DAY, DESCRIPTION
from bot.infra.clip_room import BytesWanted
from tests.conftest import LONG_ENOUGH

OURS, THEIRS = 1, 2
KB = 1000
DESCRIBED = 100
"""Bytes of a description, at most."""


async def nothing() -> Collection[str]:
    return ()


def kept(tmp_path: Path, max_bytes: int, max_server_bytes: int = 1 << 30) -> ClipFiles:
    return ClipFiles(tmp_path / "clips", max_bytes, max_server_bytes, days=7)


async def put(files: ClipFiles, name: str, size: int, server: int | None = OURS, *, age: float = 0.0) -> CachedVideo:
    """A video of `size` bytes that was used `age` seconds ago."""
    async with files.incoming_folder(server, BytesWanted(size, size), nothing) as folder:
        (folder.path / "file").write_bytes(b"x" * size)
        video = await files.add(folder.path / "file", name, name, server)
    used = time.time() - age
    os.utime(video.path, (used, used))
    return video


def there(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "clips").iterdir()}


def size_on_disk(folder: Path) -> int:
    """The bytes of all files in a folder; a file that moves meanwhile counts once."""
    found: dict[int, int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                status = (Path(place) / name).lstat()
                found[status.st_ino] = status.st_size
    return sum(found.values())


async def test_two_clips_beside_each_other_never_exceed_the_bound_at_any_moment(tmp_path: Path) -> None:
    most = 100 * KB
    files = kept(tmp_path, most)
    for number in range(9):
        await put(files, f"old {number}", 10 * KB, age=100 - number)
    sizes: list[int] = []
    needed: set[str] = set()

    async def in_use() -> Collection[str]:
        return needed

    async def write(path: Path, size: int) -> None:
        with path.open("wb") as file:
            for _ in range(size // KB):
                file.write(b"x" * KB)
                file.flush()
                sizes.append(size_on_disk(tmp_path / "clips"))
                await asyncio.sleep(0)

    async def clip(name: str) -> None:
        wanted = BytesWanted(min_bytes=25 * KB, max_bytes=40 * KB, patience=25 * KB)
        needed.add(name)
        async with files.incoming_folder(OURS, wanted, in_use) as folder:
            await write(folder.path / "file", folder.bytes - DESCRIBED)
            video = await files.add(folder.path / "file", name, name, OURS)
        async with files.room(name, OURS, BytesWanted(15 * KB, 15 * KB, 15 * KB), in_use) as granted:
            await write(video.folder / "clip.mp4", granted)
            needed.remove(name)

    async with asyncio.timeout(LONG_ENOUGH):
        await asyncio.gather(clip("a"), clip("b"))
    assert max(sizes) <= most
    assert max(sizes) > 80 * KB


async def test_the_least_recently_used_go_first_and_never_one_in_use(tmp_path: Path) -> None:
    files = kept(tmp_path, 40 * KB + 4 * DESCRIBED)
    for name, age in (("first", 400.0), ("second", 300.0), ("third", 200.0), ("fourth", 100.0)):
        await put(files, name, 10 * KB, age=age)

    async def in_use() -> Collection[str]:
        return ("first",)

    async with files.incoming_folder(OURS, BytesWanted(15 * KB, 15 * KB), in_use) as folder:
        assert there(tmp_path) == {"first", "fourth", folder.path.name}


async def test_nothing_goes_for_a_file_that_finds_no_room_all_the_same(tmp_path: Path) -> None:
    files = kept(tmp_path, 40 * KB)
    await put(files, "held", 20 * KB)
    await put(files, "idle", 10 * KB)

    async def in_use() -> Collection[str]:
        return ("held",)

    with pytest.raises(PersonError, match=r"Videos of clips at work fill the 0 MiB that I may keep\. Ask again"):
        async with files.incoming_folder(OURS, BytesWanted(30 * KB, 30 * KB), in_use):
            pass
    with pytest.raises(PersonError, match=r"Up to 1 MiB would have to be kept for this, and there is room for 0 MiB\."):
        async with files.incoming_folder(OURS, BytesWanted(1 << 20, 1 << 20), nothing):
            pass
    assert there(tmp_path) == {"held", "idle"}


async def test_a_server_makes_room_among_its_own_videos(tmp_path: Path) -> None:
    files = kept(tmp_path, 1 << 20, max_server_bytes=30 * KB + 3 * DESCRIBED)
    await put(files, "theirs", 10 * KB, THEIRS, age=500.0)
    await put(files, "both", 10 * KB, THEIRS, age=400.0)
    await put(files, "both", 10 * KB, OURS, age=400.0)
    await put(files, "ours", 10 * KB, OURS, age=300.0)
    await put(files, "newest", 10 * KB, OURS, age=200.0)
    await put(files, "another", 15 * KB, OURS)
    assert there(tmp_path) == {"theirs", "both", "newest", "another"}
    ours, theirs = await files.usage(OURS), await files.usage(THEIRS)
    assert 25 * KB < ours.used <= ours.limit
    assert 20 * KB < theirs.used < 21 * KB

    async def in_use() -> Collection[str]:
        return ("newest", "another")

    with pytest.raises(QuotaError, match="Videos of clips at work fill the 0 MiB that this server may have"):
        async with files.incoming_folder(OURS, BytesWanted(10 * KB, 10 * KB), in_use):
            pass


async def test_who_can_wait_gets_the_room_that_another_gives_back(tmp_path: Path) -> None:
    files = kept(tmp_path, 30 * KB)
    wanted = BytesWanted(min_bytes=5 * KB, max_bytes=20 * KB, patience=20 * KB)
    async with asyncio.TaskGroup() as tasks:
        async with files.incoming_folder(OURS, wanted, nothing):

            async def second() -> int:
                async with files.incoming_folder(THEIRS, wanted, nothing) as folder:
                    return folder.bytes

            waiting = tasks.create_task(second())
            with pytest.raises(PersonError):  # an order without patience
                async with files.incoming_folder(OURS, BytesWanted(20 * KB, 20 * KB), nothing):
                    pass
            assert not waiting.done()
        assert await asyncio.wait_for(waiting, LONG_ENOUGH) == 20 * KB
    async with files.incoming_folder(OURS, BytesWanted(5 * KB, 50 * KB, 50 * KB), nothing) as folder:
        assert folder.bytes == 30 * KB


async def test_a_video_that_arrives_stays_until_its_request_is_in_the_database(tmp_path: Path) -> None:
    files = kept(tmp_path, 30 * KB)
    async with files.incoming_folder(OURS, BytesWanted(10 * KB, 10 * KB), nothing) as folder:
        (folder.path / "file").write_bytes(b"x" * 10 * KB)
        await files.add(folder.path / "file", "new", "new", OURS)
        with pytest.raises(PersonError):
            await put(files, "another", 25 * KB)
        assert await files.find("new") is not None
    await put(files, "another", 25 * KB)
    assert await files.find("new") is None


async def test_a_cancelled_order_reserves_nothing(tmp_path: Path) -> None:
    files = kept(tmp_path, 30 * KB)

    async def order() -> None:
        async with files.incoming_folder(OURS, BytesWanted(20 * KB, 20 * KB), nothing):
            pass

    for pause in (0.0, 0.001, 0.002, 0.005):
        task = asyncio.create_task(order())
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.wait([task])
    assert (await files.usage(OURS)).used == 0
    assert there(tmp_path) == set()


async def test_videos_are_kept_for_so_long_and_in_so_many_bytes(tmp_path: Path) -> None:
    files = kept(tmp_path, 320)
    for name, age in (("old", 8 * DAY), ("first", 300), ("second", 200), ("third", 100)):
        await put(files, name, 70, age=age)
    smaller = kept(tmp_path, 230)
    for name in ("incoming-left", "without-a-video"):
        (tmp_path / "clips" / name).mkdir()
    then = time.time() - 2 * DAY
    os.utime(tmp_path / "clips" / "without-a-video", (then, then))

    async def in_use() -> Collection[str]:
        return ("first",)

    async with smaller.incoming_folder(OURS, BytesWanted(1, 1), in_use) as now:
        await smaller.sweep(in_use, utc_now())
        assert there(tmp_path) == {"first", "third", now.path.name}
    assert await smaller.find("old") is None


async def test_a_video_of_an_older_nugu_belongs_to_who_asks_for_it_next(tmp_path: Path) -> None:
    files = kept(tmp_path, 30 * KB)
    video = await put(files, "old", 10 * KB, None)
    (video.folder / DESCRIPTION).write_text('{"title": "Fancy"}')
    assert await files.find("old", OURS) == CachedVideo(video.folder, "Fancy")
    assert (await files.usage(OURS)).used > 10 * KB
