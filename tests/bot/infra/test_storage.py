"""A store of crops that can't be used raises one error that names the fault: a folder, and an object store on loopback."""

from __future__ import annotations

import resource
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from obstore.store import S3Store
from pydantic import SecretStr

from bot.app import App
from bot.domain.faces import FaceCrop
from bot.domain.storage import StorageReason
from bot.errors import StorageError, message_for
from bot.infra.postponed_work import PostponedWork
from bot.infra.storage import Storage
from bot.infra.storage_faults import AGAIN, StorageFaults
from bot.settings import Settings
from bot.usecases.questions import crops
from tests.support.disks import filled, read_only, small_disk

KEY = "crops/a.jpg"


def store_of(settings: Settings, faults: StorageFaults | None = None) -> Storage:
    settings.data.mkdir(exist_ok=True)
    return Storage.open(settings, faults)


async def reasons(storage: Storage) -> set[StorageReason | None]:
    """The reasons that reading, writing, listing and deleting give."""
    found: set[StorageReason | None] = set()
    for attempt in (storage.get(KEY), storage.put(KEY, b"jpeg"), storage.keys("crops"), storage.delete(KEY)):
        try:
            await attempt
        except StorageError as fault:
            found.add(fault.reason)
        else:
            found.add(None)
    return found


async def test_a_full_disk_takes_no_crop_and_gives_those_it_has(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        storage = store_of(Settings(data=disk))
        await storage.put(KEY, b"jpeg")
        with filled(disk), pytest.raises(StorageError) as raised:
            await storage.put("crops/b.jpg", b"x" * 10_000)
        assert raised.value.reason is StorageReason.FULL
        assert str(raised.value) == (f"No space is left for {disk / 'files'} (No space left on device). Make room.")
        assert await storage.get(KEY) == b"jpeg"
        await storage.put("crops/b.jpg", b"x" * 10_000)
        assert await storage.keys("crops") == [KEY, "crops/b.jpg"]


async def test_a_file_that_the_disk_refuses_is_named(tmp_path: Path) -> None:
    storage = store_of(Settings(data=tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(StorageError, match="File too large") as raised:
            await storage.put(KEY, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.reason is StorageReason.BROKEN
    assert await storage.keys("crops") == []


async def test_a_read_only_folder_is_named_at_the_start_and_later(tmp_path: Path) -> None:
    with read_only(tmp_path), pytest.raises(StorageError) as raised:
        Storage.open(Settings(data=tmp_path))
    assert raised.value.reason is StorageReason.READ_ONLY
    store_of(Settings(data=tmp_path))
    with read_only(tmp_path):
        storage = Storage.open(Settings(data=tmp_path))
        with pytest.raises(StorageError) as raised:
            await storage.put(KEY, b"jpeg")
        assert raised.value.reason is StorageReason.READ_ONLY
        assert await storage.get(KEY) is None


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_folder_that_is_gone_is_no_folder_without_crops(tmp_path: Path, *, replaced: bool) -> None:
    storage = store_of(Settings(data=tmp_path))
    await storage.put(KEY, b"jpeg")
    shutil.move(tmp_path / "files", tmp_path / "elsewhere")
    if replaced:
        (tmp_path / "files").mkdir()
    assert await reasons(storage) == {StorageReason.MISSING}
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
    shutil.move(tmp_path / "elsewhere", tmp_path / "files")
    assert await storage.get(KEY) == b"jpeg"


class ObjectStore:
    """An object store that answers every request with one status and code."""

    def __init__(self) -> None:
        self.status, self.code = 200, ""

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status, text=f"<Error><Code>{self.code}</Code></Error>")


@pytest.fixture
async def server() -> AsyncGenerator[tuple[ObjectStore, Storage]]:
    answers = ObjectStore()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.answer)
    async with TestServer(app) as server:
        store = S3Store(
            "bucket",
            endpoint=str(server.make_url("")).rstrip("/"),
            access_key_id="id",
            secret_access_key="secret",
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        yield answers, Storage(store, name="s3://bucket")


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "AccessDenied", StorageReason.DENIED),
        (401, "InvalidAccessKeyId", StorageReason.DENIED),
        (404, "NoSuchBucket", StorageReason.MISSING),
        (500, "InternalError", StorageReason.AWAY),
        (503, "SlowDown", StorageReason.AWAY),
        (507, "XMinioStorageFull", StorageReason.FULL),
    ],
)
async def test_the_answers_of_an_object_store_tell_the_reason(
    server: tuple[ObjectStore, Storage], status: int, code: str, reason: StorageReason
) -> None:
    answers, storage = server
    answers.status, answers.code = status, code
    for attempt in (storage.put(KEY, b"jpeg"), storage.get(KEY), storage.delete(KEY)):
        with pytest.raises(StorageError, match="s3://bucket") as raised:
            await attempt
        assert raised.value.reason is reason
        assert "secret" not in str(raised.value)


