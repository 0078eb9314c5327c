"""Boxes, names and lists as an ASS file, which ffmpeg burns into a clip. Called in workers; light to import.

A face's label keeps its side from the first to the last frame of its track. Frames through which a box moves evenly share an
event: libass looks through all events for every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, Final

from bot.domain.enums import CaptionStyle
from bot.media.ass_paths import outline, rounded
from bot.media.placing import covered, even_runs, placed
from bot.text.formatting import name_and_confidence, percent
from models.faces import Band

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from pysubs2 import SSAFile

    from bot.media.placing import Rows
    from models.faces import Guess
    from models.video.cast import Cast
    from models.video.tracks import FaceTracks, Track


FONT: Final = "Noto Sans CJK TC Regular"
"""The family of the font of `models.drawing.fonts`, as libass reads it: not the typographic one, as other libraries do."""

LINES: Final = 12
"""Members that a list shows at most; fewer where several faces are seen at once."""

_LINES_OF_THREE, _LINES_OF_MANY = 6, 3
_EM: Final = 1.48
"""libass takes a size as the font's ascent and descent together; this is what they are to its em."""

_DROP: Final = 0.054
"""By how much of an em the middle of a capital is below the middle of a line."""

# Of the side of a square as large as the frame: 28 pixels at 720p and 18 at 480p, where they still are read with ease.
_LETTERS, _SMALLEST_LETTERS, _LIST_LETTERS = 0.029, 0.021, 0.0185
_TALL, _PADDING, _SPACE = 1.5, 0.5, 0.36
_STEADY, _LABEL_STEADY = 1.0, 2.0
"""Pixels at 720p by which a drawn edge, or a label, may be off so that frames share an event."""

