"""Texts of strangers as the bot takes them: names, links, `roster.json`, robots.txt, answers of image searches."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from itertools import count
from typing import Any, cast
from unittest.mock import patch

from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from PIL import Image

from bot import jobs
from bot.database.clips import ClipRepository
from bot.domain.addresses import may_reach
from bot.domain.clip_requests import ClipRequest, ReplyTarget
from bot.domain.clips import ClipProgress, ClipStage, TrackName
from bot.domain.enums import CaptionStyle
from bot.domain.gathering import GatherCounts, GatherProgress
from bot.errors import PersonError
from bot.gather import candidates
from bot.gather.client.fetch import PoliteClient, polite_client
from bot.gather.client.reading import read_answer
from bot.gather.client.refusals import FetchRefusedError
from bot.gather.client.robots import TooManyRulesError, read_robots
from bot.gather.sources import load
from bot.infra.untrusted_links import resolve_link
from bot.links.download_process import LINE_BYTES
from bot.links.fetching import inspect
from bot.links.protocol import LinkFailure
from bot.text.links import first_link, read_seconds, start_of_link
from bot.text.names import checked_name
from bot.usecases.clips import request
from bot.usecases.clips.progress import reported_clip
from bot.usecases.questions.identify import IdentifyRequest
from bot.usecases.roster import members
from bot.usecases.roster.exporting import export_roster
from bot.usecases.roster.groups import add_group
from cogs.clips.cards import progress_card
from cogs.common.media import kind_of, name_in
from cogs.common.message_media import is_in_spoiler
from cogs.roster.gathering.cards import gathering_card
from cogs.who.phrases import asks_who
from models.faces import Box, ConfidenceBand, Guess, MemberCandidate
from tests.support.face_tracks import face_tracks_of, track
from tests.support.fuzzing.cards import require_valid
from tests.support.fuzzing.damage import damaged
from tests.support.fuzzing.kinds_of_files import feed_archive, zipped
from tests.support.fuzzing.samples import small_jpeg
from tests.support.fuzzing.texts import decoded, encoded, hostile_texts
from tests.support.fuzzing.watched import SERVER, FedBot, HarmError

_NUMBERS = count(100_000)

OWN_COMMANDS = re.compile(r"(?<!\\)\{(\\(pos|move)\([\d.,-]+\)|\\an\d|\\p1|\\fs[\d.]+|\\1c&H[0-9A-F]{6}&)+\}")
"""The commands of ASS that captions are made of."""


def names() -> SearchStrategy[bytes]:
    """Names of groups and members."""
    return encoded(hostile_texts(120))


async def feed_name(bot: FedBot, data: bytes) -> None:
    """Add a group and a member of that name, draw the name on a picture and into captions, and export both."""
    name, server = checked_name(decoded(data)), next(_NUMBERS)
    await add_group(bot.app, server, name)
    found = await members.autocomplete_groups(bot.app, [server], name)
    if [spelling.name for spelling in found] != [name]:
        raise HarmError("a group isn't found by its own name")
    exported = await export_roster(bot.app, server, name)
    exported.file.close()
    guess = Guess(1, name, 0.9, ConfidenceBand.SURE, (MemberCandidate(1, name, 0.9),))
    jpeg = small_jpeg()
    with Image.open(BytesIO(jpeg)) as picture:
        size = picture.size
    faces = [(1, Box(10, 10, 60, 60), guess)]
    drawn = await bot.app.compute.run(jobs.draw_again, bot.app.engine_config, jpeg, size, faces, 1 << 20)
    if not isinstance(drawn, bytes):
        raise HarmError("the picture can't be drawn again")
    tracks = face_tracks_of([0.0, 0.1], (320, 180), [track(0, [[10, 10, 60, 60]] * 2)]).to_bytes()
    named = [TrackName(1, (0,), guess)]
    script = await bot.app.compute.run(jobs.write_captions, tracks, named, CaptionStyle.NAMES_AND_LIST)
    _require_own_commands(script)


def _require_own_commands(script: str) -> None:
    """Raise HarmError for captions with a command or a line that a name brought in."""
    events = [line.split(",", 9)[9] for line in script.splitlines() if line.startswith("Dialogue:")]
    if "[Events]" not in script or len(events) != len(script[script.index("[Events]") :].splitlines()) - 2:
        raise HarmError("a name begins a line in captions", script[-2000:])
    for event in events:
        rest = OWN_COMMANDS.sub("", event)
        if re.search(r"(?<!\\)[{}]|\\(?![N{}])", rest):
            raise HarmError("a name begins a command in captions", event)


def links() -> SearchStrategy[bytes]:
    """Links, and texts around them."""
    host = st.sampled_from(["youtube.com", "127.0.0.1", "[::1]", "localhost", "evil.example", "0x7f.1", "xn--a", ""])
    scheme = st.sampled_from(["https://", "http://", "HTTPS://", "file:///", "ftp://", "javascript:", "//", "data:"])
    rest = st.sampled_from(["/watch?v=a&list=b", "/?t=1m", "#t=npt:1,2", ":99999/", "@evil", "/../..", "\\", "%00"])
    link = st.builds("".join, st.tuples(scheme, host, rest | hostile_texts(40)))
    return encoded(link | st.builds("{} {}".format, hostile_texts(40), link) | hostile_texts(300))


class _Loopback(AbstractResolver):
    """Every name leads to this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 2) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def _never(address: str, port: int, allowed: Any) -> bool:
    """In place of `may_reach`: no connection is opened, and none to a private address would be."""
    if may_reach(address, port, allowed) and not ipaddress.ip_address(address.partition("%")[0]).is_global:
        raise HarmError("a link reaches a private address", address)
    return False