async def test_a_missing_object_is_no_fault(server: tuple[ObjectStore, Storage]) -> None:
    answers, storage = server
    answers.status, answers.code = 404, "NoSuchKey"
    assert await storage.get(KEY) is None
    await storage.delete(KEY)


async def test_the_name_of_an_object_store_has_no_secret() -> None:
    storage = Storage.open(Settings(storage_url=SecretStr("s3://user:hidden@bucket/a?token=hidden")))
    assert "hidden" not in str(vars(storage))
    assert "s3://bucket/a" in str(vars(storage))


def test_the_operator_hears_of_a_fault_once_an_hour() -> None:
    now = 0.0
    faults = StorageFaults(lambda: now)
    told: list[str] = []
    faults.notices.listen(lambda notice: told.append(str(notice)))
    full, locked = (StorageError(reason, "/data") for reason in (StorageReason.FULL, StorageReason.LOCKED))
    for fault in (full, locked, full, full):
        faults.report(fault)
    assert told == [str(full), str(locked)]
    now = AGAIN + 1
    faults.report(full)
    assert told == [str(full), str(locked), str(full)]


def test_an_error_of_the_system_is_a_fault_wherever_it_comes_from() -> None:
    full, missing = OSError(28, "No space left on device", "/tmp/part"), FileNotFoundError(2, "No such file", "/tmp/x")
    assert str(StorageError.from_error(full)) == (
        "No space is left for /tmp/part (No space left on device). Make room."
    )
    assert StorageError.from_error(missing) is None
    assert str(message_for(full)) == "My disk is full"
    with pytest.raises(StorageError), StorageFaults().reporting():
        raise full
    with pytest.raises(FileNotFoundError), StorageFaults().reporting():
        raise missing


async def test_work_that_a_fault_held_up_is_done_later() -> None:
    postponed, done = PostponedWork(), list[str]()
    broken = {"first", "second"}

    async def work(name: str) -> None:
        if name in broken:
            raise StorageError(StorageReason.FULL, "/data")
        done.append(name)

    for name in ("first", "second", "third"):
        await postponed.attempt(lambda name=name: work(name))
    assert done == ["third"]
    broken.discard("first")
    await postponed.retry()
    assert done == ["third", "first"]
    broken.clear()
    await postponed.retry()
    await postponed.retry()
    assert done == ["third", "first", "second"]


async def test_crops_that_can_not_all_be_stored_leave_no_file_behind(app: App, tmp_path: Path) -> None:
    cut = [FaceCrop(bytes([number]) * 100, 100, 2.0) for number in range(3)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    cut.append(FaceCrop(b"x" * 1_000_000, 100, 2.0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        async with crops.storing(app, cut, needed=False) as stored:
            assert stored == {}
        with pytest.raises(StorageError):
            async with crops.storing(app, cut):
                pytest.fail("the block ran without its crops")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await app.storage.keys("crops") == []
