"""What workers do: picture bytes in, values and finished pictures out. One round trip a picture.

Imports stand inside the jobs: the gateway names a job without loading dlib, OpenCV or SciPy.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.errors import EngineAwayError, EngineBrokenError
from bot.wording import name_and_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.media.pictures import OpenedPicture
    from models.classifier import Classifier
    from models.drawing import Tag
    from models.engines import Engine
    from models.faces import Box, Encodings, Face, Flaw, Guess, Once, Picture
    from models.gallery import Gallery
    from models.quality import Quality

log = logging.getLogger(__name__)

CLEAR_SUBJECT = 4.0
"""How many times larger than the next a face must be to be taken for the photo's subject."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What a job needs besides its picture: the engine, the folder of its files, the limits."""

    engine: str
    weights: Path
    picture_bytes: int
    picture_pixels: int

    def with_engine(self, name: str) -> Workbench:
        """The same bench with another engine on it."""
        return replace(self, engine=name)


@dataclass(frozen=True, slots=True)
class Naming:
    """How faces are to be named: the group's id, or None to find it; whether each member is in a picture once at most;
    from which confidence a name is sure; how large the tagged picture may be; whether each face is cut out.
    """

    group: int | None
    once: Once
    threshold: float
    most_bytes: int
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that could not be answered or enrolled; `sentence` says why and what to do."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A face cut out of its picture: a square JPEG, the face's width in pixels, its sharpness (`models.quality`)."""

    jpeg: bytes
    face_width: int
    sharpness: float


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face with its place in reading order from 1, its guess, its encoding as float32 bytes, and why it is doubtful.

    `cut` is None unless faces were to be cut out.
    """

    number: int
    box: Box
    guess: Guess
    vector: bytes
    flaws: tuple[Flaw, ...] = ()
    cut: Cut | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """An answered picture. `size` is (width, height) upright; `tagged` is a JPEG; `seconds` holds one entry a stage."""

    size: tuple[int, int]
    group_name: str | None
    faces: tuple[SeenFace, ...]
    tagged: bytes
    engine: str
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A face taken for the gallery, and its encoding as float32 bytes."""

    cut: Cut
    vector: bytes
    engine: str


