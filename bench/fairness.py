"""Ordinary questions beside hostile ones: `python -m bench.fairness`. It ends with 1 where a promise isn't kept.

The real bot runs against a Discord on loopback. Ordinary people each post a portrait and ask who it is, again after a pause:
first alone, then beside six hostile people, two of each kind. One kind posts JPEGs of a hundred scans, ten at a time; one posts
clips of twenty seconds in which every frame is a cut; one posts ten pictures of 24 MB each, or a video of 300 MB. Each posts
again as soon as it is answered, but no more than a message a second, and has as many questions in work as the bot takes. No two
of the flickering clips are the same file, so each is looked at anew.

Promised: every ordinary question is answered; the 95th percentile of their times is at most three times that of the bot
without hostile people; the gateway process takes at most 400 MiB of memory.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from bench.child import running_bot
from tests.support.films import ffmpeg
from tests.support.heavy_pictures import jpeg_of_scans
from tests.support.portraits import public_portraits, small_photo
from tests.support.wire import WireDiscord
from tests.support.wire_world import Channel, Guild, User

_MIB = 1 << 20
_AT_ONCE = 2
_ANSWER_SECONDS = 300.0
_SAMPLE_SECONDS = 0.1
_POST_SECONDS = 2.0
"""Seconds between two messages of one of the `_AT_ONCE` tasks of a hostile person."""

_UNIQUE_BYTES = 4 * _MIB
_REFUSALS = ("still at work on your last clip", "Ask again <t:")

SLOWER, MEMORY = 3.0, 400 * _MIB
"""The promises: times of the idle bot, and bytes."""

HOSTILE_FILES = ("scans0.jpg", "flicker.mp4", "huge0.png", "huge.mp4")
"""The first file of each kind of hostile message."""

File = tuple[str, bytes]
Answered = Callable[[], object]


@dataclass
class Figures:
    """The times of all ordinary questions of a phase, in seconds, the number without a right answer, and the most memory."""

    seconds: list[float] = field(default_factory=list[float])
    unanswered: int = 0
    rss: int = 0

    def percentile(self, part: int) -> float:
        """A percentile of the times; infinite without any."""
        if len(self.seconds) < 2:
            return max(self.seconds, default=float("inf"))
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[part - 1]


def broken(idle: Figures, beside: Figures, taken: Mapping[str, int]) -> list[str]:
    """The promises that aren't kept, and the attacks that were none. `taken`: as in `Town`."""
    found = [f"no hostile {name} was taken" for name in HOSTILE_FILES if not taken[name]]
    if unanswered := idle.unanswered + beside.unanswered:
        found.append(f"{unanswered} ordinary questions have no answer")
    if beside.percentile(95) > SLOWER * idle.percentile(95):
        found.append(
            f"the 95th percentile is {beside.percentile(95) / idle.percentile(95):.1f} times that of an idle bot"
        )
    if beside.rss > MEMORY:
        found.append(f"the gateway takes {beside.rss / _MIB:.0f} MiB")
    return found


def table(idle: Figures, beside: Figures) -> str:
    """The figures of both phases as a Markdown table."""
    lines = ["| | questions | without answer | median (s) | p95 (s) | gateway (MiB) |", "|---|---|---|---|---|---|"]
    for name, found in (("ordinary people alone", idle), ("beside six hostile ones", beside)):
        times = f"{found.percentile(50):.2f} | {found.percentile(95):.2f}"
        number = len(found.seconds) + found.unanswered
        lines.append(f"| {name} | {number} | {found.unanswered} | {times} | {found.rss / _MIB:.0f} |")
    return "\n".join(lines)


class Town:
    """A server of ordinary people and hostile ones, and a second one that belongs to half of the hostile.

    `taken`: the messages of hostile people that the bot took, by the name of their first file. It may be still at work on them.
    """

    def __init__(self, wire: WireDiscord, people: int) -> None:
        self.wire = wire
        self.taken: Counter[str] = Counter()
        self._files = count()
        guild, other = wire.add_guild("Fans"), wire.add_guild("Others")
        self.channel, self.elsewhere = wire.add_channel(guild), wire.add_channel(other)
        self.moderator = wire.add_user("moderator", guild, moderator=True)
        self.moderator_elsewhere = wire.add_user("moderator elsewhere", other, moderator=True)
        self.fans = [wire.add_user(f"fan {number}", guild) for number in range(people)]
        self.hostile = [self._hostile(guild, other, number) for number in range(6)]

    def _hostile(self, guild: Guild, other: Guild, number: int) -> tuple[Channel, User]:
        channel, home = (self.channel, guild) if number % 2 else (self.elsewhere, other)
        return channel, self.wire.add_user(f"hostile {number}", home)

    async def enrol(self, portraits: Path) -> None:
        """Let the bot know two people in each server."""
        for channel, moderator in ((self.channel, self.moderator), (self.elsewhere, self.moderator_elsewhere)):
            await self.wire.slash(channel, moderator, "group add", name="Presidents")
            await self.wire.wait_for("POST", "/webhooks/*/*")
            for name in ("obama", "biden"):
                photo = f"{name}.jpg", (portraits / f"{name}.jpg").read_bytes()
                await self.wire.slash(
                    channel, moderator, "member add", group="Presidents", name=name.title(), photo=photo
                )
                await self.wire.wait_for("POST", "/webhooks/*/*")

    async def ask(self, channel: Channel, user: User, files: Sequence[File]) -> str:
        """Post a question by a mention, and wait for its reply as text."""
        asked = await self.wire.message(channel, user, "who is this?", attachments=files, mentions=[self.wire.bot])
        await self.wire.until(lambda: self.wire.replies(asked), "a reply", timeout=_ANSWER_SECONDS)
        return str(self.wire.replies(asked)[0])

    def unlike_others(self, file: File) -> File:
        """A file that nobody has posted before, with the same pictures. Readers pass over the box at its end.

        The huge ones stay as they are, since all are kept until the end.
        """
        name, data = file
        if len(data) > _UNIQUE_BYTES:
            return file
        return name, data + (16).to_bytes(4, "big") + b"free" + next(self._files).to_bytes(8, "big")


