"""Faces at every angle: of people who lie or hang upside down, and of pictures that were turned."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from models.faces import reading_order
from models.networks.rotations import between, roll, scan_turned
from models.networks.second_look import second_look
from models.networks.yunet import is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.faces import Face, Picture
    from models.networks.landmark_detector import LandmarkDetector

DOUBTFUL = 0.88
"""The score of an upright face from which the picture is hardly a turned one."""

QUICK_PIXELS, DOUBTFUL_PIXELS = 30_000, 120_000
"""Pixels of the picture in a quick scan: where an upright face has that score, and where none has it."""

CONFIRMED = 0.85
"""The score that a turned face needs in its second look."""

CLEARLY = 0.03
"""The difference of scores from which a turned scan's face takes the place of an upright one.

By 0.01, 96.4, 95.6 and 83.5% of TWICE get their name with five, three and one photo a member; by 0.03, 97.3, 96.2 and 84.3%, as
without turned scans (ten draws of `sface`, each face by itself).
"""

SURER = 0.02
"""The difference of scores from which a slight turn makes the detector surer of a face."""

ROUNDS = 2
"""Rounds of thorough scans: the first shows the directions of faces better than quick scans do."""

MOST_LOOKS, MOST_FOUND = 24, 100
"""Second looks at the faces of quick scans, and faces of thorough turned scans at most, best first, which bounds the time."""

_QUARTERS, _DIAGONALS = (90, 180, 270), (45, 135, 225, 315)
_STEP, _NEAR, _SLIGHT, _LITTLE = 15, 22.5, 30, 48
_PROMISING = 0.03
_SAME_FACE = 0.3
_OTHER_DIRECTION = 60.0


def with_turned(detector: LandmarkDetector, picture: Picture, upright: Sequence[Face]) -> list[Face]:
    """The `upright` faces of the picture and the turned ones, in reading order.

    Quick scans of the turned picture look for faces that aren't among `upright`. Thorough scans follow only in the directions
    of faces found so. An upright face keeps its place unless a turned scan's score is clearly better.
    """
    doubtful = all(face.score < DOUBTFUL for face in upright)
    pixels = DOUBTFUL_PIXELS if doubtful else QUICK_PIXELS
    suspects = _suspects(_quick(detector, picture, _QUARTERS, pixels), upright)
    if suspects or doubtful:
        suspects = _suspects([*suspects, *_quick(detector, picture, _DIAGONALS, pixels)], upright)
    directions = _directions(detector, picture, suspects, upright)
    tried = _tried(upright)
    straightened = {face: look for face in tried if (look := _straightened(detector, picture, face))}
    if straightened and len(straightened) >= len(tried) / 2:
        directions += [roll(look) for look in straightened.values()]
    upright = [replace(face, landmarks=straightened.get(face, face).landmarks) for face in upright]
    if not directions:
        return upright
    faces = _merged(detector, picture, upright, _thorough(detector, picture, directions))
    # A thorough scan misses faces that fill a large picture.
    missed = [suspect for suspect in suspects if not any(_is_same(suspect, face) for face in faces)]
    looks = [look for suspect in missed[:MOST_LOOKS] if (look := _confirmed(detector, picture, suspect, faces))]
    return reading_order([*faces, *looks])


def _directions(
    detector: LandmarkDetector, picture: Picture, suspects: Sequence[Face], upright: Sequence[Face]
) -> list[float]:
    """The rolls of the suspects that are faces; of those in about one direction, the first one's."""
    directions: list[float] = []
    for suspect in suspects[:MOST_LOOKS]:
        if any(between(roll(suspect), direction) < _NEAR for direction in directions):
            continue
        look = _confirmed(detector, picture, suspect, upright)
        if look is not None:
            directions.append(roll(look))
    return directions


def _tried(upright: Sequence[Face]) -> list[Face]:
    """The upright faces that show whether the picture is slightly turned: the surest, the least sure, the most tilted one."""
    by_score = sorted(upright, key=lambda face: face.score)
    tilted = max(upright, key=lambda face: abs(roll(face)), default=None)
    return [face for face in upright if face in (*by_score[:1], *by_score[-1:], tilted)]


