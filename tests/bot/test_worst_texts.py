"""Strangers' text never keeps the event loop: each reader takes its worst input within a tenth of a second of CPU time."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import discord
import pytest

from bot.errors import PersonError
from bot.gather.client.robots import MAX_BYTES, TooManyRulesError, read_robots
from bot.infra.untrusted_links import resolve_link
from bot.links import reasons
from bot.links.protocol import LinkFailure
from bot.links.sites import PermittedSites, normalise
from bot.media.archives.reading import ArchiveLimits
from bot.text.links import first_link, read_seconds, split_link, start_of_link
from bot.text.names import checked_name, search_key
from bot.usecases.roster import manifests
from cogs.clips.videos import video_of
from cogs.common.errors import sentence_for
from cogs.common.markup import plain
from cogs.common.media import is_on_discord, kind_of, name_in
from cogs.common.message_media import embeds_of, is_in_spoiler, media_of, texts_of
from cogs.who.phrases import asks_who
from tests.support.discord_objects import message, snapshot
from tests.support.loop_time import pauses

pytestmark = pytest.mark.slow

MAX_SECONDS = 0.1
MESSAGE = 4000
"""Characters of a message, or of a field of a form. An embed has 6,000."""

MANIFEST = ArchiveLimits().max_manifest_bytes


def cpu_seconds(read: Callable[[], Any], times: int = 3) -> float:
    """The CPU time of one call: the least of three, since a busy machine adds to it and never takes away."""
    least = float("inf")
    for _ in range(times):
        began = time.thread_time()
        with suppress(PersonError, ValueError, TooManyRulesError):
            read()
        least = min(least, time.thread_time() - began)
    return least


def longest_pause(read: Callable[[], Any]) -> float:
    """The longest time for which a call in another thread keeps this one from work, since Python's lock is held.

    It is the CPU time of this process between two moments of this thread, the least of three runs. What pytest holds is
    frozen, so that the collection of garbage doesn't walk it.
    """
    gc.collect()
    gc.freeze()
    least = float("inf")
    for _ in range(3):
        longest, last = 0.0, time.process_time()
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(cpu_seconds, read, 1)
            while not reading.done():
                time.sleep(0.001)
                now = time.process_time()
                longest, last = max(longest, now - last), now
        reading.result()
        least = min(least, longest)
    gc.unfreeze()
    return least


def long(*parts: str, size: int = MESSAGE) -> list[str]:
    """Each text again and again, up to a size."""
    return [(part * size)[:size] for part in parts]


LINKS = [
    *long("https://", "https://[", "https://[::", "https://a/?t=1&", "https://a#t=", "<https://a>", "http://a:", "|||"),
    *("https://a/?" + text for text in long("t=1&", "&", "%", "list=a&v=", "；t=1", size=MESSAGE - 20)),
    *("https://" + text for text in long("a.", "@", ":", "ﷺ", "%41", "é", size=MESSAGE - 20)),
]
TEXTS = [
    *long("who ", "who is ", "what's ", "누구", "누구 ", "이 ", "¿", "だれ", "誰 "),
    *long("||", "|", "||a", "||://", "||a||", "*", "\n-", "\\", ":/", "-", "a-", "ﷺ", "\u0301", " ", "\n", "1:", "1"),
    "who" + " " * MESSAGE,
    "||" + "://" * (MESSAGE // 3),
]


@pytest.mark.parametrize(
    "read",
    [first_link, split_link, start_of_link, normalise, resolve_link, is_on_discord, lambda link: name_in(link, "")],
)
def test_links(read: Callable[[str], Any]) -> None:
    for text in [*LINKS, *TEXTS]:
        assert cpu_seconds(lambda text=text: read(text)) < MAX_SECONDS, text[:40]


@pytest.mark.parametrize(
    "read",
    [
        asks_who,
        plain,
        checked_name,
        search_key,
        read_seconds,
        lambda text: is_in_spoiler(text, "https://a"),
        lambda text: kind_of(text, text),
        lambda text: sentence_for(PersonError("{text}", text=text * 2)),
        lambda text: reasons.failure_error(LinkFailure.SITE, text * 20, 403, PermittedSites.read("youtube"), 1),
    ],
)
def test_texts_of_messages_embeds_and_forms(read: Callable[[str], Any]) -> None:
    for text in [*TEXTS, *LINKS]:
        assert cpu_seconds(lambda text=text: read(text)) < MAX_SECONDS, text[:40]


def full(text: str) -> dict[str, Any]:
    """The fields of a message with that text wherever a person, or the page behind a link, may write one."""
    picture = {
        "url": f"https://a/{text}",
        "proxy_url": f"https://images-ext-1.discordapp.net/{text}",
        "width": 1,
        "height": 1,
    }
    embed = {"type": "video", "url": f"https://a/{text}", "title": text[:256], "image": picture, "thumbnail": picture}
    url = f"https://cdn.discordapp.com/attachments/1/2/{text}"
    files = [
        {"id": str(number), "filename": text[:260], "size": 1, "url": url, "proxy_url": url} for number in range(10)
    ]
    return {"content": text, "embeds": [embed] * 10, "attachments": files}


@pytest.mark.parametrize(
    "read",
    [
        lambda posted: list(media_of(posted)),
        lambda posted: list(texts_of(posted)),
        lambda posted: list(embeds_of(posted)),
        video_of,
    ],
)
def test_whole_messages_with_embeds_and_files(read: Callable[[discord.Message], Any]) -> None:
    for text in [*TEXTS, *LINKS]:
        posted = message({"type": 10, "id": 5, "content": text}, **full(text), message_snapshots=snapshot(**full(text)))
        assert cpu_seconds(lambda posted=posted: read(posted)) < MAX_SECONDS, text[:40]


def note(**parts: Any) -> dict[str, Any]:
    """A group or a member of a manifest."""
    return {"folder": "a", "name": "a", **parts}


PHOTO = {"file": "a", "sha256": "0" * 64, "face_width": 1}


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param({"groups": [note(members=[note()] * 120)] * 500}, id="members"),
        pytest.param({"groups": [note(aliases=["é"] * 100)] * 500}, id="aliases"),
        pytest.param({"groups": [note(members=[note(photos=[PHOTO] * 17_000)])]}, id="photos"),
        pytest.param({"groups": [note(members=[note(photos=[1] * 1_000_000)])]}, id="no-photos"),
        pytest.param({"groups": [note(members=[1] * 500)] * 500}, id="no-members"),
        pytest.param({"groups": [note(aliases=[1] * 100)] * 500}, id="no-aliases"),
        pytest.param({"others": [1] * 1_000_000}, id="others"),
        pytest.param({str(number): 1 for number in range(150_000)}, id="keys"),
    ],
)
def test_the_roster_of_an_archive(manifest: Any) -> None:
    data = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()
    assert len(data) <= MANIFEST
    assert longest_pause(lambda: manifests.read(data)) < MAX_SECONDS


@pytest.mark.parametrize("data", [b"[" * MANIFEST, b'{"nugu":' + b"1" * (MANIFEST - 9) + b"}", b'"' * MANIFEST])
def test_a_roster_that_is_none(data: bytes) -> None:
    assert longest_pause(lambda: manifests.read(data)) < MAX_SECONDS


def robots(*lines: str, size: int = MAX_BYTES) -> bytes:
    """A robots.txt of these lines, again and again."""
    return "\n".join(["user-agent: *", *lines * (size // len("".join(lines)))])[:size].encode()


ROBOTS = {
    "agents-times-rules": "\n".join(
        [*(f"user-agent: a{number}" for number in range(2200)), *(f"allow: *{number}" for number in range(2200))]
    ).encode(),
    "our-agents": robots("user-agent: nugu", "disallow: /*a"),
    "wildcards": robots("disallow: /" + "*a" * 2000 + "$", size=99_000),
    "many-wildcards": robots("disallow: *a*a*b$", size=99_000),
    "near-misses": robots("disallow: *" + "a" * 98 + "b", size=99_000),
    "stars": robots("disallow: /" + "*" * 90_000, size=99_000),
    "too-many-rules": robots("disallow: /*a*"),
    "one-line": b"disallow: " + b"a" * MAX_BYTES,
    "spaces": b"user" + b" " * MAX_BYTES,
    "no-fields": b"\n".join([b"a b c d"] * (MAX_BYTES // 8)),
}


@pytest.mark.parametrize("name", ROBOTS)
async def test_robots_txt(name: str) -> None:
    async def ask() -> None:
        with suppress(TooManyRulesError):
            await (await read_robots(ROBOTS[name])).may_fetch("https://a.example/" + "a" * 7900)

    with pauses(MAX_SECONDS) as found:
        await asyncio.create_task(ask())
    assert found.slow == []
    assert longest_pause(lambda: asyncio.run(ask())) < MAX_SECONDS


def test_a_pause_would_be_seen() -> None:
    async def busy() -> None:
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass

    busy.__code__ = busy.__code__.replace(co_filename="bot/usecases/busy.py")
    with pauses(0.04) as found:
        asyncio.run(busy())
    (line,) = found.slow
    assert "busy kept the event loop for" in line
