"""The queue of clips outlives a full disk: a clip waits for room, and others' videos make some."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from bot.app import App
from bot.domain.clips import ClipStage
from bot.domain.enums import ClipState
from bot.errors import StorageError
from bot.usecases.clips import queue, runner
from tests.support.clip_queue import FakeClipWork, RecordingReporter, request_clip, state_of, until, until_state
from tests.support.disks import filled, small_disk


@pytest.fixture
def data(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A data folder on a disk of its own."""
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    with small_disk(tmp_path / "disk", 4) as disk:
        folder = disk / "data"
        folder.mkdir()
        shutil.copy(migrated, folder)
        yield folder


async def test_a_clip_waits_until_there_is_room_for_its_row(
    app: App, data: Path, works: FakeClipWork, reporter: RecordingReporter, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    with filled(data):
        works.go_on.set()
        await until(lambda: "the queue of clips stumbled" in caplog.text)
        assert not reporter.answers
    await until_state(app, job_id, ClipState.DONE)
    assert [one.job_id for one in reporter.answers] == [job_id]
    assert not reporter.explained
    assert "Traceback" not in caplog.text
    assert f"No space is left for {data}" in caplog.text


async def test_a_request_on_a_full_disk_gets_the_sentence_and_leaves_nothing(
    app: App, data: Path, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    with filled(data), pytest.raises(StorageError):
        await request_clip(app, 1)
    clips = data / "clips"
    assert not [folder for folder in clips.iterdir() if folder.name.startswith("incoming-")]
    job_id = await request_clip(app, 1)
    works.go_on.set()
    await until_state(app, job_id, ClipState.DONE)


async def test_videos_that_nobody_used_lately_make_room_for_a_clip(
    app: App, data: Path, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    """The clip itself is too large for the disk at first, as `jobs.draw_clip` reports it."""
    old = data / "clips" / "old"
    old.mkdir(parents=True)
    (old / "video").write_bytes(b"x" * 2_000_000)
    os.utime(old / "video", (0, 0))
    works.go_on.set()
    works.fails = OSError(28, "No space left on device", str(data / "clips" / "a" / "clip.mp4"))
    job_id = await request_clip(app, 1)
    await until(lambda: not old.exists())
    works.fails = None
    await until_state(app, job_id, ClipState.DONE)
    assert any(shown.stage is ClipStage.DELAYED for shown in reporter.shown)


async def test_a_clip_for_which_no_room_comes_is_explained(
    app: App, data: Path, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MAX_DELAYS", 2)
    works.go_on.set()
    works.fails = OSError(28, "No space left on device")
    job_id = await request_clip(app, 1)
    await until(lambda: job_id in reporter.explained)
    assert reporter.explained == {job_id: "My disk is full"}
    assert await state_of(app, job_id) is ClipState.FAILED
