"""A backup is restored whole or not at all, whatever happened to it, and damage is told instead of hidden."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest

from bot.backup.archive import BLOCK, ArchiveWriter, header
from bot.errors import OperatorError
from bot.infra.temporary import TemporaryFolder
from bot.settings import Settings
from bot.usecases import backups
from bot.usecases.backups import back_up
from bot.usecases.checking import check
from bot.usecases.restoring import restore
from tests.conftest import ROOT, run_in_new_loop
from tests.support.backups import damage, files_of, jpeg, with_crops, written
from tests.support.files import permissions

pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def folder(data: Path) -> Path:
    return with_crops(data)


@pytest.fixture
def backup(folder: Path, tmp_path: Path) -> Path:
    """A whole backup of three crops."""
    back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    return tmp_path / "bot.backup"


@pytest.fixture(scope="session")
def encrypted(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> bytes:
    """The bytes of an encrypted backup of three crops: to try a passphrase takes a second."""
    data = tmp_path_factory.mktemp("encrypted")
    shutil.copy(migrated, data)
    back_up(Settings(data=with_crops(data)), data / "bot.backup", PASSPHRASE)
    return (data / "bot.backup").read_bytes()


def restored(path: Path, passphrase: str | None = None) -> Path:
    """The data folder that a backup is restored into."""
    data = path.parent / "restored"
    restore(Settings(data=data), path, passphrase)
    return data


def refusal(path: Path, passphrase: str | None = None) -> str:
    """Why a backup is not restored. It leaves nothing behind."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(OperatorError) as refused:
        restored(path, passphrase)
    assert sorted(path.parent.iterdir()) == before
    return str(refused.value)


def rows(data: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "nugu.sqlite3")) as connection:
        return connection.execute("SELECT * FROM crop ORDER BY id").fetchall()


def test_a_backup_brings_back_rows_and_files_for_their_owner_alone(folder: Path, backup: Path) -> None:
    data = restored(backup)
    assert rows(data) == rows(folder)
    assert [(data / "files" / "crops" / f"{each}.jpg").read_bytes() for each in range(3)] == [*map(jpeg, range(3))]
    assert {permissions(path) for path in (backup, *data.rglob("*")) if path.is_file()} == {0o600}
    assert {permissions(path) for path in (data, *data.rglob("*")) if path.is_dir()} == {0o700}
    assert sorted(path.name for path in folder.iterdir()) == ["files", "nugu.sqlite3"]


