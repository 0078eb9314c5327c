"""The cost of an annotated clip: `python -m bench.video [SHARED] [--engines sface,…] [--seconds 60] [--minutes 1,5,10]`.

All work on one fast-cut video at 720p, of photos of TWICE in SHARED (default `../shared`) that are not enrolled. The second
article's way works on a slice of it, and its time is scaled. A plain transcode by ffmpeg with our encoder settings is the lower
bound. The bot's cost is that from the file to the clip, with running workers. The output has seconds on the clock and processor
seconds of all processes together, then the memory of the workers and of ffmpeg for videos of 1, 5 and 10 minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg
import psutil

from bench.photo import installed
from bot.app import App
from bot.domain.clips import ClipStage
from bot.domain.enums import CaptionStyle
from bot.domain.files import SubmittedFile
from bot.domain.rosters import SHARED_ROSTER
from bot.infra.clip_files import VIDEO, CachedVideo
from bot.media.clips.commands import encoding_options
from bot.media.clips.drawing import MAX_RATE
from bot.settings import Settings
from bot.usecases import engines
from bot.usecases.clips.options import ClipOptions, RequestedSection
from bot.usecases.clips.pipeline import annotate
from bot.usecases.roster import enrolment
from models.engines import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parents[1]
ENROLLED = 5
SLICE = 60
"""Frames of the slice for the second article's way."""

LARGEST = 2**31
MEGABYTE = 2**20


@dataclass
class ClipCost:
    """The cost of some work: seconds on the clock and of processors, the peak memory of all its processes in MB."""

    wall: float = 0.0
    cpu: float = 0.0
    most: float = 0.0
    stages: dict[str, float] = field(default_factory=dict[str, float])


