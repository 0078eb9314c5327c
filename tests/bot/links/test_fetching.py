"""Videos from links to a site on loopback, by the real yt-dlp. tests/bot/links/test_refused_links.py has the failures."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.domain.storage import StorageReason
from bot.errors import StorageError
from bot.links.fetching import DownloadedVideo, fetch, fetch_beginning, inspect
from bot.settings import Settings
from tests.support.disks import filled, small_disk
from tests.support.image_search import FakeResolver, ImageSearch
from tests.support.video_site import Videos, endless, link_settings, mediasite, page, player, playlist

pytestmark = pytest.mark.slow


def codecs(video: Path) -> dict[str, str]:
    with av.open(str(video)) as container:
        return {stream.type: stream.codec_context.name for stream in container.streams}


def seconds(video: Path) -> float:
    with av.open(str(video)) as container:
        assert container.duration is not None
        return container.duration / av.time_base


async def test_a_page_with_a_video(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    site.put("/stage.mp4", videos.whole, "video/mp4")
    link = page(site, "/page", body='<video src="/stage.mp4"></video>')
    reports: list[tuple[float | None, int]] = []
    fetched = await fetch(settings, link, tmp_path, lambda share, count: reports.append((share, count)))
    assert fetched == DownloadedVideo(tmp_path / "video.mp4", "A stage (1)")
    assert fetched.path.read_bytes() == videos.whole
    assert reports[-1] == (1.0, len(videos.whole))
    assert list(tmp_path.iterdir()) == [fetched.path]


async def test_inspecting_downloads_no_video(settings: Settings, site: ImageSearch, videos: Videos) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    info = await inspect(settings, mediasite(site, (video, "video/mp4"), title="Feel Special"))
    assert (info.title, info.site, info.seconds) == ("Feel Special", f"127.0.0.1:{site.port}", 2.0)
    assert "/stage.mp4" not in site.paths()


async def test_a_named_extractor(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    named = link_settings(settings, link_sites="mediasite")
    fetched = await fetch(named, mediasite(site, (video, "video/mp4")), tmp_path)
    assert fetched.path.read_bytes() == videos.whole


async def test_segments_become_a_video(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [site.put(f"/{number}.ts", data, "video/mp2t") for number, data in enumerate(videos.segments)]
    monkeypatch.chdir(tmp_path)
    fetched = await fetch(settings, playlist(site, "/stage.m3u8", links), Path())
    assert fetched.path.name == "video.mp4"
    assert codecs(fetched.path) == {"video": "h264", "audio": "aac"}
    assert seconds(fetched.path) == pytest.approx(2.0, abs=0.15)


async def test_separate_picture_and_sound_are_merged(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    site.put("/picture.mp4", videos.picture, "video/mp4")
    site.put("/sound.m4a", videos.sound, "audio/mp4")
    link = site.put("/stage.mpd", DASH.encode(), "application/dash+xml")
    fetched = await fetch(settings, link, tmp_path)
    assert codecs(fetched.path) == {"video": "h264", "audio": "aac"}
    assert seconds(fetched.path) == pytest.approx(2.0, abs=0.15)


async def test_the_wanted_height(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    for name, data in (("large", videos.whole), ("small", videos.small)):
        site.put(f"/{name}.mp4", data, "video/mp4")
    link = site.put("/stage.mpd", TWO_HEIGHTS.encode(), "application/dash+xml")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert (
        await fetch(link_settings(settings, clip_height=144), link, tmp_path / "a")
    ).path.read_bytes() == videos.whole
    assert (
        await fetch(link_settings(settings, clip_height=100), link, tmp_path / "b")
    ).path.read_bytes() == videos.small


async def test_the_best_that_is_not_too_large(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    site.put("/small.mp4", videos.small, "video/mp4")
    link = player(site, ("large", 720, 20 << 20), ("small", 360, 20_000), ("tiny", 144, 10_000))
    fetched = await fetch(link_settings(settings, clip_bytes=1 << 20), link, tmp_path)
    assert fetched.path.read_bytes() == videos.small
    assert not {"/large.mp4", "/tiny.mp4"} & set(site.paths())


async def test_the_operators_proxy(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    requests: list[bytes] = []

    async def relay(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            sink.write(data)
        sink.close()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        out_reader, out_writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(relay(reader, out_writer), relay(out_reader, writer))

    link = site.put("/stage.mp4", videos.whole, "video/mp4").replace("127.0.0.1", "videos.example")
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        by = SecretStr(f"http://me:word@127.0.0.1:{server.sockets[0].getsockname()[1]}")
        names = FakeResolver(videos_example=["127.0.0.1"])
        fetched = await fetch(link_settings(settings, link_proxy=by), link, tmp_path, resolver=names)
    assert fetched.path.read_bytes() == videos.whole
    assert set(requests) == {f"CONNECT 127.0.0.1:{site.port} HTTP/1.1".encode()}


async def test_a_host_that_the_operator_names(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    link = site.put("/stage.mp4", videos.whole, "video/mp4")
    await fetch(link_settings(settings, link_sites="youtube,generic=127.0.0.1"), link, tmp_path)


async def test_cookies_are_a_copy(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    async def give(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=videos.whole, content_type="video/mp4")
        response.set_cookie("visits", "2")
        return response

    jar = tmp_path / "jar.txt"
    text = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tmember\tyes\n"
    jar.write_text(text)
    (tmp_path / "out").mkdir()
    await fetch(link_settings(settings, link_cookies=jar), site.serve("/stage.mp4", give), tmp_path / "out")
    assert all(request.headers["Cookie"].startswith("member=yes") for request in site.asked)
    assert jar.read_text() == text
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["video.mp4"]


async def test_the_beginning_of_a_video(settings: Settings, site: ImageSearch) -> None:
    info, count = await fetch_beginning(settings, endless(site, "/stage.mp4", claimed=1 << 30))
    assert info.title == "stage"
    assert 1 << 18 <= count < 1 << 24


MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period>{}</Period></MPD>"""

