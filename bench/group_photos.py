"""Each name at most once: `python -m bench.group_photos [SHARED] [--trials T] [--engines E…]` names faces of BTS group photos.

Six members are enrolled from ../shared/faces/groups; J-Hope is a stranger. nugu is compared with the article's rule: the member
of the nearest face within 0.6, with an assignment over distances so that each name occurs once. F1 counts right names, wrong
names (a stranger's included) and members without a name. The F1 "of all" also counts members whose face was not found.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from PIL import Image
from scipy.optimize import linear_sum_assignment

from bench.recognition import NearestFace, PlainEngine, installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.engines.dlib.engine import DlibEngine
from models.learning.evaluation import MeanAndDeviation
from models.learning.samples import draw_enrolled
from models.recognition.gallery import Gallery
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Box, Encodings
    from models.learning.samples import EvaluationSet

    Names = Callable[[Encodings], list[int | None]]
    """Names the faces of one picture by members' ids."""
    Learns = Callable[[Gallery], Names]

_ROOT = Path(__file__).resolve().parents[1]
GROUP = "BTS"


class HeadLabel(TypedDict):
    """A labelled head. `name`: of the person. `box`: left, top, right, bottom in pixels."""

    name: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class GroupPhoto:
    """A group photo. `encodings`: (n, d) of the faces found. `truth`: the index of each face's member, -1 for a stranger, None
    for no labelled face. `members`: the number of labelled members, found or not.
    """

    encodings: Encodings
    truth: tuple[int | None, ...]
    members: int


def scenes(folder: Path, engine: Engine, names: Sequence[str]) -> list[GroupPhoto]:
    """The photos of `folder` with the faces found by `engine`; `labels.json` has a box around each head."""
    places = {name.lower(): place for place, name in enumerate(names)}
    found: list[GroupPhoto] = []
    for name, labels in json.loads((folder / "labels.json").read_text(encoding="utf-8")).items():
        picture = np.asarray(Image.open(folder / name).convert("RGB"))
        faces = engine.detect(picture)
        truth = [_person(face.box, labels["faces"]) for face in faces]
        found.append(
            GroupPhoto(
                engine.encode(picture, faces),
                tuple(None if person is None else places.get(person, -1) for person in truth),
                sum(label["name"].lower() in places for label in labels["faces"]),
            )
        )
    return found


def _person(box: Box, labels: Sequence[HeadLabel]) -> str | None:
    """The name at the labelled head around the middle of a face, the smallest where heads overlap."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2

    def area(label: HeadLabel) -> int:
        left, top, right, bottom = label["box"]
        return (right - left) * (bottom - top)

    around = [
        label for label in labels if label["box"][0] <= x < label["box"][2] and label["box"][1] <= y < label["box"][3]
    ]
    return str(min(around, key=area)["name"]).lower() if around else None


def f1(named: Sequence[tuple[GroupPhoto, Sequence[int | None]]], *, of_all: bool) -> float:
    """The harmonic mean of precision and recall of the names over all scenes."""
    right = wrong = missed = 0
    for scene, names in named:
        hits = sum(name is not None and name == truth for name, truth in zip(names, scene.truth, strict=True))
        found = sum(truth is not None and truth >= 0 for truth in scene.truth)
        right += hits
        wrong += sum(name is not None for name in names) - hits
        missed += (scene.members if of_all else found) - hits
    return 2 * right / (2 * right + wrong + missed)


def nugu(gallery: Gallery) -> Names:
    """nugu's recogniser."""
    recogniser = fit(gallery)
    group = gallery.members[0].group
    return lambda faces: [guess.member for guess in recogniser.identify(faces, group=group, once="yes").guesses]


def article(plain: PlainEngine) -> Learns:
    """The article's rule with each name once: the assignment of members to faces with the smallest sum of distances."""

    def learn(gallery: Gallery) -> Names:
        rule = NearestFace(gallery, plain)

        def name(faces: Encodings) -> list[int | None]:
            names: list[int | None] = [None] * len(faces)
            within: NDArray[np.float64] = rule.log_odds(faces)
            for face, member in zip(*linear_sum_assignment(within, maximize=True), strict=True):
                if within[face, member] >= 0:
                    names[face] = gallery.members[member].id
            return names

        return name

    return learn


def measure(
    sample: EvaluationSet,
    pictures: Sequence[GroupPhoto],
    rule: Learns,
    photos: int | None,
    trials: int,
) -> tuple[MeanAndDeviation, MeanAndDeviation]:
    """F1 of the faces found and of all, over seeded draws of `photos` photos a member; None enrols all, once."""
    chances = np.random.default_rng(0).spawn(trials if photos else 1)
    found: list[float] = []
    overall: list[float] = []
    for chance in chances:
        enrolled = draw_enrolled(sample, photos, chance)
        name = rule(sample.gallery(enrolled))
        named = [(scene, name(scene.encodings)) for scene in pictures]
        found.append(f1(named, of_all=False))
        overall.append(f1(named, of_all=True))
    return MeanAndDeviation.from_values(found), MeanAndDeviation.from_values(overall)


def report(faces: Path, engine: Engine, trials: int) -> None:
    """Print a line a number of photos and a rule."""
    groups = {label: files for label, files in photos_by_member(faces / "groups").items() if label[0] == GROUP}
    rows: list[tuple[str, Engine, Learns]] = [(f"nugu, {engine.name}", engine, nugu)]
    if isinstance(engine, DlibEngine):
        plain = PlainEngine(engine)
        rows.append(("article's rule", plain, article(plain)))
    for words, its, rule in rows:
        sample = read_sample(CachingEncoder(its, PictureLimits()), GROUP, groups, groups, {})
        seen = scenes(faces / "group_photos" / GROUP, its, [member.name for member in sample.members])
        for photos in (5, None):
            found, overall = measure(sample, seen, rule, photos, trials)
            print(
                f"{words} · {GROUP} group photos, {photos or 'all'} photos a member: "
                f"F1 {100 * found.mean:.1f} ± {100 * found.deviation:.1f}%, "
                f"of all {100 * overall.mean:.1f} ± {100 * overall.deviation:.1f}%",
                flush=True,
            )


def main() -> None:
    """Print the figures of both engines."""
    parser = argparse.ArgumentParser(prog="python -m bench.group_photos", description="Everybody once.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--engines", nargs="+", default=["sface", "dlib", "trio"])
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, arguments.engines):
        report(shared / "faces", engine, arguments.trials)


if __name__ == "__main__":
    main()
