"""Every known route to a private address, tried with the real yt-dlp: no connection reaches it.

Each route is tried with the bot's own settings. As a control, it is tried where the private address is allowed, and reaches it.
The everyday tests try one route of each kind; the thorough ones try the others and the controls. docs/links.md lists them.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp.abc import ResolveResult

from bot.domain import addresses
from bot.links.fetching import fetch, inspect
from bot.links.reasons import PRIVATE, LinkError
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.image_search import FakeResolver, ImageSearch, PrivateServer
from tests.support.video_site import FFMPEG, Videos, mediasite, page, playlist

pytestmark = pytest.mark.slow

Route = Callable[[ImageSearch, str, Videos], str]
"""Prepares a site to lead to the URL of a private address; returns the link to follow."""


def meta_refresh(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", head=f'<meta http-equiv="refresh" content="0; url={inside}/stage.mp4">')


def http_redirect(site: ImageSearch, inside: str, videos: Videos) -> str:
    return site.redirect("/page", f"{inside}/stage.mp4")


def several_redirects(site: ImageSearch, inside: str, videos: Videos) -> str:
    site.redirect("/third", f"{inside}/stage.mp4")
    site.redirect("/second", "/third")
    return site.redirect("/first", "/second")


def redirect_of_the_video(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", body=f'<video src="{site.redirect("/stage.mp4", f"{inside}/stage.mp4")}"></video>')


def video_tag(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", body=f'<video src="{inside}/stage.mp4"></video>')


def source_tag(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", body=f'<video><source src="{inside}/stage.mp4" type="video/mp4"></video>')


def og_video(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", head=f'<meta property="og:video" content="{inside}/stage.mp4">')


def twitter_player(site: ImageSearch, inside: str, videos: Videos) -> str:
    return page(site, "/page", head=f'<meta name="twitter:player:stream" content="{inside}/stage.mp4">')


def json_ld(site: ImageSearch, inside: str, videos: Videos) -> str:
    data = '{"@context":"https://schema.org","@type":"VideoObject","name":"A stage","contentUrl":"INSIDE/stage.mp4"}'
    return page(site, "/page", head=f'<script type="application/ld+json">{data.replace("INSIDE", inside)}</script>')


def embedded_player(site: ImageSearch, inside: str, videos: Videos) -> str:
    """Another extractor follows it."""
    place = f"{inside}/Mediasite/Play/0123456789abcdef0123456789abcdef1d"
    return page(site, "/page", body=f'<iframe src="{place}"></iframe>')


def named_extractor(site: ImageSearch, inside: str, videos: Videos) -> str:
    return mediasite(site, (f"{inside}/stage.mp4", "video/mp4"))


def segments(site: ImageSearch, inside: str, videos: Videos) -> str:
    return playlist(site, "/stage.m3u8", [f"{inside}/0.ts"])


def key(site: ImageSearch, inside: str, videos: Videos) -> str:
    return playlist(site, "/stage.m3u8", [site.put("/0.ts", videos.segments[0], "video/mp2t")], key=f"{inside}/key")


def initial_segment(site: ImageSearch, inside: str, videos: Videos) -> str:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", f'#EXT-X-MAP:URI="{inside}/init.mp4"', "#EXTINF:1,", "/0.ts"]
    site.put("/0.ts", videos.segments[0], "video/mp2t")
    return site.put("/stage.m3u8", "\n".join([*lines, "#EXT-X-ENDLIST"]).encode(), "application/vnd.apple.mpegurl")


def variant(site: ImageSearch, inside: str, videos: Videos) -> str:
    lines = ["#EXTM3U", '#EXT-X-STREAM-INF:BANDWIDTH=20000,CODECS="avc1.42c00b,mp4a.40.2"', f"{inside}/variant.m3u8"]
    return site.put("/stage.m3u8", "\n".join(lines).encode(), "application/vnd.apple.mpegurl")


def dash(site: ImageSearch, inside: str, videos: Videos) -> str:
    manifest = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S">'
        '<Period><AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="v" bandwidth="20000" '
        f'codecs="avc1.42c00b"><BaseURL>{inside}/stage.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
    )
    return site.put("/stage.mpd", manifest.encode(), "application/dash+xml")


ROUTES = [
    meta_refresh,
    http_redirect,
    several_redirects,
    redirect_of_the_video,
    video_tag,
    source_tag,
    og_video,
    twitter_player,
    json_ld,
    embedded_player,
    named_extractor,
    segments,
    key,
    initial_segment,
    variant,
    dash,
]
EVERYDAY = {meta_refresh, embedded_player, key, dash}
"""A page's own link, another extractor, and two downloaders of segments."""


