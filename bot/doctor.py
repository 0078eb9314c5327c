"""`nugu doctor`: is everything there that the bot needs?"""

from __future__ import annotations

import platform
import tempfile
from typing import TYPE_CHECKING

from bot import jobs
from bot.app import App
from bot.database.engine import HEAD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.settings import Settings


async def examine(settings: Settings) -> bool:
    """Print a line for each thing that the bot needs; whether all that are needed are there."""
    sound = True

    async def check(what: str, probe: Callable[[], Awaitable[str]]) -> None:
        nonlocal sound
        # Whatever goes wrong in a probe is its finding.
        try:
            print(f"✓ {what}: {await probe()}")
        except Exception as error:  # noqa: BLE001
            sound = False
            print(f"✗ {what}: {error}")

    async def data() -> str:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data):
            return f"{settings.data.absolute()} can be written"

    print(f"✓ Python: {platform.python_version()}")
    await check("data folder", data)
    if sound:
        async with App.open(settings) as app:

            async def database() -> str:
                async with app.database.engine.connect() as connection:
                    return f"{connection.dialect.name}, schema {HEAD}"

            async def storage() -> str:
                await app.storage.put("doctor", b"well")
                await app.storage.delete("doctor")
                return "files can be kept"

            async def engine() -> str:
                return f"{await app.recognisers.engine()} sees and encodes"

            async def workers() -> str:
                return f"{len(app.compute.worker_pids())} worker processes"

            async def font() -> str:
                return await app.compute.run(jobs.font_name)

            await check("database", database)
            await check("storage", storage)
            await check("engine", engine)
            await check("workers", workers)
            await check("font", font)
    if settings.token is None:
        print("– DISCORD_TOKEN: not set; nugu demo needs none, nugu run does")
    else:
        print("✓ DISCORD_TOKEN: set")
    print("All is well." if sound else "Something is missing: see the lines with ✗.")
    return sound
