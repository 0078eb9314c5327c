"""A witness of the event loop: the callbacks that keep it from other work for long, by the CPU time of its thread.

It is what `loop.slow_callback_duration` tells in debug mode, but in CPU time: on a busy machine a callback waits for a
core, and wall time would blame it for that. The collection of garbage doesn't count: here it walks all that pytest holds.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from tests.conftest import ROOT

NOT_OURS = (str(ROOT / "tests"), "pytest_asyncio", "simcord")
"""Parts of the paths of coroutines that are not the bot's: a test's own steps, and those of the simulated Discord."""


LONGEST_PAUSE = 0.5
"""Seconds of CPU time for which a callback may keep the loop. Most take less than a hundredth. A request to the simulated
Discord is answered within the callback that sends it, and its first one of a kind took 0.18. The readers of strangers' text
have a bound of their own (tests/bot/test_worst_texts.py).
"""


@dataclass
class Pauses:
    """The pauses of a loop so far. `longest`: in seconds of CPU time. `slow`: a line for each longer one than allowed."""

    longest: float = 0.0
    slow: list[str] = field(default_factory=list[str])


@contextmanager
def pauses(most: float) -> Generator[Pauses]:
    """Measure every callback of the bot on the loops of this thread until the end of the block.

    `most`: seconds of CPU time.
    """
    found = Pauses()
    run = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage]
    thread = threading.get_ident()
    collecting = [0.0]

    def collected(phase: str, _: dict[str, int]) -> None:
        if threading.get_ident() == thread:
            collecting[0] += time.thread_time() * (1 if phase == "stop" else -1)

    def measured(handle: Any) -> None:
        runs = _runs(handle)
        before, began = collecting[0], time.thread_time()
        run(handle)
        took = time.thread_time() - began - (collecting[0] - before)
        if threading.get_ident() != thread or _is_a_tests(runs):
            return
        found.longest = max(found.longest, took)
        if took > most:
            name = runs.__qualname__ if hasattr(runs, "__qualname__") else type(runs).__name__
            found.slow.append(f"{name} kept the event loop for {1000 * took:.0f} ms")

    gc.callbacks.append(collected)
    with patch.object(asyncio.Handle, "_run", measured):
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
