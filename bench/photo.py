"""Seconds for a photo, against the first article's way: `python -m bench.photo [SHARED] [--engines sface,…] [--repeats 3]`.

Both enrol the ten photos a member of TWICE in SHARED (default `../shared`) and name its three photos of all nine members. They
run in turn, each in its own process, and the fastest of the repeats counts. The seconds of the article's way are those of
detection, encoding and matching. The bot's seconds are a whole job of a worker, from the bytes of the file to the tagged JPEG.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot import jobs
from bot.domain.faces import IdentifiedPicture, IdentifyOptions, UnreadableFile
from bot.domain.rosters import EnrolledEncoding
from models.engines import weights_of
from models.faces import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parents[1]
_GALLERY = Path("faces/groups/TWICE")
_WEIGHTS = Path("models")
_PHOTOS = Path("faces/group_photos/TWICE")
_MEGABYTE = 2**20
_SAME_FACE = 0.3


@dataclass(frozen=True)
class PhotoResult:
    """The result of one photo. `boxes`: [left, top, right, bottom] of each face; `names`: of each face, or None."""

    photo: str
    seconds: dict[str, float]
    boxes: list[list[int]]
    names: list[str | None]


def main() -> None:
    """Run the yardstick and every engine in turn and print a table each."""
    parser = argparse.ArgumentParser(prog="python -m bench.photo", description="Seconds and names of a group photo.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", default="sface,dlib,trio", help="which to measure, with commas between")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    engines: list[str] = arguments.engines.split(",")
    if arguments.ours:
        for result in ours(shared, engines[0]):
            print(json.dumps(asdict(result)))
        return
    for engine in engines:
        if not installed(shared, engine):
            print(f"{engine}: left out, its files are not in {_WEIGHTS}/")
    engines = [engine for engine in engines if installed(shared, engine)]
    theirs: list[PhotoResult] = []
    mine: dict[str, list[PhotoResult]] = {engine: [] for engine in engines}
    for _ in range(arguments.repeats):
        theirs += run_yardstick(shared)
        for engine in engines:
            mine[engine] += run_ours(shared, engine)
    for engine in engines:
        report(theirs, engine, mine[engine])


def installed(shared: Path, engine: str) -> bool:
    """Whether all weight files of the engine are in SHARED."""
    return all(file.find(shared / _WEIGHTS) for file in weights_of(engine))


def ours(shared: Path, engine: str) -> list[PhotoResult]:
    """Enrol TWICE and identify its photos with the jobs of the bot's workers."""
    config = jobs.EngineConfig(engine, shared / _WEIGHTS, 25 * _MEGABYTE, 50 * _MEGABYTE)
    rows: list[EnrolledEncoding] = []
    for number, member in enumerate(sorted((shared / _GALLERY).iterdir())):
        for photo in sorted(member.iterdir()):
            enrolled = jobs.enrol(config, photo.read_bytes())
            if isinstance(enrolled, IdentifiedPicture) and len(enrolled.faces) == 1:
                rows.append(EnrolledEncoding(len(rows), number, member.name, 1, "TWICE", enrolled.faces[0].vector))
    recogniser = jobs.fit_recogniser(rows, config.version)
    return [identify(config, photo, recogniser) for photo in photos(shared)]


def identify(config: jobs.EngineConfig, photo: Path, recogniser: bytes) -> PhotoResult:
    """One identification job, with the bot's settings."""
    result = jobs.identify(
        config, photo.read_bytes(), recogniser, IdentifyOptions(None, "auto", 0.5, 8 * _MEGABYTE, 100)
    )
    if isinstance(result, UnreadableFile):
        raise RuntimeError(f"{photo.name}: {result.message}")
    boxes = [face.box.as_list() for face in result.faces]
    return PhotoResult(photo.name, result.seconds, boxes, [face.guess.name for face in result.faces])


def photos(shared: Path) -> list[Path]:
    """The photos of all nine members."""
    return sorted((shared / _PHOTOS).glob("ot9_*.jpg"))


def run_ours(shared: Path, engine: str) -> list[PhotoResult]:
    """`ours` in a process of its own."""
    lines = _run([sys.executable, "-m", "bench.photo", str(shared), "--engines", engine, "--ours"])
    return [PhotoResult(**json.loads(line)) for line in lines]


def run_yardstick(shared: Path) -> list[PhotoResult]:
    """The first article's way, with all photos of the gallery and one assignment."""
    script = str(shared / "bench" / "seed_photo.py")
    command = [sys.executable, "-W", "ignore", script, "--all", str(shared / _GALLERY), *map(str, photos(shared))]
    results: list[PhotoResult] = []
    for line in _run(command):
        found = json.loads(line)
        boxes = [[left, top, right, bottom] for top, right, bottom, left in found["boxes"]]
        results.append(PhotoResult(found["photo"], found["seconds"], boxes, found["assigned"]))
    return results


def report(theirs: Sequence[PhotoResult], engine: str, mine: Sequence[PhotoResult]) -> None:
    """Print the least seconds by stage, faces and names of both, and the ratio, a photo."""
    ratios: list[float] = []
    for photo in dict.fromkeys(result.photo for result in mine):
        their, my = ([result for result in results if result.photo == photo] for results in (theirs, mine))
        ratios.append(_least(my, "all") / _least(their, "all"))
        print(f"\n{photo}, {engine}: {ratios[-1]:.2f} of the yardstick's time")
        for who, results in (("yardstick", their), (engine, my)):
            stages = "  ".join(f"{stage} {_least(results, stage):.3f}" for stage in results[0].seconds)
            given = [name for name in results[0].names if name]
            print(f"  {who:<9}  {stages} s   {len(results[0].names)} faces, {len(set(given))} different names")
        print(f"  the same name on {_agreement(their[0], my[0])} faces that both name")
    print(f"\nall photos, {engine}: {statistics.mean(ratios):.2f} of the yardstick's time")


def _least(results: Sequence[PhotoResult], stage: str) -> float:
    return min(result.seconds[stage] for result in results)


def _agreement(one: PhotoResult, other: PhotoResult) -> str:
    pairs = [
        (first, second)
        for box, first in zip(one.boxes, one.names, strict=True)
        for place, second in zip(other.boxes, other.names, strict=True)
        if first and second and Box(*box).overlap(Box(*place)) > _SAME_FACE
    ]
    return f"{sum(first == second for first, second in pairs)} of {len(pairs)}"


def _run(command: list[str]) -> list[str]:
    return subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    main()
