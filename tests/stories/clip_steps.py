"""Steps and look-ups of the stories about clips."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import buttons, texts

CLIP = "white-house-0m00.mp4"


class WorkHold:
    """Delays the work on clips until `released` is set."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self.began = 0
        self.released = asyncio.Event()

    async def make(self, *args: Any) -> Any:
        self.began += 1
        released = self.released
        await released.wait()
        return await self._make(*args)


class SizeRefusals:
    """A Discord that refuses a number of clips for their size."""

    def __init__(self) -> None:
        self.times = 0
        self.sizes: list[int] = []


async def until(found: Callable[[], Any], what: str) -> Any:
    """The first value of `found` that is not None."""
    ends = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < ends:
        if (it := found()) not in (None, False):
            return it
        await asyncio.sleep(0.02)
    raise TimeoutError(f"waited {LONG_ENOUGH} s for {what}")


def clips_in(stage: Stage) -> list[Any]:
    """The bot's messages with a clip, the oldest first."""
    return [m for m in stage.channel.history() if m.author.bot and any(f.filename == CLIP for f in m.attachments)]


async def clip_in(stage: Stage) -> Any:
    return (await until(lambda: clips_in(stage) or None, "a clip"))[0]


async def message_with(stage: Stage, sentence: str) -> Any:
    """The first message with the sentence."""
    return await until(lambda: next((m for m in stage.channel.history() if sentence in texts(m)), None), sentence)


def final_message(message: Any, text: str) -> Any:
    """The message if it has this text and no buttons, else None."""
    return message if text in texts(message) and not buttons(message) else None


def with_cancel(stage: Stage) -> Any:
    """The progress card with its button, else None."""
    return next((message for message in stage.channel.history() if buttons(message) == ["Cancel"]), None)


def all_bodies(stage: Stage) -> str:
    """The bodies of all requests of the bot."""
    return "\n".join(str(request.json) for request in stage.recorder.requests)