AVC = 'bandwidth="{0}" codecs="avc1.42c00b" width="{1}" height="{2}"'

DASH = MPD.format(
    '<AdaptationSet contentType="video" mimeType="video/mp4">'
    f'<Representation id="v" {AVC.format(20000, 160, 120)}><BaseURL>picture.mp4</BaseURL></Representation></AdaptationSet>'
    '<AdaptationSet contentType="audio" mimeType="audio/mp4"><Representation id="a" bandwidth="69000" codecs="mp4a.40.2">'
    "<BaseURL>sound.m4a</BaseURL></Representation></AdaptationSet>"
)

TWO_HEIGHTS = MPD.format(
    '<AdaptationSet contentType="video" mimeType="video/mp4">'
    f'<Representation id="s" {AVC.format(10000, 80, 60)}><BaseURL>small.mp4</BaseURL></Representation>'
    f'<Representation id="l" {AVC.format(20000, 160, 120)}><BaseURL>large.mp4</BaseURL></Representation></AdaptationSet>'
)


async def test_a_full_disk_is_no_fault_of_the_site(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    site.put("/picture.mp4", videos.picture, "video/mp4")
    site.put("/sound.m4a", videos.sound, "audio/mp4")
    merged = site.put("/stage.mpd", DASH.encode(), "application/dash+xml")
    whole = site.put("/whole.mp4", videos.whole, "video/mp4")
    parts = len(videos.picture) + len(videos.sound)
    with small_disk(tmp_path / "disk", 2) as disk:
        for link, room in ((whole, len(videos.whole) // 2), (merged, parts + 16_384)):
            with filled(disk, but=room), pytest.raises(StorageError) as raised:
                await fetch(settings, link, disk)
            assert raised.value.reason is StorageReason.FULL
            assert f"No space is left for {disk}" in str(raised.value)
            assert list(disk.iterdir()) == []
        assert codecs((await fetch(settings, whole, disk)).path) == {"video": "h264", "audio": "aac"}
