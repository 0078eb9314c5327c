"""Are all people in a video named right? `python -m bench.cast [SHARED] [--engines sface,dlib,trio] [--seeds 31,32]`.

For each seed, the ten photos a member of TWICE in SHARED (default `../shared`) are split at random. Seven (`--enrolled`) are
enrolled. The other three make a fast-cut video with SHARED/bench/make_mv.py, in which women of ITZY are the strangers. A frame
is right when every labelled member has her name (overlap of boxes from 0.3), and no stranger and no other box has a name. An
unknown or missed member makes the frame wrong. Faces with less than half inside the picture don't count.

Frames right with seeds 31 to 36: dlib 91.1% (83.3 to 99.8%) without a wrong name, sface 95.5% (87.8 to 100%) with one stranger
named in the second video. The result depends on few photos: sface leaves two of one member unknown in the third.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import numpy as np

from bot import jobs
from bot.domain.clips import NamingOptions
from bot.domain.enums import CaptionStyle
from bot.domain.faces import UnreadableFile
from bot.domain.rosters import EnrolledEncoding
from bot.jobs import EngineConfig
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from bot.media.videos.footage import VideoLimits, VideoSection
from models.engines import load
from models.faces import Box
from models.video.tracks import FaceTracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.faces import Encodings

_ROOT = Path(__file__).resolve().parents[1]
_SAME_FACE = 0.3
_VISIBLE = 0.5
_SPAN = 8.0


@dataclass(frozen=True, slots=True)
class SyntheticVideo:
    """A video with its ground truth, and the enrolled photos, which aren't in it: (member, file)."""

    video: Path
    truth: dict[str, Any]
    enrolled: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True)
class VideoScore:
    """Counts of one video: frames, right frames, changes of a name within a shot, faces by outcome.

    `elsewhere`: boxes with a name that overlap no labelled face.
    """

    frames: int
    right: int
    changes: int
    faces: Counter[str]
    elsewhere: int

    @property
    def share(self) -> float:
        """The share of right frames."""
        return self.right / self.frames

    def of_faces(self, *kinds: str) -> float:
        """The share of labelled faces with one of these outcomes."""
        return sum(self.faces[kind] for kind in kinds) / max(1, self.faces.total())

    @property
    def wrong_names(self) -> float:
        """The number of wrong names, for each labelled face."""
        return self.of_faces("wrong", "stranger named") + self.elsewhere / max(1, self.faces.total())

    @property
    def strangers_named(self) -> float:
        """The share of strangers' faces with a name; NaN without strangers."""
        strangers = self.faces["stranger named"] + self.faces["stranger unknown"]
        return self.faces["stranger named"] / strangers if strangers else float("nan")


def make(
    shared: Path, folder: Path, seed: int, *, seconds: float = 45, enrolled: int = 7, size: str = "1280x720"
) -> SyntheticVideo:
    """A video of the photos that aren't enrolled."""
    chance = np.random.default_rng(1000 + seed)
    rows: list[tuple[str, Path]] = []
    for member in sorted((shared / "faces" / "groups" / "TWICE").iterdir()):
        photos = sorted(member.iterdir())
        order = chance.permutation(len(photos)).tolist()
        rows += [(member.name, photos[i]) for i in order[:enrolled]]
        (folder / "members" / member.name).mkdir(parents=True)
        for i in order[enrolled:]:
            shutil.copy(photos[i], folder / "members" / member.name)
    (folder / "strangers").mkdir()
    for photo in sorted((shared / "faces" / "groups" / "ITZY").glob("*/*")):
        shutil.copy(photo, folder / "strangers" / f"{photo.parent.name}_{photo.name}")
    video = folder / "video.mp4"
    script = [sys.executable, str(shared / "bench" / "make_mv.py"), str(video), str(folder / "members")]
    options = ["--strangers", str(folder / "strangers"), "--seconds", str(seconds), "--size", size, "--seed", str(seed)]
    subprocess.run([*script, *options], check=True, stderr=subprocess.DEVNULL)
    tag(video)
    return SyntheticVideo(video, json.loads(video.with_suffix(".json").read_text()), tuple(rows))


def tag(video: Path) -> None:
    """Tag a video of make_mv.py as BT.601. It has no tag, and at 720 lines decoders assume BT.709."""
    untagged = video.rename(video.with_name(f"untagged-{video.name}"))
    tags = "h264_metadata=colour_primaries=6:transfer_characteristics=6:matrix_coefficients=6"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-loglevel", "error", "-i", untagged, "-c", "copy", "-bsf:v", tags, video], check=True)
    untagged.unlink()


def enrol(config: EngineConfig, video: SyntheticVideo) -> bytes:
    """A recogniser of the enrolled photos, as bytes."""
    engine = load(config.engine, config.weights)
    rows: list[EnrolledEncoding] = []
    numbers = {name: i for i, name in enumerate(sorted({name for name, _ in video.enrolled}), start=1)}
    for name, path in video.enrolled:
        opened = open_picture(path.read_bytes(), limits=PictureLimits(config.picture_bytes, config.picture_pixels))
        face = max(engine.detect(opened.pixels), key=lambda face: face.box.area, default=None)
        if face is not None:
            vectors: Encodings = engine.encode(opened.pixels, [face])
            rows.append(EnrolledEncoding(len(rows), numbers[name], name, 1, "TWICE", vectors[0].tobytes()))
    return jobs.fit_recogniser(rows, engine.version)


