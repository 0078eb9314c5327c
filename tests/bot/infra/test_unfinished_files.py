"""The storage: what a process was storing when it was killed is found and deleted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.infra.storage import Storage
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH, ROOT

PUT = """
import asyncio, sys
from pathlib import Path
from bot.infra.storage import Storage
from bot.settings import Settings

async def main():
    storage, data = Storage.open(Settings(data=Path(sys.argv[1]))), bytes(200_000_000)
    while True:
        await storage.put("crops/a.jpg", data)

asyncio.run(main())
"""

LATER = datetime.now(UTC) + timedelta(hours=1)


def kill_while_storing(data: Path, part: Path) -> None:
    """Kill a process that stores a large file again and again, and leaves `part`."""
    until = time.monotonic() + LONG_ENOUGH
    while not part.exists():
        with subprocess.Popen([sys.executable, "-c", PUT, str(data)], cwd=ROOT) as process:
            while not part.exists():
                assert time.monotonic() < until
                time.sleep(0.001)
            process.kill()


async def test_a_file_that_a_killed_process_was_storing_is_found_and_deleted(tmp_path: Path) -> None:
    part = tmp_path / "files" / "crops" / "a.jpg#1"
    kill_while_storing(tmp_path, part)
    storage = Storage.open(Settings(data=tmp_path))
    assert await storage.unfinished_keys(LATER) == ["crops/a.jpg#1"]
    await storage.delete("crops/a.jpg#1")
    assert await storage.unfinished_keys(LATER) == []
    assert not part.exists()


@pytest.mark.parametrize("url", ["", "file://{folder}/elsewhere"])
async def test_only_files_that_nobody_stores_any_more_are_unfinished(tmp_path: Path, url: str) -> None:
    folder = tmp_path / ("elsewhere" if url else "files")
    (folder / "crops").mkdir(parents=True)
    for name in ("old.jpg#1", "new.jpg#2", "a#b.jpg", "whole.jpg"):
        (folder / "crops" / name).write_bytes(b"face")
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    for name in ("old.jpg#1", "a#b.jpg", "whole.jpg"):
        os.utime(folder / "crops" / name, (long_ago, long_ago))
    storage = Storage.open(Settings(data=tmp_path, storage_url=SecretStr(url.format(folder=tmp_path))))
    assert await storage.unfinished_keys(datetime.now(UTC) - timedelta(hours=1)) == ["crops/old.jpg#1"]


async def test_a_store_without_a_folder_has_no_unfinished_files() -> None:
    storage = Storage.open(Settings(storage_url=SecretStr("memory:///")))
    await storage.put("crops/a.jpg", b"face")
    assert await storage.unfinished_keys(LATER) == []