def main() -> None:
    """Make the video and print the cost of each of the three in turn."""
    parser = argparse.ArgumentParser(prog="python -m bench.video", description="What an annotated clip costs.")
    parser.add_argument("shared", nargs="?", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--engines", default="sface,dlib,trio", help="which to measure, with commas between")
    parser.add_argument("--seconds", type=int, default=60, help="length of the video")
    parser.add_argument("--minutes", default="1,5,10", help="lengths at which memory is watched; empty: none")
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    chosen = [engine for engine in arguments.engines.split(",") if installed(shared, engine)]
    minutes = [int(length) for length in arguments.minutes.split(",") if length]
    with tempfile.TemporaryDirectory(prefix="nugu-bench-") as place:
        folder = Path(place)
        enrolled, held_out = split(shared, folder)
        video = make_video(shared, folder, held_out, arguments.seconds)
        limit = transcode(video, folder / "transcoded.mp4")
        print(f"{arguments.seconds} s at 720p, 30 frames a second, {psutil.cpu_count()} processors")
        print(f"transcode       {limit.wall:6.1f} s on the clock, {limit.cpu:6.1f} s of processors")
        article = article_seconds(shared, enrolled, video, folder, arguments.seconds)
        print(f"article, scaled {article:6.1f} s on the clock, from {SLICE} frames")
        for engine in chosen:
            asyncio.run(measure(shared, folder, engine, enrolled, video, limit, article, arguments.seconds, minutes))


async def measure(
    shared: Path,
    folder: Path,
    engine: str,
    enrolled: Path,
    video: Path,
    limit: ClipCost,
    article: float,
    seconds: int,
    minutes: list[int],
) -> None:
    """Annotate the video, and longer ones, with one engine; print the cost."""
    settings = Settings(data=folder / f"data-{engine}", workers=2)
    async with App.open(settings) as app:
        if engine != DEFAULT:
            await engines.install(app, engine, shared / "models", lambda *_: None)
        await enrol(app, enrolled)
        await app.recognisers.for_rosters([SHARED_ROSTER])
        await annotate_once(app, video, folder, 4.0)
        ours = await annotate_once(app, video, folder, None)
        stages = "  ".join(f"{stage} {taken:.1f}" for stage, taken in ours.stages.items())
        print(f"\n{engine}       {ours.wall:6.1f} s on the clock, {ours.cpu:6.1f} s of processors   ({stages})")
        print(f"  {article / ours.wall:.0f} times the article's speed")
        print(f"  {ours.cpu / limit.cpu:.2f} times the transcode's processor time")
        print(f"  {seconds / ours.wall:.2f} seconds of video a second")
        for length in minutes:
            longer = repeated(video, folder / f"{length}min.mp4", length * 60)
            cost = await annotate_once(app, longer, folder, None)
            print(f"  {length:2} min: at most {cost.most:5.0f} MB in all workers and ffmpeg, {cost.wall:.0f} s")


async def annotate_once(app: App, video: Path, folder: Path, length: float | None) -> ClipCost:
    """The cost of one clip, from the file on."""
    cost = ClipCost()
    with tempfile.TemporaryDirectory(dir=folder) as place, measured(cost):
        (Path(place) / VIDEO).symlink_to(video)
        fitted = await app.recognisers.for_rosters([SHARED_ROSTER])
        options = ClipOptions(RequestedSection(0.0, length, float("inf")), CaptionStyle.NAMES, None, 0.5, LARGEST)
        began = time.perf_counter()

        def note_start(stage: ClipStage, *_: object, **__: object) -> None:
            starts.setdefault(stage, time.perf_counter())

        starts: dict[str, float] = {}
        await annotate(
            app,
            CachedVideo(Path(place), "bench"),
            options,
            fitted,
            note_start,
        )
        ends = [*list(starts.values())[1:], time.perf_counter()]
        cost.stages = {stage: end - start for (stage, start), end in zip(starts.items(), ends, strict=True)}
        cost.wall = ends[-1] - began
    return cost


@contextmanager
def measured(cost: ClipCost) -> Generator[None]:
    """Measure the processor time of this process and its descendants, and the peak memory of the descendants."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            cost.most = max(cost.most, sum(map(memory, psutil.Process().children(recursive=True))) / MEGABYTE)

    watching = threading.Thread(target=watch)
    before = processor_seconds()
    watching.start()
    try:
        yield
    finally:
        cost.cpu = processor_seconds() - before
        over.set()
        watching.join()


def processor_seconds() -> float:
    """Processor seconds of this process, of its living descendants, and of the children that these waited for."""
    total = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def memory(process: psutil.Process) -> int:
    """The resident memory of a process in bytes, 0 once it has ended."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def transcode(video: Path, out: Path) -> ClipCost:
    """The cost of a transcode with our encoder settings and copied sound, without detection and captions."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(video)]
    for option, value in encoding_options(MAX_RATE).items():
        command += [f"-{option}", str(value)]
    command += ["-c:a", "copy", "-movflags", "+faststart", str(out)]
    cost = ClipCost()
    with measured(cost):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        cost.wall = time.perf_counter() - began
    return cost


def article_seconds(shared: Path, enrolled: Path, video: Path, folder: Path, seconds: int) -> float:
    """Seconds of the second article's way for all frames, scaled from a slice; without enrolling and training."""
    command = [sys.executable, "-W", "ignore", str(shared / "bench" / "seed_video.py"), str(enrolled), str(video)]
    command += [str(folder / "article"), "--frames", str(SLICE)]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return seconds * 30 / done["fps"]


def split(shared: Path, folder: Path) -> tuple[Path, Path]:
    """Two folders: the first photos of each member, to enrol, and the others, for the video."""
    enrolled, held_out = folder / "enrolled", folder / "held_out"
    for member in sorted((shared / "faces/groups/TWICE").iterdir()):
        for i, photo in enumerate(sorted(member.iterdir())):
            place = (enrolled if i < ENROLLED else held_out) / member.name
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, place)
    return enrolled, held_out


def make_video(shared: Path, folder: Path, gallery: Path, seconds: int) -> Path:
    """A fast-cut video of the photos in `gallery`."""
    out = folder / "video.mp4"
    command = [sys.executable, "-W", "ignore", str(shared / "bench" / "make_mv.py"), str(out), str(gallery)]
    subprocess.run([*command, "--seconds", str(seconds), "--seed", "5"], check=True, capture_output=True)
    return out


def repeated(video: Path, out: Path, seconds: int) -> Path:
    """The video in a loop of `seconds`, without a new encoding."""
    if not out.exists():
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stream_loop", "-1", "-i", str(video)]
        subprocess.run([*command, "-t", str(seconds), "-c", "copy", str(out)], check=True)
    return out


async def enrol(app: App, gallery: Path) -> None:
    """Enrol the members of a folder through the bot's use case."""
    for member in sorted(gallery.iterdir()):
        photos = [SubmittedFile(photo.name, photo.read_bytes()) for photo in sorted(member.iterdir())]
        await enrolment.add_member(app, SHARED_ROSTER, "TWICE", member.name, photos, by=0, make_group=True)


if __name__ == "__main__":
    main()