def name(config: EngineConfig, video: SyntheticVideo) -> tuple[FaceTracks, list[list[dict[str, Any]]]]:
    """The tracks of the whole video, and the faces of each frame as `nugu annotate --faces` writes them."""
    footage = jobs.probe_video(video.video, VideoLimits(2**30))
    if isinstance(footage, UnreadableFile):
        raise SystemExit(str(footage.message))
    section = VideoSection(0.0, footage.seconds)
    edges = [*np.arange(0.0, footage.seconds, _SPAN).tolist(), footage.seconds]
    segments: list[bytes] = []
    for start, end in pairwise(edges):
        segment = jobs.track_faces(config, footage, section, VideoSection(start, end))
        if isinstance(segment, UnreadableFile):
            raise SystemExit(str(segment.message))
        segments.append(segment)
    face_tracks = jobs.join_segments(segments)
    listed = jobs.faces_by_frame(face_tracks, enrol(config, video), NamingOptions(None, 0.5, CaptionStyle.NAMES))
    return FaceTracks.from_bytes(face_tracks), listed["frames"]


def score(truth: dict[str, Any], frames: Sequence[Sequence[dict[str, Any]]]) -> VideoScore:
    """The counts for the faces of every frame, against the ground truth."""
    faces: Counter[str] = Counter()
    right, changes, elsewhere = 0, 0, 0
    width, height = truth["size"]
    cuts, names = set(truth["cuts"]), dict[int, set[str | None]]()
    for number, (true, found) in enumerate(zip(truth["frames"], frames, strict=True)):
        if number in cuts:
            changes += sum(len(given) > 1 for given in names.values())
            names = {}
        good, left = True, list(found)
        for place, face in enumerate(true):
            top, right_edge, bottom, left_edge = face["box"]
            box = Box(left_edge, top, right_edge, bottom)
            across, down = min(box.right, width) - max(box.left, 0), min(box.bottom, height) - max(box.top, 0)
            if max(0, across) * max(0, down) < _VISIBLE * box.area:
                continue
            match = max(left, key=lambda candidate: box.overlap(Box(*candidate["box"])), default=None)
            seen = match is not None and box.overlap(Box(*match["box"])) >= _SAME_FACE
            given: str | None = None
            if seen and match is not None:
                left.remove(match)
                given = match["name"]
                names.setdefault(place, set()).add(given)
            outcome = _outcome(face["name"], given, seen=seen)
            faces[outcome] += 1
            good = good and outcome in ("right", "stranger unknown")
        others = sum(bool(extra["name"]) for extra in left)
        elsewhere += others
        right += good and not others
    changes += sum(len(given) > 1 for given in names.values())
    return VideoScore(len(truth["frames"]), right, changes, faces, elsewhere)


def _outcome(true: str | None, given: str | None, *, seen: bool) -> str:
    if true is None:
        return "stranger named" if given else "stranger unknown"
    if not seen:
        return "missed"
    return "unknown" if given is None else "right" if given == true else "wrong"


def main() -> None:
    """Print a row for each engine and seed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cast", description="Frames in which everybody has the right name."
    )
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", default="sface,dlib,trio", help="which to measure, with commas between")
    parser.add_argument("--seeds", default="31,32,33,34,35,36", help="which videos to make, with commas between")
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--enrolled", type=int, default=7, help="photos a member, of ten; the others are in the video")
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    kinds = ("right", "unknown", "missed", "wrong", "stranger unknown", "stranger named")
    print("engine seed  frames right  cuts missed/false  changes  wrong names  of strangers  " + "  ".join(kinds))
    rows: dict[str, list[list[float]]] = {}
    for seed in arguments.seeds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            video = make(shared, Path(folder), int(seed), seconds=arguments.seconds, enrolled=arguments.enrolled)
            for engine in arguments.engines.split(","):
                face_tracks, frames = name(EngineConfig(engine, shared / "models", 2**28, 2**28), video)
                result = score(video.truth, frames)
                true, found = set(video.truth["cuts"]), set(face_tracks.shots.tolist())
                counts = [len(true - found), len(found - true), result.changes]
                shares = [result.wrong_names, result.strangers_named, *(result.of_faces(kind) for kind in kinds)]
                rows.setdefault(engine, []).append([result.share, *counts, *shares])
                print(_row(engine, seed, rows[engine][-1], kinds), flush=True)
    for engine, figures in rows.items():
        print(_row(engine, "mean", np.nanmean(figures, axis=0).tolist(), kinds))


def _row(engine: str, seed: str, figures: Sequence[float], kinds: Sequence[str]) -> str:
    right, missed, false, changes, wrong, strangers, *faces = figures
    shares = "  ".join(f"{share:.2%}".rjust(len(kind)) for share, kind in zip(faces, kinds, strict=True))
    cuts = f"{missed:7.4g}/{false:<9.4g}"
    return f"{engine:6} {seed:>4}  {right:12.2%}  {cuts}  {changes:7.4g}  {wrong:11.2%}  {strangers:12.2%}  {shares}"


if __name__ == "__main__":
    main()
