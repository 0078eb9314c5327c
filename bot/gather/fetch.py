"""The polite client: what it fetches is public, permitted, in turn, and no larger or slower than agreed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

import aiohttp
from protego import Protego
from yarl import URL

from bot.domain.addresses import read_allowed
from bot.domain.gathering import RefusalReason
from bot.domain.messages import Code, Hint, Message
from bot.errors import PersonError
from bot.gather.refusals import RefusedError
from bot.infra.addresses import RefusedAddressError, guarded_connector

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from aiohttp.abc import AbstractResolver

    from bot.settings import Settings

ROBOT = "nugu"
"""The product token that a robots.txt may name."""

MOST_REDIRECTS = 5
CHUNK = 1 << 16
SEARCH_BYTES = 4 << 20
ROBOTS_BYTES = 512 << 10
"""RFC 9309, 2.5: at least 500 KiB of a robots.txt are read; what comes after is not."""


class NoContactError(PersonError):
    """Nothing is gathered by a bot that doesn't say whom to turn to."""

    def __init__(self) -> None:
        super().__init__(
            "I can't gather photos yet: sites want to know whom to turn to.",
            setting=Code("NUGU_GATHER_CONTACT"),
            hint=Hint.GIVE_CONTACT,
        )


@dataclass(slots=True)
class _Host:
    """How one site is treated during a run: one request at a time, a pause after each, and none once it is given up."""

    pause: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    given_up: RefusalReason | None = None


@dataclass(slots=True)
class _Rules:
    """The robots.txt of one origin, or why there is none."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    known: Protego | RefusedError | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an answer may be. `cut`: what is too large is cut off instead of refused."""

    accept: str
    most: int
    image: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """A hop's answer. `data` is there with status 200 alone; `leads_to` with a redirect."""

    status: int
    data: bytes = b""
    leads_to: URL | None = None


