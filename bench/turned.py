"""Faces of turned photos: `python -m bench.turned [SHARED] [--engines sface trio] [--photos 12] [--step 15]`.

Group photos of BTS and TWICE, and single photos of BTS that aren't enrolled, are turned by each multiple of `--step` degrees,
with black corners. The truth is the engine's own upright picture. The table has, for each angle, the share of the faces found
there, also by upright scans alone; boxes a picture beside these faces (at 0 degrees: boxes that upright scans alone don't
have); the share of the faces found that have the same name, or none, as upright, by a gallery of five photos a member of BTS;
and the detection's processor time in times of upright scans alone, in turn on the same turned pictures.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.networks.aligned import AlignedEngine
from models.networks.rotations import Rotation
from models.recognition.quality import measure_quality
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.engines import Engine
    from models.faces import Face, Picture
    from models.recognition.recogniser import Recogniser

_ROOT = Path(__file__).resolve().parents[1]
GROUP = "BTS"
ENROLLED = 5


@dataclass(slots=True)
class Tally:
    """Counts over the photos of one angle. Seconds are processor time of the whole detection and of upright scans alone."""

    faces: int = 0
    found: int = 0
    found_alone: int = 0
    extra: int = 0
    same_name: int = 0
    pictures: int = 0
    seconds: float = 0.0
    seconds_alone: float = 0.0

    def line(self, words: str) -> str:
        """A row of the table."""
        return (
            f"{words} | {self.found / self.faces:.1%} | {self.found_alone / self.faces:.1%} | "
            f"{self.extra / self.pictures:.2f} | {self.same_name / max(1, self.found):.1%} | "
            f"{self.seconds / self.seconds_alone:.2f}"
        )

    def add(self, other: Tally) -> None:
        """Add the counts of `other`."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Naming:
    """An engine and the recogniser of its gallery."""

    engine: AlignedEngine
    recogniser: Recogniser

    def names(self, picture: Picture, faces: Sequence[Face]) -> list[int | None]:
        """The member of each face, each at most once, None for a stranger."""
        qualities = [measure_quality(picture, face, self.engine.landmarks) for face in faces]
        encodings = self.engine.encode(picture, faces)
        return [guess.member for guess in self.recogniser.identify(encodings, qualities=qualities, once="yes").guesses]


def turned_by(naming: Naming, picture: Picture, degrees: int) -> Tally:
    """The counts of one picture turned by `degrees`."""
    engine = naming.engine
    truth = engine.detect(picture)
    turn = Rotation(degrees, (picture.shape[1], picture.shape[0]))
    turned = turn.apply(picture)
    started = time.process_time()
    alone = engine.detector.detect(turned)
    between = time.process_time()
    found = engine.detect(turned)
    ended = time.process_time()
    matches = _matches(truth, turn.back(found))
    upright, names = naming.names(picture, truth), naming.names(turned, found)
    by_detector = _matches(truth, turn.back(alone))
    return Tally(
        faces=len(truth),
        found=len(matches),
        found_alone=len(by_detector),
        extra=len(found) - len(matches if degrees else by_detector),
        same_name=sum(upright[face] == names[other] for face, other in matches.items()),
        pictures=1,
        seconds=ended - between,
        seconds_alone=between - started,
    )


def _matches(truth: Sequence[Face], found: Sequence[Face]) -> dict[int, int]:
    """The face found at each true one: the nearest within half its width, by the middle of the landmarks."""
    matches: dict[int, int] = {}
    for place, face in enumerate(truth):
        ways = [float(np.hypot(*(other.landmarks.mean(axis=0) - face.landmarks.mean(axis=0)))) for other in found]
        nearest = min(range(len(ways)), key=ways.__getitem__, default=None)
        if nearest is not None and ways[nearest] < face.box.width / 2:
            matches[place] = nearest
    return matches


def some(paths: Sequence[Path], number: int) -> list[Path]:
    """`number` of the paths, the same ones each time."""
    chosen = np.random.default_rng(0).permutation(len(paths))[:number]
    return [paths[place] for place in sorted(chosen.tolist())]


def report(faces: Path, engine: AlignedEngine, photos: int, step: int) -> None:
    """Print the table of one engine."""
    groups = {label: files for label, files in photos_by_member(faces / "groups").items() if label[0] == GROUP}
    enrolled = {label: files[:ENROLLED] for label, files in groups.items()}
    gallery = read_sample(CachingEncoder(engine, PictureLimits()), GROUP, enrolled, enrolled, {})
    naming = Naming(engine, fit(gallery.gallery(np.arange(len(gallery.people)))))
    together = [
        *(faces / "group_photos" / GROUP).glob("*.[jp][pn]g"),
        *(faces / "group_photos" / "TWICE").glob("*.jpg"),
    ]
    kinds = {
        "group photos": some(sorted(together), photos),
        "single photos": some(sorted(path for files in groups.values() for path in files[ENROLLED:]), photos),
    }
    for kind, paths in kinds.items():
        pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
        print(
            f"\n{engine.name}, {len(pictures)} {kind}: angle | found | upright scans alone | extra boxes | same name | time"
        )
        overall = Tally()
        for degrees in range(0, 360, step):
            tally = Tally()
            for picture in pictures:
                tally.add(turned_by(naming, picture, degrees))
            print(tally.line(f"{degrees}°"), flush=True)
            if degrees:
                overall.add(tally)
        print(overall.line("all turned"), flush=True)


def main() -> None:
    """Print the tables of the engines."""
    parser = argparse.ArgumentParser(prog="python -m bench.turned", description="Faces of turned photos.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", nargs="+", default=["sface", "trio"])
    parser.add_argument("--photos", type=int, default=12, help="of each kind")
    parser.add_argument("--step", type=int, default=15, help="degrees between two angles")
    arguments = parser.parse_args()
    faces: Path = arguments.shared.resolve() / "faces"
    if not faces.is_dir():
        raise SystemExit(f"the private photos are not here: {faces}")
    engines: Sequence[Engine] = list(installed(faces.parent, arguments.engines))
    for engine in engines:
        if isinstance(engine, AlignedEngine):
            report(faces, engine, arguments.photos, arguments.step)
        else:
            print(f"{engine.name} is left out: it detects nearly upright faces alone")


if __name__ == "__main__":
    main()
