"""The captions of a clip: boxes, names and lists as an ASS file, which ffmpeg burns in. Called in workers; light to import.

A face's label keeps its side from the first to the last frame of its track.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.enums import CaptionStyle
from bot.media.clips.caption_events import draw_box, draw_label, frame_clock, new_file
from bot.media.clips.caption_labels import frame_side, list_label, name_label, name_letters
from bot.media.clips.label_placement import label_boxes, label_corners

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.media.clips.label_placement import Rows
    from models.video.cast import Cast
    from models.video.tracks import FaceTracks, Track

_LINES, _LINES_OF_THREE, _LINES_OF_MANY = 12, 6, 3
"""The most members of a list beside one or two faces, three faces, and more."""

_SIDES_OF_NAMES: Final = ("above", "below", "within, above", "within, below")
_SIDES_OF_LISTS: Final = ("right", "left", "below", "above")
"""The places of a label, the best first."""


def caption_script(face_tracks: FaceTracks, cast: Cast, style: CaptionStyle) -> str:
    """The captions of a section as an ASS file, with times from the section's start and pixels of the upright frames.

    `cast`: the people of the tracks; other tracks are not drawn. An unknown face has a grey box without a label, or with its
    number in the style `BOXES`.
    """
    import numpy as np

    file = new_file(face_tracks.size)
    if not len(face_tracks.times):
        return file.to_string("ass")
    clock = frame_clock(np.asarray(face_tracks.times, np.float64))
    numbers = {track: person.number for person in cast.people for track in person.tracks}
    tracks = {
        place: face_tracks.tracks[place]
        for place in sorted(numbers, key=lambda number: face_tracks.tracks[number].first)
    }
    boxes = {place: np.asarray(track.boxes, np.float64) for place, track in tracks.items()}
    drawn = [(tracks[place].first, rows) for place, rows in boxes.items()]
    for place, track in tracks.items():
        guess, gap = cast.guesses[place], _gap(face_tracks.size)
        draw_box(file, clock, track.first, boxes[place], guess.band, face_tracks.size)
        label = name_label(guess, numbers[place], style, name_letters(face_tracks.size, boxes[place]), face_tracks.size)
        if label:
            others = _drawn_during(track, drawn, but=boxes[place])
            corners = label_corners(boxes[place], label.size, face_tracks.size, others, gap, _SIDES_OF_NAMES)
            draw_label(file, clock, track.first, corners, label, face_tracks.size)
            drawn.append((track.first, label_boxes(corners, label.size)))
    if style is CaptionStyle.NAMES_AND_LIST:
        for place, track in tracks.items():
            lines = _list_lines(_most_at_once(track, tracks.values()))
            label = list_label(cast.guesses[place], lines, face_tracks.size)
            if label:
                others = _drawn_during(track, drawn, but=boxes[place])
                corners = label_corners(
                    boxes[place], label.size, face_tracks.size, others, _gap(face_tracks.size), _SIDES_OF_LISTS
                )
                draw_label(file, clock, track.first, corners, label, face_tracks.size)
                drawn.append((track.first, label_boxes(corners, label.size)))
    file.sort()
    return file.to_string("ass")


def _gap(size: tuple[int, int]) -> float:
    """Pixels kept free around a label."""
    return max(3.0, 0.008 * frame_side(size))


def _list_lines(faces: int) -> int:
    """The lines of a list while so many faces are seen at once."""
    return _LINES if faces <= 2 else _LINES_OF_THREE if faces == 3 else _LINES_OF_MANY


def _most_at_once(track: Track, tracks: Collection[Track]) -> int:
    """The most faces in one frame of the track, its own included."""
    import numpy as np

    seen = np.zeros(len(track.boxes), np.int64)
    for other in tracks:
        seen[max(0, other.first - track.first) : max(0, other.last + 1 - track.first)] += 1
    return int(seen.max())


def _drawn_during(track: Track, drawn: Sequence[tuple[int, Rows]], *, but: Rows) -> list[tuple[int, Rows]]:
    """The boxes and labels that are drawn during the track, each with its first frame counted from the track's."""
    return [
        (first - track.first, rows)
        for first, rows in drawn
        if first <= track.last and first + len(rows) > track.first and rows is not but
    ]
