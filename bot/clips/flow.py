"""From a kept video to its annotated clip: looked at in parts by all workers, named, drawn. What was done already is taken."""

from __future__ import annotations

import asyncio
import hashlib
import math
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import uuid4

from bot import jobs
from bot.clips.kept import key_of
from bot.clips.standing import Stage
from bot.compute import LATER
from bot.errors import PersonError
from bot.jobs import Refused
from bot.media.clips import Target, Watch
from bot.media.footage import Section, VideoLimits
from bot.wording import time_code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from bot.app import App
    from bot.clips.kept import KeptVideo
    from bot.jobs import Billed, Billing, Credit
    from bot.media.captions import Style
    from bot.media.footage import Footage
    from bot.recognisers import Fitted

T = TypeVar("T")

SPAN = 8.0
"""Seconds of video in one job: so long a picture may wait for a worker, and so much is done again when one dies.

A job begins at a keyframe, up to half as much later, since decoding does.
"""

SPAN_LIMIT = 300.0
DRAW_LIMIT = 120.0
DRAW_SLOWNESS = 20.0
"""A clip may take DRAW_LIMIT seconds to be drawn, and DRAW_SLOWNESS more for each of its own."""

OFTEN = 0.5
"""Seconds between two looks at how far the drawing is."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a video is wanted, and how long it may be, in seconds. `length` None: to the end."""

    start: float
    length: float | None
    most_seconds: float

    def of(self, seconds: float) -> Section:
        """The part of a video of this length; raises PersonError where it is none, or too long."""
        if self.start >= seconds:
            raise PersonError(f"That video ends at {time_code(seconds)}, before the start you chose.")
        end = seconds if self.length is None else min(seconds, self.start + self.length)
        if end - self.start > self.most_seconds:
            raise PersonError(
                f"I annotate {time_code(self.most_seconds)} at most, and that is {time_code(end - self.start)} long: "
                "say which part with `start:` and `length:`."
            )
        return Section(self.start, end)


