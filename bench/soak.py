"""Whether a bot that runs for long stays as it began: `python -m bench.soak --minutes 30`. It ends with 1 where it doesn't.

The real bot runs against a Discord on loopback. People ask, correct, look at groups, play the quiz, hand in photos, post videos
and delete their questions, in a seeded random order, each with a pause after the answer. After a warm-up, the time is cut into
quarters. The medians of the last quarter are held against those of the first: memory and open files of the gateway process and
of its workers, the gateway's asyncio tasks, and the time of a question.
"""

import argparse
import asyncio
import random
import statistics
import struct
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.child import running_bot
from tests.support.films import ffmpeg
from tests.support.portraits import public_portraits, small_photo
from tests.support.wire import WireDiscord
from tests.support.wire_answers import LOADING
from tests.support.wire_interactions import button_id
from tests.support.wire_world import Channel, Json, User

_MIB = 1 << 20
_SAMPLE_SECONDS = 5.0
_ANSWER_SECONDS = 300.0
_WARM_UP = 0.2
"""The share of the time before the first quarter."""

_SAMPLED = ("gateway MiB", "gateway files", "gateway tasks", "workers MiB", "workers files", "processes")

SLACK = {
    "gateway MiB": (1.1, 16),
    "gateway files": (1, 8),
    "gateway tasks": (1, 8),
    "workers MiB": (1.1, 64),
    "workers files": (1, 16),
    "processes": (1, 2),
    "question median s": (1.25, 0.2),
    "question p95 s": (1.5, 0.5),
}
"""The most that the last quarter may have: the first quarter's figure times the first number, plus the second one."""


@dataclass(frozen=True)
class Step:
    """What a person did, from its beginning until its answer, in seconds since the beginning of the load."""

    kind: str
    began: float
    ended: float


@dataclass
class Records:
    """All samples and steps of a load, and the steps that went wrong."""

    started: float = field(default_factory=time.monotonic)
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list[tuple[float, dict[str, float]]])
    steps: list[Step] = field(default_factory=list[Step])
    wrong: list[str] = field(default_factory=list[str])

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.started

    def phase(self, begin: float, end: float) -> dict[str, float]:
        """The medians within this time, and the times of its questions. Raises StatisticsError without any."""
        samples = [sample for at, sample in self.samples if begin <= at < end]
        figures = {name: statistics.median(each[name] for each in samples) for name in _SAMPLED}
        seconds = [step.ended - step.began for step in self.steps if step.kind == "ask" and begin <= step.ended < end]
        figures["question median s"] = statistics.median(seconds)
        figures["question p95 s"] = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
        return figures

    def quarters(self, begin: float, end: float) -> list[dict[str, float]]:
        """The figures of each quarter of this time."""
        length = (end - begin) / 4
        return [self.phase(begin + number * length, begin + (number + 1) * length) for number in range(4)]


def growth(first: dict[str, float], last: dict[str, float]) -> list[str]:
    """The figures of the last quarter that are above what `SLACK` grants."""
    return [
        f"{name} grew from {first[name]:.2f} to {last[name]:.2f}"
        for name, (factor, more) in SLACK.items()
        if last[name] > first[name] * factor + more
    ]


def table(phases: Sequence[dict[str, float]]) -> str:
    """The figures by quarter as a Markdown table."""
    heads = [f"quarter {number}" for number in range(1, len(phases) + 1)]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in SLACK:
        digits = 2 if name.endswith(" s") else 0
        lines.append(f"| {name} | {' | '.join(f'{phase[name]:.{digits}f}' for phase in phases)} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Place:
    """Where people meet, and what they post."""

    channel: Channel
    group: str
    photos: dict[str, tuple[str, bytes]]
    """By the name of the file: the person on it, and its bytes."""
    film: bytes


class Visitor:
    """A person who uses the bot. Moderators correct and hand in photos too."""

    def __init__(self, wire: WireDiscord, user: User, place: Place, records: Records, seed: int) -> None:
        self.wire = wire
        self.user = user
        self.place = place
        self.records = records
        self.chance = random.Random(seed)
        self.answers: deque[tuple[Json, Json]] = deque(maxlen=5)
        """The last questions of this person, with the cards that answered them."""
        moderating = {self.confirm: 12, self.enrol: 4} if user.moderator else {}
        self.steps = {self.ask: 60, self.show: 8, self.play: 6, self.delete: 6, self.clip: 4} | moderating

    async def visit(self, until: float, pause: float) -> None:
        """Take one step after the other."""
        while self.records.now() < until:
            (step,) = self.chance.choices(list(self.steps), list(self.steps.values()))
            began = self.records.now()
            try:
                await step()
            except TimeoutError as error:
                self.records.wrong.append(f"{step.__name__}: {error}")
            else:
                self.records.steps.append(Step(step.__name__, began, self.records.now()))
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * pause)

    async def ask(self) -> None:
        """Ask who is on a photo, and expect the name."""
        file, (name, data) = self.chance.choice(list(self.place.photos.items()))
        asked = await self.wire.message(
            self.place.channel, self.user, "who is this?", attachments=[(file, data)], mentions=[self.wire.bot]
        )
        await self.wire.until(lambda: self.wire.replies(asked), "an answer", timeout=_ANSWER_SECONDS)
        card = self.wire.replies(asked)[0]
        self.answers.append((asked, card))
        if name not in str(card):
            self.records.wrong.append(f"ask: {name} isn't named on {file}")

    async def confirm(self) -> None:
        """Confirm an answer, once."""
        if self.answers and (button := button_id(self.answers[-1][1], "All right")) is not None:
            pressed = await self.wire.click(self.place.channel, self.user, self.answers[-1][1], button)
            await self.wire.until(lambda: pressed.answered, "an answer", timeout=_ANSWER_SECONDS)

    async def show(self) -> None:
        """Look at the group."""
        await self._command("group show", group=self.place.group)

    async def play(self) -> None:
        """Begin a quiz."""
        await self._command("quiz play", group=self.place.group)

    async def enrol(self) -> None:
        """Hand in a photo of a member."""
        file, (name, data) = self.chance.choice(list(self.place.photos.items()))
        await self._command("member add", group=self.place.group, name=name, photo=(file, data))

    async def clip(self) -> None:
        """Hand in a video that the bot hasn't seen, and wait for the clip."""
        film = self.place.film + struct.pack(">I4sQ", 16, b"free", self.chance.getrandbits(64))
        asked = await self.wire.slash(self.place.channel, self.user, "clip", video=("film.mp4", film))
        await self.wire.until(
            lambda: asked.said and "film-0m00.mp4" in str(asked.said[-1]), "a clip", timeout=_ANSWER_SECONDS
        )

    async def delete(self) -> None:
        """Delete an own question."""
        if self.answers:
            asked, _ = self.answers.popleft()
            await self.wire.delete(asked)

    async def _command(self, command: str, /, **options: object) -> None:
        """Use a command, and wait for the answer after "thinking"."""
        asked = await self.wire.slash(self.place.channel, self.user, command, **options)
        await self.wire.until(
            lambda: asked.said and not asked.said[-1]["flags"] & LOADING, "an answer", timeout=_ANSWER_SECONDS
        )