def _straightened(detector: LandmarkDetector, picture: Picture, face: Face) -> Face | None:
    """The face in a picture turned by 30 degrees to the side where the detector is surer, None where it is in neither."""
    looks = [look for turn in (-_SLIGHT, _SLIGHT) if (look := second_look(detector, picture, face, turn, _LITTLE))]
    best = max(looks, key=lambda look: look.score, default=None)
    if best is None:
        return None
    straight = second_look(detector, picture, face, 0, _LITTLE)
    return best if straight is None or best.score > straight.score + SURER else None


def _thorough(detector: LandmarkDetector, picture: Picture, directions: Sequence[float]) -> list[Face]:
    """The faces, one a place, of scans in which faces of these rolls are nearly upright."""
    scale = detector.thorough_scale(picture)
    turns: list[int] = []
    found: list[Face] = []
    for _ in range(ROUNDS):
        new = [degrees for degrees in _turns(directions) if degrees not in turns]
        turns += new
        found = _best([*found, *(face for degrees in new for face in scan_turned(detector, picture, degrees, scale))])
        directions = [roll(face) for face in found]
    return found


def _suspects(found: Sequence[Face], upright: Sequence[Face]) -> list[Face]:
    """The faces found by quick scans, best first, one a place, that no upright face explains."""
    return _best([face for face in found if not any(_explains(known, face) for known in upright)])


def _explains(upright: Face, face: Face) -> bool:
    if not _is_same(upright, face):
        return False
    return between(roll(upright), roll(face)) < _OTHER_DIRECTION or upright.score > face.score + _PROMISING


def _confirmed(detector: LandmarkDetector, picture: Picture, suspect: Face, upright: Sequence[Face]) -> Face | None:
    """The second look at a suspect, None where it is no face, or one that looks no better than an upright one there."""
    look = second_look(detector, picture, suspect)
    if look is None or look.score < CONFIRMED:
        return None
    again = [second_look(detector, picture, face) for face in upright if _is_same(face, look)]
    return look if all(other is None or look.score > other.score + CLEARLY for other in again) else None


def _turns(directions: Sequence[float]) -> list[int]:
    """Few turns that make faces of these rolls nearly upright: quarters where they fit, else multiples of 15 degrees.

    None is 0: the upright scan was that.
    """
    quarters = [turn for turn in _QUARTERS if any(between(angle, turn) < _STEP for angle in directions)]
    turns = [0, *quarters]
    while left := [angle for angle in directions if min(between(angle, turn) for turn in turns) > _NEAR]:
        near = {degrees: [between(angle, degrees) for angle in left] for degrees in range(0, 360, _STEP)}
        turns.append(max(near, key=lambda degrees: sum(max(0.0, _NEAR + 1 - way) for way in near[degrees])))
    return turns[1:]


def _merged(detector: LandmarkDetector, picture: Picture, upright: Sequence[Face], found: Sequence[Face]) -> list[Face]:
    """One face a place: of the upright scan, or of thorough turned scans (`found`)."""
    faces = list(upright)
    for face in found[:MOST_FOUND]:
        rivals = [known for known in upright if _is_same(known, face)]
        if rivals:
            better = all(face.score > known.score + CLEARLY for known in rivals)
        else:
            better = face.score >= CONFIRMED or _confirmed(detector, picture, face, ()) is not None
        if better:
            faces = [known for known in faces if known not in rivals] + [face]
    return faces


def _best(faces: Sequence[Face]) -> list[Face]:
    """The faces with the highest score at each place, best first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(_is_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _quick(detector: LandmarkDetector, picture: Picture, turns: Iterable[int], pixels: int) -> list[Face]:
    """The faces of quick scans of the picture in several turns."""
    scale = math.sqrt(pixels / (picture.shape[0] * picture.shape[1]))
    return [face for degrees in turns for face in scan_turned(detector, picture, degrees, scale)]


def _is_same(face: Face, other: Face) -> bool:
    """Whether two detections in any direction are of one face."""
    return face.box.overlap(other.box) > _SAME_FACE or is_within(face, other) or is_within(other, face)
