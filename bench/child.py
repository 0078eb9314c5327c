"""The real bot in a process of its own, against a Discord on loopback."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.support.wire import TOKEN, WireDiscord

ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 120.0
_STOP_SECONDS = 30.0


@asynccontextmanager
async def running_bot(
    wire: WireDiscord,
    data: Path,
    arguments: Sequence[str],
    *,
    module: str = "bot",
    settings: Mapping[str, str] | None = None,
    tasks: Path | None = None,
    may_be_killed: bool = False,
) -> AsyncGenerator[psutil.Process]:
    """The bot's gateway process, from READY on; it ends with the block. ``settings``: further environment variables.
    ``tasks``: a file that holds the number of its asyncio tasks. ``may_be_killed``: the block may end it by SIGKILL.

    Raises RuntimeError with the end of its log when it stops by itself, and TimeoutError when it never gets ready.
    """
    counting = () if tasks is None else ("--tasks", str(tasks))
    child = (sys.executable, "-m", "tests.support.wire_child", "--module", module, *counting)
    command = (*child, str(wire.port), "--", *arguments)
    environment = {**os.environ, "DISCORD_TOKEN": TOKEN, "NUGU_DATA": str(data), **(settings or {})}
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        ready = asyncio.create_task(wire.wait_ready(timeout=_READY_SECONDS))
        stopped = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({ready, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                await ready
                yield psutil.Process(process.pid)
            if stopped.done() and not (may_be_killed and process.returncode == -signal.SIGKILL):
                log.seek(0)
                raise RuntimeError(f"the bot stopped with {process.returncode}:\n{log.read().decode()[-4000:]}")
        finally:
            ready.cancel()
            await _stop(process, stopped)


async def _stop(process: asyncio.subprocess.Process, stopped: "asyncio.Task[int]") -> None:
    """Ask the bot to end with its workers, and kill it where it doesn't."""
    if stopped.done():
        return
    process.terminate()
    try:
        await asyncio.wait_for(stopped, _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