async def feed_link(bot: FedBot, data: bytes) -> None:
    """Read a link as a message's, as a clip's and as a picture's of a search."""
    text = decoded(data)
    for read in (first_link, start_of_link, resolve_link, asks_who):
        read(text)
    name_in(text, "file")
    kind_of(text, text)
    is_in_spoiler(text, text)
    settings = bot.app.settings.model_copy(update={"gather_contact": "me@example.org", "gather_pause": 0.0})
    with patch("bot.infra.checked_connector.may_reach", _never):
        async with (
            polite_client(settings, bot.app.compute.run_in_background, _Loopback()) as client,
            bot.app.compute.scratch_file() as path,
        ):
            try:
                await client.fetch_picture(text, path)
            except FetchRefusedError:
                pass
            else:
                raise HarmError("a link brings a file although nothing is reached")
    asker = next(_NUMBERS)
    try:
        read_seconds(text)
    except PersonError as error:
        if len(str(error)) > 200:
            raise HarmError("a time is repeated at length") from error
    asked = IdentifyRequest(asker_id=asker, server_id=SERVER, rosters=(SERVER,))
    target = ReplyTarget(channel_id=asker, max_bytes=1 << 20)
    job = await request.request_clip(bot.app, asked, ClipRequest(text), target)
    async with bot.app.database.writing() as session:
        await ClipRepository(session).cancel(job)


def rosters() -> SearchStrategy[bytes]:
    """Manifests: right ones with hostile names, odd ones, and damaged ones."""
    text = hostile_texts(60)
    number = st.sampled_from([0, 1, -1, 80, 2**31, 2**63, 1e308, float("nan"), float("inf")])
    other = st.none() | st.booleans() | text | number | st.lists(text, max_size=2)
    photo = st.fixed_dictionaries(
        {"file": text | st.just("1.jpg"), "sha256": st.just("0" * 64) | text, "face_width": st.just(80) | other},
        optional={"sharpness": other},
    )
    member = st.fixed_dictionaries(
        {"folder": text, "name": text},
        optional={"aliases": st.lists(text, max_size=3), "photos": st.lists(photo, max_size=2)},
    )
    group = st.fixed_dictionaries(
        {"folder": text, "name": text},
        optional={"aliases": st.lists(text, max_size=3) | other, "members": st.lists(member, max_size=3) | other},
    )
    whole = st.fixed_dictionaries(
        {"groups": st.lists(group, max_size=3) | other}, optional={"nugu": st.just(1) | other}
    )
    written = whole.map(lambda value: json.dumps(value).encode())
    return written | written.flatmap(lambda data: damaged([data, data])) | st.binary(max_size=60)


