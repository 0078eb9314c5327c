"""Faces of poor quality: `python -m bench.poor_faces [SHARED] [--engines sface …] [--trials 10]`, for docs/recognition.md.

Photos of TWICE, ITZY and BTS, and of people of Labeled Faces in the Wild, are made worse in the ways of `DAMAGES`. Each group
in turn has five unchanged photos a member enrolled; the others of its members are asked about in every way, and so are the
strangers. The output has a row for each band of sharpness, and for each band of width among sharp faces; `SHARP` and `BLIND`
that fit best, by maximum likelihood, for each group; and the photos that galleries of three good photos and two poor ones
a member name right.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from bench.recognition import installed
from bot.commands.evaluation import photos_by_member
from bot.jobs import largest_first
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from models.faces import Box
from models.learning.evaluation import trial_outcome
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.quality import BLIND, SHARP, measure_quality
from models.recognition.recogniser import fit, weighted_log_odds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings, Picture
    from models.recognition.quality import FaceQuality
    from models.recognition.recogniser import Recogniser

_ROOT = Path(__file__).resolve().parents[1]
ENROLLED = 5
STRANGERS = 60
"""People of Labeled Faces in the Wild, and of the other groups together, that are asked about in each trial."""

DAMAGES: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("reduced", (16, 20, 24, 28, 32, 40, 48, 64, 80, 112)),
    ("blurred", (0.01, 0.015, 0.02, 0.03, 0.045, 0.06)),
    ("shaken", (0.04, 0.07, 0.1, 0.15)),
    ("compressed", (5, 10, 20)),
)
"""Reduced to a width of the face in pixels; blurred by a Gaussian with a deviation in widths of the face, or along a
horizontal line of a length in them; compressed at a JPEG quality."""

SHARPNESSES = (0.0, 1.25, 1.4, 1.5, 1.65, 1.8, 2.0, 9.0)
WIDTHS = (0, 20, 28, 40, 56, 80, 120, 9999)
OVERLAP = 0.4
"""Minimum overlap of a face with the face of the unchanged photo."""


@dataclass(frozen=True, slots=True, eq=False)
class PoorFaces:
    """Faces of all damaged photos by one engine.

    `encodings`: (n, d) float32. `people`, `photos`: (n,) int64, indices. `good`: (n,) bool, of unchanged photos.
    `qualities`: one a face.
    """

    encodings: Encodings
    people: NDArray[np.int64]
    photos: NDArray[np.int64]
    good: NDArray[np.bool_]
    qualities: tuple[FaceQuality, ...]
    version: str

    @property
    def sharpness(self) -> NDArray[np.float64]:
        """The sharpness of each face: (n,)."""
        return np.array([quality.sharpness for quality in self.qualities])

    @property
    def widths(self) -> NDArray[np.int64]:
        """The width of each face in pixels: (n,)."""
        return np.array([quality.width for quality in self.qualities], np.int64)


def damaged(picture: Picture, width: int) -> Iterator[Picture]:
    """The picture in each of the ways of `DAMAGES`; `width` is that of its face."""
    for kind, amounts in DAMAGES:
        for amount in amounts:
            match kind:
                case "reduced":
                    scale = amount / width
                    if scale < 1:
                        yield cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(
                            np.uint8
                        )
                case "blurred":
                    yield cv2.GaussianBlur(picture, (0, 0), amount * width).astype(np.uint8)
                case "shaken":
                    length = max(3, round(amount * width))
                    yield cv2.filter2D(picture, -1, np.full((1, length), 1 / length)).astype(np.uint8)
                case _:
                    saved = BytesIO()
                    Image.fromarray(picture).save(saved, "JPEG", quality=int(amount))
                    yield np.asarray(Image.open(saved))


def read(engine: Engine, people: Sequence[Sequence[Path]]) -> PoorFaces:
    """The largest face of each photo of each person, unchanged and in each way, where the engine finds it there."""
    rows: list[tuple[NDArray[np.float32], int, int, bool, FaceQuality]] = []
    photo = 0
    for person, paths in enumerate(people):
        for path in paths:
            picture = open_picture(path.read_bytes(), limits=PictureLimits()).pixels
            faces = largest_first(engine.detect(picture))[:1]
            if not faces:
                continue
            upright = faces[0]
            for number, worse in enumerate((picture, *damaged(picture, upright.box.width))):
                scale = worse.shape[1] / picture.shape[1]
                box = Box(*(round(edge * scale) for edge in upright.box.as_list()))
                found = [face for face in engine.detect(worse) if face.box.overlap(box) >= OVERLAP][:1]
                if found:
                    quality = measure_quality(worse, found[0], engine.landmarks)
                    rows.append((engine.encode(worse, found)[0], person, photo, number == 0, quality))
            photo += 1
    encodings, persons, photos, good, qualities = zip(*rows, strict=True)
    return PoorFaces(
        np.stack(encodings),
        np.array(persons, np.int64),
        np.array(photos, np.int64),
        np.array(good),
        qualities,
        engine.version,
    )


@dataclass(slots=True)
class Outcomes:
    """The outcomes of all poor faces of all trials; each list has an item a face.

    `sharpness`, `width`: of the face. `stranger`: whether it is one. `likeliest`: whether the right member is the likeliest.
    `confidence`, `weighted_confidence`: of the likeliest among members alone. `right`, `wrong`: whether it has that name by
    itself. `log_odds`: (m,) of a member's face, unweighted, the right member first.
    """

    sharpness: list[float] = field(default_factory=list)
    width: list[int] = field(default_factory=list)
    stranger: list[bool] = field(default_factory=list)
    likeliest: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    weighted_confidence: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)
    log_odds: list[NDArray[np.float64]] = field(default_factory=list)

    def row(self, mask: NDArray[np.bool_]) -> str:
        """A row of the table, of the faces of a mask (n,)."""
        members, strangers = mask & ~np.array(self.stranger), mask & np.array(self.stranger)

        def share(values: Sequence[float], of: NDArray[np.bool_]) -> str:
            return f"{np.mean(np.array(values)[of]):.1%}" if of.any() else "–"

        return (
            f"{members.sum()} | {share(self.likeliest, members)} | {share(self.confidence, members)} | "
            f"{share(self.weighted_confidence, members)} | {share(self.right, members)} / {share(self.wrong, members)} | "
            f"{share(self.right, strangers)}"
        )

    def likelihood(self, sharp: float, blind: float) -> float:
        """The log-likelihood of the right members, with these values of `SHARP` and `BLIND`."""
        places = np.flatnonzero(~np.array(self.stranger))
        odds = np.stack([self.log_odds[place] for place in places])
        weights = np.clip((np.array(self.sharpness)[places] - blind) / (sharp - blind), 0.0, 1.0)
        weighted = weights[:, None] * odds
        return float((weighted[:, 0] - np.logaddexp.reduce(weighted, axis=1)).sum())


def best_fit(groups: Sequence[Outcomes]) -> str:
    """`SHARP` and `BLIND` with the largest likelihood of the right members of some groups, and their gain over today's."""

    def likelihood(sharp: float, blind: float) -> float:
        return sum(outcomes.likelihood(sharp, blind) for outcomes in groups)

    pairs = [(sharp, blind) for sharp in np.arange(1.3, 2.5, 0.05) for blind in np.arange(0.7, 1.3, 0.05)]
    best = max(pairs, key=lambda pair: likelihood(*pair))
    faces = sum(len(outcomes.log_odds) - sum(outcomes.stranger) for outcomes in groups)
    gain = (likelihood(*best) - likelihood(SHARP, BLIND)) / faces
    return f"SHARP {best[0]:.2f} and BLIND {best[1]:.2f} fit best, by {gain:.4f} nats a face better than {SHARP} and {BLIND}"