async def ordinary(town: Town, photo: File, until: float, pause: float, found: Figures, seed: int) -> None:
    """The questions of one ordinary person."""
    chance = random.Random(seed)
    await asyncio.sleep(chance.uniform(0, pause))
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            right = "Obama" in await town.ask(town.channel, town.fans[seed], [photo])
        except TimeoutError:
            right = False
        found.unanswered += not right
        found.seconds += [time.monotonic() - began] * right
        await asyncio.sleep(min(chance.uniform(0.5, 1.5) * pause, max(0.0, until - time.monotonic())))


async def hostile(town: Town, number: int, posts: Sequence[Sequence[File]]) -> None:
    """The posts of one hostile person, one after the other, until cancelled."""
    channel, user = town.hostile[number]
    while True:
        for files in posts:
            with suppress(TimeoutError):
                town.taken[files[0][0]] += 1
                told = await town.ask(channel, user, [town.unlike_others(file) for file in files])
                town.taken[files[0][0]] -= any(refusal in told for refusal in _REFUSALS)
            await asyncio.sleep(_POST_SECONDS)


@asynccontextmanager
async def memory_of(gateway: psutil.Process, found: Figures) -> AsyncGenerator[None]:
    """Watch the memory of a process."""

    async def watch() -> None:
        while True:
            found.rss = max(found.rss, gateway.memory_info().rss)
            await asyncio.sleep(_SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


async def phase(
    town: Town,
    gateway: psutil.Process,
    photo: File,
    seconds: float,
    pause: float,
    attacks: Sequence[Awaitable[None]] = (),
) -> Figures:
    """The ordinary people's figures within some seconds, beside these attacks."""
    found = Figures()
    until = time.monotonic() + seconds
    async with memory_of(gateway, found):
        hostile = [asyncio.ensure_future(attack) for attack in attacks]
        try:
            await asyncio.gather(*(ordinary(town, photo, until, pause, found, seed) for seed in range(len(town.fans))))
        finally:
            for attack in hostile:
                attack.cancel()
    return found


def hostile_posts(portraits: Path, folder: Path) -> list[Sequence[Sequence[File]]]:
    """The posts of each hostile person: many scans, flicker, huge files."""
    scans = [(f"scans{number}.jpg", jpeg_of_scans(2000, 2000, 100)) for number in range(10)]
    noise = np.random.default_rng(1).integers(0, 255, (2800, 2900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png", compress_level=0)
    huge = [(f"huge{number}.png", (folder / "noise.png").read_bytes()) for number in range(10)]
    film = flickering(portraits, folder)
    padded = film + (300 * _MIB).to_bytes(4, "big") + b"free" + bytes(300 * _MIB - 8)
    flicker, video = [[("flicker.mp4", film)]], [("huge.mp4", padded)]
    return [[scans], [scans], flicker, flicker, [huge, video], [video, huge]]


def flickering(portraits: Path, folder: Path) -> bytes:
    """A film of twenty seconds whose frames show two people in turn."""
    for number, name in enumerate(("obama2", "biden")):
        with Image.open(portraits / f"{name}.jpg") as portrait:
            portrait.convert("RGB").resize((1280, 720)).save(folder / f"frame{number}.png")
    frames = ("-framerate", "30", "-stream_loop", "299", "-i", folder / "frame%d.png")
    ffmpeg(*frames, "-pix_fmt", "yuv420p", "-preset", "ultrafast", folder / "flicker.mp4")
    return (folder / "flicker.mp4").read_bytes()


async def measure(
    people: int, seconds: float, pause: float, workers: int | None
) -> tuple[Figures, Figures, Counter[str]]:
    """The figures of ordinary people alone, and beside hostile ones; and what was `taken` of these."""
    portraits = public_portraits()
    photo = "who.jpg", small_photo(portraits / "obama3.jpg")
    with tempfile.TemporaryDirectory(prefix="nugu-fairness-") as folder:
        posts = hostile_posts(portraits, Path(folder))
        async with WireDiscord() as wire:
            town = Town(wire, people)
            settings = {"NUGU_WORKERS": str(workers)} if workers else {}
            async with running_bot(wire, Path(folder) / "data", ["run"], settings=settings) as gateway:
                await town.enrol(portraits)
                await town.ask(town.channel, town.moderator, [photo])
                idle = await phase(town, gateway, photo, seconds, pause)
                attacks = [hostile(town, number, own) for number, own in enumerate(posts) for _ in range(_AT_ONCE)]
                return idle, await phase(town, gateway, photo, seconds, pause, attacks), town.taken


def main() -> None:
    """Measure, and print the table and the broken promises."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20, help="ordinary people")
    parser.add_argument(
        "--seconds", type=float, default=90.0, help="of each of the two phases, without the last answers"
    )
    parser.add_argument(
        "--pause", type=float, default=30.0, help="seconds between two questions of a person, on average"
    )
    parser.add_argument("--workers", type=int, help="worker processes; by default as many as the bot chooses")
    options = parser.parse_args()
    idle, beside, taken = asyncio.run(measure(options.people, options.seconds, options.pause, options.workers))
    print(table(idle, beside))
    print("Hostile messages taken:", ", ".join(f"{taken[name]} of {name}" for name in HOSTILE_FILES))
    if promises := broken(idle, beside, taken):
        print(*promises, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
