"""What doesn't fit in a data folder is found, and mended only where nothing is lost."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.backups import DataFault, DataFaultKind
from bot.errors import OperatorError
from bot.settings import Settings
from bot.usecases import checking
from bot.usecases.checking import check
from tests.support.backups import damage, jpeg, with_crops

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(data: Path) -> Path:
    return with_crops(data)


ROSTER = (
    "INSERT INTO server (id, learns, roster_revision, told_full) VALUES (7, 'CONFIRMED', 0, '[]')",
    "INSERT INTO idol_group (id, server_id, name, key, model_since) VALUES (1, 7, 'TWICE', 'twice', 0)",
    "INSERT INTO member (id, group_id, name, key) VALUES (1, 1, 'Sana', 'sana')",
    "INSERT INTO photo (id, member_id, crop_id, origin, added_by, added_at) VALUES (1, 1, 1, 'SUBMITTED', 0, '2026-01-01')",
)
"""The statements that make the first crop a photo of a member."""


def change(folder: Path, *statements: str) -> None:
    """Run statements as a program would that ignores foreign keys."""
    with closing(sqlite3.connect(folder / "nugu.sqlite3")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def clip_job(number: int, state: str, asked_at: str) -> str:
    """The statement that adds a clip's job."""
    return (
        "INSERT INTO clip_job (id, wish, state, attempt, asker_id, channel_id, restricted, rosters, token_until, most_bytes,"
        " title, spoiler, video, start, style, cast, seconds, drawn_changes, missing, deleted, asked_at) VALUES"
        f" ({number}, '{number}', '{state}', 1, 1, 1, 0, '[]', 0, 9, 'T', 0, 'v', 0, 'NAMES', '[]', 0, 0, '[]', 0,"
        f" '{asked_at}')"
    )


def count(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "nugu.sqlite3")) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


async def found(folder: Path, *, mends: bool = False) -> list[DataFault]:
    return await check(Settings(data=folder), mends=mends)


async def test_a_sound_folder_has_no_faults(folder: Path) -> None:
    assert await found(folder) == []


async def test_missing_and_unreadable_crops_are_found_and_stay_on_record(folder: Path) -> None:
    (folder / "files" / "crops" / "0.jpg").unlink()
    (folder / "files" / "crops" / "1.jpg").write_bytes(b"")
    (folder / "files" / "crops" / "2.jpg").write_bytes(jpeg(2)[:100])
    expected = [
        DataFault(DataFaultKind.MISSING_CROP, "crops/0.jpg"),
        DataFault(DataFaultKind.UNREADABLE_CROP, "crops/1.jpg"),
        DataFault(DataFaultKind.UNREADABLE_CROP, "crops/2.jpg"),
    ]
    assert await found(folder, mends=True) == expected
    assert count(folder, "crop") == 3


async def test_an_unnamed_crop_is_deleted_once_it_is_old(folder: Path) -> None:
    old, new = (folder / "files" / "crops" / name for name in ("old.jpg", "new.jpg"))
    for path in (old, new):
        path.write_bytes(jpeg(9))
    two_hours_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(old, (two_hours_ago, two_hours_ago))
    assert await found(folder) == [DataFault(DataFaultKind.UNNAMED_CROP, "crops/old.jpg", mendable=True)]
    assert await found(folder, mends=True) == [DataFault(DataFaultKind.UNNAMED_CROP, "crops/old.jpg", "", True, True)]
    assert await found(folder) == []
    assert (old.exists(), new.exists()) == (False, True)


async def test_a_file_that_was_never_finished_is_deleted_once_it_is_old(folder: Path) -> None:
    part = folder / "files" / "crops" / "a.jpg#1"
    part.write_bytes(b"jp")
    assert await found(folder) == []
    two_hours_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(part, (two_hours_ago, two_hours_ago))
    assert await found(folder) == [DataFault(DataFaultKind.UNFINISHED, "crops/a.jpg#1", mendable=True)]
    assert await found(folder, mends=True) == [DataFault(DataFaultKind.UNFINISHED, "crops/a.jpg#1", "", True, True)]
    assert not part.exists()


@pytest.mark.parametrize(
    ("lost", "table", "parent"),
    [("member", "photo", "member"), ("idol_group", "member", "idol_group"), ("server", "idol_group", "server")],
)
async def test_a_photo_stays_whatever_row_above_it_is_lost(folder: Path, lost: str, table: str, parent: str) -> None:
    change(folder, *ROSTER, f"DELETE FROM {lost}")
    fault = DataFault(DataFaultKind.REFERENCE, f"{table} 1", parent)
    for _ in range(2):
        assert await found(folder, mends=True) == [fault]
    assert (count(folder, "photo"), count(folder, "crop")) == (1, 3)


