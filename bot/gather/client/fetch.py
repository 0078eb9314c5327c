"""The polite client: it fetches public and permitted files, one at a time from each site, within limits of size and time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BytesIO
from typing import IO, TYPE_CHECKING, TypeVar

import aiohttp

from bot.domain.addresses import read_allowed
from bot.domain.gathering import RefusalReason
from bot.domain.messages import Code, Hint, Message
from bot.errors import PersonError, StorageError
from bot.gather.client.reading import read_answer
from bot.gather.client.refusals import FetchRefusedError
from bot.gather.client.robots import MAX_BYTES, ROBOT, RobotsRules, TooManyRulesError, read_robots
from bot.infra.checked_connector import RefusedAddressError, guarded_connector
from bot.infra.untrusted_links import resolve_link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from aiohttp.abc import AbstractResolver
    from yarl import URL

    from bot.gather.client.reading import RunInWorker
    from bot.settings import Settings

T = TypeVar("T")

MAX_REDIRECTS = 5
CHUNK = 1 << 16
SEARCH_BYTES = 4 << 20


class NoContactError(PersonError):
    """`gather_contact` is empty. A bot without a contact gathers nothing."""

    def __init__(self) -> None:
        super().__init__(
            "I can't gather photos yet: sites want to know whom to turn to.",
            setting=Code("NUGU_GATHER_CONTACT"),
            hint=Hint.GIVE_CONTACT,
        )


@dataclass(slots=True)
class _Host:
    """The state of one site during a run.

    `pause`: seconds after each request. `lock`: held during a request. `free_at`: the earliest time of the next request.
    `given_up`: the reason for no further requests, None where they go on.
    """

    pause: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    given_up: RefusalReason | None = None


@dataclass(slots=True)
class _Rules:
    """The robots.txt of one origin, or the error of reading it; None before that."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    outcome: RobotsRules | FetchRefusedError | None = None


@dataclass(frozen=True, slots=True)
class _Expectation:
    """The limits of an answer.

    `accept`: the header Accept. `max_bytes`: of the body. `image`: other content types are refused. `truncate`: a larger body
    is truncated in place of refused. `file`: takes the body; None: it is kept in memory.
    """

    accept: str
    max_bytes: int
    image: bool = False
    truncate: bool = False
    file: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer of one hop. `size`: of the body, with status 200 alone. `data`: the body, unless a file took it.

    `redirect`: the target of a redirect.
    """

    status: int
    size: int = 0
    data: bytes = b""
    redirect: URL | None = None


@asynccontextmanager
async def polite_client(
    settings: Settings, in_worker: RunInWorker, resolver: AbstractResolver | None = None
) -> AsyncGenerator[PoliteClient]:
    """A client for one run. It forgets its knowledge of sites, such as their robots.txt, at the end.

    `in_worker`: runs the functions that read answers.

    Raises NoContactError where `settings` name no contact.
    """
    if not settings.gather_contact:
        raise NoContactError
    async with aiohttp.ClientSession(
        connector=guarded_connector(read_allowed(settings.allowed_addresses), resolver),
        headers={"User-Agent": f"{ROBOT}/{version('nugu')} (Discord bot; {settings.gather_contact})"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # `PoliteClient` limits the time of each hop
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield PoliteClient(session, settings, in_worker)


class PoliteClient:
    """Fetches for one run. Made by `polite_client`."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings, in_worker: RunInWorker) -> None:
        self._session = session
        self._settings = settings
        self._in_worker = in_worker
        self._hosts: dict[str, _Host] = {}
        self._rules: dict[URL, _Rules] = {}

    async def fetch_picture(self, link: str, path: Path) -> None:
        """Write the file at `link` to `path`, where robots.txt permits it and its content type is a picture. It isn't decoded.

        Raises FetchRefusedError for every obstacle, and StorageError where the disk takes nothing. No file is left then.
        """
        try:
            with path.open("xb") as file:
                expected = _Expectation("image/*", self._settings.picture_bytes, image=True, file=file)
                _check(await self._follow(_web_link(link), expected, robots=True))
        except BaseException as error:
            path.unlink(missing_ok=True)
            if (fault := StorageError.from_error(error, str(path))) is not None:
                raise fault from error
            raise

    async def query(self, link: str, query: Mapping[str, str], read: Callable[[bytes], T]) -> T:
        """The result of `read` for a search's answer at `link`, 4 MiB at most.

        `read`: a function of a module, which a worker runs. robots.txt isn't read, because nugu's owner chooses the address.
        Raises FetchRefusedError for every obstacle, UnreadableAnswerError for an answer that `read` raises an error for, and
        PersonError where the worker takes too long or dies.
        """
        answer = await self._follow(_web_link(link).update_query(query), _Expectation("*/*", SEARCH_BYTES))
        _check(answer)
        return await self._in_worker(read_answer, read, answer.data)

    async def _follow(self, url: URL, expected: _Expectation, *, robots: bool = False) -> _Answer:
        """The answer at the end of the redirects. Each hop is checked as the first one is."""
        visited: set[URL] = set()
        while url not in visited and len(visited) <= MAX_REDIRECTS:
            visited.add(url)
            if robots and not await (await self._rules_of(url)).may_fetch(str(url)):
                raise FetchRefusedError(RefusalReason.ROBOTS)
            answer = await self._hop(url, expected)
            if answer.redirect is None:
                return answer
            url = answer.redirect
        raise FetchRefusedError(RefusalReason.REDIRECTS)

    async def _rules_of(self, url: URL) -> RobotsRules:
        """The robots.txt for `url`, read once a run. Raises FetchRefusedError where it can't be read."""
        rules = self._rules.setdefault(url.origin(), _Rules())
        async with rules.lock:
            if rules.outcome is None:
                try:
                    rules.outcome = await self._read_rules(url.origin())
                except FetchRefusedError as error:
                    rules.outcome = error
                else:
                    host = self._host(url)
                    host.pause = max(host.pause, rules.outcome.pause)
        if isinstance(rules.outcome, FetchRefusedError):
            raise rules.outcome
        return rules.outcome

    async def _read_rules(self, origin: URL) -> RobotsRules:
        # RFC 9309, 2.3.1: a missing robots.txt (4xx) permits everything, an unreachable one (5xx) forbids everything.
        answer = await self._follow(origin / "robots.txt", _Expectation("text/plain", MAX_BYTES, truncate=True))
        if answer.status == 200:
            try:
                return await read_robots(answer.data)
            except TooManyRulesError as error:
                raise FetchRefusedError(RefusalReason.ROBOTS, Message("more rules than I read")) from error
        if 400 <= answer.status < 500:
            return await read_robots(b"")
        raise FetchRefusedError(RefusalReason.ROBOTS_AWAY, Message("HTTP {status}", status=answer.status))

    def _host(self, url: URL) -> _Host:
        return self._hosts.setdefault((url.raw_host or "").rstrip("."), _Host(self._settings.gather_pause))

    async def _hop(self, url: URL, expected: _Expectation) -> _Answer:
        """One request, once the site is free. Raises FetchRefusedError."""
        host, now = self._host(url), asyncio.get_running_loop().time
        async with host.lock:
            if host.given_up:
                raise FetchRefusedError(host.given_up)
            await asyncio.sleep(host.free_at - now())
            try:
                async with asyncio.timeout(self._settings.gather_file_seconds):
                    answer = await self._request(url, expected)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                refused = _refused(error)
                if refused.reason in {RefusalReason.AWAY, RefusalReason.SLOW}:
                    host.given_up = refused.reason
                raise refused from error
            finally:
                host.free_at = now() + host.pause
            # A run is shorter than any Retry-After, so the site gets no further request.
            if answer.status in {429, 503}:
                host.given_up = RefusalReason.BUSY
                raise FetchRefusedError(RefusalReason.BUSY, Message("HTTP {status}", status=answer.status))
            return answer

    async def _request(self, url: URL, expected: _Expectation) -> _Answer:
        # No compression, because a few kilobytes of gzip can become gigabytes.
        headers = {"Accept": expected.accept, "Accept-Encoding": "identity"}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            location = response.headers.get("Location")
            if response.status in {301, 302, 303, 307, 308} and location:
                return _Answer(response.status, redirect=_web_link(location, url))
            if response.status != 200:
                return _Answer(response.status)
            return await _read(response, expected)


