"""Candidate photos of a person: search the sources, fetch their results, and count the failures."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, product, zip_longest
from typing import TYPE_CHECKING

from bot.domain.gathering import RefusalReason, SourceFailure
from bot.gather.fetch import polite_client
from bot.gather.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from aiohttp.abc import AbstractResolver

    from bot.domain.gathering import GatherCounts
    from bot.gather.fetch import PoliteClient
    from bot.gather.sources import SearchResult, Source
    from bot.settings import Settings

    NamedResult = tuple[str, SearchResult]
    """A link, and the name of the source that named it."""

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Files on their way; as many are held in memory, each of `settings.picture_bytes` at most."""

MOST_QUERIES = 4


@dataclass(frozen=True, slots=True)
class CandidatePhoto:
    """A file that a source gives as a photo of a person. `data`: untrusted, not decoded. `source`: the name of its source.

    `url`, `page`, `title` and `licence` are as in `bot.gather.sources.SearchResult`.
    """

    data: bytes
    url: str
    page: str
    source: str
    title: str
    licence: str | None


def queries(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """What to search for: `GROUP NAME` in up to four spellings, those that come first in both first.

    A group and a name of one script go before such as no page writes side by side: `트와이스 쯔위` before `TWICE 쯔위`.
    """
    pairs = sorted(product(enumerate(groups), enumerate(names)), key=lambda pair: _oddness(*pair))
    return list(dict.fromkeys(f"{group} {name}" for (_, group), (_, name) in pairs))[:MOST_QUERIES]


def _oddness(group: tuple[int, str], name: tuple[int, str]) -> tuple[bool, int]:
    return group[1].isascii() != name[1].isascii(), group[0] + name[0]


async def candidates(
    settings: Settings,
    sources: Sequence[Source],
    queries: Sequence[str],
    limit: int,
    tally: GatherCounts,
    resolver: AbstractResolver | None = None,
) -> AsyncGenerator[CandidatePhoto]:
    """Up to `limit` photos (and `settings.gather_files`), from all sources in turn; `tally` says how it went.

    The same link, and the same bytes, come once. A bad link or a source that fails is counted, and the rest goes on.
    A caller that stops early closes the generator (`contextlib.aclosing`), which ends its fetches. `resolver`: instead of the
    system's.

    Raises NoContactError where `settings.gather_contact` is empty.
    """
    deadline = asyncio.get_running_loop().time() + settings.gather_seconds
    limit = min(limit, settings.gather_files)
    seen: set[bytes] = set()
    under_way: deque[tuple[str, SearchResult, asyncio.Task[bytes]]] = deque()
    async with polite_client(settings, resolver) as client:
        try:
            async with asyncio.timeout_at(deadline):
                links = iter(await _links(client, sources, queries, limit, tally))
            while limit > 0:
                while len(under_way) < min(AT_ONCE, limit) and (named := next(links, None)):
                    under_way.append((*named, asyncio.create_task(client.picture(named[1].url))))
                if not under_way:
                    return
                source, link, task = under_way.popleft()
                async with asyncio.timeout_at(deadline):
                    data = await _new(task, link, seen, tally)
                if data is not None:
                    limit -= 1
                    tally.brought[source] += 1
                    yield CandidatePhoto(data, link.url, link.page, source, link.title, link.licence)
        except TimeoutError:
            tally.out_of_time = True
        finally:
            for _, _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, _, task in under_way), return_exceptions=True)


async def _new(task: asyncio.Task[bytes], link: SearchResult, seen: set[bytes], tally: GatherCounts) -> bytes | None:
    """The file that `task` fetches, if it comes and is not in `seen`; else None, and it is counted why."""
    try:
        data = await task
    except RefusedError as error:
        log.debug("%s: %s", link.url, error)
        tally.refused[error.reason] += 1
        return None
    except Exception:  # whatever a library makes of one stranger's answer, the others are fetched
        log.exception("%s broke the client", link.url)
        tally.refused[RefusalReason.BROKEN] += 1
        return None
    key = sha256(data).digest()
    if key in seen:
        tally.refused[RefusalReason.SAME] += 1
        return None
    seen.add(key)
    return data


async def _links(
    client: PoliteClient, sources: Sequence[Source], queries: Sequence[str], limit: int, tally: GatherCounts
) -> list[NamedResult]:
    """What the sources name, one of each in turn."""
    return _in_turn(await asyncio.gather(*(_search(client, source, queries, limit, tally) for source in sources)))


async def _search(
    client: PoliteClient, source: Source, queries: Sequence[str], limit: int, tally: GatherCounts
) -> list[NamedResult]:
    """What one source names for all queries, one of each in turn; up to `limit`. Where it fails, what it named until then."""
    answers: list[list[NamedResult]] = []
    try:
        for query in queries:
            answers.append([])
            async with aclosing(source.search(client, query, limit)) as results:
                async for link in results:
                    answers[-1].append((source.name, link))
                    if len(answers[-1]) >= limit:
                        break
    except RefusedError as error:
        tally.failed[source.name] = SourceFailure(error.reason, error.detail)
    except Exception:  # the other sources are asked all the same
        log.exception("the source %s failed", source.name)
        tally.failed[source.name] = SourceFailure(RefusalReason.UNREADABLE)
    links = _in_turn(answers)[:limit]
    tally.found[source.name] += len(links)
    return links


def _in_turn(rows: Sequence[Sequence[NamedResult]]) -> list[NamedResult]:
    """The first of each row, then the second of each, and so on; every link where it comes first."""
    links: dict[str, NamedResult] = {}
    for named in chain.from_iterable(zip_longest(*rows)):
        if named:
            links.setdefault(named[1].url, named)
    return list(links.values())
