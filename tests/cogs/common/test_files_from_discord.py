"""Files from Discord are saved up to a limit of bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cogs.common.downloads import LargeFileError, stream

WHOLE = bytes(range(256)) * 20_000


@pytest.fixture
async def server() -> AsyncGenerator[TestServer]:
    """A server with a file, with and without its length, and with Discord's other answers."""

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


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize("path", ["/known", "/streamed"])
async def test_the_saved_file_equals_the_posted_one(
    server: TestServer, session: aiohttp.ClientSession, tmp_path: Path, path: str
) -> None:
    await stream(session, str(server.make_url(path)), tmp_path / "film", len(WHOLE))
    assert (tmp_path / "film").read_bytes() == WHOLE


@pytest.mark.parametrize("path", ["/known", "/streamed"])
async def test_a_larger_file_is_not_saved(
    server: TestServer, session: aiohttp.ClientSession, tmp_path: Path, path: str
) -> None:
    film = tmp_path / "film"
    with pytest.raises(LargeFileError):
        await stream(session, str(server.make_url(path)), film, len(WHOLE) - 1)
    assert not film.exists() or film.stat().st_size < len(WHOLE)


@pytest.mark.parametrize(("path", "error"), [("/gone", discord.NotFound), ("/away", discord.HTTPException)])
async def test_a_missing_file_and_a_redirect_are_refused(
    server: TestServer, session: aiohttp.ClientSession, tmp_path: Path, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await stream(session, str(server.make_url(path)), tmp_path / "film", len(WHOLE))