_PLATE, _WHITE, _QUIET = (24, 25, 30), (255, 255, 255), (196, 200, 208)
_PLATE_ALPHA: Final = 0x30
_BOXES, _PLATES, _TEXTS = range(3)
_OF_NAMES: Final = ("above", "below", "within, above", "within, below")
_OF_LISTS: Final = ("right", "left", "below", "above")
"""Where a label may be, what is liked best first."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a label: where it begins in it, and what ASS draws there."""

    left: float
    top: float
    layer: int
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class _Label:
    """What stands beside a face: its size in pixels, and its parts."""

    size: tuple[float, float]
    pieces: tuple[_Piece, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    """When frames are shown: `times` in seconds, and the hundredths of a second at which each takes over from the last."""

    times: NDArray[np.float64]
    borders: NDArray[np.int64]


def script(face_tracks: FaceTracks, cast: Cast, style: CaptionStyle) -> str:
    """The captions of a section as an ASS file: its times count from the section's start, its pixels are those of `look.size`.

    Tracks that are nobody's aren't drawn. A face that nobody could name has a grey box alone, and its number where there are
    numbers.
    """
    import numpy as np

    file = _file(face_tracks.size)
    if not len(face_tracks.times):
        return file.to_string("ass")
    clock = _clock(np.asarray(face_tracks.times, np.float64))
    numbers = {track: person.number for person in cast.people for track in person.tracks}
    tracks = {
        place: face_tracks.tracks[place] for place in sorted(numbers, key=lambda one: face_tracks.tracks[one].first)
    }
    boxes = {place: np.asarray(track.boxes, np.float64) for place, track in tracks.items()}
    taken = [(tracks[place].first, rows) for place, rows in boxes.items()]
    for place, track in tracks.items():
        guess, gap = cast.guesses[place], _gap(face_tracks.size)
        _draw_box(file, clock, track.first, boxes[place], guess.band, face_tracks.size)
        label = _name_label(guess, numbers[place], style, _letters(face_tracks.size, boxes[place]), face_tracks.size)
        if label:
            others = _met(track, taken, but=boxes[place])
            corners = placed(boxes[place], label.size, face_tracks.size, others, gap, _OF_NAMES)
            _draw_label(file, clock, track.first, corners, label, face_tracks.size)
            taken.append((track.first, covered(corners, label.size)))
    if style is CaptionStyle.NAMES_AND_LIST:
        for place, track in tracks.items():
            lines = _room_for(_most_at_once(track, tracks.values()))
            label = _list_label(cast.guesses[place], lines, face_tracks.size)
            if label:
                others = _met(track, taken, but=boxes[place])
                corners = placed(boxes[place], label.size, face_tracks.size, others, _gap(face_tracks.size), _OF_LISTS)
                _draw_label(file, clock, track.first, corners, label, face_tracks.size)
                taken.append((track.first, covered(corners, label.size)))
    file.sort()
    return file.to_string("ass")


def _side(size: tuple[int, int]) -> float:
    return sqrt(size[0] * size[1])


def _gap(size: tuple[int, int]) -> float:
    return max(3.0, 0.008 * _side(size))


def _file(size: tuple[int, int]) -> SSAFile:
    from pysubs2 import Alignment, Color, SSAFile, SSAStyle

    from models.drawing.markers import COLOURS

    file = SSAFile()
    file.info |= {"PlayResX": str(size[0]), "PlayResY": str(size[1]), "WrapStyle": "2", "YCbCr Matrix": "None"}
    file.styles.clear()
    colours = {**{band.value: COLOURS[band] for band in Band}, "text": _WHITE, "plate": _PLATE}
    for name, colour in colours.items():
        file.styles[name] = SSAStyle(
            fontname=FONT,
            primarycolor=Color(*colour, _PLATE_ALPHA if name == "plate" else 0),
            outline=0.0,
            shadow=0.0,
            alignment=Alignment.TOP_LEFT,
            **dict.fromkeys(("marginl", "marginr", "marginv"), 0),
        )
    return file


def _clock(times: NDArray[np.float64]) -> _Clock:
    """Each frame begins halfway from the one before: libass knows hundredths of a second, and cuts off the rest."""
    import numpy as np

    middles = np.rint((times[:-1] + times[1:]) / 2 * 100 + 0.05)
    first = max(0, floor(times[0] * 100) - 1)
    return _Clock(times, np.array([first, *middles, ceil(times[-1] * 100) + 100], np.int64))


def _letters(size: tuple[int, int], boxes: Rows) -> int:
    """The size of a name's letters: that of the frame, but for small faces."""
    import numpy as np

    side = _side(size)
    most = max(0.5 * float(np.median(boxes[:, 3] - boxes[:, 1])), _SMALLEST_LETTERS * side)
    return max(11, round(min(_LETTERS * side, most)))


def _name_label(guess: Guess, number: int, style: CaptionStyle, letters: int, size: tuple[int, int]) -> _Label | None:
    """Name and confidence on a plate, or the number; None for a face that nobody could name."""
    from models.drawing.fonts import drawable, font, shorten

    if style is CaptionStyle.BOXES:
        text, detail = "", str(number)
    else:
        text, detail = name_and_confidence(guess)
    face = font(letters)
    room = max(4.0 * letters, min(0.45 * size[0], 16.0 * letters) - face.getlength(detail))
    text = shorten(drawable(text), letters, room)
    if not text and not detail:
        return None
    height = round(_TALL * letters)
    parts: list[_Piece] = []
    left = _PADDING * letters
    for part, colour in ((text, "text"), (detail, guess.band.value)):
        if part:
            drawn = f"{{\\an4\\fs{_EM * letters:.1f}}}{_plain(part)}"
            parts.append(_Piece(left, height / 2 - _DROP * letters, _TEXTS, colour, drawn))
            left += face.getlength(part) + _SPACE * letters
    width = round(max(left + (_PADDING - _SPACE) * letters, height))
    plate = f"{{\\an7\\p1}}{rounded(width, height, height / 2)}"
    return _Label((width, height), (_Piece(0, 0, _PLATES, "plate", plate), *parts))


def _list_label(guess: Guess, lines: int, size: tuple[int, int]) -> _Label | None:
    """Every member of the group and how likely it is, the likeliest first, and the one that was chosen in colour."""
    from models.drawing.fonts import drawable, font, shorten

    letters = max(9, round(_LIST_LETTERS * _side(size)))
    lines = min(lines, floor(0.9 * size[1] / (_EM * letters)) - 1)
    listed = list(guess.candidates[: max(lines, 1)])
    if not listed:
        return None
    chosen = next((one for one in guess.candidates if one.member == guess.member), None)
    if chosen is not None and chosen not in listed:
        listed[-1] = chosen
    face = font(letters)
    names = [shorten(drawable(one.name), letters, 9.0 * letters) for one in listed]
    shares = [percent(one.confidence) for one in listed]
    wide = max(map(face.getlength, names)) + _SPACE * 2 * letters + max(map(face.getlength, shares))
    width, height = round(wide + 2 * _PADDING * letters), round((_EM * len(listed) + 0.5) * letters)
    start = f"\\fs{_EM * letters:.1f}"
    lit = [one is chosen for one in listed]
    top = 0.25 * letters
    return _Label(
        (width, height),
        (
            _Piece(0, 0, _PLATES, "plate", f"{{\\an7\\p1}}{rounded(width, height, 0.5 * letters)}"),
            _Piece(_PADDING * letters, top, _TEXTS, "text", f"{{\\an7{start}}}{_column(names, lit, guess.band)}"),
            _Piece(
                width - _PADDING * letters, top, _TEXTS, "text", f"{{\\an9{start}}}{_column(shares, lit, guess.band)}"
            ),
        ),
    )


def _column(texts: Sequence[str], lit: Sequence[bool], band: Band) -> str:
    from models.drawing.markers import COLOURS

    colours = (_hex(COLOURS[band] if on else _QUIET) for on in lit)
    return r"\N".join(f"{{\\1c{colour}}}{_plain(text)}" for text, colour in zip(texts, colours, strict=True))


def _hex(colour: tuple[int, int, int]) -> str:
    red, green, blue = colour
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _plain(text: str) -> str:
    """A text without commands: braces would begin one, and a backslash a line."""
    return text.replace("\\", "＼").replace("{", r"\{").replace("}", r"\}")


def _room_for(faces: int) -> int:
    """How many lines a list has where so many faces are seen at once."""
    return LINES if faces <= 2 else _LINES_OF_THREE if faces == 3 else _LINES_OF_MANY


def _most_at_once(track: Track, tracks: Collection[Track]) -> int:
    """The most faces that are seen together while the track lasts, itself among them."""
    import numpy as np

    seen = np.zeros(len(track.boxes), np.int64)
    for other in tracks:
        seen[max(0, other.first - track.first) : max(0, other.last + 1 - track.first)] += 1
    return int(seen.max())


def _met(track: Track, taken: Sequence[tuple[int, Rows]], *, but: Rows) -> list[tuple[int, Rows]]:
    """What is drawn while the track lasts, with its first frame counted from the track's."""
    return [
        (first - track.first, rows)
        for first, rows in taken
        if first <= track.last and first + len(rows) > track.first and rows is not but
    ]


def _draw_box(file: SSAFile, clock: _Clock, first: int, boxes: Rows, band: Band, size: tuple[int, int]) -> None:
    import numpy as np

    lengths = np.median(boxes[:, 2:] - boxes[:, :2], 0)
    line = min(max(2, ceil(max(size) / 480)), max(2, round(float(lengths.min()) / 22)))
    steady = _STEADY * max(1.0, _side(size) / 960)
    for start, end in even_runs(boxes, steady):
        width, height = (
            max(2 * line + 4, round(float(one)))
            for one in (boxes[start, 2:] + boxes[end, 2:] - boxes[start, :2] - boxes[end, :2]) / 2
        )
        corners = [(boxes[at, :2] + boxes[at, 2:] - (width, height)) / 2 for at in (start, end)]
        for left, top, path in outline(width, height, line, band):
            drawing = f"{{\\an7\\p1}}{path}"
            _write(file, clock, (first + start, first + end), corners, (left, top), _BOXES, band.value, drawing)


def _draw_label(file: SSAFile, clock: _Clock, first: int, corners: Rows, label: _Label, size: tuple[int, int]) -> None:
    for start, end in even_runs(corners, _LABEL_STEADY * max(1.0, _side(size) / 960)):
        for piece in label.pieces:
            _write(
                file,
                clock,
                (first + start, first + end),
                (corners[start], corners[end]),
                (piece.left, piece.top),
                piece.layer,
                piece.style,
                piece.text,
            )


def _write(
    file: SSAFile,
    clock: _Clock,
    frames: tuple[int, int],
    corners: Sequence[NDArray[np.float64]],
    offset: tuple[float, float],
    layer: int,
    style: str,
    text: str,
) -> None:
    """An event through `frames`, both included, that moves evenly from one corner to the other."""
    from pysubs2 import SSAEvent

    first, last = frames
    start, end = (10 * int(clock.borders[at]) for at in (first, last + 1))
    (x, y), (to_x, to_y) = (
        (round(float(corner[0]) + offset[0], 1), round(float(corner[1]) + offset[1], 1)) for corner in corners
    )
    where = f"\\pos({x:g},{y:g})"
    if last > first and (x, y) != (to_x, to_y):
        begin, done = (round(1000 * float(clock.times[at])) - start for at in (first, last))
        where = f"\\move({x:g},{y:g},{to_x:g},{to_y:g},{begin},{done})"
    if end > start:
        file.append(SSAEvent(start=start, end=end, layer=layer, style=style, text=f"{{{where}{text[1:]}"))
