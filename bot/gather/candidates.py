"""Candidate photos of a person: searches in all sources, fetches of the results, and counts of the failures."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from itertools import chain, count, product, zip_longest
from typing import TYPE_CHECKING

from bot.domain.gathering import RefusalReason, SourceFailure
from bot.errors import KilledWorkersError, NoWorkersError, StorageError, TooSlowError
from bot.gather.client.fetch import polite_client
from bot.gather.client.reading import UnreadableAnswerError
from bot.gather.client.refusals import FetchRefusedError
from bot.infra.incoming import sha256_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from aiohttp.abc import AbstractResolver

    from bot.domain.gathering import GatherCounts
    from bot.gather.client.fetch import PoliteClient
    from bot.gather.client.reading import RunInWorker
    from bot.gather.sources import SearchResult, Source
    from bot.settings import Settings

    NamedResult = tuple[str, SearchResult]
    """The name of a source, and one of its results."""

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Files that are fetched at once, or wait for the caller, each of `settings.picture_bytes` at most."""

MAX_QUERIES = 4
"""Queries of a person in each source."""


@dataclass(frozen=True, slots=True)
class CandidatePhoto:
    """A file that a source returns for a person. `path`: untrusted, not decoded. `source`: the name of the source.

    `url`, `page`, `title` and `licence` are as in `bot.gather.sources.SearchResult`.
    """

    path: Path
    url: str
    page: str
    source: str
    title: str
    licence: str | None


def queries(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """The queries `GROUP NAME`, `MAX_QUERIES` at most, those with the first spellings of both first.

    Pairs of one script come before mixed pairs, which few pages contain: `트와이스 쯔위` before `TWICE 쯔위`.
    """
    pairs = sorted(product(enumerate(groups), enumerate(names)), key=lambda pair: _rank(*pair))
    return list(dict.fromkeys(f"{group} {name}" for (_, group), (_, name) in pairs))[:MAX_QUERIES]


def _rank(group: tuple[int, str], name: tuple[int, str]) -> tuple[bool, int]:
    """Whether the scripts differ, and the sum of the places. `group`, `name`: place and spelling."""
    return group[1].isascii() != name[1].isascii(), group[0] + name[0]


async def candidates(
    settings: Settings,
    in_worker: RunInWorker,
    sources: Sequence[Source],
    queries: Sequence[str],
    limit: int,
    tally: GatherCounts,
    folder: Path,
    resolver: AbstractResolver | None = None,
) -> AsyncGenerator[CandidatePhoto]:
    """Up to `limit` photos, and `settings.gather_files`, from all sources in turn. It counts everything in `tally`.

    No link and no file comes twice. A bad link or a failed source is counted, and the others go on. A caller that stops early
    closes the generator (`contextlib.aclosing`), which ends the fetches. `in_worker`: runs the functions that read answers.
    `folder`: an empty one for the files, `AT_ONCE` at most beside those of the caller, who deletes each when done with it, and
    the folder at the end. `resolver`: in place of the system's.

    Raises NoContactError where `settings.gather_contact` is empty, NoWorkersError, and StorageError for a fault of the disk.
    """
    deadline = asyncio.get_running_loop().time() + settings.gather_seconds
    limit = min(limit, settings.gather_files)
    seen: set[str] = set()
    numbers = count()
    fetching: deque[tuple[str, SearchResult, Path, asyncio.Task[None]]] = deque()
    async with polite_client(settings, in_worker, resolver) as client:
        try:
            async with asyncio.timeout_at(deadline):
                links = iter(await _links(client, sources, queries, limit, tally))
            while limit > 0:
                while len(fetching) < min(AT_ONCE, limit) and (named := next(links, None)):
                    path = folder / str(next(numbers))
                    fetching.append((*named, path, asyncio.create_task(client.fetch_picture(named[1].url, path))))
                if not fetching:
                    return
                source, link, path, task = fetching.popleft()
                async with asyncio.timeout_at(deadline):
                    is_new = await _is_new(task, link, path, seen, tally)
                if is_new:
                    limit -= 1
                    tally.brought[source] += 1
                    yield CandidatePhoto(path, link.url, link.page, source, link.title, link.licence)
        except TimeoutError:
            tally.out_of_time = True
        finally:
            for *_, task in fetching:
                task.cancel()
            await asyncio.gather(*(task for *_, task in fetching), return_exceptions=True)


async def _is_new(
    task: asyncio.Task[None], link: SearchResult, path: Path, seen: set[str], tally: GatherCounts
) -> bool:
    """Whether `task` brings a file, at `path`, whose hash isn't in `seen`. Else the reason is counted, and no file is left."""
    try:
        await task
        key = await asyncio.to_thread(sha256_of, path)
    except FetchRefusedError as error:
        log.debug("%s: %s", link.url, error)
        tally.refused[error.reason] += 1
        return False
    except StorageError:
        raise
    except Exception:  # a library may raise anything for one file; the others go on
        log.exception("%s broke the client", link.url)
        tally.refused[RefusalReason.BROKEN] += 1
        path.unlink(missing_ok=True)
        return False
    if key in seen:
        tally.refused[RefusalReason.SAME] += 1
        path.unlink()
        return False
    seen.add(key)
    return True


async def _links(
    client: PoliteClient, sources: Sequence[Source], queries: Sequence[str], limit: int, tally: GatherCounts
) -> list[NamedResult]:
    """The results of all sources, one of each in turn."""
    return _round_robin(await asyncio.gather(*(_search(client, source, queries, limit, tally) for source in sources)))


async def _search(
    client: PoliteClient, source: Source, queries: Sequence[str], limit: int, tally: GatherCounts
) -> list[NamedResult]:
    """Up to `limit` results of one source, one of each query in turn. After a failure, those until then."""
    answers: list[list[NamedResult]] = []
    try:
        for query in queries:
            answers.append([])
            async with aclosing(source.search(client, query, limit)) as results:
                async for link in results:
                    answers[-1].append((source.name, link))
                    if len(answers[-1]) >= limit:
                        break
    except UnreadableAnswerError as error:
        log.warning("an answer of the source %s can't be read: %s", source.name, error.cause)
        tally.failed[source.name] = SourceFailure(error.reason)
    except FetchRefusedError as error:
        tally.failed[source.name] = SourceFailure(error.reason, error.detail)
    except (TooSlowError, KilledWorkersError) as error:
        log.warning("an answer of the source %s can't be read: %s", source.name, error)
        tally.failed[source.name] = SourceFailure(RefusalReason.UNREADABLE)
    except NoWorkersError:
        raise
    except Exception:  # the other sources go on
        log.exception("the source %s failed", source.name)
        tally.failed[source.name] = SourceFailure(RefusalReason.UNREADABLE)
    links = _round_robin(answers)[:limit]
    tally.found[source.name] += len(links)
    return links


def _round_robin(rows: Sequence[Sequence[NamedResult]]) -> list[NamedResult]:
    """The first of each row, then the second of each, and so on, each link once."""
    links: dict[str, NamedResult] = {}
    for named in chain.from_iterable(zip_longest(*rows)):
        if named:
            links.setdefault(named[1].url, named)
    return list(links.values())
