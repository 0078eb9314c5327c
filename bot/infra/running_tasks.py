"""The running tasks that work for people. When the bot stops, each is finished, or its person gets an explanation."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

log = logging.getLogger(__name__)

FINISH_SECONDS = 6.0
"""Seconds in which work ends by itself. Most answers take two. systemd waits 90 s before it kills, Docker 10 s."""

EXPLAIN_SECONDS = 2.0
"""Seconds for the end of cancelled work, and at least as many for the sentences to its people: ten seconds in all."""


@dataclass(slots=True)
class _Work:
    """The work of a task. `explain`: tells its person that it was given up; None where nobody is to be told."""

    explain: Callable[[], Coroutine[Any, Any, None]] | None = None


class RunningTasks:
    """The tasks that work for people. `stopping`: the bot takes no new work."""

    def __init__(self) -> None:
        self.stopping = False
        self._work: dict[asyncio.Task[Any], _Work] = {}

    def add(self, explain: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Count the current task until it ends. `explain`: tells its person that it was given up; it never raises."""
        task = asyncio.current_task()
        assert task is not None
        if task not in self._work:
            self._work[task] = _Work()
            task.add_done_callback(self._work.pop)
        self._work[task].explain = explain

    async def post(self, posting: Coroutine[Any, Any, T]) -> T:
        """Post the answer of the current task by `posting`, whose result is returned.

        A stop doesn't cut the posting short. Once the answer is posted, a stop explains nothing to its person.
        """
        task = asyncio.current_task()
        assert task is not None
        posted = asyncio.create_task(posting)
        try:
            return await asyncio.shield(posted)
        finally:
            await asyncio.wait([posted])
            if task in self._work and not posted.cancelled() and posted.exception() is None:
                self._work[task].explain = None

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
        told = [asyncio.create_task(work.explain()) for work in given_up.values() if work.explain is not None]
        told.append(asyncio.create_task(last()))
        await asyncio.wait(told, timeout=until + 2 * EXPLAIN_SECONDS - loop.time())
