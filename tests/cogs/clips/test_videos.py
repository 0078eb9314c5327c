"""Posted videos come into a file piece by piece, and no further than they may."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import PersonError
from cogs.clips.videos import stream
from cogs.common.media import Media, MediaKind

WHOLE = bytes(range(256)) * 20_000


@pytest.fixture
async def server() -> AsyncGenerator[TestServer]:
    """Hands a file out, with its length and without; and what Discord may answer else."""

    async def film(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/known":
                return web.Response(body=WHOLE)
            case "/streamed":
                response = web.StreamResponse()
                await response.prepare(request)
                for start in range(0, len(WHOLE), 100_000):
                    await response.write(WHOLE[start : start + 100_000])
                return response
            case "/away":
                raise web.HTTPFound("/known")
            case _:
                raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{name}", film)
    async with TestServer(app) as server:
        assert isinstance(server, TestServer)
        yield server


@pytest.mark.parametrize("path", ["/known", "/streamed"])
async def test_the_file_is_what_was_posted(server: TestServer, tmp_path: Path, path: str) -> None:
    await stream(Media("mv.mp4", str(server.make_url(path)), MediaKind.VIDEO), tmp_path / "film", len(WHOLE))
    assert (tmp_path / "film").read_bytes() == WHOLE


@pytest.mark.parametrize("path", ["/known", "/streamed"])
async def test_a_larger_one_is_left_where_it_is(server: TestServer, tmp_path: Path, path: str) -> None:
    film = tmp_path / "film"
    with pytest.raises(PersonError, match=r"mv\.mp4: this file is too large"):
        await stream(Media("mv.mp4", str(server.make_url(path)), MediaKind.VIDEO), film, len(WHOLE) - 1)
    assert not film.exists() or film.stat().st_size < len(WHOLE)


@pytest.mark.parametrize(("path", "error"), [("/gone", discord.NotFound), ("/away", discord.HTTPException)])
async def test_what_is_gone_or_led_elsewhere_is_not_followed(
    server: TestServer, tmp_path: Path, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await stream(Media("mv.mp4", str(server.make_url(path)), MediaKind.VIDEO), tmp_path / "film", len(WHOLE))