@pytest.fixture(autouse=True)
def port_of_the_web(private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The private server's port counts as one of the web, so that only the private address is refused."""
    monkeypatch.setattr(addresses, "WEB_PORTS", frozenset({private_server.port}))


def open_to(settings: Settings, private_server: PrivateServer) -> Settings:
    """The settings of a control: the private server is allowed."""
    return settings.model_copy(
        update={"allowed_addresses": f"{settings.allowed_addresses}, 127.0.0.1:{private_server.port}"}
    )


@pytest.mark.parametrize(
    "route", [pytest.param(route, marks=() if route in EVERYDAY else pytest.mark.thorough) for route in ROUTES]
)
async def test_a_route(
    settings: Settings, site: ImageSearch, private_server: PrivateServer, videos: Videos, tmp_path: Path, route: Route
) -> None:
    link = route(site, f"http://127.0.0.1:{private_server.port}", videos)
    with pytest.raises(LinkError) as caught:
        await fetch(settings, link, tmp_path)
    assert str(caught.value) == str(PRIVATE)
    assert site.paths() != []
    assert private_server.touched == 0


@pytest.mark.thorough
@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_where_it_is_allowed(
    settings: Settings, site: ImageSearch, private_server: PrivateServer, videos: Videos, tmp_path: Path, route: Route
) -> None:
    link = route(site, f"http://127.0.0.1:{private_server.port}", videos)
    # The private server's answer is no video, so any error may follow.
    with suppress(LinkError):
        await fetch(open_to(settings, private_server), link, tmp_path)
    assert private_server.touched > 0


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        *(
            pytest.param(host, marks=pytest.mark.thorough)
            for host in ("127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]")
        ),
    ],
)
async def test_a_link_to_a_private_address(settings: Settings, private_server: PrivateServer, host: str) -> None:
    """Other spellings: tests/bot/links/test_egress.py, where they cost no process."""
    with pytest.raises(LinkError, match="private address"):
        await inspect(settings, f"http://{host}:{private_server.port}/stage.mp4")
    assert private_server.touched == 0


async def test_an_allowed_link_to_a_private_address(settings: Settings, private_server: PrivateServer) -> None:
    with suppress(LinkError):
        await inspect(open_to(settings, private_server), f"http://127.0.0.1:{private_server.port}/page")
    assert private_server.touched > 0


async def test_a_name_with_a_private_address(settings: Settings, private_server: PrivateServer) -> None:
    names = FakeResolver(videos_example=["127.0.0.1"])
    link = f"http://videos.example:{private_server.port}/stage.mp4"
    with pytest.raises(LinkError, match="private address"):
        await inspect(settings, link, resolver=names)
    assert private_server.touched == 0
    with suppress(LinkError):
        await inspect(open_to(settings, private_server), link, resolver=names)
    assert private_server.touched > 0


async def test_tls_to_a_name_with_a_private_address(settings: Settings, private_server: PrivateServer) -> None:
    names = FakeResolver(videos_example=["127.0.0.1"])
    link = f"https://videos.example:{private_server.port}/stage.mp4"
    with pytest.raises(LinkError, match="private address"):
        await inspect(settings, link, resolver=names)
    assert private_server.touched == 0
    with pytest.raises(LinkError, match="couldn't get through"):
        await inspect(open_to(settings, private_server), link, resolver=names)
    assert private_server.touched > 0


async def test_a_name_with_another_address_the_second_time(
    settings: Settings, site: ImageSearch, private_server: PrivateServer, videos: Videos, tmp_path: Path
) -> None:
    """The host of the page is public; a moment later the same host, with the video, is private."""

    class RebindingResolver(FakeResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port)
            self.addresses["videos.example"] = ["127.0.0.3"]
            return found

    resolver = RebindingResolver(videos_example=["127.0.0.1"])
    link = page(site, "/page", body=f'<video src="http://videos.example:{site.port}/stage.mp4"></video>')
    link = link.replace("127.0.0.1", "videos.example")
    site.put("/stage.mp4", videos.whole, "video/mp4")
    with pytest.raises(LinkError, match="private address"):
        await fetch(settings, link, tmp_path, resolver=resolver)
    assert "/page" in site.paths()
    assert "/stage.mp4" not in site.paths()


async def test_thumbnails_and_subtitles_are_not_requested(
    settings: Settings, site: ImageSearch, private_server: PrivateServer, videos: Videos, tmp_path: Path
) -> None:
    inside = f"http://127.0.0.1:{private_server.port}"
    video = site.put("/stage.mp4", videos.whole, "video/mp4")
    track = f'<track kind="subtitles" srclang="ko" src="{inside}/ko.vtt">'
    plain = page(site, "/page", body=f'<video src="{video}" poster="{inside}/poster.jpg">{track}</video>')
    player = mediasite(site, (video, "video/mp4"), thumbnail=f"{inside}/thumbnail.jpg")
    for link in (plain, player):
        # nugu requests none, so the private server isn't reached although it is allowed.
        assert (await fetch(open_to(settings, private_server), link, tmp_path)).path.read_bytes() == videos.whole
    assert private_server.touched == 0


async def test_a_playlist_among_segments(
    settings: Settings, site: ImageSearch, private_server: PrivateServer, videos: Videos, tmp_path: Path
) -> None:
    """A segment that is itself a playlist, which ffmpeg would follow while it merges."""
    trap = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{private_server.port}/0.ts\n#EXT-X-ENDLIST\n".encode()
    link = playlist(site, "/stage.m3u8", [site.put("/0.ts", trap, "video/mp2t")])
    with pytest.raises(LinkError, match="isn't a video"):
        await fetch(open_to(settings, private_server), link, tmp_path)
    assert "/0.ts" in site.paths()
    assert private_server.touched == 0

    (tmp_path / "trap").write_bytes(trap)
    wide = ["-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL", "-extension_picky", "0", "-f", "hls"]
    command = [FFMPEG, "-nostdin", *wide, "-i", "file:trap", "-f", "null", "-"]
    await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, capture_output=True, timeout=LONG_ENOUGH, check=False
    )
    assert private_server.touched > 0


def test_the_page_names_existing_tests_and_routes() -> None:
    page_ = (ROOT / "docs" / "links.md").read_text()
    code = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in re.findall(r"`(test_\w+)`", page_) if f"def {name}(" not in code] == []
    routes = " ".join(re.findall(r"`test_a_route` \(([^)]*)\)", page_))
    assert set(re.findall(r"`(\w+)`", routes)) == {route.__name__ for route in ROUTES}