@asynccontextmanager
async def polite_client(settings: Settings, resolver: AbstractResolver | None = None) -> AsyncGenerator[PoliteClient]:
    """A client for one run: what it learns of sites (their robots.txt, that they want a rest) lasts as long.

    Raises NoContactError where `settings` name no contact.
    """
    if not settings.gather_contact:
        raise NoContactError
    async with aiohttp.ClientSession(
        connector=guarded_connector(read_allowed(settings.allowed_addresses), resolver),
        headers={"User-Agent": f"{ROBOT}/{version('nugu')} (Discord bot; {settings.gather_contact})"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # `PoliteClient` keeps the time, a hop at a time
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield PoliteClient(session, settings)


class PoliteClient:
    """Fetches for one run. Made by `polite_client`."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._hosts: dict[str, _Host] = {}
        self._rules: dict[URL, _Rules] = {}

    async def picture(self, link: str) -> bytes:
        """The file at `link`, where robots.txt permits it and the answer claims to be a picture. Not decoded here.

        Raises RefusedError for everything that stands in the way.
        """
        wanted = _Wanted("image/*", self._settings.picture_bytes, image=True)
        return _given(await self._follow(_web_link(link), wanted, robots=True))

    async def ask(self, link: str, query: Mapping[str, str]) -> bytes:
        """The answer of a search at `link`, which its owner or ours named, so robots.txt isn't asked; 4 MiB at most.

        Raises RefusedError for everything that stands in the way.
        """
        return _given(await self._follow(_web_link(link).update_query(query), _Wanted("*/*", SEARCH_BYTES)))

    async def _follow(self, url: URL, wanted: _Wanted, *, robots: bool = False) -> _Answer:
        """The answer at the end of the redirects, every hop of which is checked as the first."""
        passed: set[URL] = set()
        while url not in passed and len(passed) <= MOST_REDIRECTS:
            passed.add(url)
            if robots and not (await self._rules_of(url)).can_fetch(str(url), ROBOT):
                raise RefusedError(RefusalReason.ROBOTS)
            answer = await self._hop(url, wanted)
            if answer.leads_to is None:
                return answer
            url = answer.leads_to
        raise RefusedError(RefusalReason.REDIRECTS)

    async def _rules_of(self, url: URL) -> Protego:
        """The robots.txt that holds for `url`; read once a run."""
        rules = self._rules.setdefault(url.origin(), _Rules())
        async with rules.turn:
            if rules.known is None:
                try:
                    rules.known = await self._read_rules(url.origin())
                except RefusedError as error:
                    rules.known = error
                else:
                    host = self._host(url)
                    host.pause = max(host.pause, rules.known.crawl_delay(ROBOT) or 0.0)
        if isinstance(rules.known, RefusedError):
            raise rules.known
        return rules.known

    async def _read_rules(self, origin: URL) -> Protego:
        # RFC 9309, 2.3.1: what is not there (4xx) permits all; what can't be had (5xx) forbids all.
        answer = await self._follow(origin / "robots.txt", _Wanted("text/plain", ROBOTS_BYTES, cut=True))
        if answer.status == 200:
            return Protego.parse(answer.data.decode(errors="ignore"))
        if 400 <= answer.status < 500:
            return Protego.parse("")
        raise RefusedError(RefusalReason.ROBOTS_AWAY, Message("HTTP {status}", status=answer.status))

    def _host(self, url: URL) -> _Host:
        return self._hosts.setdefault((url.raw_host or "").rstrip("."), _Host(self._settings.gather_pause))

    async def _hop(self, url: URL, wanted: _Wanted) -> _Answer:
        """One request, when it is this site's turn."""
        host, now = self._host(url), asyncio.get_running_loop().time
        async with host.turn:
            if host.given_up:
                raise RefusedError(host.given_up)
            await asyncio.sleep(host.free_at - now())
            try:
                async with asyncio.timeout(self._settings.gather_file_seconds):
                    answer = await self._request(url, wanted)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                refused = _refused(error)
                if refused.reason in {RefusalReason.AWAY, RefusalReason.SLOW}:
                    host.given_up = refused.reason
                raise refused from error
            finally:
                host.free_at = now() + host.pause
            # 429 and 503 may say for how long (Retry-After); no run lasts long enough to come back.
            if answer.status in {429, 503}:
                host.given_up = RefusalReason.BUSY
                raise RefusedError(RefusalReason.BUSY, Message("HTTP {status}", status=answer.status))
            return answer

    async def _request(self, url: URL, wanted: _Wanted) -> _Answer:
        # Unpacking is left out: a few kilobytes of gzip can be gigabytes.
        headers = {"Accept": wanted.accept, "Accept-Encoding": "identity"}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            location = response.headers.get("Location")
            if response.status in {301, 302, 303, 307, 308} and location:
                return _Answer(response.status, leads_to=_web_link(location, url))
            if response.status != 200:
                return _Answer(response.status)
            return _Answer(200, await _read(response, wanted))


async def _read(response: aiohttp.ClientResponse, wanted: _Wanted) -> bytes:
    """The body; no more of it than `wanted.most` is ever held, whatever the headers say."""
    if wanted.image and not response.content_type.startswith("image/"):
        raise RefusedError(RefusalReason.NOT_IMAGE, Message("{content_type}", content_type=response.content_type))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusedError(RefusalReason.BROKEN, Message("packed, though I asked for it as it is"))
    if not wanted.cut and (response.content_length or 0) > wanted.most:
        raise RefusedError(RefusalReason.TOO_LARGE)
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > wanted.most:
            if not wanted.cut:
                raise RefusedError(RefusalReason.TOO_LARGE)
            break
    return bytes(data[: wanted.most])


def _given(answer: _Answer) -> bytes:
    if answer.status != 200:
        raise RefusedError(RefusalReason.STATUS, Message("HTTP {status}", status=answer.status))
    if not answer.data:
        raise RefusedError(RefusalReason.BROKEN, Message("empty"))
    return answer.data


def _web_link(link: str, page: URL | None = None) -> URL:
    """`link`, as it stands on `page`. Raises RefusedError where it is nothing of the web, or names a user."""
    try:
        url = (page.join(URL(link)) if page else URL(link)).with_fragment(None)
    except (ValueError, LookupError) as error:  # yarl has an IndexError for some brackets
        raise RefusedError(RefusalReason.LINK) from error
    if url.scheme not in {"http", "https"} or not url.raw_host or url.raw_user or url.raw_password:
        raise RefusedError(RefusalReason.LINK)
    return url


def _refused(error: aiohttp.ClientError | OSError | ValueError) -> RefusedError:
    """The error of a request as a refusal."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, RefusedAddressError):
        return RefusedError(RefusalReason.ADDRESS)
    if isinstance(error, aiohttp.InvalidURL):
        return RefusedError(RefusalReason.LINK)
    if isinstance(error, TimeoutError):
        return RefusedError(RefusalReason.SLOW)
    if isinstance(error, aiohttp.ClientConnectorError):
        return RefusedError(RefusalReason.AWAY)
    return RefusedError(RefusalReason.BROKEN)