async def test_a_crop_whose_row_is_lost_keeps_its_file(folder: Path) -> None:
    """The photo or the encoding that is left of a crop shows that its row is lost."""
    change(
        folder,
        *ROSTER,
        "INSERT INTO crop_encoding (crop_id, engine, vector) VALUES (1, 'dlib-1', NULL), (2, 'dlib-1', NULL)",
        "DELETE FROM crop WHERE id < 3",
    )
    for path in (folder / "files" / "crops").iterdir():
        os.utime(path, (0, 0))
    for _ in range(2):
        faults = await found(folder, mends=True)
        assert sorted((one.fault, one.subject.split()[0], one.mendable, one.mended) for one in faults) == [
            (DataFaultKind.REFERENCE, "crop_encoding", False, False),
            (DataFaultKind.REFERENCE, "crop_encoding", False, False),
            (DataFaultKind.REFERENCE, "photo", False, False),
            (DataFaultKind.UNNAMED_CROP, "crops/0.jpg", False, False),
            (DataFaultKind.UNNAMED_CROP, "crops/1.jpg", False, False),
        ]
    assert len(list((folder / "files" / "crops").iterdir())) == 3
    # No row shows a loss any more, so the files are those of a killed bot.
    change(folder, "DELETE FROM photo", "DELETE FROM crop_encoding")
    assert [(one.subject, one.mended) for one in await found(folder, mends=True)] == [
        ("crops/0.jpg", True),
        ("crops/1.jpg", True),
    ]


async def test_an_index_that_lost_a_row_is_built_anew(folder: Path) -> None:
    """The index was made of another column."""
    change(
        folder,
        clip_job(1, "DONE", "2026-01-01"),
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql = replace(sql, '(asker_id)', '(most_bytes)') WHERE name = 'ix_clip_job_asker_id'",
    )
    assert await found(folder) == [
        DataFault(DataFaultKind.DATABASE, "", "row 1 missing from index ix_clip_job_asker_id", True)
    ]
    assert all(one.mended for one in await found(folder, mends=True))
    assert await found(folder) == []


async def test_a_damaged_database_is_told_and_its_crops_stay(folder: Path) -> None:
    two_hours_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    damage(folder / "nugu.sqlite3")
    for path in (folder / "files" / "crops").iterdir():
        os.utime(path, (two_hours_ago, two_hours_ago))
    faults = await found(folder, mends=True)
    assert DataFaultKind.DATABASE in {one.fault for one in faults}
    assert not any(one.mended for one in faults)
    assert len(list((folder / "files" / "crops").iterdir())) == 3


async def test_a_crop_stays_while_the_database_may_have_lost_its_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = folder / "files" / "crops" / "old.jpg"
    old.write_bytes(jpeg(9))
    os.utime(old, (0, 0))
    monkeypatch.setattr(checking.snapshots, "integrity_problems", lambda _: ("Tree 5 page 5: unable to get the page",))
    assert [(one.fault, one.mended) for one in await found(folder, mends=True)] == [
        (DataFaultKind.DATABASE, False),
        (DataFaultKind.UNNAMED_CROP, False),
    ]
    assert old.exists()


async def test_a_file_that_is_no_database_is_told(folder: Path) -> None:
    (folder / "nugu.sqlite3").write_bytes(b"no database" * 1000)
    faults = await found(folder, mends=True)
    assert [one.fault for one in faults] == [DataFaultKind.DATABASE, DataFaultKind.UNCHECKED]
    assert faults[0].detail == "file is not a database"


async def test_a_clip_that_is_at_work_for_days_waits_again(folder: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    jobs = (1, "WORKING", "2026-01-01"), (2, "SENDING", "2026-01-01"), (3, "WORKING", now)
    change(folder, *(clip_job(*job) for job in jobs))
    assert await found(folder, mends=True) == [
        DataFault(DataFaultKind.STALE_CLIP, "1", "T", True, True),
        DataFault(DataFaultKind.STALE_CLIP, "2", "T"),
    ]
    assert await found(folder) == [DataFault(DataFaultKind.STALE_CLIP, "2", "T")]


async def test_a_folder_without_a_database_is_told_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="so there is nothing to check"):
        await found(tmp_path)
    assert list(tmp_path.iterdir()) == []