def ask(faces: PoorFaces, recogniser: Recogniser, asked: NDArray[np.intp], outcomes: Outcomes) -> None:
    """Add the outcomes of the faces at indices `asked`; a person who is no member of the recogniser is a stranger."""
    place = {member.id: i for i, member in enumerate(recogniser.members)}
    log_odds = recogniser.log_odds(faces.encodings[asked])
    for row, face in zip(log_odds, asked.tolist(), strict=True):
        quality, person = faces.qualities[face], int(faces.people[face])
        weighted = weighted_log_odds(row[None], [quality])[0]
        guess = recogniser.identify(faces.encodings[face : face + 1], qualities=[quality]).guesses[0]
        member = place.get(person)
        outcomes.sharpness.append(quality.sharpness)
        outcomes.width.append(quality.width)
        outcomes.stranger.append(member is None)
        outcomes.likeliest.append(int(row.argmax()) == member)
        outcomes.confidence.append(float(np.exp(row.max() - np.logaddexp.reduce(row))))
        outcomes.weighted_confidence.append(float(np.exp(weighted.max() - np.logaddexp.reduce(weighted))))
        outcomes.right.append(guess.member is not None if member is None else guess.member == person)
        outcomes.wrong.append(member is not None and guess.member not in (None, person))
        outcomes.log_odds.append(
            row if member is None else np.concatenate([row[member : member + 1], np.delete(row, member)])
        )


