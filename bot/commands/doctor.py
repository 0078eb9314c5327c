"""`nugu doctor`: checks everything that the bot needs, or a link to a video."""

from __future__ import annotations

import asyncio
import platform
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp

from bot import jobs
from bot.app import engine_config
from bot.commands import terminal
from bot.commands.messages import render_for_terminal
from bot.database.engine import HEAD, Database
from bot.database.engines import EngineRepository
from bot.errors import OperatorError, PersonError
from bot.infra import private_files
from bot.infra.compute import Compute
from bot.infra.storage import Storage
from bot.links.download_process import DownloadPrograms
from bot.links.fetching import fetch_beginning
from bot.links.reasons import LinkError
from bot.text.formatting import counted, mebibytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from bot.settings import Settings


DISCORD: Final = "https://discord.com/api/v10"

MESSAGE_CONTENT: Final = 1 << 18 | 1 << 19
"""Flags of an application with the message-content intent: of a verified one, and of one in fewer than 100 servers."""

ROOM: Final = 2**30
"""Free bytes that the disk of the data folder needs: for a video in work, its clip, and the growth of the database."""


async def examine(settings: Settings, *, fix: bool = False) -> bool:
    """Print a line for each thing that the bot needs; whether all are there.

    `fix`: the data folder, `.env`, the cookies and the scheduler's key are taken away from other users.
    """
    found = [await _passes("Python", _python()), await _passes("data folder", _data(settings))]
    found.append(await _passes("privacy", _privacy(settings, fix=fix)))
    found.append(await _passes("disk", _disk(settings)))
    database = await _passes("database", _database(settings))
    found += [database, await _passes("storage", _storage(settings))]
    async with Compute.open(settings) as compute:
        workers = await _passes("workers", _workers(compute))
        found.append(workers)
        if workers and database:
            found.append(await _passes("engine", _engine(compute, settings)))
        if workers:
            found.append(await _passes("font", compute.run(jobs.font_name)))
    if settings.token is None and settings.token_file is None:
        terminal.print_lines("– DISCORD_TOKEN: not set; nugu demo needs none, nugu run does")
    else:
        found.append(await _passes("DISCORD_TOKEN", _token(settings)))
    terminal.print_lines("All is well." if all(found) else "Something is missing: see the lines with ✗.")
    return all(found)


async def examine_link(settings: Settings, link: str) -> bool:
    """Try a real link, and print a line for each thing that it needs; whether a video came."""
    for name, state in _link_settings(settings):
        terminal.print_lines(f"– {name}: {state}")
    found = [await _passes("yt-dlp", _package("yt-dlp")), await _passes("yt-dlp-ejs", _package("yt-dlp-ejs"))]
    found.append(await _passes("deno", _deno()))
    came = await _passes("link", _link(settings, link))
    terminal.print_lines("A video came." if came else "No video came: see the lines with ✗.")
    if came and not all(found):
        terminal.print_lines("YouTube needs what is missing.")
    return came


async def _passes(name: str, check: Awaitable[str]) -> bool:
    """Print the result of a check, or its error; whether it passed."""
    try:
        terminal.print_lines(f"✓ {name}: {await check}")
    except Exception as error:  # noqa: BLE001
        reason = render_for_terminal(error) if isinstance(error, PersonError) else str(error)
        terminal.print_lines(f"✗ {name}: {' '.join(reason.split()) or type(error).__name__}")
        return False
    return True


async def _python() -> str:
    return platform.python_version()


async def _data(settings: Settings) -> str:
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.data):
        return f"{settings.data.absolute()} can be written"


async def _privacy(settings: Settings, *, fix: bool) -> str:
    """Whether other users of this machine are kept out. Raises OperatorError where they aren't, unless `fix` changes that."""
    # A token's file is left out: containers get theirs with a mode that nobody can change.
    named = (settings.link_cookies, settings.scheduler_key)
    secrets = [Path(".env"), *(file for file in named if file is not None)]
    found = await asyncio.to_thread(private_files.exposed_paths, settings.data.absolute(), *secrets)
    if not found:
        return "no other user can read the bot's files"
    if not fix:
        first, more = str(found[0]), f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise OperatorError(
            "other users of this machine may use {first}{more}: nugu doctor --fix", first=first, more=more
        )
    await asyncio.to_thread(private_files.restrict, found)
    return f"other users are kept out now: {counted(len(found), 'mode')} changed"