class Heard(Protocol):
    """Is told how far the work is: the stage, the share of it that is done, and the members seen so far."""

    def __call__(self, stage: Stage, share: float | None = None, seen: tuple[str, ...] = ()) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What is wanted of a video. `group`: its id, None to find it. `height`: pixels at most, None as the settings have it."""

    part: Part
    style: Style
    group: int | None
    threshold: float
    most_bytes: int
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Annotated:
    """A clip with what is in it. `look`: the file of what was seen."""

    clip: Path
    look: Path
    section: Section
    footage: Footage
    billed: Billed


async def annotate(app: App, video: KeptVideo, terms: Terms, fitted: Fitted, heard: Heard) -> Annotated:
    """Look at the wanted part of a video, name who is in it, and draw that.

    Raises PersonError for a video that can't be read, or a part that is too long or not there.
    """
    footage = answered(await app.compute.run(jobs.probe, video.path, VideoLimits.of(app.settings)))
    section = terms.part.of(footage.seconds)
    billing = jobs.Billing(terms.group, terms.threshold, terms.style)
    look = await _looked(app, video, footage, section, fitted, billing, heard)
    heard(Stage.NAME)
    billed = await app.compute.run(jobs.bill, look.read_bytes(), fitted.recogniser, billing)
    clip = await _drawn(app, video, section, billed.script, terms, heard)
    return Annotated(clip, look, section, footage, billed)


async def draw_again(
    app: App, video: KeptVideo, terms: Terms, fitted: Fitted, credits: Sequence[Credit], heard: Heard
) -> Path:
    """The clip with these names, from what was seen before. Raises PersonError."""
    footage = answered(await app.compute.run(jobs.probe, video.path, VideoLimits.of(app.settings)))
    section = terms.part.of(footage.seconds)
    billing = jobs.Billing(terms.group, terms.threshold, terms.style)
    look = await _looked(app, video, footage, section, fitted, billing, heard)
    script = await app.compute.run(jobs.caption, look.read_bytes(), credits, terms.style)
    return await _drawn(app, video, section, script, terms, heard)


def answered(result: T | Refused) -> T:
    """What a job answered; raises PersonError with its sentence where it refused."""
    if isinstance(result, Refused):
        raise PersonError(f"{result.sentence[:1].upper()}{result.sentence[1:]}.")
    return result


async def _looked(
    app: App, video: KeptVideo, footage: Footage, section: Section, fitted: Fitted, billing: Billing, heard: Heard
) -> Path:
    """The file of what is seen in the section, looked at now unless it was before."""
    path = video.folder / f"look-{key_of(section.start, section.end, fitted.engine)}.npz"
    if path.exists():
        return path
    spans = parts(section, footage.keyframes)
    # As many as there are workers, so that a part's own limit isn't spent waiting.
    at_once = asyncio.Semaphore(app.settings.workers)
    seen: dict[str, None] = {}
    done = 0

    async def look_at(span: Section) -> bytes:
        nonlocal done
        async with at_once:
            stretch = answered(
                await app.compute.run_within(SPAN_LIMIT, LATER, jobs.look, fitted.bench, video.path, section, span)
            )
        names = await app.compute.run(jobs.names_in, stretch, fitted.recogniser, billing)
        seen.update(dict.fromkeys(names))
        done += 1
        heard(Stage.LOOK, done / len(spans), tuple(seen))
        return stretch

    heard(Stage.LOOK, 0.0)
    async with _all_or_none() as started:
        started += [asyncio.create_task(look_at(span)) for span in spans]
        stretches = await asyncio.gather(*started)
    look = await app.compute.run(jobs.join, stretches)
    _write_whole(path, look)
    return path


def parts(section: Section, keyframes: Sequence[float]) -> list[Section]:
    """A section in spans of about SPAN seconds, cut at keyframes where there are any near."""
    edges = [section.start]
    while section.end - edges[-1] > 1.5 * SPAN:
        wanted = edges[-1] + SPAN
        key = next((time for time in keyframes if time >= wanted), math.inf)
        edges.append(key if key < min(wanted + SPAN / 2, section.end) else wanted)
    return [Section(start, end) for start, end in pairwise([*edges, section.end])]


async def _drawn(app: App, video: KeptVideo, section: Section, script: str, terms: Terms, heard: Heard) -> Path:
    """The clip with these captions, drawn now unless it was before."""
    target = Target(max_bytes=terms.most_bytes, max_height=terms.height or app.settings.clip_height)
    drawn_as = key_of(
        section.start, section.end, hashlib.sha256(script.encode()).hexdigest(), target.max_bytes, target.max_height
    )
    clip = video.folder / f"clip-{drawn_as}.mp4"
    if clip.exists():
        return clip
    heard(Stage.DRAW, 0.0)
    async with watched(video.folder, lambda share: heard(Stage.DRAW, share)) as watch:
        scratch = video.folder / f"{uuid4().hex}.mp4"
        try:
            limit = DRAW_LIMIT + DRAW_SLOWNESS * (section.end - section.start)
            answered(await app.compute.run_aside(limit, jobs.draw, video.path, section, script, target, scratch, watch))
            scratch.replace(clip)
        finally:
            scratch.unlink(missing_ok=True)
    return clip


@asynccontextmanager
async def watched(folder: Path, told: Share) -> AsyncGenerator[Watch]:
    """What a job in another process says how far it is by, and is told to stop by: it does when this is left."""
    name = uuid4().hex
    watch = Watch(progress=folder / f"{name}.progress", stop=folder / f"{name}.stop")

    async def follow() -> None:
        while True:
            await asyncio.sleep(OFTEN)
            with suppress(OSError, ValueError):
                told(float(watch.progress.read_text()))

    following = asyncio.create_task(follow())
    try:
        yield watch
    except BaseException:
        watch.stop.touch()
        raise
    finally:
        following.cancel()
        watch.progress.unlink(missing_ok=True)


class Share(Protocol):
    """Is told the share of the work that is done, in [0, 1]."""

    def __call__(self, share: float, /) -> None: ...


@asynccontextmanager
async def _all_or_none() -> AsyncGenerator[list[asyncio.Task[bytes]]]:
    """Tasks that are all cancelled when this is left: one's error is everybody's."""
    tasks: list[asyncio.Task[bytes]] = []
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


def _write_whole(path: Path, data: bytes) -> None:
    scratch = path.with_name(uuid4().hex)
    scratch.write_bytes(data)
    scratch.replace(path)
