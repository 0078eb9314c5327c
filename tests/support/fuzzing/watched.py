"""A bot that is fed with inputs: its workers and its log are watched, and each input ends with a result or a sentence."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import traceback
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import App
from bot.commands.messages import render_for_terminal
from bot.commands.terminal import printable
from bot.domain.files import SubmittedFile
from bot.errors import KilledWorkersError, NoWorkersError, PersonError, TooSlowError
from bot.infra.compute import Compute
from bot.usecases.roster import enrolment
from cogs.common.errors import sentence_for
from tests.support.portraits import public_portraits, small_photo

SERVER = 1
"""The server whose roster has the sample's face."""

LONGEST_SENTENCE = 2000
LOGGERS = ("bot", "cogs", "discord")
LEAKS = re.compile(r"Traceback|Something broke on my side|<[a-z_.]+ object at|0x[0-9a-f]{6,}|/tmp/|site-packages")
"""What no sentence for a person holds."""


class HarmError(AssertionError):
    """An input that the bot doesn't bear. `key`: equal for inputs with the same fault."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(f"{key}\n{detail}" if detail else key)
        self.key = key


def examine_worker() -> tuple[int, int]:
    """The id of this worker, and its peak memory in bytes since the last call."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # begins a new peak (proc(5))
    return os.getpid(), int(found[1]) << 10 if found else 0


def examine_workers(compute: Compute) -> dict[int, int]:
    """The peak memory of each worker since the last call, by its id. Blocks."""
    client = compute.start().result()
    return dict(Context().run(client.run, examine_worker).values())


@dataclass
class FedBot:
    """An app whose workers and log are watched. `max_memory`: bytes of a worker. `deadline`: seconds of an input.

    `workers`: the peak memory of each worker during the last input, by its id. `highest`: the peak of all inputs.
    """

    app: App
    folder: Path
    max_memory: int
    deadline: float
    log: list[logging.LogRecord]
    workers: dict[int, int] = field(default_factory=dict[int, int])
    highest: int = 0

    async def take(self, feeding: Awaitable[None]) -> str:
        """Bear one input: `answered`, or `refused` with a sentence. Raises HarmError where it does harm."""
        self.log.clear()
        end = "answered"
        try:
            async with asyncio.timeout(self.deadline):
                await feeding
        except HarmError:
            raise
        except PersonError as error:
            _judge(error)
            end = "refused"
        except TimeoutError:
            raise HarmError(f"no answer within {self.deadline:.0f} s") from None
        except Exception as error:
            raise HarmError(_place_of(error), "".join(traceback.format_exception(error))) from error
        await self._judge_workers()
        self._judge_log()
        return end

    async def _judge_workers(self) -> None:
        before, self.workers = self.workers, await asyncio.to_thread(examine_workers, self.app.compute)
        if before.keys() - self.workers.keys():
            raise HarmError("a worker died")
        peak = max(self.workers.values())
        self.highest = max(self.highest, peak)
        if peak > self.max_memory:
            raise HarmError("a worker took too much memory", f"{peak >> 20} MiB")

    def _judge_log(self) -> None:
        for record in self.log:
            error = record.exc_info[1] if record.exc_info else None
            key = _place_of(error) if error is not None else record.msg
            detail = "".join(traceback.format_exception(error)) if error is not None else ""
            raise HarmError(f"logged: {key}", f"{record.getMessage()}\n{detail}")


def _judge(error: PersonError) -> None:
    """Raise HarmError for an error that says that a worker was lost, or whose sentence isn't one."""
    if isinstance(error, TooSlowError | KilledWorkersError | NoWorkersError):
        raise HarmError(type(error).__name__, str(error)) from error
    for sentence in (sentence_for(error), printable(render_for_terminal(error))):
        if not sentence.strip() or len(sentence) > LONGEST_SENTENCE or LEAKS.search(sentence):
            raise HarmError("no sentence for a person", sentence[:500]) from error


def _place_of(error: BaseException) -> str:
    """The kind of an error, and the function of the project that raised it or called what did."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{where}"


def _is_ours(file: str) -> bool:
    return "site-packages" not in file and any(f"/{layer}/" in file for layer in ("bot", "cogs", "models"))


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.ERROR)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@asynccontextmanager
async def fed_bot(
    app: App, folder: Path, *, max_memory: int | None = None, deadline: float = 60.0
) -> AsyncGenerator[FedBot]:
    """A bot that knows one face. `folder`: for files of the inputs. `max_memory`: `NUGU_WORKER_MEMORY` otherwise."""
    records: list[logging.LogRecord] = []
    handler = _Collector(records)
    for layer in LOGGERS:
        logging.getLogger(layer).addHandler(handler)
    try:
        photo = SubmittedFile("obama.jpg", small_photo(public_portraits() / "obama.jpg"))
        await enrolment.add_member(app, SERVER, "Presidents", "Obama", [photo], by=1, make_group=True)
        memory = app.settings.worker_memory if max_memory is None else max_memory
        bot = FedBot(app, folder, memory, deadline, records)
        bot.workers = await asyncio.to_thread(examine_workers, app.compute)
        yield bot
    finally:
        for layer in LOGGERS:
            logging.getLogger(layer).removeHandler(handler)
