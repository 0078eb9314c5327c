"""From a link to a file, on a site of loopback, by the real yt-dlp."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import av
import psutil
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.links.fetching import Fetched, fetch, inspect, taste
from bot.links.reasons import AGAIN, LinkError
from bot.settings import Settings
from tests.support.image_search import ImageSearch, Names
from tests.support.video_site import Videos, mediasite, page, playlist


def with_(settings: Settings, **changed: object) -> Settings:
    return settings.model_copy(update=changed)


async def refused(settings: Settings, link: str, folder: Path) -> LinkError:
    """Why nothing came; and that nothing was left behind."""
    with pytest.raises(LinkError) as caught:
        await fetch(settings, link, folder)
    assert list(folder.iterdir()) == []
    return caught.value


def codecs(video: Path) -> dict[str, str]:
    with av.open(str(video)) as container:
        return {each.type: each.codec_context.name for each in container.streams}


def seconds(video: Path) -> float:
    with av.open(str(video)) as container:
        assert container.duration is not None
        return container.duration / av.time_base


async def test_a_page_with_a_video(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    site.put("/stage.mp4", videos.whole, "video/mp4")
    link = page(site, "/page", body='<video src="/stage.mp4"></video>')
    told: list[tuple[float | None, int]] = []
    fetched = await fetch(settings, link, tmp_path, lambda share, count: told.append((share, count)))
    assert fetched == Fetched(tmp_path / "video.mp4", "A stage (1)")
    assert fetched.path.read_bytes() == videos.whole
    assert told[-1] == (1.0, len(videos.whole))
    assert list(tmp_path.iterdir()) == [fetched.path]


async def test_inspecting_downloads_no_video(settings: Settings, site: ImageSearch, videos: Videos) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    info = await inspect(settings, mediasite(site, (video, "video/mp4"), title="Feel Special"))
    assert (info.title, info.site, info.seconds) == ("Feel Special", f"127.0.0.1:{site.port}", 2.0)
    assert "/stage.mp4" not in site.paths()


async def test_a_named_extractor(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    named = with_(settings, link_sites="mediasite")
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


async def test_picture_and_sound_apart_are_put_together(
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
    assert (await fetch(with_(settings, clip_height=144), link, tmp_path / "a")).path.read_bytes() == videos.whole
    assert (await fetch(with_(settings, clip_height=100), link, tmp_path / "b")).path.read_bytes() == videos.small


def player(site: ImageSearch, *sizes: tuple[str, int, int]) -> str:
    """A page whose player names a video in several heights, and how many bytes each has; its link."""
    sources = [{"file": f"/{name}.mp4", "height": height, "filesize": size} for name, height, size in sizes]
    script = f'jwplayer("stage").setup({json.dumps({"sources": sources})})'
    return page(site, "/page", body=f'<div id="stage"></div><script>{script}</script>')


async def test_the_best_that_is_not_too_large(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    site.put("/small.mp4", videos.small, "video/mp4")
    link = player(site, ("large", 720, 20 << 20), ("small", 360, 20_000), ("tiny", 144, 10_000))
    fetched = await fetch(with_(settings, clip_bytes=1 << 20), link, tmp_path)
    assert fetched.path.read_bytes() == videos.small
    assert not {"/large.mp4", "/tiny.mp4"} & set(site.paths())


async def test_what_is_known_to_be_too_large_is_not_begun(
    settings: Settings, site: ImageSearch, tmp_path: Path
) -> None:
    link = player(site, ("large", 720, 20 << 20), ("small", 360, 2 << 20))
    assert "too large" in str(await refused(with_(settings, clip_bytes=1 << 20), link, tmp_path))
    assert site.paths() == ["/page"]


async def test_by_way_of_the_operator_s_proxy(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    asked: list[bytes] = []

    async def relay(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            sink.write(data)
        sink.close()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        out_reader, out_writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(relay(reader, out_writer), relay(out_reader, writer))

    link = site.put("/stage.mp4", videos.whole, "video/mp4").replace("127.0.0.1", "videos.example")
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        by = SecretStr(f"http://me:word@127.0.0.1:{server.sockets[0].getsockname()[1]}")
        names = Names(videos_example=["127.0.0.1"])
        fetched = await fetch(with_(settings, link_proxy=by), link, tmp_path, resolver=names)
    assert fetched.path.read_bytes() == videos.whole
    assert set(asked) == {f"CONNECT 127.0.0.1:{site.port} HTTP/1.1".encode()}


@pytest.mark.parametrize(
    ("sites", "link", "sentence"),
    [
        (
            "youtube",
            "https://vimeo.com/76979871",
            "I don't take links to that page. I take links to one video on youtube.",
        ),
        ("youtube,vimeo", "https://www.youtube.com/playlist?list=PLabcdefghijkl", "leads to a playlist, a channel"),
        ("youtube", "https://www.youtube.com/@IU", "leads to a playlist, a channel"),
        ("youtube", "file:///etc/passwd", "I take links that begin with http:// or https://"),
        ("youtube", "http://127.0.0.1:{port}/page", "I don't take links to that page."),
        ("generic=videos.example", "http://127.0.0.1:{port}/page", "I take links to one video on videos.example."),
        ("nosuchsite", "http://127.0.0.1:{port}/page", "`NUGU_LINK_SITES` names nosuchsite"),
    ],
)
async def test_what_is_refused_before_anybody_is_asked(
    settings: Settings, site: ImageSearch, tmp_path: Path, sites: str, link: str, sentence: str
) -> None:
    error = await refused(with_(settings, link_sites=sites), link.format(port=site.port), tmp_path)
    assert sentence in str(error)
    assert site.paths() == []


async def test_an_operator_s_host(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    link = site.put("/stage.mp4", videos.whole, "video/mp4")
    await fetch(with_(settings, link_sites="youtube,generic=127.0.0.1"), link, tmp_path)


async def test_what_an_extractor_hands_on_to_another_that_is_not_named(
    settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path
) -> None:
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    inner = mediasite(site, (video, "video/mp4"))
    link = page(site, "/outer", body=f'<iframe src="{inner}"></iframe>')
    fetched = await fetch(settings, link, tmp_path)
    assert seconds(fetched.path) == pytest.approx(2.0, abs=0.15)
    fetched.path.unlink()
    site.asked.clear()
    assert "no video there" in str(await refused(with_(settings, link_sites="generic"), link, tmp_path))
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
        (403, "The site refused to give me that video.", True),
        (429, "The site has been asked too often.", True),
        (503, "The site is out of order just now.", True),
    ],
)
async def test_a_site_that_answers_no(
    settings: Settings, site: ImageSearch, tmp_path: Path, status: int, sentence: str, again: bool
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    error = await refused(settings, site.serve("/page", answer), tmp_path)
    assert str(error).startswith(sentence)
    assert str(error).endswith(AGAIN) is again


async def test_a_page_without_a_video(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    assert "I found no video there" in str(await refused(settings, page(site, "/page"), tmp_path))


async def test_a_site_that_is_down(settings: Settings, site: ImageSearch, tmp_path: Path, unused_tcp_port: int) -> None:
    down = with_(settings, allowed_addresses=f"127.0.0.1:{unused_tcp_port}")
    error = await refused(down, f"http://127.0.0.1:{unused_tcp_port}/page", tmp_path)
    assert str(error) == "I couldn't get through to that site. Try again in a few minutes."


async def test_a_name_that_nobody_has(settings: Settings, tmp_path: Path) -> None:
    error = await refused(settings, "http://nobody.invalid/page", tmp_path)
    assert "its name isn't known" in str(error)
    assert str(error).endswith(AGAIN)


async def test_a_video_that_says_it_is_too_large(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    link = endless(site, "/stage.mp4", claimed=1 << 30)
    error = await refused(with_(settings, clip_bytes=1 << 20), link, tmp_path)
    assert str(error) == "That video is too large: I take up to 1 MiB. A shorter one may fit."


async def test_a_video_that_does_not_say_how_large_it_is(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    link = endless(site, "/stage.mp4", claimed=None)
    error = await refused(with_(settings, clip_bytes=1 << 20), link, tmp_path)
    assert "too large" in str(error)


def endless(site: ImageSearch, path: str, claimed: int | None) -> str:
    """A video on `site` without an end; its link."""

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        response.content_length = claimed
        await response.prepare(request)
        if request.method != "HEAD":
            while True:
                await response.write(bytes(1 << 16))
        return response

    return site.serve(path, pour)


def dripping(site: ImageSearch, path: str) -> str:
    """A video on `site` that hardly comes; its link."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        await response.prepare(request)
        while True:
            await response.write(bytes(64))
            await asyncio.sleep(0.1)

    return site.serve(path, drip)


