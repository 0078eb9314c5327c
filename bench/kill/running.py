"""The bot, a scheduler of its own and `nugu` as processes, with one data folder and one folder for temporary files."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.child import ROOT, running_bot
from bench.kill.processes import descendants, kill
from tests.support import toy
from tests.support.image_search import ImageSearch
from tests.support.wire import WireDiscord
from tests.support.wire_rest import ReceivedRequest

_REQUEST_SECONDS = 10.0
_WORKERS = 2


@dataclass
class Bot:
    """A bot that can be started again after it was killed. `scheduler`: the address of a separate one."""

    wire: WireDiscord
    folder: Path
    settings: Mapping[str, str]
    process: psutil.Process | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    def make(cls, wire: WireDiscord, site: ImageSearch, folder: Path) -> "Bot":
        """A bot that may reach the site. `folder` has room for its data and its temporary files."""
        for name in ("data", "tmp"):
            (folder / name).mkdir(mode=0o700)
        settings = {
            "TMPDIR": str(folder / "tmp"),
            "NUGU_WORKERS": str(_WORKERS),
            "NUGU_RETRAIN_AFTER": "12",
            "NUGU_QUOTA_TRAININGS": "1000",
            "NUGU_CLIPS_OF_SERVER": "1000",
            "NUGU_CLIPS_OF_PERSON": "1000",
            "NUGU_LONGEST_WAIT": "600",
            "NUGU_LINK_SITES": "generic",
            "NUGU_ALLOWED_ADDRESSES": f"127.0.0.1:{site.port}",
            **toy.environment(),
        }
        return cls(wire, folder, settings)

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def temporary(self) -> Path:
        """The folder for its temporary files."""
        return self.folder / "tmp"

    async def start(self, **settings: str) -> psutil.Process:
        """Start it, and wait until it is ready."""
        running = running_bot(self.wire, self.data, ["run"], settings={**self.settings, **settings}, may_be_killed=True)
        self.process = await self._stack.enter_async_context(running)
        return self.process

    async def kill(self, *, at_request: bool) -> list[psutil.Process]:
        """Kill it, and wait until it is gone; returns the processes that it had started.

        `at_request`: as soon as Discord has carried out its next request, whose answer it never reads.
        """
        process, begun = self.process, list[psutil.Process]()
        assert process is not None
        killed = asyncio.Event()

        def end(received: ReceivedRequest) -> None:
            if received.status and not killed.is_set():
                begun.extend(descendants(process))
                kill(process)
                killed.set()

        if at_request:
            self.wire.watch(end)
            with suppress(TimeoutError):
                await asyncio.wait_for(killed.wait(), _REQUEST_SECONDS)
            self.wire.watch(None)
        if not killed.is_set():
            begun.extend(descendants(process))
            kill(process)
        await self._stack.aclose()
        return begun

    async def stop(self) -> None:
        """Ask it to stop, and wait until it is gone."""
        await self._stack.aclose()

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        """Begin `nugu ARGUMENTS` on its data folder."""
        environment = {**os.environ, **self.settings, "NUGU_DATA": str(self.data), "NUGU_WORKERS": "1"}
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments),
            cwd=self.folder,
            env=environment,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
        )


@dataclass
class Scheduler:
    """A scheduler on a port of loopback, with workers."""

    bot: Bot
    port: int
    process: psutil.Process | None = None
    _started: list[asyncio.subprocess.Process] = field(default_factory=list[asyncio.subprocess.Process])

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a bot that uses it."""
        return {"NUGU_SCHEDULER": self._address, "NUGU_SCHEDULER_PRIVATE_NETWORK": "true"}

    @property
    def _address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and its workers."""
        port = ("--host", "127.0.0.1", "--port", str(self.port))
        process = await self._begin("distributed.cli.dask_scheduler", *port, "--dashboard-address", "127.0.0.1:0")
        self.process = psutil.Process(process.pid)
        workers = ("--nworkers", str(_WORKERS), "--nthreads", "1", "--no-dashboard")
        await self._begin("distributed.cli.dask_worker", self._address, *workers)

    async def stop(self) -> None:
        """End it and its workers."""
        for process in self._started:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                await asyncio.wait_for(process.wait(), 10.0)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._started.clear()

    async def _begin(self, module: str, *arguments: str) -> asyncio.subprocess.Process:
        silent = asyncio.subprocess.DEVNULL
        # Its own temporary files are not those of the bot.
        folder = self.bot.folder / "dask"
        folder.mkdir(exist_ok=True)
        environment = {**os.environ, **toy.environment(), "TMPDIR": str(folder)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments), cwd=ROOT, env=environment, stdout=silent, stderr=silent
        )
        self._started.append(process)
        return process


@asynccontextmanager
async def separate_scheduler(bot: Bot) -> AsyncGenerator[Scheduler]:
    """A scheduler that runs apart from the bot, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    scheduler = Scheduler(bot, port)
    await scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()