async def sample(gateway: psutil.Process, tasks: Path, records: Records) -> None:
    """Look at the processes at intervals, until cancelled."""
    while True:
        await asyncio.sleep(_SAMPLE_SECONDS)
        workers = gateway.children(recursive=True)
        memory, files = 0, 0
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                memory += worker.memory_info().rss
                files += worker.num_fds()
        figures = (gateway.memory_info().rss / _MIB, gateway.num_fds(), int(tasks.read_text() or 0))
        found = zip(_SAMPLED, (*figures, memory / _MIB, files, len(workers) + 1), strict=True)
        records.samples.append((records.now(), dict(found)))


async def enrol(wire: WireDiscord, moderator: User, place: Place) -> None:
    """Let the bot know a photo of each person."""
    await wire.slash(place.channel, moderator, "group add", name=place.group)
    await wire.wait_for("POST", "/webhooks/*/*")
    for file in ("obama.jpg", "biden.jpg"):
        name, data = place.photos[file]
        await wire.slash(place.channel, moderator, "member add", group=place.group, name=name, photo=(file, data))
        await wire.wait_for("POST", "/webhooks/*/*")


async def soak(seconds: float, people: int, pause: float, seed: int) -> Records:
    """The records of a load."""
    with tempfile.TemporaryDirectory(prefix="nugu-soak-") as name:
        folder = Path(name)
        async with WireDiscord() as wire:
            guild = wire.add_guild("Fans")
            users = [wire.add_user(f"fan {number}", guild, moderator=number % 4 == 0) for number in range(people)]
            place = Place(wire.add_channel(guild), "Presidents", photos(), film(folder))
            tasks = folder / "tasks"
            async with running_bot(wire, folder / "data", ["run"], tasks=tasks) as gateway:
                await enrol(wire, users[0], place)
                records = Records()
                sampling = asyncio.create_task(sample(gateway, tasks, records))
                visitors = (Visitor(wire, user, place, records, seed + number) for number, user in enumerate(users))
                await asyncio.gather(*(visitor.visit(seconds, pause) for visitor in visitors))
                sampling.cancel()
                records.wrong += wire.failures
                return records


def photos() -> dict[str, tuple[str, bytes]]:
    """Photos of two people, at most 720 px on the longer side."""
    folder = public_portraits()
    people = {"obama": "Obama", "obama2": "Obama", "obama3": "Obama", "biden": "Biden"}
    return {f"{file}.jpg": (name, small_photo(folder / f"{file}.jpg")) for file, name in people.items()}


def film(folder: Path) -> bytes:
    """Four seconds of a portrait."""
    options = ("-loop", "1", "-framerate", "25", "-t", "4", "-i", public_portraits() / "obama2.jpg")
    ffmpeg(*options, "-vf", "scale=-2:480", "-pix_fmt", "yuv420p", "-preset", "ultrafast", folder / "film.mp4")
    return (folder / "film.mp4").read_bytes()


def main() -> None:
    """Measure, and print the table and the broken promises."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--pause", type=float, default=10.0, help="seconds from an answer to the next step, on average")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seconds = options.minutes * 60
    records = asyncio.run(soak(seconds, options.people, options.pause, options.seed))
    quarters = records.quarters(_WARM_UP * seconds, seconds)
    print(", ".join(f"{count} {kind}" for kind, count in Counter(step.kind for step in records.steps).most_common()))
    print(table(quarters))
    if broken := [*records.wrong, *growth(quarters[0], quarters[-1])]:
        print(*broken, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
