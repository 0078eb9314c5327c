"""How well are members and strangers recognised? `python -m bench.recognition [SHARED] [--trials T]`, for docs/recognition.md.

Each of TWICE, ITZY and BTS of ../shared/faces in turn, with the other two and people of Labeled Faces in the Wild as
strangers. nugu is measured by distance alone, and with the classifier that the bot trains where it helps. Two rules are
compared with it on encodings that are not mirrored, at their true length. The article's rule names the member of the nearest
enrolled face within 0.6 (face_recognition's `compare_faces`); it has no confidence, so 1 - distance stands for one, as in
tutorials. Keras softmax, the second article's way, is a Sequential model that names the most probable member from 0.5 on.
TensorFlow is imported in this process, for all trainings together.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample, table
from bot.media.pictures.refusals import PictureLimits
from models.engines import MissingWeightsError
from models.engines import load as load_engine
from models.engines.dlib.engine import DlibEngine
from models.faces import ConfidenceBand, Guess, MemberCandidate
from models.learning.evaluation import evaluate
from models.learning.training import train
from models.recognition.classifier import load
from models.recognition.gallery import can_hold_out
from models.recognition.recogniser import Identification, Recogniser, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings, Face, Picture
    from models.learning.evaluation import OpenSetRecogniser
    from models.learning.samples import EvaluationSet
    from models.recognition.gallery import Gallery, GalleryMember

_ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 0.6
PROBABLE = 0.5
EPOCHS = 200
BATCH = 8


class PlainEngine:
    """The engine as in the article, without mirror images. Encodings have unit length here; `lengths` has the true ones."""

    def __init__(self, engine: DlibEngine) -> None:
        self._engine = engine
        self.name, self.version, self.dimensions = engine.name, engine.version, engine.dimensions
        self.landmarks = engine.landmarks
        self.lengths: dict[bytes, float] = {}

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """The engine's."""
        return self._engine.detect(picture, smallest)

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        """The engine's."""
        return self._engine.refined(picture, face, known)

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        """The engine's."""
        return self._engine.look_again(picture, known)

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """The engine's."""
        return self._engine.chips(picture, faces)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """One row a face: (n, 128) float32 of unit length."""
        encodings = self._engine.embed(self._engine.chips(picture, faces))
        lengths = np.linalg.norm(encodings, axis=1, keepdims=True)
        rows = encodings / lengths
        self.lengths |= {row.tobytes(): float(length) for row, length in zip(rows, lengths[:, 0], strict=True)}
        return rows

    def unscaled(self, rows: Encodings) -> NDArray[np.float64]:
        """Encodings (n, 128) float64 at their true length."""
        lengths = np.array([self.lengths[row.tobytes()] for row in rows])
        return rows.astype(np.float64) * lengths[:, None]


class NearestFace:
    """The article's rule on one group."""

    def __init__(self, gallery: Gallery, engine: PlainEngine) -> None:
        self._members, self._engine = gallery.members, engine
        encodings = engine.unscaled(gallery.encodings)
        self._photos = [encodings[gallery.labels == member.id] for member in gallery.members]

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """The tolerance minus the distance of each member's nearest face: (n, m)."""
        faces = self._engine.unscaled(encodings)[:, None]
        nearest = [np.linalg.norm(faces - photos, axis=2).min(axis=1) for photos in self._photos]
        return TOLERANCE - np.stack(nearest, axis=1)

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        """The name of the nearest face within the tolerance."""
        odds = self.log_odds(encodings)
        return named(self._members, odds, np.clip(1 - TOLERANCE + odds, 0, 1), 0.0)


class KerasSoftmax:
    """The second article's way for one group: two dense layers on encodings at their true length."""

    def __init__(self, gallery: Gallery, engine: PlainEngine) -> None:
        import keras

        self._members, self._engine = gallery.members, engine
        place = {member.id: i for i, member in enumerate(gallery.members)}
        owners = [place[member] for member in gallery.labels.tolist()]
        keras.utils.set_random_seed(0)
        self._model = keras.Sequential(
            [
                keras.Input((engine.dimensions,)),
                keras.layers.Dense(128, "relu"),
                keras.layers.Dense(len(place), "softmax"),
            ]
        )
        self._model.compile(
            keras.optimizers.Adam(1e-3),
            keras.losses.CategoricalCrossentropy(label_smoothing=0.0),
            steps_per_execution=EPOCHS,
        )
        # All epochs in one, because the start of an epoch takes Keras longer than these photos.
        targets = np.tile(np.eye(len(place), dtype=np.float32)[owners], (EPOCHS, 1))
        faces = np.tile(engine.unscaled(gallery.encodings).astype(np.float32), (EPOCHS, 1))
        self._model.fit(faces, targets, batch_size=BATCH, epochs=1, shuffle=True, verbose=0)

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """The probability of each member: (n, m)."""
        faces = self._engine.unscaled(encodings).astype(np.float32)
        return np.asarray(self._model(faces), np.float64)

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        """The name of the most probable member, from PROBABLE on."""
        odds = self.log_odds(encodings)
        return named(self._members, odds, odds, PROBABLE)


