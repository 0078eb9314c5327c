"""`nugu doctor LINK` on the command line."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.bot.commands.processes import nugu
from tests.support.image_search import ImageSearch
from tests.support.video_site import Videos, mediasite

pytestmark = pytest.mark.slow


async def doctor(link: str, data: Path, sites: str, allowed: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        nugu, "doctor", link, data=data, env={"NUGU_LINK_SITES": sites, "NUGU_ALLOWED_ADDRESSES": allowed}
    )


async def test_a_link_that_works(site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    link = mediasite(site, (site.put("/stage.mp4", videos.whole, "video/mp4"), "video/mp4"))
    allowed = f"127.0.0.1:{site.port}"
    done = await doctor(link, tmp_path, "mediasite", allowed)
    assert done.returncode == 0, done.stdout + done.stderr
    size = len(videos.whole)
    assert f"✓ link: “A stage” on {allowed}, 2 seconds; the first {size} bytes came\nA video came.\n" in done.stdout
    assert "– cookies: not set\n– proxy: not set\n" in done.stdout
    assert "✓ yt-dlp-ejs: " in done.stdout
    assert "✓ deno: " in done.stdout


@pytest.mark.thorough
async def test_a_link_that_fails(site: ImageSearch, tmp_path: Path) -> None:
    """The output has yt-dlp's own message."""
    allowed = f"127.0.0.1:{site.port}"
    done = await doctor(f"{site.base}/gone", tmp_path, "generic", allowed)
    assert done.returncode == 1
    assert (
        "✗ link: That video isn't there any more, or never was. (yt-dlp: Unable to download webpage: HTTP "
        in done.stdout
    )