def draw(faces: PoorFaces, members: Sequence[int], photos: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """`photos` photos of each of the people `members`, drawn among those with a good face: (k,), numbers of photos."""
    return np.concatenate(
        [chance.permutation(np.unique(faces.photos[faces.good & (faces.people == who)]))[:photos] for who in members]
    )


def enrolled_with(
    faces: PoorFaces, members: Sequence[GalleryMember], bad: NDArray[np.bool_], chance: np.random.Generator
) -> tuple[float, ...] | None:
    """Right names at 1% strangers named. None where some member lacks the photos.

    The galleries have three good photos a member; these and two poor ones of a mask; two good ones in their place; one poor
    photo; the same photo when good.
    """
    people = [member.id for member in members]
    drawn = draw(faces, people, ENROLLED, chance)
    first = np.isin(faces.photos, np.concatenate([drawn[faces_of(faces, drawn, who)][:3] for who in people]))
    rest = np.isin(faces.photos, drawn) & ~first
    chances = [
        chance.permutation(np.flatnonzero(rest & bad & ~faces.good & (faces.photos == photo)))[:1]
        for photo in np.unique(faces.photos[rest])
    ]
    if not all(len(places) for places in chances):
        return None
    poor = np.concatenate(chances)
    one = poor[np.unique(faces.people[poor], return_index=True)[1]]
    asked = faces.good & ~np.isin(faces.photos, drawn)
    truth = np.where(np.isin(faces.people, people), faces.people, -1)[asked]

    def tpir(enrolled: NDArray[np.intp]) -> float:
        gallery = Gallery(faces.encodings[enrolled], faces.people[enrolled], tuple(members), faces.version)
        return trial_outcome(fit(gallery), members, faces.encodings[asked], truth).tpir(0.01)

    three = np.flatnonzero(first & faces.good)
    return (
        tpir(three),
        tpir(np.concatenate([three, poor])),
        tpir(np.concatenate([three, np.flatnonzero(rest & faces.good)])),
        tpir(one),
        tpir(np.flatnonzero(faces.good & np.isin(faces.photos, faces.photos[one]))),
    )


def faces_of(faces: PoorFaces, photos: NDArray[np.int64], person: int) -> NDArray[np.bool_]:
    """Which of the photos (k,) are the person's: (k,)."""
    return np.isin(photos, faces.photos[faces.people == person])


def report(shared: Path, engine: Engine, trials: int) -> None:
    """Print the tables of one engine."""
    members = photos_by_member(shared / "faces" / "groups")
    strangers = sorted((shared / "faces" / "strangers").iterdir())[:STRANGERS]
    people = [*members.values(), *([path] for path in strangers)]
    faces = read(engine, people)
    groups: dict[str, list[GalleryMember]] = {}
    for person, (group, name) in enumerate(members):
        groups.setdefault(group, []).append(GalleryMember(person, name, len(groups), group))
    print(f"\n{engine.name}: {len(faces.people)} faces of {len(np.unique(faces.photos))} photos", flush=True)
    every: list[Outcomes] = []
    for group, mine in groups.items():
        outcomes = Outcomes()
        for trial in range(trials):
            chance = np.random.default_rng(trial)
            drawn = draw(faces, [member.id for member in mine], ENROLLED, chance)
            enrolled = faces.good & np.isin(faces.photos, drawn)
            gallery = Gallery(faces.encodings[enrolled], faces.people[enrolled], tuple(mine), engine.version)
            members_asked = ~np.isin(faces.photos, drawn) & np.isin(faces.people, [member.id for member in mine])
            others = np.unique(faces.photos[~np.isin(faces.people, [member.id for member in mine])])
            strangers_asked = np.isin(faces.photos, chance.permutation(others)[:STRANGERS])
            ask(faces, fit(gallery), np.flatnonzero(members_asked | strangers_asked), outcomes)
        print(f"{group}: {best_fit([outcomes])}", flush=True)
        every.append(outcomes)
    print(f"all groups: {best_fit(every)}", flush=True)
    for words, bands, key in (("sharpness", SHARPNESSES, "sharpness"), ("width, sharp faces", WIDTHS, "width")):
        print(f"\n{words} | faces | likeliest | confidence | weighted | right / wrong | strangers named")
        for low, high in pairwise(bands):
            print(f"{low}–{high} | " + pooled(every, key, low, high), flush=True)
    print(
        "\nenrolled: three good photos a member, with two poor ones, with two good ones, one poor one, the same when good"
    )
    conditions = [
        *(
            (f"sharpness {low}–{high}", (faces.sharpness >= low) & (faces.sharpness < high))
            for low, high in pairwise(SHARPNESSES)
        ),
        *(
            (f"width {low}–{high}, sharp", (faces.widths >= low) & (faces.widths < high) & (faces.sharpness >= SHARP))
            for low, high in pairwise(WIDTHS)
        ),
    ]
    for words, bad in conditions:
        for group, mine in groups.items():
            found = [enrolled_with(faces, mine, bad, np.random.default_rng(trial)) for trial in range(trials)]
            known = [figures for figures in found if figures]
            if known:
                means = ", ".join(f"{mean:.1%}" for mean in np.mean(known, axis=0))
                print(f"{words} | {group} | {means} | {len(known)} trials", flush=True)


def pooled(groups: Sequence[Outcomes], key: str, low: float, high: float) -> str:
    """The row of a band of all groups; sharp faces alone in bands of width."""
    together = Outcomes()
    for outcomes in groups:
        for name in (
            "sharpness",
            "width",
            "stranger",
            "likeliest",
            "confidence",
            "weighted_confidence",
            "right",
            "wrong",
        ):
            getattr(together, name).extend(getattr(outcomes, name))
    values = np.array(getattr(together, key))
    sharp = np.array(together.sharpness) >= SHARP
    return together.row((values >= low) & (values < high) & (sharp | (key == "sharpness")))


def main() -> None:
    """Print the tables of each engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.poor_faces", description="Names of poor faces.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", nargs="+", default=["sface", "dlib", "trio"])
    parser.add_argument("--trials", type=int, default=10)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, arguments.engines):
        report(shared, engine, arguments.trials)


if __name__ == "__main__":
    main()
