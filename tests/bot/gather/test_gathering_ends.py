"""The end of a run: its time limit, slow searches, and callers that stop early."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.gathering import GatherCounts, RefusalReason, SourceFailure
from bot.gather.candidates import CandidatePhoto, candidates
from bot.gather.sources import load
from tests.bot.gather.test_candidates import QUERIES, gathered
from tests.conftest import LONG_ENOUGH
from tests.support.image_search import FakeResolver, ImageSearch


async def test_a_run_ends_at_its_time_limit(search: ImageSearch) -> None:
    requested = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        requested.set()
        await asyncio.sleep(2 * LONG_ENOUGH)
        return web.Response()

    search.name("commons", search.put("/face.jpg", b"face"))
    search.name("commons", search.serve("/never.jpg", never))
    async with asyncio.timeout(LONG_ENOUGH):
        settings = search.settings(gather_seconds=2.0, gather_sources=f"commons={search.base}/w/api.php")
        brought, tally = await gathered(settings)
    assert requested.is_set()
    assert [candidate.data for candidate in brought] == [b"face"]
    assert tally.out_of_time


async def test_a_slow_search_fails_within_its_own_limit(search: ImageSearch) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2 * LONG_ENOUGH)
        return web.Response()

    search.serve("/w/api.php", never)
    search.name("web", search.put("/face.jpg", b"face"))
    async with asyncio.timeout(LONG_ENOUGH):
        assert (await gathered(search.settings(gather_seconds=0.2)))[1].out_of_time
        # A slow answer fails well before the end of the run.
        sources = f"commons=http://localhost:{search.port}/w/api.php,web={search.base}/images/async"
        settings = search.settings(gather_file_seconds=1.0, gather_sources=sources)
        brought, tally = await gathered(settings, resolver=FakeResolver(localhost=["127.0.0.1"]))
    assert [candidate.data for candidate in brought] == [b"face"]
    assert tally.failed == {"commons": SourceFailure(RefusalReason.SLOW)}


@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_a_stopped_run_leaves_no_fetches(search: ImageSearch, tmp_path: Path, how: str) -> None:
    requested, arrived, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        requested.set()
        try:
            response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
            await response.prepare(request)
            while True:
                await response.write(b"x" * 1000)
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    search.name("commons", search.put("/face.jpg", b"face"))
    search.name("commons", search.serve("/never.jpg", never))
    settings, received = search.settings(), list[CandidatePhoto]()

    async def gather() -> None:
        async with aclosing(
            candidates(
                settings, asyncio.to_thread, load(settings.gather_sources), QUERIES, 50, GatherCounts(), tmp_path
            )
        ) as run:
            async for candidate in run:
                received.append(candidate)
                arrived.set()
                await requested.wait()
                if how == "closed":
                    return

    before = asyncio.all_tasks()
    async with asyncio.timeout(LONG_ENOUGH):
        task = asyncio.create_task(gather())
        await requested.wait()
        await arrived.wait()
        if how == "cancelled":
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ended.wait()
    assert task.cancelled() is (how == "cancelled")
    assert [candidate.path for candidate in received] == list(tmp_path.iterdir())
    assert not {task for task in asyncio.all_tasks() - before if "picture" in repr(task)}
