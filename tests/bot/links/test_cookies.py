"""The operator's cookies stay out of the log, although yt-dlp quotes malformed lines of their file."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from bot.infra import redaction
from bot.infra.redaction import redact
from bot.links import fetching
from bot.links.cookies import cookie_values
from bot.links.fetching import fetch
from bot.links.reasons import LinkError
from bot.settings import Settings
from tests.support.image_search import ImageSearch
from tests.support.video_site import link_settings

HEADER = "# Netscape HTTP Cookie File"
GOOD = "127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tmember\tAFmmF2sw:QUQ3MjN"
SPACES = "www.site.example TRUE / TRUE 4102444800 SAPISID spaces\\not'tabs"
LATE = ".site.example\tTRUE\t/\tTRUE\tnever-ever\tLOGIN_INFO\texpires-at-no-time"
LONG = "www.site.example\tTRUE\t" + "long-and-longer-" * 300


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_secrets", set[str]())


def test_the_values_of_a_file() -> None:
    assert cookie_values("\n".join((HEADER, "", GOOD, "#HttpOnly_" + GOOD.replace("QUQ", "XYZ")))) == {
        "AFmmF2sw:QUQ3MjN",
        "AFmmF2sw:XYZ3MjN",
    }
    assert cookie_values(GOOD.replace("4102444800", "")) == {"AFmmF2sw:QUQ3MjN"}


def test_a_malformed_line_is_kept_out_but_for_its_site() -> None:
    assert {"SAPISID", "spaces\\not'tabs"} < cookie_values(SPACES)
    assert {"never-ever", "expires-at-no-time"} < cookie_values(LATE)
    assert not {"www.site.example", ".site.example"} & cookie_values(f"{SPACES}\n{LATE}")
    assert cookie_values("a-bare-value") == {"a-bare-value"}


@pytest.mark.slow
@pytest.mark.parametrize("line", [SPACES, LATE, LONG], ids=["spaces", "late", "long"])
async def test_the_log_of_a_failed_download_holds_no_cookie(
    settings: Settings,
    site: ImageSearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    line: str,
) -> None:
    async def hear_nothing(process: asyncio.subprocess.Process, *_: Any) -> None:
        await process.communicate()

    monkeypatch.setattr(fetching, "listen", hear_nothing)
    jar = tmp_path / "jar.txt"
    jar.write_text(f"{HEADER}\n{line}\n{GOOD}\n")
    link = site.put("/stage.mp4", b"no video", "video/mp4")
    with caplog.at_level(logging.WARNING), pytest.raises(LinkError):
        await fetch(link_settings(settings, link_cookies=jar), link, tmp_path)
    (logged,) = [record.getMessage() for record in caplog.records if "a download ended with" in record.getMessage()]
    assert line is LONG or "skipping cookie file entry" in logged
    shown = redact(logged)
    for secret in ("spaces", "expires-at", "long-and"):
        assert secret not in shown
