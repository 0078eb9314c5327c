"""A process that is killed while it upgrades the database leaves it as it was, and the next start upgrades it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.database.engine import FILE, HEAD, Database
from bot.database.snapshots import broken_references, integrity_problems, read_facts
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.old_databases import REVISIONS, load, rows, tables

OPEN = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.database.engine import Database
from bot.settings import Settings

last, seen = sys.argv[2], 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

@event.listens_for(Engine, "before_cursor_execute")
def at_statement(*_):
    global seen
    seen += 1
    if str(seen) == last:
        die()

@event.listens_for(Engine, "commit")
def at_commit(_):
    if last == "commit":
        die()

async def main():
    async with Database.open(Settings(data=Path(sys.argv[1]))):
        print(seen)

asyncio.run(main())
"""


def open_until(folder: Path, moment: int | str) -> subprocess.CompletedProcess[str]:
    """Open the database in a process that kills itself before a statement, counted from 1, or before the "commit"."""
    command = [sys.executable, "-c", OPEN, str(folder), str(moment)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_ENOUGH, check=False)


async def check_killed(folder: Path, revision: str, moment: int | str) -> None:
    """Kill an upgrade at this moment: nothing has changed, and the next start upgrades."""
    folder.mkdir()
    load(folder / FILE, revision)
    with closing(sqlite3.connect(folder / FILE)) as old:
        before = {table: rows(old, table) for table in tables(old)}
    assert open_until(folder, moment).returncode == -signal.SIGKILL
    with closing(sqlite3.connect(folder / FILE)) as killed:
        assert read_facts(killed).schema == revision
        assert {table: rows(killed, table) for table in tables(killed)} == before
    async with Database.open(Settings(data=folder)):
        pass
    with closing(sqlite3.connect(folder / FILE)) as upgraded:
        assert read_facts(upgraded).schema == HEAD
        assert (integrity_problems(upgraded), broken_references(upgraded)) == ((), [])
        assert len(rows(upgraded, "photo")) == len(before["photo"])


async def test_an_upgrade_that_is_killed_before_its_commit_begins_anew(tmp_path: Path) -> None:
    await check_killed(tmp_path / "data", REVISIONS[0], "commit")


@pytest.mark.thorough
async def test_an_upgrade_may_be_killed_at_any_statement(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    load(tmp_path / "whole" / FILE, REVISIONS[0])
    last = int(open_until(tmp_path / "whole", 0).stdout)
    for statement in range(1, last + 1, last // 25):
        await check_killed(tmp_path / str(statement), REVISIONS[0], statement)
