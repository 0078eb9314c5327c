"""The running tasks that work for people. When the bot stops, each is finished, or its person gets an explanation."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)

FINISH_SECONDS = 6.0
"""Seconds in which work ends by itself. Most answers take two. systemd waits 90 s before it kills, Docker 10 s."""

EXPLAIN_SECONDS = 2.0
"""Seconds for the end of cancelled work, and at least as many for the sentences to its people: ten seconds in all."""


class RunningTasks:
    """The tasks that work for people. `stopping`: the bot takes no new work."""

    def __init__(self) -> None:
        self.stopping = False
        self._work: dict[asyncio.Task[Any], Callable[[], Coroutine[Any, Any, None]] | None] = {}

    def add(self, explain: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Count the current task until it ends. `explain`: tells its person that it was given up; it never raises."""
        task = asyncio.current_task()
        assert task is not None
        if task not in self._work:
            task.add_done_callback(self._work.pop)
        self._work[task] = explain

    async def finish(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Take no new work, and wait until no task runs, ten seconds at most.

        Unfinished tasks are cancelled, and their people get an explanation. `last`: what is left to do when no task runs any
        more; it is done beside the explanations, and never raises.
        """
        self.stopping = True
        loop = asyncio.get_running_loop()
        until = loop.time() + FINISH_SECONDS
        while self._work and (left := until - loop.time()) > 0:
            await asyncio.wait(list(self._work), timeout=left)
        given_up = dict(self._work)
        if given_up:
            log.warning("not done in time: %d; those who asked are told to ask again", len(given_up))
            for task in given_up:
                task.cancel()
            await asyncio.wait(given_up, timeout=EXPLAIN_SECONDS)
        told = [asyncio.create_task(explain()) for explain in given_up.values() if explain is not None]
        told.append(asyncio.create_task(last()))
        await asyncio.wait(told, timeout=until + 2 * EXPLAIN_SECONDS - loop.time())
