"""The downloading process starts without a variable of ours."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bot.links.download_process import download_process
from bot.links.protocol import DownloadRequest, DownloadTask

REQUEST = DownloadRequest(
    task=DownloadTask.INSPECT,
    link="https://video.example/1",
    extractors=("generic",),
    link_extractors=("generic",),
    port=9,
    proxy="http://127.0.0.1:9",
    height=144,
    max_bytes=1,
    deno="",
    ffmpeg="",
    cookies=False,
)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_it_inherits_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCORD_TOKEN", "NUGU_LINK_PROXY", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "hunter2")
    with (tmp_path / "stderr").open("wb") as errors:
        async with download_process(REQUEST, 5.0, tmp_path, errors) as process:
            # It is empty for a moment after the program has replaced its parent's.
            while not (started_with := Path(f"/proc/{process.pid}/environ").read_bytes()):
                await asyncio.sleep(0.01)
    assert f"HOME={tmp_path}".encode() in started_with
    assert b"hunter2" not in started_with
