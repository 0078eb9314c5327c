"""`nugu doctor`: is everything there that the bot needs?"""

from __future__ import annotations

import platform
import tempfile
from importlib.metadata import version
from typing import TYPE_CHECKING

from bot import jobs
from bot.app import workbench
from bot.compute import Compute
from bot.database.engine import HEAD, Database
from bot.database.engines import Engines
from bot.errors import PersonError
from bot.links.fetching import Programs, taste
from bot.links.reasons import LinkError
from bot.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from bot.settings import Settings


async def examine(settings: Settings) -> bool:
    """Print a line for each thing that the bot needs; whether all that are needed are there."""
    found = [await _told("Python", _python()), await _told("data folder", _data(settings))]
    database = await _told("database", _database(settings))
    found += [database, await _told("storage", _storage(settings))]
    async with Compute.open(settings) as compute:
        workers = await _told("workers", _workers(compute))
        found.append(workers)
        if workers and database:
            found.append(await _told("engine", _engine(compute, settings)))
        if workers:
            found.append(await _told("font", compute.run(jobs.font_name)))
    token = "– DISCORD_TOKEN: not set; nugu demo needs none, nugu run does"
    print(token if settings.token is None else "✓ DISCORD_TOKEN: set")
    print("All is well." if all(found) else "Something is missing: see the lines with ✗.")
    return all(found)


async def examine_link(settings: Settings, link: str) -> bool:
    """Try a real link, and print a line for each thing that it takes; whether a video came."""
    for what, state in _means(settings):
        print(f"– {what}: {state}")
    found = [await _told("yt-dlp", _package("yt-dlp")), await _told("yt-dlp-ejs", _package("yt-dlp-ejs"))]
    found.append(await _told("deno", _deno()))
    came = await _told("link", _link(settings, link))
    print("A video came." if came else "No video came: see the lines with ✗.")
    if came and not all(found):
        print("YouTube needs what is missing.")
    return came


async def _told(what: str, probe: Awaitable[str]) -> bool:
    """Print what a probe found, whatever goes wrong in it being its finding; whether it is well."""
    try:
        print(f"✓ {what}: {await probe}")
    except Exception as error:  # noqa: BLE001
        print(f"✗ {what}: {' '.join(str(error).split()) or type(error).__name__}")
        return False
    return True


async def _python() -> str:
    return platform.python_version()


async def _data(settings: Settings) -> str:
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.data):
        return f"{settings.data.absolute()} can be written"


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
            bench = workbench(settings).with_engine(await Engines(session).in_use())
        version = await compute.run(jobs.try_out, bench)
        async with database.reading() as session:
            encoded = await Engines(session).encoded(version)
    if encoded.left:
        raise PersonError(
            f"{version} has not seen {encoded.left} of {encoded.crops} photos: nugu engine use {bench.engine}"
        )
    faceless = f", and finds no face in {encoded.faceless}" if encoded.faceless else ""
    return f"{version} sees and encodes; it has encoded {encoded.encoded} of {encoded.crops} photos{faceless}"


def _means(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "sites", settings.link_sites
    cookies = settings.link_cookies
    yield "cookies", "not set" if cookies is None else f"{cookies}{'' if cookies.is_file() else ', which is no file'}"
    yield "proxy", "set" if settings.link_proxy.get_secret_value() else "not set"
    if settings.allowed_addresses:
        yield "allowed though private", settings.allowed_addresses


async def _package(name: str) -> str:
    return version(name)


async def _deno() -> str:
    programs = Programs.find()
    if not programs.deno:
        raise PersonError("not found, and YouTube needs it: uv sync brings it")
    return f"{version('deno')}, {programs.deno}"


async def _link(settings: Settings, link: str) -> str:
    try:
        info, count = await taste(settings, link)
    except LinkError as error:
        raise PersonError(f"{error} (yt-dlp: {error.said})" if error.said else str(error)) from None
    length = "of unknown length" if info.seconds is None else f"{info.seconds:.0f} seconds"
    return f"“{info.title}” on {info.site}, {length}; the first {count} bytes came"