async def feed_roster(bot: FedBot, data: bytes) -> None:
    """Import an archive with this manifest."""
    await feed_archive(bot, zipped([("roster.json", data), ("TWICE/Sana/1.jpg", b"x")]))


def robots() -> SearchStrategy[bytes]:
    """robots.txt files."""
    agent = st.sampled_from(["*", "nugu", "Nugu/1.0", "other"]) | hostile_texts(20)
    rule = st.sampled_from(["disallow", "allow", "crawl-delay", "Disallow", "sitemap", "user agent", "host"])
    value = st.sampled_from(["/", "/*a*b$", "*" * 50, "1e9", "-1", "nan", "", "/%zz", "/\u2028"]) | hostile_texts(40)
    line = st.builds("{}: {}".format, rule, value) | st.builds("user-agent: {}".format, agent) | hostile_texts(60)
    text = st.lists(line, max_size=15).map("\n".join)
    data = text.map(lambda text: text.encode("utf-8", "surrogatepass"))
    return data | data.flatmap(lambda data: damaged([data, data]))


async def feed_robots(bot: FedBot, data: bytes) -> None:
    """Read the rules, and ask them."""
    try:
        rules = await read_robots(data)
    except TooManyRulesError:
        return
    if not 0 <= rules.pause < float("inf"):
        raise HarmError("a robots.txt asks for a pause that is none", str(rules.pause))
    for url in ("https://a.example/a?b", "https://a.example/%zz", "http://a.example"):
        await rules.may_fetch(url)


def answers() -> SearchStrategy[bytes]:
    """Answers of image searches: those of each source with hostile texts, odd JSON, HTML, and damage."""
    text = hostile_texts(80)
    value = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
        max_leaves=8,
    )
    link = st.just("https://a.example/1.jpg") | text
    image = st.fixed_dictionaries(
        {"url": link | value}, optional={"title": text | value, "license": text, "foreign_landing_url": link}
    )
    openverse = st.fixed_dictionaries({"page_count": st.just(1) | value, "results": st.lists(image, max_size=3)})
    info = st.fixed_dictionaries({"url": link}, optional={"descriptionurl": link, "extmetadata": st.just([]) | value})
    page = st.fixed_dictionaries(
        {"title": text}, optional={"index": st.integers() | value, "imageinfo": st.lists(info, max_size=2)}
    )
    commons = st.fixed_dictionaries({"query": st.fixed_dictionaries({"pages": st.lists(page, max_size=3)})})
    bing = st.builds(_bing_page, st.fixed_dictionaries({"murl": link, "purl": link, "t": text}) | value)
    data = st.one_of(openverse, commons, value).map(lambda answer: json.dumps(answer).encode()) | bing
    return data | data.flatmap(lambda data: damaged([data, data])) | st.binary(max_size=100)


def _bing_page(image: Any) -> bytes:
    described = json.dumps(image).replace("&", "&amp;").replace("'", "&#39;")
    item = f"<div class='imgpt'><a class='iusc' m='{described}'></a></div><div class='infopt'><a>x</a></div>"
    return f"<ul class='dgControl_list'><li><div>{item}</div></li></ul>".encode("utf-8", "surrogatepass")


class _AnsweringClient:
    """A client whose search answers with these bytes, which a worker reads."""

    def __init__(self, bot: FedBot, data: bytes) -> None:
        self._bot = bot
        self._data = data

    async def query(self, link: str, query: Mapping[str, str], read: Callable[[bytes], Any]) -> Any:
        return await self._bot.app.compute.run_in_background(read_answer, read, self._data)


