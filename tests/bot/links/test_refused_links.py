"""Links without a video, by the real yt-dlp on loopback: the sentence for the person, and no files or processes left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.links.fetching import fetch
from bot.links.reasons import AGAIN, LinkError
from bot.settings import Settings
from tests.support.image_search import ImageSearch
from tests.support.video_site import Videos, dripping, endless, link_settings, mediasite, page, player, playlist

pytestmark = pytest.mark.slow


async def refused(settings: Settings, link: str, folder: Path) -> LinkError:
    """The error of a link. Asserts that no file is left behind."""
    with pytest.raises(LinkError) as caught:
        await fetch(settings, link, folder)
    assert list(folder.iterdir()) == []
    return caught.value


async def test_a_known_size_that_is_too_large_starts_no_download(
    settings: Settings, site: ImageSearch, tmp_path: Path
) -> None:
    link = player(site, ("large", 720, 20 << 20), ("small", 360, 2 << 20))
    assert "too large" in str(await refused(link_settings(settings, clip_bytes=1 << 20), link, tmp_path))
    assert site.paths() == ["/page"]


@pytest.mark.parametrize(
    ("sites", "link", "sentence"),
    [
        pytest.param(
            "youtube",
            "https://vimeo.com/76979871",
            "I don't take links to that page. I take links to one video on youtube.",
            marks=pytest.mark.thorough,
        ),
        ("youtube,vimeo", "https://www.youtube.com/playlist?list=PLabcdefghijkl", "leads to a playlist, a channel"),
        pytest.param(
            "youtube", "https://www.youtube.com/@IU", "leads to a playlist, a channel", marks=pytest.mark.thorough
        ),
        ("youtube", "file:///etc/passwd", "I take links that begin with http:// or https://"),
        pytest.param(
            "youtube", "http://127.0.0.1:{port}/page", "I don't take links to that page.", marks=pytest.mark.thorough
        ),
        ("generic=videos.example", "http://127.0.0.1:{port}/page", "I take links to one video on videos.example."),
        ("nosuchsite", "http://127.0.0.1:{port}/page", "NUGU_LINK_SITES names nosuchsite"),
    ],
)
async def test_links_that_are_refused_without_a_request(
    settings: Settings, site: ImageSearch, tmp_path: Path, sites: str, link: str, sentence: str
) -> None:
    error = await refused(link_settings(settings, link_sites=sites), link.format(port=site.port), tmp_path)
    assert sentence in str(error)
    assert site.paths() == []


async def test_an_embedded_player_needs_a_named_extractor(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    inner = mediasite(site, (video, "video/mp4"))
    link = page(site, "/outer", body=f'<iframe src="{inner}"></iframe>')
    fetched = await fetch(settings, link, tmp_path)
    assert fetched.path.stat().st_size > 0
    fetched.path.unlink()
    site.asked.clear()
    assert "no video there" in str(await refused(link_settings(settings, link_sites="generic"), link, tmp_path))
    assert "/stage.mp4" not in site.paths()


async def test_several_videos(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    for name in ("one", "two"):
        site.put(f"/{name}.mp4", videos.whole, "video/mp4")
    link = page(site, "/page", body='<video src="/one.mp4"></video><video src="/two.mp4"></video>')
    assert "several videos" in str(await refused(settings, link, tmp_path))
    assert not {"/one.mp4", "/two.mp4"} & set(site.paths())


async def test_a_live_stream(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    link = playlist(site, "/live.m3u8", [site.put("/0.ts", b"", "video/mp2t")], over=False)
    assert "live stream" in str(await refused(settings, link, tmp_path))
    assert "/0.ts" not in site.paths()


@pytest.mark.parametrize(
    ("status", "sentence", "again"),
    [
        (404, "That video isn't there any more, or never was.", False),
        pytest.param(403, "The site refused to give me that video.", True, marks=pytest.mark.thorough),
        pytest.param(429, "The site has been asked too often.", True, marks=pytest.mark.thorough),
        pytest.param(503, "The site is out of order just now.", True, marks=pytest.mark.thorough),
    ],
)
async def test_a_site_that_answers_with_an_error(
    settings: Settings, site: ImageSearch, tmp_path: Path, status: int, sentence: str, again: bool
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    error = await refused(settings, site.serve("/page", answer), tmp_path)
    assert str(error).startswith(sentence)
    assert str(error).endswith(str(AGAIN)) is again


async def test_a_page_without_a_video(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    assert "I found no video there" in str(await refused(settings, page(site, "/page"), tmp_path))


async def test_a_site_that_is_down(settings: Settings, site: ImageSearch, tmp_path: Path, unused_tcp_port: int) -> None:
    down = link_settings(settings, allowed_addresses=f"127.0.0.1:{unused_tcp_port}")
    error = await refused(down, f"http://127.0.0.1:{unused_tcp_port}/page", tmp_path)
    assert str(error) == "I couldn't get through to that site. Try again in a few minutes."


async def test_an_unknown_host_name(settings: Settings, tmp_path: Path) -> None:
    error = await refused(settings, "http://nobody.invalid/page", tmp_path)
    assert "its name isn't known" in str(error)
    assert str(error).endswith(str(AGAIN))


async def test_a_video_with_a_declared_size_that_is_too_large(
    settings: Settings, site: ImageSearch, tmp_path: Path
) -> None:
    link = endless(site, "/stage.mp4", claimed=1 << 30)
    error = await refused(link_settings(settings, clip_bytes=1 << 20), link, tmp_path)
    assert str(error) == "That video is too large: I take up to 1 MiB. A shorter one may fit."


async def test_a_video_without_a_declared_size(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    link = endless(site, "/stage.mp4", claimed=None)
    error = await refused(link_settings(settings, clip_bytes=1 << 20), link, tmp_path)
    assert "too large" in str(error)


async def test_a_video_that_is_too_slow(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    error = await refused(link_settings(settings, link_seconds=2.0), dripping(site, "/stage.mp4"), tmp_path)
    assert str(error).startswith("The site is too slow: that video wasn't here after 2 seconds.")
    assert children() == []


def children() -> list[psutil.Process]:
    """The running downloading processes."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE and "bot.links.child" in process.cmdline()
    ]


async def download_of(site: ImageSearch, path: str) -> psutil.Process:
    """The downloading process, once it has asked for the video on a page."""
    while site.paths().count(path) < 2:  # the page, and the video on it
        await asyncio.sleep(0.05)
    (child,) = children()
    return child


async def test_cancelling_ends_the_download(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    work = asyncio.ensure_future(fetch(settings, dripping(site, "/stage.mp4"), tmp_path))
    child = await download_of(site, "/stage.mp4")
    assert list(tmp_path.iterdir()) != []
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not child.is_running()
    assert list(tmp_path.iterdir()) == []


async def test_a_download_that_is_killed(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    work = asyncio.ensure_future(fetch(settings, dripping(site, "/stage.mp4"), tmp_path))
    child = await download_of(site, "/stage.mp4")
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(LinkError, match="The download broke off"):
        await work
    assert list(tmp_path.iterdir()) == []


async def test_wrong_settings(settings: Settings, tmp_path: Path) -> None:
    link = "http://videos.example/"
    wrong = link_settings(settings, link_cookies=tmp_path / "nowhere" / "jar.txt")
    assert "NUGU_LINK_COOKIES" in str(await refused(wrong, link, tmp_path))
    wrong = link_settings(settings, link_proxy=SecretStr("socks5://127.0.0.1:1080"))
    assert "NUGU_LINK_PROXY" in str(await refused(wrong, link, tmp_path))