async def test_a_video_that_hardly_comes(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    error = await refused(with_(settings, link_seconds=3.0), dripping(site, "/stage.mp4"), tmp_path)
    assert str(error).startswith("The site is too slow: that video wasn't here after 3 seconds.")
    assert children() == []


def children() -> list[psutil.Process]:
    """The downloads that run, and all that they started."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if each.status() != psutil.STATUS_ZOMBIE and "bot.links.child" in each.cmdline()
    ]


async def until_it_comes(site: ImageSearch, path: str) -> psutil.Process:
    while site.paths().count(path) < 2:  # the page, and the video on it
        await asyncio.sleep(0.05)
    (child,) = children()
    return child


async def test_cancelling_ends_the_download(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    work = asyncio.ensure_future(fetch(settings, dripping(site, "/stage.mp4"), tmp_path))
    child = await until_it_comes(site, "/stage.mp4")
    assert list(tmp_path.iterdir()) != []
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not child.is_running()
    assert list(tmp_path.iterdir()) == []


async def test_a_download_that_is_killed(settings: Settings, site: ImageSearch, tmp_path: Path) -> None:
    work = asyncio.ensure_future(fetch(settings, dripping(site, "/stage.mp4"), tmp_path))
    child = await until_it_comes(site, "/stage.mp4")
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(LinkError, match="The download broke off"):
        await work
    assert list(tmp_path.iterdir()) == []


async def test_cookies_are_a_copy(settings: Settings, site: ImageSearch, videos: Videos, tmp_path: Path) -> None:
    async def give(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=videos.whole, content_type="video/mp4")
        response.set_cookie("visits", "2")
        return response

    jar = tmp_path / "jar.txt"
    text = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tmember\tyes\n"
    jar.write_text(text)
    (tmp_path / "out").mkdir()
    await fetch(with_(settings, link_cookies=jar), site.serve("/stage.mp4", give), tmp_path / "out")
    assert all(each.headers["Cookie"].startswith("member=yes") for each in site.asked)
    assert jar.read_text() == text
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["video.mp4"]


async def test_settings_that_are_wrong(settings: Settings, tmp_path: Path) -> None:
    link = "http://videos.example/"
    wrong = with_(settings, link_cookies=tmp_path / "nowhere" / "jar.txt")
    assert "NUGU_LINK_COOKIES" in str(await refused(wrong, link, tmp_path))
    wrong = with_(settings, link_proxy=SecretStr("socks5://127.0.0.1:1080"))
    assert "NUGU_LINK_PROXY" in str(await refused(wrong, link, tmp_path))


async def test_a_taste_takes_the_beginning(settings: Settings, site: ImageSearch) -> None:
    info, count = await taste(settings, endless(site, "/stage.mp4", claimed=1 << 30))
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