async def feed_answer(bot: FedBot, data: bytes) -> None:
    """Read an answer as each source does, and show what came of it."""
    gathering = GatherProgress("TWICE", ("Sana",))
    gathering.tally = tally = GatherCounts()
    client = cast("PoliteClient", _AnsweringClient(bot, data))
    for source in load("commons,openverse,web"):
        for _, result in await candidates._search(client, source, ["a"], 50, tally):
            if "\n" in result.title or (result.page and not result.page.startswith(("http://", "https://"))):
                raise HarmError("a result isn't fit to show", repr(result))
    gathering.done = 1
    require_valid(gathering_card(gathering), {})


def sites() -> SearchStrategy[bytes]:
    """What the downloading process says of a site: right lines with hostile titles and reasons, odd ones, and damage."""
    text = hostile_texts(300)
    number = st.none() | st.integers() | st.floats() | st.sampled_from([0, 404, 451, 10.5, 1e308])
    described = st.fixed_dictionaries({"title": text, "site": text | st.just("youtube.com"), "seconds": number})
    failure = st.sampled_from([failure.value for failure in LinkFailure]) | text
    status = st.none() | st.sampled_from([401, 403, 404, 429]) | number
    failed = st.fixed_dictionaries({"failure": failure, "detail": text | _reasons(text), "status": status})
    moved = st.fixed_dictionaries({"share": number, "bytes": number})
    line = st.one_of(
        st.fixed_dictionaries({}, optional={"info": described, "progress": moved}),
        st.fixed_dictionaries({"failed": failed}),
        st.fixed_dictionaries({"done": st.fixed_dictionaries({"file": text})}),
        st.dictionaries(st.sampled_from(["info", "failed", "done"]) | text, st.none() | text | number, max_size=2),
    )
    described_well = st.fixed_dictionaries({"title": text, "site": text, "seconds": st.none() | st.floats(0, 1e6)})
    video = st.tuples(st.fixed_dictionaries({"info": described_well}), st.just({"done": {}}))
    whole = (video | st.lists(line, max_size=4)).map(lambda lines: b"".join(map(_as_line, lines)))
    return whole | whole.flatmap(lambda data: damaged([data, data]))


def _reasons(text: SearchStrategy[str]) -> SearchStrategy[str]:
    """Messages of yt-dlp around a site's words."""
    return st.builds("ERROR: [{}] a: {}".format, text, text) | st.builds("HTTP Error 403: {}".format, text)


def _as_line(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


class _Ended:
    """A downloading process that has written these lines."""

    returncode = 0

    def __init__(self, data: bytes) -> None:
        self.stdout = asyncio.StreamReader(limit=LINE_BYTES)
        self.stdout.feed_data(data)
        self.stdout.feed_eof()

    async def wait(self) -> None:
        pass


async def feed_site(bot: FedBot, data: bytes) -> None:
    """Hear a site's description or reason, and show the title on each card of a clip."""

    @asynccontextmanager
    async def ended(*_: object) -> AsyncGenerator[_Ended]:
        yield _Ended(data)

    with patch("bot.links.fetching.download_process", ended):
        info = await inspect(bot.app.settings, "https://www.youtube.com/watch?v=abcdefghijk")
    asker = next(_NUMBERS)
    asked = IdentifyRequest(asker_id=asker, server_id=SERVER, rosters=(SERVER,))
    target = ReplyTarget(channel_id=asker, max_bytes=1 << 20)
    number = await request.request_clip(bot.app, asked, ClipRequest(f"https://youtu.be/{asker:011}"), target)
    async with bot.app.database.writing() as session:
        clips = ClipRepository(session)
        job = await clips.get(number)
        assert job is not None
        job.title = info.title
        await session.flush()
        await session.refresh(job)
        await clips.cancel(number)
    for stage in ClipStage:
        require_valid(progress_card(ClipProgress(reported_clip(job), job.title, stage)), {})