async def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.data).free
    if free < ROOM:
        raise OperatorError(
            "{folder} has {free} left, and {needed} are needed",
            folder=str(settings.data.absolute()),
            free=mebibytes(free),
            needed=mebibytes(ROOM),
        )
    kept = f"; clips may take {mebibytes(settings.clip_keep_bytes)} of it (NUGU_CLIP_KEEP_BYTES)"
    return f"{mebibytes(free)} left{kept if free < 2 * settings.clip_keep_bytes else ''}"


async def ask_discord(settings: Settings, token: str, api: str = DISCORD) -> str:
    """The application of the token. Raises OperatorError where Discord refuses the token, or a needed intent is off."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": f"DiscordBot (nugu, {version('nugu')})"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20), headers=headers) as session,
            session.get(f"{api}/applications/@me") as response,
        ):
            if response.status == 401:
                raise OperatorError("Discord refuses it; make a new one under Bot > Reset Token")
            if response.status != 200:
                raise OperatorError(
                    "Discord answers {status} {reason}", status=response.status, reason=response.reason or ""
                )
            application = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OperatorError("Discord can't be reached ({error})", error=str(error) or "it does not answer") from error
    if settings.message_content and not application.get("flags", 0) & MESSAGE_CONTENT:
        raise OperatorError(
            "NUGU_MESSAGE_CONTENT needs the message-content intent: switch it on under Bot in the portal"
        )
    return f"Discord knows it as {application['name']}"


async def _token(settings: Settings) -> str:
    return await ask_discord(settings, settings.discord_token() or "")


async def _database(settings: Settings) -> str:
    async with Database.open(settings) as database, database.engine.connect() as connection:
        return f"{connection.dialect.name}, schema {HEAD}"


async def _storage(settings: Settings) -> str:
    storage = Storage.open(settings)
    await storage.put("doctor", b"well")
    await storage.delete("doctor")
    return "files can be kept"


async def _workers(compute: Compute) -> str:
    await compute.run(jobs.font_name)
    return f"{len(compute.worker_pids())} processes"


async def _engine(compute: Compute, settings: Settings) -> str:
    async with Database.open(settings) as database:
        async with database.reading() as session:
            config = engine_config(settings).with_engine(await EngineRepository(session).in_use())
        version = await compute.run(jobs.check_engine, config)
        async with database.reading() as session:
            encoded = await EngineRepository(session).progress(version)
    if encoded.left:
        raise OperatorError(
            "{version} has not seen {left} of {crops} photos: nugu engine use {engine}",
            version=version,
            left=encoded.left,
            crops=encoded.crops,
            engine=config.engine,
        )
    faceless = f", and finds no face in {encoded.faceless}" if encoded.faceless else ""
    return f"{version} sees and encodes; it has encoded {encoded.encoded} of {encoded.crops} photos{faceless}"


def _link_settings(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "sites", settings.link_sites
    cookies = settings.link_cookies
    yield "cookies", "not set" if cookies is None else f"{cookies}{'' if cookies.is_file() else ', which is no file'}"
    yield "proxy", "set" if settings.link_proxy.get_secret_value() else "not set"
    if settings.allowed_addresses:
        yield "allowed though private", settings.allowed_addresses


async def _package(name: str) -> str:
    return version(name)


async def _deno() -> str:
    programs = DownloadPrograms.find()
    if not programs.deno:
        raise OperatorError("not found, and YouTube needs it: uv sync brings it")
    return f"{version('deno')}, {programs.deno}"


async def _link(settings: Settings, link: str) -> str:
    try:
        info, count = await fetch_beginning(settings, link)
    except LinkError as error:
        if not error.detail:
            raise OperatorError("{reason}", reason=str(error)) from None
        raise OperatorError("{reason} (yt-dlp: {message})", reason=str(error), message=error.detail) from None
    length = "of unknown length" if info.seconds is None else f"{info.seconds:.0f} seconds"
    return f"“{info.title}” on {info.site}, {length}; the first {count} bytes came"