async def _read(response: aiohttp.ClientResponse, expected: _Expectation) -> _Answer:
    """The answer with its body. At most `expected.max_bytes` and a chunk are in memory; a chunk where a file takes the body."""
    if expected.image and not response.content_type.startswith("image/"):
        raise FetchRefusedError(RefusalReason.NOT_IMAGE, Message("{content_type}", content_type=response.content_type))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchRefusedError(RefusalReason.BROKEN, Message("packed, though I asked for it as it is"))
    if not expected.truncate and (response.content_length or 0) > expected.max_bytes:
        raise FetchRefusedError(RefusalReason.TOO_LARGE)
    size, memory = 0, BytesIO()
    async for chunk in response.content.iter_chunked(CHUNK):
        if size + len(chunk) > expected.max_bytes and not expected.truncate:
            raise FetchRefusedError(RefusalReason.TOO_LARGE)
        part = chunk[: expected.max_bytes - size]
        if expected.file is None:
            memory.write(part)
        else:
            await _write(expected.file, part)
        size += len(part)
        if len(part) < len(chunk):
            break
    return _Answer(200, size, memory.getvalue())


async def _write(file: IO[bytes], part: bytes) -> None:
    """Write a part of a body. Raises StorageError: the disk's error is none of the site."""
    try:
        await asyncio.to_thread(file.write, part)
    except OSError as error:
        if (fault := StorageError.from_error(error, str(file.name))) is None:
            raise
        raise fault from error


def _check(answer: _Answer) -> None:
    """Raise FetchRefusedError for a final answer without a body."""
    if answer.status != 200:
        raise FetchRefusedError(RefusalReason.STATUS, Message("HTTP {status}", status=answer.status))
    if not answer.size:
        raise FetchRefusedError(RefusalReason.BROKEN, Message("empty"))


def _web_link(link: str, page: URL | None = None) -> URL:
    """`link`, relative to `page`, as a URL. Raises FetchRefusedError for another scheme, a user or a password."""
    url = resolve_link(link, page)
    if url is None or url.scheme not in {"http", "https"} or not url.raw_host or url.raw_user or url.raw_password:
        raise FetchRefusedError(RefusalReason.LINK)
    return url.with_fragment(None)


def _refused(error: aiohttp.ClientError | OSError | ValueError) -> FetchRefusedError:
    """The error of a request as a refusal."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, RefusedAddressError):
        return FetchRefusedError(RefusalReason.ADDRESS)
    if isinstance(error, aiohttp.InvalidURL):
        return FetchRefusedError(RefusalReason.LINK)
    if isinstance(error, TimeoutError):
        return FetchRefusedError(RefusalReason.SLOW)
    if isinstance(error, aiohttp.ClientConnectorError):
        return FetchRefusedError(RefusalReason.AWAY)
    return FetchRefusedError(RefusalReason.BROKEN)