@dataclass(frozen=True, slots=True)
class CropEncodings:
    """One entry a crop: its encoding as float32 bytes, None where the engine finds no face in it."""

    vectors: tuple[bytes | None, ...]
    engine: str


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled encoding with whom it shows, and the photo that it is of."""

    photo: int
    member: int
    name: str
    group: int
    group_name: str
    vector: bytes


class TrainingFailedError(Exception):
    """The process that trained was killed, took too long, or failed."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A classifier as a `.keras` file. Of `photos` held out, so many had the right member likeliest in their group: by distance
    alone (`centroids`), and with the classifier. `helps`: whether it is used.
    """

    file: bytes
    photos: int
    centroids: int
    classifier: int
    helps: bool


def warm_up(bench: Workbench) -> str:
    """Do once what every picture needs, so that the first doesn't wait for it; the engine's version."""
    from models.drawing import Tag, annotate
    from models.faces import Band, Box

    engine = _engine(bench)
    picture, _ = _rehearse(engine)
    annotate(picture, [Tag(1, Box(80, 80, 240, 240), "누구", Band.SURE, "50 %")])
    return engine.version


def try_out(bench: Workbench) -> str:
    """The engine's version, once it has been seen to detect, to encode, and to have its background.

    Raises whatever goes wrong in it, RuntimeError when its encodings are none.
    """
    import numpy as np

    from models import background

    engine = _engine(bench)
    _, encodings = _rehearse(engine)
    if encodings.shape != (1, engine.dimensions) or not abs(np.linalg.norm(encodings) - 1) < 1e-3:
        raise RuntimeError(f"its encodings are {encodings.shape} of length {np.linalg.norm(encodings):.3f}")
    background.load(engine.version)
    return engine.version


def _rehearse(engine: Engine) -> tuple[Picture, Encodings]:
    """A picture of noise that the engine has looked at, and its encoding of a place in it."""
    import numpy as np

    from models.faces import Box, Face

    picture = np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8)
    engine.detect(picture)
    points = np.array([(120, 130), (200, 130), (160, 170), (130, 210), (190, 210)], np.float32)
    return picture, engine.encode(picture, [Face(Box(80, 80, 240, 240), 1.0, points)])


def font_name() -> str:
    """The font in which names are drawn; raises FileNotFoundError where it is missing."""
    from models.lettering import font_path

    return font_path().name


def fit(rows: Sequence[RosterRow], engine: str, classifiers: Sequence[bytes] = ()) -> bytes:
    """A recogniser fitted to `rows`, which hold at least one encoding by `engine`, as bytes.

    `classifiers` are `.keras` files of parts of them. One that doesn't help, or can't be read, is left out.
    """
    from dataclasses import replace

    from models.classifier import MalformedClassifierError, load
    from models.recognition import fit as fit_recogniser

    helpful: list[Classifier] = []
    for data in classifiers:
        try:
            classifier = load(data)
        except MalformedClassifierError as error:
            log.warning("the distance answers alone: %s", error)
        else:
            if classifier.version == engine and classifier.trial.helps:
                helpful.append(classifier)
    return replace(fit_recogniser(_gallery(rows, engine)), classifiers=tuple(helpful)).to_bytes()


def train(rows: Sequence[RosterRow], engine: str, limit: float) -> Trained | None:
    """A classifier of `rows`, trained in a process of its own within `limit` seconds; None where they are too few.

    That process alone imports TensorFlow, and gives its memory back by ending; the worker answers meanwhile. Raises
    TrainingFailedError when it is killed, or fails.
    """
    from bot.compute import aside
    from models.classifier import load
    from models.gallery import can_be_tried_out

    gallery = _gallery(rows, engine)
    if not can_be_tried_out(gallery.members):
        return None
    aside()
    command = [sys.executable, "-m", "models.training", str(limit), str(os.getpid())]
    done = subprocess.run(command, input=pickle.dumps(gallery), capture_output=True, check=False)
    if done.returncode:
        *_, last = ["", *done.stderr.decode(errors="replace").splitlines()]
        raise TrainingFailedError(f"it ended with {done.returncode} {last}".strip())
    trial = load(done.stdout).trial
    return Trained(done.stdout, trial.photos, trial.centroids, trial.classifier, trial.helps)


def _gallery(rows: Sequence[RosterRow], engine: str) -> Gallery:
    import numpy as np

    from models.gallery import Gallery, Member

    encodings = [np.frombuffer(row.vector, np.float32) for row in rows]
    members = (Member(row.member, row.name, row.group, row.group_name) for row in rows)
    return Gallery.of(zip(members, encodings, strict=True), engine, len(encodings[0]))


def identify(bench: Workbench, data: bytes, recogniser: bytes, how: Naming) -> Identified | Refused:
    """Every face of the picture `data` with its guess, and the picture with the names drawn in."""
    from models.drawing import annotate
    from models.quality import measure
    from models.recognition import Recogniser

    clock = _Stages()
    opened = _open(bench, data)
    if isinstance(opened, Refused):
        return opened
    clock.ends("read")
    engine = _engine(bench)
    found = engine.detect(opened.pixels)
    clock.ends("detect")
    encodings = engine.encode(opened.pixels, found)
    qualities = [measure(opened.pixels, face, engine.landmarks) for face in found]
    clock.ends("encode")
    naming = Recogniser.from_bytes(recogniser).name(
        encodings, qualities=qualities, group=how.group, once=how.once, threshold=how.threshold
    )
    clock.ends("name")
    pairs = list(enumerate(zip(found, naming.guesses, strict=True), start=1))
    tagged = annotate(
        opened.pixels,
        [_tag(number, face.box, guess) for number, (face, guess) in pairs],
        max_bytes=how.most_bytes,
    )
    clock.ends("draw")
    return Identified(
        size=opened.size,
        group_name=naming.group_name,
        faces=tuple(
            SeenFace(
                number,
                opened.to_original(face.box),
                guess,
                encoding.tobytes(),
                quality.flaws,
                _cut(opened, face, quality) if how.cuts else None,
            )
            for (number, (face, guess)), encoding, quality in zip(pairs, encodings, qualities, strict=True)
        ),
        tagged=tagged,
        engine=engine.version,
        seconds=clock.seconds(),
    )


def enrol(bench: Workbench, data: bytes) -> Enrolled | Refused:
    """The one face of the photo `data`, ready for the gallery, or why none was taken."""
    from models.quality import measure

    opened = _open(bench, data)
    if isinstance(opened, Refused):
        return opened
    engine = _engine(bench)
    found = by_size(engine.detect(opened.pixels))
    if (reason := why_not_enrolled(opened, found, engine)) is not None:
        return Refused(reason)
    face = found[0]
    encoding = engine.encode(opened.pixels, [face])[0]
    if not (abs(encoding) <= 1).all():
        return Refused("this face can't be told from others; take another photo")
    cut = _cut(opened, face, measure(opened.pixels, face, engine.landmarks))
    return Enrolled(cut, encoding.tobytes(), engine.version)


def by_size(faces: Sequence[Face]) -> list[Face]:
    """The faces, largest first."""
    return sorted(faces, key=lambda face: face.box.area, reverse=True)


def why_not_enrolled(opened: OpenedPicture, faces: Sequence[Face], engine: Engine) -> str | None:
    """What makes a photo with these faces, largest first, no example of one person; None if it makes a good one."""
    from models.examples import SMALLEST_EXAMPLE, flaw_of_example
    from models.faces import Flaw
    from models.quality import measure

    if not faces:
        return "I see no face in it; a larger or clearer picture, seen from the front, works best"
    if len(faces) > 1 and faces[0].box.area < CLEAR_SUBJECT * faces[1].box.area:
        return f"I see {len(faces)} faces in it; cut it to the one that is meant"
    width = opened.to_original(faces[0].box).width
    match flaw_of_example(width, measure(opened.pixels, faces[0], engine.landmarks).sharpness):
        case Flaw.SMALL:
            return f"the face is only {width} pixels wide; {SMALLEST_EXAMPLE} or more make a good example"
        case Flaw.BLURRED:
            return "the face is blurred; a sharper photo makes a good example"
        case _:
            return None


def _cut(opened: OpenedPicture, face: Face, quality: Quality) -> Cut:
    from models.drawing import crop

    return Cut(crop(opened.pixels, face.box), opened.to_original(face.box).width, quality.sharpness)


def encode_crops(bench: Workbench, crops: Sequence[bytes]) -> CropEncodings:
    """The encodings of roster crops, whose subject is the largest face."""
    engine = _engine(bench)
    return CropEncodings(tuple(_encode_crop(engine, bench, crop) for crop in crops), engine.version)


def _encode_crop(engine: Engine, bench: Workbench, data: bytes) -> bytes | None:
    opened = _open(bench, data)
    if isinstance(opened, Refused):
        return None
    face = max(engine.detect(opened.pixels), key=lambda face: face.box.area, default=None)
    if face is None:
        return None
    encoding = engine.encode(opened.pixels, [face])[0]
    return encoding.tobytes() if (abs(encoding) <= 1).all() else None


def _engine(bench: Workbench) -> Engine:
    """The engine of the bench. Raises EngineAwayError and EngineBrokenError."""
    return load_engine(bench.engine, bench.weights)


def load_engine(name: str, weights: Path) -> Engine:
    """The engine called `name`.

    Raises EngineAwayError when it or its files are gone, and EngineBrokenError when it can't be made.
    """
    from models.engines import MissingWeightsError, UnknownEngineError, load

    try:
        return load(name, weights)
    except (MissingWeightsError, UnknownEngineError):
        raise EngineAwayError(name) from None
    except Exception as error:
        # Each library refuses a damaged file in its own way.
        reason = " ".join(str(error).split()) or type(error).__name__
        log.error("the engine %s can't be loaded: %s: %s", name, type(error).__name__, reason)
        raise EngineBrokenError(name, reason) from error


def _tag(number: int, box: Box, guess: Guess) -> Tag:
    from models.drawing import Tag

    name, confidence = name_and_confidence(guess)
    return Tag(number, box, name, guess.band, confidence)


def _open(bench: Workbench, data: bytes) -> OpenedPicture | Refused:
    from bot.media.pictures import PictureError, PictureLimits, open_picture

    try:
        return open_picture(data, limits=PictureLimits(max_bytes=bench.picture_bytes, max_pixels=bench.picture_pixels))
    except PictureError as error:
        return Refused(str(error))


class _Stages:
    """Seconds by stage, each from the end of the one before."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def ends(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage] = now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        return {**self._seconds, "all": time.perf_counter() - self._began}
