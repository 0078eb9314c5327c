"""A witness of the event loop: the callbacks that keep it from other work for long, by the CPU time of its thread.

It is what `loop.slow_callback_duration` tells in debug mode, but in CPU time: on a busy machine a callback waits for a
core, and wall time would blame it for that. Three things don't count: the collection of garbage, which walks all objects of
pytest here; the answers of the simulated Discord, which it makes within the callback that asks; the judging of requests.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from simcord.http import router

from tests.conftest import ROOT
from tests.support.watch import RequestRecorder

P = ParamSpec("P")
T = TypeVar("T")

NOT_OURS = (str(ROOT / "tests"), "pytest_asyncio", "simcord", "aiohttp/web_protocol")
"""Parts of the paths of coroutines that are not the bot's: a test's own steps, those of the simulated Discord, and those of
HTTP servers, which only tests and the demo's page have.
"""


LONGEST_PAUSE = 0.1
"""Seconds of CPU time for which a callback may keep the loop. Most take less than a hundredth."""


@dataclass
class LoopPauses:
    """The pauses of a loop so far. `longest`: in seconds of CPU time. `slow`: a line for each longer one than allowed."""

    longest: float = 0.0
    slow: list[str] = field(default_factory=list[str])


@contextmanager
def pauses(most: float) -> Generator[LoopPauses]:
    """Measure every callback of the bot on the loops of this thread until the end of the block.

    `most`: seconds of CPU time.
    """
    found = LoopPauses()
    run = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage]
    thread = threading.get_ident()
    left_out = 0.0
    """Seconds of CPU time of this thread that don't count so far."""

    def collected(phase: str, _: dict[str, int]) -> None:
        nonlocal left_out
        if threading.get_ident() == thread:
            left_out += time.thread_time() * (1 if phase == "stop" else -1)

    def counted() -> float:
        return time.thread_time() - left_out

    def measured(handle: Any) -> None:
        runs = _runs(handle)
        began = counted()
        run(handle)
        took = counted() - began
        if threading.get_ident() != thread or _is_a_tests(runs):
            return
        found.longest = max(found.longest, took)
        if took > most:
            name = runs.__qualname__ if hasattr(runs, "__qualname__") else type(runs).__name__
            found.slow.append(f"{name} kept the event loop for {1000 * took:.0f} ms")

    def not_counted(function: Callable[P, T]) -> Callable[P, T]:
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            nonlocal left_out
            began = counted()
            try:
                return function(*args, **kwargs)
            finally:
                if threading.get_ident() == thread:
                    left_out += counted() - began

        return call

    gc.callbacks.append(collected)
    with (
        patch.object(asyncio.Handle, "_run", measured),
        patch.object(router, "dispatch", not_counted(router.dispatch)),
        patch.object(RequestRecorder, "judge", not_counted(RequestRecorder.judge)),
    ):
        try:
            yield found
        finally:
            gc.callbacks.remove(collected)


def _runs(handle: Any) -> Any:
    """The coroutine of the task that a handle goes on with, or the function that it calls."""
    task = getattr(handle._callback, "__self__", None)
    return task.get_coro() if isinstance(task, asyncio.Task) else handle._callback


def _is_a_tests(runs: Any) -> bool:
    """Whether a coroutine or function stands in a test, or in the simulated Discord."""
    code = getattr(runs, "cr_code", None) or getattr(runs, "__code__", None)
    return code is not None and any(part in code.co_filename for part in NOT_OURS)
