"""How long a photo takes beside the first seed's way: `python -m bench.photo [SHARED] [--repeats 3]`.

Both are enrolled with the ten photos a member of TWICE in SHARED (`../shared` unless given) and name its three photos of all
nine members. They run in turn, each in its own process. The yardstick's seconds are those of finding, encoding and matching;
ours are a whole job of a worker: from the bytes of the file to the JPEG with the names drawn in.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot import jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parents[1]
_GALLERY = Path("faces/groups/TWICE")
_PHOTOS = Path("faces/group_photos/TWICE")
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Answer:
    """One photo answered once. `boxes`: [left, top, right, bottom] a face; `names`: its name, or None."""

    photo: str
    seconds: dict[str, float]
    boxes: list[list[int]]
    names: list[str | None]


def main() -> None:
    """Run both in turn and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.photo", description="Seconds and names of a group photo.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    if arguments.ours:
        for answer in ours(shared):
            print(json.dumps(asdict(answer)))
        return
    theirs: list[Answer] = []
    mine: list[Answer] = []
    for _ in range(arguments.repeats):
        theirs += run_yardstick(shared)
        mine += run_ours(shared)
    report(theirs, mine)


def ours(shared: Path) -> list[Answer]:
    """Enrol TWICE and identify its photos, by the jobs that the bot's workers run."""
    with tempfile.TemporaryDirectory() as weights:
        bench = jobs.Workbench("dlib", Path(weights), 25 * _MEGABYTE, 50 * _MEGABYTE)
        rows: list[jobs.RosterRow] = []
        for number, member in enumerate(sorted((shared / _GALLERY).iterdir())):
            for photo in sorted(member.iterdir()):
                enrolled = jobs.enrol(bench, photo.read_bytes())
                if isinstance(enrolled, jobs.Enrolled):
                    rows.append(jobs.RosterRow(number, member.name, 1, "TWICE", enrolled.vector))
        recogniser = jobs.fit(rows, jobs.warm_up(bench))
        return [identify(bench, photo, recogniser) for photo in photos(shared)]


def identify(bench: jobs.Workbench, photo: Path, recogniser: bytes) -> Answer:
    """One job, as the bot asks for it."""
    answer = jobs.identify(bench, photo.read_bytes(), recogniser, jobs.Naming(None, "auto", 0.5, 8 * _MEGABYTE))
    if isinstance(answer, jobs.Refused):
        raise RuntimeError(f"{photo.name}: {answer.sentence}")
    boxes = [face.box.as_list() for face in answer.faces]
    return Answer(photo.name, answer.seconds, boxes, [face.guess.name for face in answer.faces])


def photos(shared: Path) -> list[Path]:
    """The photos of all nine."""
    return sorted((shared / _PHOTOS).glob("ot9_*.jpg"))


def run_ours(shared: Path) -> list[Answer]:
    """`ours` in a process of its own."""
    lines = _run([sys.executable, "-m", "bench.photo", str(shared), "--ours"])
    return [Answer(**json.loads(line)) for line in lines]


def run_yardstick(shared: Path) -> list[Answer]:
    """The first seed's way, with every photo of the gallery and one assignment."""
    script = str(shared / "bench" / "seed_photo.py")
    command = [sys.executable, "-W", "ignore", script, "--all", str(shared / _GALLERY), *map(str, photos(shared))]
    answers: list[Answer] = []
    for line in _run(command):
        found = json.loads(line)
        boxes = [[left, top, right, bottom] for top, right, bottom, left in found["boxes"]]
        answers.append(Answer(found["photo"], found["seconds"], boxes, found["assigned"]))
    return answers


def report(theirs: Sequence[Answer], mine: Sequence[Answer]) -> None:
    """Print seconds by stage, faces and names of both, and the ratio, a photo."""
    ratios: list[float] = []
    for photo in dict.fromkeys(answer.photo for answer in mine):
        their, my = ([answer for answer in answers if answer.photo == photo] for answers in (theirs, mine))
        ratios.append(_median(my, "all") / _median(their, "all"))
        print(f"\n{photo}: {ratios[-1]:.2f} of the yardstick's time")
        for who, answers in (("yardstick", their), ("ours", my)):
            stages = "  ".join(f"{stage} {_median(answers, stage):.3f}" for stage in answers[0].seconds)
            given = [name for name in answers[0].names if name]
            print(f"  {who:<9}  {stages} s   {len(answers[0].names)} faces, {len(set(given))} different names")
        print(f"  the same name on {_agreement(their[0], my[0])} faces that both name")
    print(f"\nall photos: {statistics.mean(ratios):.2f} of the yardstick's time")


def _median(answers: Sequence[Answer], stage: str) -> float:
    return statistics.median(answer.seconds[stage] for answer in answers)


def _agreement(one: Answer, other: Answer) -> str:
    named = {tuple(box[:2]): name for box, name in zip(one.boxes, one.names, strict=True) if name}
    pairs = [
        (named[left, top], name)
        for (left, top, _, _), name in zip(other.boxes, other.names, strict=True)
        if name and (left, top) in named
    ]
    return f"{sum(first == second for first, second in pairs)} of {len(pairs)}"


def _run(command: list[str]) -> list[str]:
    return subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    main()