def named(
    members: Sequence[GalleryMember], scores: NDArray[np.float64], confidences: NDArray[np.float64], least: float
) -> Identification:
    """The member with the highest of the scores (n, m), from `least` on, with the confidences (n, m) of all."""
    guesses: list[Guess] = []
    for row, sure in zip(scores, confidences.tolist(), strict=True):
        pairs = zip(members, sure, strict=True)
        candidates = tuple(MemberCandidate(member.id, member.name, confidence) for member, confidence in pairs)
        best = candidates[int(row.argmax())]
        if row.max() >= least:
            guesses.append(Guess(best.member, best.name, best.confidence, ConfidenceBand.SURE, candidates))
        else:
            guesses.append(Guess(None, None, 1 - best.confidence, ConfidenceBand.UNKNOWN, candidates))
    return Identification(None, None, tuple(guesses))


class WithClassifier:
    """nugu with its classifier where that helps; counts the fits and the uses."""

    def __init__(self) -> None:
        self.used = self.fits = 0

    def fit(self, gallery: Gallery) -> Recogniser:
        """The recogniser of a gallery, with a classifier where one helps."""
        self.fits += 1
        alone = fit(gallery)
        if not can_hold_out(gallery.labels):
            return alone
        classifier = load(train(gallery))
        self.used += classifier.held_out.helps
        return replace(alone, classifiers=(classifier,)) if classifier.held_out.helps else alone


def main() -> None:
    """Print a table a group, a number of photos, and a rule."""
    parser = argparse.ArgumentParser(prog="python -m bench.recognition", description="Names, strangers, confidences.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--photos", type=int, nargs="+", default=[5, 1], help="enrolled a member")
    parser.add_argument("--engines", nargs="+", default=["sface", "dlib", "trio"])
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, arguments.engines):
        report(shared / "faces", engine, arguments.photos, arguments.trials)


def installed(shared: Path, names: Sequence[str]) -> Iterator[Engine]:
    """The engines whose files are in `shared`; prints the others."""
    for name in names:
        try:
            yield load_engine(name, shared / "models")
        except MissingWeightsError as error:
            print(f"{name} is left out: {error}")


def report(faces: Path, engine: Engine, numbers: Sequence[int], trials: int) -> None:
    """Print the tables of one engine; with dlib also those of the two articles, which use its encodings."""
    groups = photos_by_member(faces / "groups")
    strangers = {"LFW": sorted((faces / "strangers").iterdir())}
    encoder = CachingEncoder(engine, PictureLimits())
    plain = PlainEngine(engine) if isinstance(engine, DlibEngine) else None
    article = CachingEncoder(plain, PictureLimits()) if plain else None
    for group in sorted({group for group, _ in groups}, reverse=True):
        mine = read_sample(encoder, group, groups, groups, strangers)
        theirs = read_sample(article, group, groups, groups, strangers) if article else None
        for photos in numbers:
            with_classifier = WithClassifier()
            rules: dict[str, tuple[EvaluationSet, Callable[[Gallery], OpenSetRecogniser]]] = {
                f"nugu, {engine.name}, distance alone": (mine, fit),
                f"nugu, {engine.name}, with its classifier": (mine, with_classifier.fit),
            }
            if plain and theirs:
                rules["article's rule"] = theirs, lambda gallery: NearestFace(gallery, plain)
                rules["Keras softmax"] = theirs, lambda gallery: KerasSoftmax(gallery, plain)
            for rule, (sample, fitted) in rules.items():
                found = evaluate(sample, fitted, photos=photos, trials=trials)
                print(f"\n{rule} · {table(group, found)}", flush=True)
            print(f"\nThe classifier was used in {with_classifier.used} of {with_classifier.fits} trials.")


if __name__ == "__main__":
    main()
