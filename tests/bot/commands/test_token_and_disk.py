"""The checks of `nugu doctor` for the token, against a loopback Discord, and for the disk."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.commands.doctor import MESSAGE_CONTENT, ROOM, ask_discord, examine
from bot.errors import OperatorError
from bot.settings import Settings


@asynccontextmanager
async def discord(status: int, application: dict[str, Any]) -> AsyncGenerator[tuple[str, list[web.Request]]]:
    """Discord's address, and the requests to it."""
    asked: list[web.Request] = []

    async def own_application(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response(application, status=status)

    app = web.Application()
    app.router.add_get("/api/v10/applications/@me", own_application)
    async with TestServer(app) as server:
        yield str(server.make_url("/api/v10")), asked


async def test_discord_knows_the_token(tmp_path: Path) -> None:
    async with discord(200, {"name": "nugu", "flags": 0}) as (api, asked):
        assert await ask_discord(Settings(data=tmp_path), "a.b.c", api) == "Discord knows it as nugu"
    assert asked[0].headers["Authorization"] == "Bot a.b.c"
    assert asked[0].headers["User-Agent"].startswith("DiscordBot (")


@pytest.mark.parametrize("flags", [1 << 18, 1 << 19])
async def test_a_requested_intent_must_be_on(tmp_path: Path, flags: int) -> None:
    settings = Settings(data=tmp_path, message_content=True)
    async with discord(200, {"name": "nugu", "flags": flags}) as (api, _):
        await ask_discord(settings, "a.b.c", api)
    async with discord(200, {"name": "nugu", "flags": ~MESSAGE_CONTENT & 0xFFFFFF}) as (api, _):
        with pytest.raises(OperatorError, match="message-content intent"):
            await ask_discord(settings, "a.b.c", api)


async def test_a_useless_token_gets_its_reason(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    async with discord(401, {"message": "401: Unauthorized", "code": 0}) as (api, _):
        with pytest.raises(OperatorError, match="Discord refuses it"):
            await ask_discord(settings, "a.b.c", api)
    async with discord(503, {}) as (api, _):
        with pytest.raises(OperatorError, match="Discord answers 503 Service Unavailable"):
            await ask_discord(settings, "a.b.c", api)
    with pytest.raises(OperatorError, match="Discord can't be reached"):
        await ask_discord(settings, "a.b.c", api)


async def test_a_nearly_full_disk_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=ROOM - 1))
    assert not await examine(Settings(data=tmp_path, workers=1))
    printed = capsys.readouterr().out
    assert f"✗ disk: {tmp_path} has 1,024 MiB left, and 1,024 MiB are needed" in printed
