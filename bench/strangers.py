"""How many people are the unknown faces of a video? `python -m bench.strangers [SHARED] [--engines sface,…] [--seeds 1,2]`.

For each seed SHARED/bench/make_mv.py makes a fast-cut video of all people in SHARED/faces/groups. Seven of ten photos a
member of TWICE are enrolled, the other three are in the video. The photos of a person come from several occasions, so this is
harder than a real video, in which people look the same from shot to shot. The output has, for the faces without a name: the
true number of people, the number of tracks, the number of people on the clip's card, and how many of these are two people.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.cast import SyntheticVideo, enrol, name, tag
from bot.jobs import EngineConfig
from models.faces import Box
from models.recognition.recogniser import Recogniser
from models.video.cast import build_cast

if TYPE_CHECKING:
    from models.video.tracks import Track

_ROOT = Path(__file__).resolve().parents[1]
_ENROLLED = 7
_SAME_FACE = 0.3
_EVERY = 3


def make(shared: Path, folder: Path, seed: int, seconds: float) -> SyntheticVideo:
    """A video of the members of all groups, without the enrolled photos of TWICE."""
    chance = np.random.default_rng(1000 + seed)
    rows: list[tuple[str, Path]] = []
    for group in ("TWICE", "ITZY", "BTS"):
        for member in sorted((shared / "faces" / "groups" / group).iterdir()):
            photos = sorted(member.iterdir())
            order: list[int] = chance.permutation(len(photos)).tolist()
            enrolled = order[:_ENROLLED] if group == "TWICE" else []
            rows += [(member.name, photos[i]) for i in enrolled]
            (folder / "people" / member.name).mkdir(parents=True)
            for i in order[len(enrolled) :]:
                shutil.copy(photos[i], folder / "people" / member.name)
    video = folder / "video.mp4"
    script = [sys.executable, str(shared / "bench" / "make_mv.py"), str(video), str(folder / "people")]
    options = ["--seconds", str(seconds), "--size", "1280x720", "--seed", str(seed)]
    subprocess.run([*script, *options], check=True, stderr=subprocess.DEVNULL)
    tag(video)
    return SyntheticVideo(video, json.loads(video.with_suffix(".json").read_text()), tuple(rows))


def true_name(track: Track, truth: dict[str, Any]) -> str | None:
    """The name of the labelled face in most frames of a track, None where there is none."""
    names: Counter[str] = Counter()
    for number in range(0, len(track.boxes), _EVERY):
        box = Box(*(round(edge) for edge in track.boxes[number].tolist()))
        for face in truth["frames"][track.first + number] if track.first + number < len(truth["frames"]) else ():
            top, right, bottom, left = face["box"]
            names[face["name"]] += Box(left, top, right, bottom).overlap(box) >= _SAME_FACE
    return next((who for who, count in names.most_common(1) if count), None)


def main() -> None:
    """Print a row for each engine and seed."""
    parser = argparse.ArgumentParser(prog="python -m bench.strangers", description="How many people unknown faces are.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", default="sface,dlib,trio", help="which to measure, with commas between")
    parser.add_argument("--seeds", default="1,2", help="which videos to make, with commas between")
    parser.add_argument("--seconds", type=float, default=90)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    print("engine seed  true people  tracks  counted  of them two")
    for seed in arguments.seeds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            video = make(shared, Path(folder), int(seed), arguments.seconds)
            for engine in arguments.engines.split(","):
                config = EngineConfig(engine, shared / "models", 2**28, 2**28)
                face_tracks, _ = name(config, video)
                found = build_cast(Recogniser.from_bytes(enrol(config, video)), face_tracks)
                unknown = [person.tracks for person in found.people if person.guess.name is None]
                people = [
                    {true_name(face_tracks.tracks[place], video.truth) for place in tracks} - {None}
                    for tracks in unknown
                ]
                true = len(set[str | None]().union(*people))
                two = sum(len(names) > 1 for names in people)
                print(
                    f"{engine:6} {seed:>4}  {true:11}  {sum(map(len, unknown)):6}  {len(unknown):7}  {two:11}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