def test_tar_and_sha256sum_read_a_backup_too(backup: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", backup, "-C", unpacked], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=unpacked, check=True)


def test_an_encrypted_backup_shows_nothing_and_comes_back(encrypted: bytes, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "bot.backup"
    path.write_bytes(encrypted)
    assert jpeg(1) not in encrypted
    assert b"SQLite" not in encrypted
    assert len(rows(restored(path, PASSPHRASE))) == 3


def test_age_opens_an_encrypted_backup_in_two_steps(encrypted: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(encrypted)) as archive:
        key, payload = (archive.extractfile(name) for name in ("key.age", "backup.tar.age"))
        assert key is not None
        assert payload is not None
        identity = pyrage.passphrase.decrypt(key.read(), PASSPHRASE).decode().strip()
        opened = io.BytesIO()
        pyrage.decrypt_io(payload, opened, [pyrage.x25519.Identity.from_str(identity)])
    opened.seek(0)
    with tarfile.open(fileobj=opened) as inner:
        assert "nugu.sqlite3" in inner.getnames()


def test_another_passphrase_is_told(encrypted: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bot.backup"
    path.write_bytes(encrypted)
    assert refusal(path, "wrong") == "The passphrase doesn't open this backup."
    assert refusal(path) == "This backup is encrypted: give me its passphrase with --passphrase-file."


def test_an_open_backup_is_not_taken_for_an_encrypted_one(backup: Path) -> None:
    """Whoever can write the file could put another one in its place."""
    assert refusal(backup, PASSPHRASE).startswith("This backup is not encrypted, though")


DAMAGED = "This backup is cut short or was changed, so I leave it alone."


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_backup_that_is_cut_short_is_left_alone(backup: Path, share: float) -> None:
    os.truncate(backup, int(backup.stat().st_size * share))
    assert refusal(backup) == DAMAGED


@pytest.mark.parametrize("place", [BLOCK, 4 * BLOCK + 20, -BLOCK * 2 - 100, -1])
def test_a_changed_backup_is_left_alone(backup: Path, place: int) -> None:
    data = bytearray(backup.read_bytes())
    data[place] ^= 1
    backup.write_bytes(data)
    assert refusal(backup) in {
        DAMAGED,
        "This backup has the format 0, which I don't know. A newer nugu wrote it: update me first.",
    }


@pytest.mark.parametrize(
    "change", [lambda data: data[:-5000], lambda data: data[:9000] + b"!" + data[9001:], lambda data: data + b"x"]
)
def test_a_changed_encrypted_backup_is_left_alone(
    encrypted: bytes, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "bot.backup"
    path.write_bytes(change(encrypted))
    assert refusal(path, PASSPHRASE) == DAMAGED


def test_a_passphrase_that_takes_minutes_to_try_is_left_alone(encrypted: bytes, tmp_path: Path) -> None:
    """The file says how much work a try is."""
    path = tmp_path / "bot.backup"
    begin = encrypted.index(b"-> scrypt ")
    end = encrypted.index(b"\n", begin)
    path.write_bytes(encrypted[: end - 2] + b"30" + encrypted[end:])
    sentence = "It would take this machine too long to try the passphrase of this backup."
    assert refusal(path, PASSPHRASE) == sentence


def test_a_busy_machine_that_misjudges_the_work_tries_again(
    encrypted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decrypt, errors = pyrage.passphrase.decrypt, [pyrage.DecryptError("Excessive work parameter for passphrase.")] * 3

    def decrypt_at_last(data: bytes, passphrase: str) -> bytes:
        if errors:
            raise errors.pop()
        return decrypt(data, passphrase)

    monkeypatch.setattr(pyrage.passphrase, "decrypt", decrypt_at_last)
    path = tmp_path / "bot.backup"
    path.write_bytes(encrypted)
    assert len(rows(restored(path, PASSPHRASE))) == 3


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" * 500, jpeg(5), b"\0" * 2000, b"x" * 100_000])
def test_another_file_is_no_backup(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bot.backup"
    path.write_bytes(data)
    assert refusal(path) == "This is no backup of nugu."


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "/tmp/escaped",
        "files/../../escaped",
        "files/crops/../../x",
        "files/crops/.x",
        "engines/a.py",
        ".env",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(backup: Path, name: str) -> None:
    written(backup, {**files_of(backup), name: b"x"})
    assert refusal(backup) == f"This backup holds {name}, which no backup of mine holds."


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.DIRTYPE]
)
def test_only_plain_files_are_read(backup: Path, kind: bytes) -> None:
    """A sparse file would unpack to more than the archive has, a link would lead elsewhere."""
    whole = backup.read_bytes()
    place = whole.index(b"files/crops/1.jpg")
    info = tarfile.TarInfo.frombuf(whole[place : place + BLOCK], "utf-8", "strict")
    info.type, info.linkname = kind, "/etc"
    backup.write_bytes(whole[:place] + info.tobuf(tarfile.GNU_FORMAT) + whole[place + BLOCK :])
    assert refusal(backup) == DAMAGED


@pytest.mark.parametrize("size", [2**50, 2**33 + 1])
def test_a_bomb_unpacks_to_no_more_than_it_has(backup: Path, size: int) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: 2 * BLOCK] + header("files/crops/9.jpg", size) + whole[2 * BLOCK :])
    assert refusal(backup) == DAMAGED


def test_the_same_file_twice_is_refused(backup: Path) -> None:
    with backup.open("wb") as file:
        archive = ArchiveWriter(file.write)
        for data in (b"1", b"2"):
            archive.add("files/crops/1.jpg", data)
        archive.end()
    assert refusal(backup) == DAMAGED


@pytest.mark.parametrize("left_out", ["nugu.sqlite3", "backup.json"])
def test_a_backup_without_its_database_or_record_is_refused(backup: Path, left_out: str) -> None:
    files = files_of(backup)
    del files[left_out]
    assert refusal(written(backup, files)) == DAMAGED


def changed_database(backup: Path, tmp_path: Path, statement: str) -> Path:
    """The backup with its database after this statement."""
    files = files_of(backup)
    database = tmp_path.parent / f"{tmp_path.name}.sqlite3"
    database.write_bytes(files["nugu.sqlite3"])
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement)
        connection.commit()
    return written(backup, {**files, "nugu.sqlite3": database.read_bytes()})


def test_a_newer_schema_is_refused(backup: Path, tmp_path: Path) -> None:
    changed_database(backup, tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    assert refusal(backup).startswith("A newer nugu made this backup (its database is at 9999, I know up to 0")


@pytest.mark.parametrize(
    "statement",
    ["CREATE TRIGGER t AFTER INSERT ON crop BEGIN DELETE FROM crop; END", "DROP TABLE alembic_version"],
)
def test_a_database_that_is_not_nugus_is_refused(backup: Path, tmp_path: Path, statement: str) -> None:
    changed_database(backup, tmp_path, statement)
    assert refusal(backup) == "The database in this backup is not one of mine."


@pytest.mark.parametrize("is_mount", [False, True])
def test_a_folder_with_something_in_it_stays_as_it_is(
    backup: Path, monkeypatch: pytest.MonkeyPatch, is_mount: bool
) -> None:
    data = backup.parent / "restored"
    monkeypatch.setattr(Path, "is_mount", lambda path: path == data and is_mount)
    data.mkdir()
    (data / "mine.txt").write_text("mine")
    assert refusal(backup).endswith(
        "is not empty. Restore into a new folder: set NUGU_DATA to one that is not there yet."
    )
    assert [path.name for path in data.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(folder: Path, backup: Path) -> None:
    (backup.parent / "restored").mkdir()
    assert rows(restored(backup)) == rows(folder)


def test_a_disk_of_its_own_is_filled_from_within(folder: Path, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = backup.parent / "restored"
    (data / "lost+found").mkdir(parents=True)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == data)
    assert rows(restored(backup)) == rows(folder)
    assert sorted(path.name for path in data.iterdir()) == ["files", "lost+found", "nugu.sqlite3"]


def test_a_full_disk_is_told_before_anything_is_unpacked(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(backup.parent)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    assert refusal(backup).startswith("This backup needs ")


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_disk_that_fills_up_leaves_no_half_of_a_backup(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passphrase: str | None
) -> None:
    (tmp_path / "bot.backup").write_bytes(b"the one before")
    monkeypatch.setattr(backups, "os", SimpleNamespace(fdopen=FullFile, fsync=os.fsync))
    with pytest.raises(OSError, match="No space left"):
        back_up(Settings(data=folder), tmp_path / "bot.backup", passphrase)
    assert (tmp_path / "bot.backup").read_bytes() == b"the one before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.backup", "data"]
    assert sorted(path.name for path in folder.iterdir()) == ["files", "nugu.sqlite3"]


class FullFile(io.FileIO):
    """Takes 4,000 bytes."""

    def write(self, data: bytes, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.tell() + len(data) > 4000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_missing_crops_are_told_and_the_others_backed_up(folder: Path, tmp_path: Path) -> None:
    (folder / "files" / "crops" / "1.jpg").unlink()
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert (content.record.missing, content.crops) == (["crops/1.jpg"], 2)
    assert len(rows(restored(tmp_path / "bot.backup"))) == 3


def test_a_damaged_database_is_told_and_every_crop_backed_up(folder: Path, tmp_path: Path) -> None:
    (folder / "files" / "crops" / "unnamed.jpg").write_bytes(jpeg(7))
    damage(folder / "nugu.sqlite3")
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert content.record.problems
    assert content.crops >= 3
    assert refusal(tmp_path / "bot.backup").startswith("The database in this backup is damaged (")


def test_a_file_that_is_no_database_is_kept_as_it_is(folder: Path, tmp_path: Path) -> None:
    (folder / "files" / "crops" / "unnamed.jpg").write_bytes(jpeg(7))
    (folder / "nugu.sqlite3").write_bytes(b"no database" * 1000)
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert (content.record.problems, content.crops) == (["file is not a database"], 4)
    assert files_of(tmp_path / "bot.backup")["nugu.sqlite3"] == b"no database" * 1000


def test_a_crop_whose_key_leads_elsewhere_is_not_read(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "nugu.sqlite3")) as connection:
        connection.execute("UPDATE crop SET key = 'crops/../nugu.sqlite3' WHERE id = 1")
        connection.commit()
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert content.record.missing == ["crops/../nugu.sqlite3"]


def test_what_the_bot_forgets_meanwhile_the_backup_forgets_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_forget(source: Path, target: Path) -> None:
        copy(source, target)
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("DELETE FROM crop WHERE id = 2")
            connection.commit()
        (folder / "files" / "crops" / "1.jpg").unlink()

    copy = backups.snapshots.copy
    monkeypatch.setattr(backups.snapshots, "copy", copy_and_forget)
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert content.record.missing == []
    assert [row[0] for row in rows(restored(tmp_path / "bot.backup"))] == [1, 3]


def test_every_crop_of_a_database_from_before_crops_had_rows_is_backed_up(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "nugu.sqlite3")) as connection:
        connection.execute("DROP TABLE crop")
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
        connection.commit()
    content = back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    assert (content.crops, content.record.schema_revision, content.record.missing) == (3, "0003", [])
    assert (restored(tmp_path / "bot.backup") / "files" / "crops" / "2.jpg").read_bytes() == jpeg(2)


def test_what_a_killed_backup_left_is_swept_and_one_at_work_is_not(folder: Path, tmp_path: Path) -> None:
    old = folder / ".backup-old"
    old.mkdir()
    with TemporaryFolder(folder, ".backup-") as at_work:
        os.utime(at_work, (0, 0))
        back_up(Settings(data=folder), tmp_path / "bot.backup", None)
        assert (old.exists(), at_work.exists()) == (False, True)


def test_another_database_is_told(folder: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": folder, "database_url": "postgresql+asyncpg://localhost/nugu"})
    with pytest.raises(OperatorError, match="names another database than SQLite, which I can't back up"):
        back_up(settings, tmp_path / "bot.backup", None)
    with pytest.raises(OperatorError, match="unset NUGU_DATABASE_URL and NUGU_STORAGE_URL first"):
        restore(settings, tmp_path / "bot.backup", None)


def test_crops_in_another_place_are_backed_up_too(folder: Path, tmp_path: Path) -> None:
    (folder / "files").rename(tmp_path / "store")
    settings = Settings.model_validate({"data": folder, "storage_url": (tmp_path / "store").as_uri()})
    assert back_up(settings, tmp_path / "bot.backup", None).crops == 3


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60)
connection.execute("CREATE TABLE pair (a, b)")
print("ready", flush=True)
for number in range(1_000_000):
    with connection:
        connection.execute("INSERT INTO pair VALUES (?, zeroblob(3000))", [number])
        connection.execute("INSERT INTO pair VALUES (?, zeroblob(3000))", [number])
    if number % 50 == 0:
        print(number, flush=True)
"""


def test_a_backup_while_another_process_writes_has_whole_transactions(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "nugu.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    arguments = [sys.executable, "-c", WRITER, str(folder / "nugu.sqlite3")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            for each in range(3):
                writer.stdout.readline()
                back_up(Settings(data=folder), tmp_path / f"{each}.backup", None)
                assert writer.poll() is None
        finally:
            writer.kill()
    counts: list[int] = []
    for each in range(3):
        data = tmp_path / str(each)
        restore(Settings(data=data), tmp_path / f"{each}.backup", None)
        with closing(sqlite3.connect(data / "nugu.sqlite3")) as connection:
            halves = connection.execute("SELECT a FROM pair GROUP BY a HAVING count(*) <> 2").fetchall()
            counts.append(connection.execute("SELECT count(*) FROM pair").fetchone()[0])
        assert not halves
    assert 0 < counts[0] < counts[1] < counts[2]


def newest_question(data: Path) -> int:
    with closing(sqlite3.connect(data / "nugu.sqlite3")) as connection:
        return connection.execute("SELECT max(id) FROM question").fetchone()[0]


def test_a_backup_of_a_bot_at_work_is_sound(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each backup is made while another process adds answers with crops, and forgets some."""
    arguments = [sys.executable, "-m", "tests.support.busy_bot", str(folder)]
    copy = backups.snapshots.copy
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as bot:
        try:
            assert bot.stdout is not None
            printed = bot.stdout

            def wait_for_answers() -> None:
                until = newest_question(folder) + 30
                while newest_question(folder) < until:
                    printed.readline()

            def copy_and_wait(source: Path, target: Path) -> None:
                copy(source, target)
                # Before the crops are read, more answers come, and crops that the copy names are forgotten.
                wait_for_answers()

            monkeypatch.setattr(backups.snapshots, "copy", copy_and_wait)
            printed.readline()
            for each in range(3):
                wait_for_answers()
                record = back_up(Settings(data=folder), tmp_path / f"{each}.backup", None).record
                assert (record.problems, record.missing) == ([], [])
                assert bot.poll() is None
        finally:
            bot.kill()
    kept: list[int] = []
    for each in range(3):
        data = tmp_path / str(each)
        restore(Settings(data=data), tmp_path / f"{each}.backup", None)
        assert run_in_new_loop(check(Settings(data=data), mends=False)) == []
        kept.append(len(rows(data)))
        assert len(list((data / "files" / "crops").iterdir())) == kept[-1]
    assert 0 < kept[0] < kept[1] < kept[2] < newest_question(folder)
