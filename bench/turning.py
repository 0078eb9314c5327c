"""Faces that turn in videos: `python -m bench.turning [SHARED] [--engines sface trio] [--photos 8] [--upright]`.

A photo of one member of TWICE or BTS, who isn't enrolled by it, rolls about the middle of a video of 1280 by 720 pixels and 30
frames a second: upright for half a second, evenly to the peak, half a second there, and evenly back. The face is 220 pixels
wide. Every second photo rolls to the other side. The truth is the box of the face in the upright photo, turned with it; frames
with less than half of it inside don't count.

The table has, for each speed and peak: the share of the frames with a box on the face (overlap from 0.3); the share of the
videos in which one track has the face in 95% of the frames; the tracks on the face in a video; boxes without a face in a
frame; the shares of the frames in which a box on the face has the right name and a wrong one, by a gallery of five photos a
member; and the scans of the detector in a second.

With `--upright` it counts the scans and their pixels, the tracks and their boxes in two videos of upright faces: the clip of
SHARED and a fast-cut one of `bench.cast`.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from bench.cast import make
from bench.recognition import installed
from bench.turned import some
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits, VideoSection
from bot.media.videos.frames import frames
from models.faces import Box
from models.networks.aligned import AlignedEngine
from models.networks.close_ups import SIDE
from models.networks.rotations import Rotation
from models.networks.yunet import SURELY_FOUND
from models.recognition.recogniser import fit
from models.video.cast import build_cast
from models.video.observations import clip_box
from models.video.tracker import FaceTracker
from models.video.tracks import FaceTracks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.faces import Face, Picture
    from models.networks.landmark_detector import LandmarkDetector
    from models.recognition.recogniser import Recogniser

_ROOT = Path(__file__).resolve().parents[1]
GROUPS = ("TWICE", "BTS")
ENROLLED = 5
WIDE, HIGH, RATE = 1280, 720, 30
FACE = 220
REST = 0.5
SPEEDS, PEAKS = (45, 90), (90, 180)
_SAME_FACE, _VISIBLE, _WHOLE = 0.3, 0.5, 0.95


@dataclass(slots=True)
class CountingDetector:
    """A detector that counts its scans."""

    detector: LandmarkDetector
    scans: int = 0
    pixels: float = 0.0

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """The detector's."""
        scale = min(self.detector.thorough_scale(picture), SURELY_FOUND / smallest if smallest else 1e9)
        self._count(picture, scale)
        return self.detector.detect(picture, smallest)

    def thorough_scale(self, picture: Picture) -> float:
        """The detector's."""
        return self.detector.thorough_scale(picture)

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        """The detector's."""
        self._count(picture, scale)
        return self.detector.detect_at_scale(picture, scale)

    def close_ups(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        """The detector's, each face in two pictures."""
        self.scans += 2 * len(faces)
        self.pixels += 2 * len(faces) * SIDE**2
        return self.detector.close_ups(picture, faces, turns)

    def _count(self, picture: Picture, scale: float) -> None:
        self.scans += 1
        self.pixels += scale**2 * picture.shape[0] * picture.shape[1]


@dataclass(frozen=True, slots=True)
class RollingPhoto:
    """A photo with the member's name and her or his face in it. `way`: 1 for a roll anticlockwise, -1 for clockwise."""

    name: str
    picture: Picture
    face: Face
    way: int

    def turned(self, degrees: float) -> tuple[Picture, Box]:
        """The frame in which the photo is turned by so many degrees, and the face's box in it."""
        turn = Rotation(self.way * degrees, (self.picture.shape[1], self.picture.shape[0]))
        photo, box = turn.apply(self.picture), turn.forth(self.face).box
        frame = np.zeros((HIGH, WIDE, 3), np.uint8)
        left, top = (WIDE - photo.shape[1]) // 2, (HIGH - photo.shape[0]) // 2
        place = clip_box(Box(left, top, left + photo.shape[1], top + photo.shape[0]), frame)
        inside = photo[place.top - top : place.bottom - top, place.left - left : place.right - left]
        frame[place.top : place.bottom, place.left : place.right] = inside
        return frame, box.moved(left, top)


@dataclass(slots=True)
class Tally:
    """Counts over the videos of one speed and peak. `named`, `misnamed`: frames with a right and a wrong name on the face."""

    videos: int = 0
    frames: int = 0
    found: int = 0
    whole: int = 0
    pieces: int = 0
    elsewhere: int = 0
    named: int = 0
    misnamed: int = 0
    scans: int = 0
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        """Add the counts of `other`."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def line(self, words: str) -> str:
        """A row of the table."""
        shares = (self.found / self.frames, self.whole / self.videos)
        names = (self.named / self.frames, self.misnamed / self.frames)
        return (
            f"{words} | {' | '.join(f'{share:.1%}' for share in shares)} | {self.pieces / self.videos:.2f} | "
            f"{self.elsewhere / self.frames:.3f} | {' | '.join(f'{share:.1%}' for share in names)} | "
            f"{self.scans / self.seconds:.1f}"
        )


@dataclass(slots=True)
class Followed:
    """The work of a tracker on the frames that it was given."""

    engine: AlignedEngine
    detector: CountingDetector
    tracker: FaceTracker = field(init=False)

    def __post_init__(self) -> None:
        self.tracker = FaceTracker(self.engine)

    @classmethod
    def by(cls, engine: AlignedEngine) -> Followed:
        """A tracker with a counting copy of the engine."""
        detector = CountingDetector(engine.detector)
        return cls(replace(engine, detector=detector), detector)

    def tracks(self) -> FaceTracks:
        """The tracks of all frames."""
        self.tracker.close()
        times, shots = np.array(self.tracker.times, np.float64), np.array(self.tracker.shots, np.int64)
        return FaceTracks(self.engine.version, (WIDE, HIGH), times, shots, tuple(self.tracker.tracks))


def angles(speed: int, peak: int) -> list[float]:
    """The turn of the photo in each frame, in degrees."""
    seconds = peak / speed
    corners = np.cumsum([0, REST, seconds, REST, seconds, REST])
    times = np.arange(round(corners[-1] * RATE)) / RATE
    return np.interp(times, corners, [0, 0, peak, peak, 0, 0]).tolist()


def rolled(engine: AlignedEngine, recogniser: Recogniser, photo: RollingPhoto, speed: int, peak: int) -> Tally:
    """The counts of one video."""
    followed, truth = Followed.by(engine), list[Box]()
    for number, degrees in enumerate(angles(speed, peak)):
        frame, box = photo.turned(degrees)
        truth.append(box)
        luma = cv2.cvtColor(cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        followed.tracker.add_frame(number / RATE, luma.astype(np.uint8, copy=False), lambda frame=frame: frame)
    found = followed.tracks()
    names = [guess.name for guess in build_cast(recogniser, found).guesses]
    tally = Tally(videos=1, scans=followed.detector.scans, seconds=len(truth) / RATE)
    seen = np.zeros(len(found.tracks), np.int64)
    for number, box in enumerate(truth):
        inside = clip_box(box, np.empty((HIGH, WIDE, 0), np.uint8))
        if inside.area < _VISIBLE * box.area:
            continue
        boxes = {
            place: Box(*(round(corner) for corner in track.boxes[number - track.first].tolist()))
            for place, track in enumerate(found.tracks)
            if track.first <= number <= track.last
        }
        best = max(boxes, key=lambda place: boxes[place].overlap(inside), default=None)
        tally.frames += 1
        if best is None or boxes[best].overlap(inside) < _SAME_FACE:
            tally.elsewhere += len(boxes)
            continue
        tally.found += 1
        tally.elsewhere += len(boxes) - 1
        tally.named += names[best] == photo.name
        tally.misnamed += names[best] not in (photo.name, None)
        seen[best] += 1
    tally.whole = int(seen.max(initial=0) >= _WHOLE * tally.frames)
    tally.pieces = int(np.count_nonzero(seen))
    return tally


def photos_of(engine: AlignedEngine, paths: Sequence[tuple[str, Path]]) -> Iterator[RollingPhoto]:
    """The photos with one face, which becomes FACE pixels wide."""
    for name, path in paths:
        picture = np.asarray(Image.open(path).convert("RGB"))
        faces = engine.detect(picture)
        if len(faces) != 1:
            continue
        scale = FACE / faces[0].box.width
        large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        faces = engine.detect(large)
        if len(faces) == 1:
            yield RollingPhoto(name, large, faces[0], 1)


def report(faces: Path, engine: AlignedEngine, number: int) -> None:
    """Print the table of one engine."""
    tallies = {(speed, peak): Tally() for speed in SPEEDS for peak in PEAKS}
    by_member = photos_by_member(faces / "groups")
    for group in GROUPS:
        files = {label: paths for label, paths in by_member.items() if label[0] == group}
        enrolled = {label: paths[:ENROLLED] for label, paths in files.items()}
        sample = read_sample(CachingEncoder(engine, PictureLimits()), group, enrolled, enrolled, {})
        recogniser = fit(sample.gallery(np.arange(len(sample.people))))
        owners = {path: label[1] for label, paths in files.items() for path in paths[ENROLLED:]}
        chosen = [(owners[path], path) for path in some(sorted(owners), number)]
        for place, photo in enumerate(photos_of(engine, chosen)):
            for (speed, peak), tally in tallies.items():
                tally.add(rolled(engine, recogniser, replace(photo, way=(-1) ** place), speed, peak))
    some_tally = next(iter(tallies.values()))
    print(
        f"\n{engine.name}, {some_tally.videos} photos: speed and peak | on the face | whole | pieces | without a face | "
        "right name | wrong | scans a second"
    )
    for (speed, peak), tally in tallies.items():
        print(tally.line(f"{speed}°/s to {peak}°"))


def report_upright(shared: Path, engine: AlignedEngine) -> None:
    """Print the counts of the videos with upright faces."""
    with tempfile.TemporaryDirectory() as folder:
        fast = make(shared, Path(folder), 31).video
        for words, video in {
            "clip": shared / "clips" / "hamilton" / "short_hamilton_clip.mp4",
            "fast cuts": fast,
        }.items():
            followed = Followed.by(engine)
            footage = probe(video, VideoLimits(2**30))
            for frame in frames(footage, VideoSection(0.0, footage.seconds)):
                followed.tracker.add_frame(frame.time, frame.luma, frame.picture)
            tracks = followed.tracks().tracks
            boxes = sum(len(track.boxes) for track in tracks)
            scans = f"{followed.detector.scans} scans of {followed.detector.pixels / 1e6:.1f} megapixels"
            print(f"{engine.name}, {words}: {scans}, {len(tracks)} tracks, {boxes} boxes")


def main() -> None:
    """Print the tables of the engines."""
    parser = argparse.ArgumentParser(prog="python -m bench.turning", description="Faces that turn in videos.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", nargs="+", default=["sface", "trio"])
    parser.add_argument("--photos", type=int, default=8, help="of each group; those with several faces are left out")
    parser.add_argument("--upright", action="store_true", help="count also the scans of videos with upright faces")
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    if not (shared / "faces").is_dir():
        raise SystemExit(f"the private photos are not here: {shared / 'faces'}")
    for engine in installed(shared, arguments.engines):
        if not isinstance(engine, AlignedEngine):
            print(f"{engine.name} is left out: it detects nearly upright faces alone")
            continue
        report(shared / "faces", engine, arguments.photos)
        if arguments.upright:
            report_upright(shared, engine)


if __name__ == "__main__":
    main()
