"""Strangers stay strangers? `python -m bench.recognition [SHARED] [--trials T]` prints the figures of docs/recognition.md.

TWICE, ITZY and BTS of ../shared/faces in turn, the other two and people of Labeled Faces in the Wild as strangers; beside it
the article's rule: the member of the nearest enrolled face within 0.6 (face_recognition's `compare_faces`), faces encoded
once, as they are. That rule knows no confidence; 1 - distance is what tutorials show for one.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.evaluation import Encoder, labelled, make_encoder, read_sample, table
from bot.media.pictures import PictureLimits
from bot.settings import Settings
from models.engines.dlib.engine import DlibEngine, create
from models.evaluation import evaluate
from models.faces import Band, Candidate, Guess
from models.recognition import Naming, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Picture
    from models.gallery import Gallery

_ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 0.6
PHOTOS = (5, 1)


class PlainEngine:
    """The engine as the article uses it: not mirrored. Encodings travel at unit length; `lengths` remembers the true one."""

    def __init__(self, engine: DlibEngine) -> None:
        self._engine = engine
        self.name, self.version, self.dimensions = engine.name, engine.version, engine.dimensions
        self.lengths: dict[bytes, float] = {}

    def detect(self, picture: Picture) -> list[Face]:
        """The engine's."""
        return self._engine.detect(picture)

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

    def as_they_were(self, rows: Encodings) -> NDArray[np.float64]:
        """Encodings (n, 128) at their true length."""
        lengths = np.array([self.lengths[row.tobytes()] for row in rows])
        return rows.astype(np.float64) * lengths[:, None]


class NearestFace:
    """The article's rule on one group."""

    def __init__(self, gallery: Gallery, engine: PlainEngine) -> None:
        self._roster, self._engine = gallery.roster, engine
        encodings = engine.as_they_were(gallery.encodings)
        self._photos = [encodings[gallery.members == member.id] for member in gallery.roster]

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """How far within the tolerance the nearest face of each member is: (n, m)."""
        faces = self._engine.as_they_were(encodings)[:, None]
        nearest = [np.linalg.norm(faces - photos, axis=2).min(axis=1) for photos in self._photos]
        return TOLERANCE - np.stack(nearest, axis=1)

    def name(self, encodings: Encodings, *, group: int | None = None) -> Naming:
        """The nearest face's name, if it is within the tolerance."""
        guesses: list[Guess] = []
        for row in self.log_odds(encodings):
            confidences = np.clip(1 - TOLERANCE + row, 0, 1).tolist()
            pairs = zip(self._roster, confidences, strict=True)
            candidates = tuple(Candidate(member.id, member.name, confidence) for member, confidence in pairs)
            best = candidates[int(row.argmax())]
            if row.max() >= 0:
                guesses.append(Guess(best.member, best.name, best.confidence, Band.SURE, candidates))
            else:
                guesses.append(Guess(None, None, 1 - best.confidence, Band.UNKNOWN, candidates))
        return Naming(group, None, tuple(guesses))


def main() -> None:
    """Print a table a group, a number of photos, and a rule."""
    parser = argparse.ArgumentParser(prog="python -m bench.recognition", description="Names, strangers, confidences.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    arguments = parser.parse_args()
    faces: Path = arguments.shared.resolve() / "faces"
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(data=Path(data))
        encoder = make_encoder(settings, "dlib")
        plain = PlainEngine(create())
        article = Encoder(plain, PictureLimits())
        groups = labelled(faces / "groups")
        strangers = {"LFW": sorted((faces / "strangers").iterdir())}
        for group in sorted({group for group, _ in groups}, reverse=True):
            mine = read_sample(encoder, group, groups, groups, strangers)
            theirs = read_sample(article, group, groups, groups, strangers)
            for photos in PHOTOS:
                print("\nnugu, dlib · " + table(group, evaluate(mine, fit, photos=photos, trials=arguments.trials)))
                found = evaluate(
                    theirs, lambda gallery: NearestFace(gallery, plain), photos=photos, trials=arguments.trials
                )
                print("\narticle's rule · " + table(group, found), flush=True)


if __name__ == "__main__":
    main()
