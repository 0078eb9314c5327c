"""Captions: on the right frames, inside the picture, calm, and nothing that a name could command."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from numpy.typing import NDArray

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.caption_events import FONT
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits, VideoSection
from models.drawing.fonts import font_path
from models.faces import ConfidenceBand
from tests.support.face_tracks import cast_of, face_tracks_of, guess, track
from tests.support.films import ffmpeg, pictures

SIZE = (320, 180)
STILL = [100.0, 60.0, 160.0, 130.0]


def black(path: Path, *, frames: int = 12, rate: int = 30, size: tuple[int, int] = SIZE, colour: str = "black") -> Path:
    source = f"color={colour}:s={size[0]}x{size[1]}:r={rate}:d={frames / rate}"
    ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-preset", "ultrafast", path)
    return path


def drawn(path: Path, text: str, section: VideoSection | None = None) -> list[NDArray[np.uint8]]:
    """The frames of a film with captions burnt in, without loss by JPEG's blocks worth mentioning."""
    footage = probe(path, VideoLimits(10**8))
    out = path.with_name("drawn.mp4")
    watch = ProgressFiles(path.with_name("progress"), path.with_name("stop"))
    drawing.draw(footage, section or VideoSection(0, 99), text, ClipLimits(10**8, 2000), out, watch)
    return pictures(out)


def lit(picture: NDArray[np.uint8], least: int = 60) -> NDArray[np.bool_]:
    return picture.max(2) > least


def events(text: str) -> list[pysubs2.SSAEvent]:
    return list(pysubs2.SSAFile.from_string(text, "ass"))


def test_the_font_is_called_as_libass_reads_it() -> None:
    """libass knows the family in a font's first name record, not the typographic one."""
    assert FONT.encode("utf-16-be") in font_path().read_bytes()[:200_000] or FONT.encode() in font_path().read_bytes()


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_a_box_is_on_its_own_frames_and_on_no_other(tmp_path: Path, rate: int) -> None:
    count, shown = 24, {3, 4, 10, 17}
    path = black(tmp_path / "film.mp4", frames=count, rate=rate)
    tracks = [track(first, [STILL]) for first in sorted(shown)]
    face_tracks = face_tracks_of([number / rate for number in range(count)], SIZE, tracks)
    pictures = drawn(path, caption_script(face_tracks, cast_of([guess("Momo")] * len(tracks)), CaptionStyle.NAMES))
    assert {number for number, picture in enumerate(pictures) if lit(picture).sum() > 100} == shown


def test_a_section_has_its_boxes_on_their_frames(tmp_path: Path) -> None:
    rate, begin = 60, 20 / 60 + 0.0042
    path = black(tmp_path / "film.mp4", frames=60, rate=rate)
    times = [number / rate - begin for number in range(21, 45)]
    face_tracks = face_tracks_of(times, SIZE, [track(5, [STILL]), track(11, [STILL] * 3)])
    pictures = drawn(
        path,
        caption_script(face_tracks, cast_of([guess("Momo")] * 2), CaptionStyle.BOXES),
        VideoSection(begin, 45 / 60),
    )
    assert len(pictures) == len(times)
    assert [number for number, picture in enumerate(pictures) if lit(picture).sum() > 100] == [5, 11, 12, 13]


def test_a_moving_box_follows_its_face_within_two_pixels(tmp_path: Path) -> None:
    path = black(tmp_path / "film.mp4", frames=30)
    steps = np.linspace(0, 1, 30)[:, None]
    boxes = np.array([20, 60, 80, 140]) + steps * (160, 10, 190, 20) + 4 * np.sin(steps * 9)
    face_tracks = face_tracks_of([number / 30 for number in range(30)], SIZE, [track(0, boxes.tolist())])
    pictures = drawn(path, caption_script(face_tracks, cast_of([guess(None)]), CaptionStyle.NAMES))
    for picture, box in zip(pictures, boxes, strict=True):
        rows, columns = np.nonzero(lit(picture, 90))
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert np.abs(np.array(found) - box).max() <= 2.5


def test_sure_unsure_and_unknown_have_their_colours_and_lines(tmp_path: Path) -> None:
    path = black(tmp_path / "film.mp4", frames=2)
    tracks = [track(0, [[left, 70, left + 70, 150]] * 2) for left in (10, 120, 230)]
    cast = cast_of([guess("Momo"), guess("Sana", ConfidenceBand.UNSURE, 0.5), guess(None)])
    face_tracks = face_tracks_of([0, 1 / 30], SIZE, tracks)
    picture = drawn(path, caption_script(face_tracks, cast, CaptionStyle.NAMES))[0].astype(int)
    boxes = [picture[72:152, left - 2 : left + 73] for left in (10, 120, 230)]
    amount = [int((box.max(2) > 100).sum()) for box in boxes]
    assert amount[0] > amount[1] > amount[2] > 30
    colours = [box[box.max(2) > 130].mean(0) for box in boxes]
    assert colours[0].argmax() == 1
    assert colours[1].argmax() == 0
    assert np.ptp(colours[2]) < 40


HOSTILE = (
    r"{\pos(5,5)}Eve",
    r"{\p1}m 0 0 l 99 0 99 99{\p0}",
    r"Eve\NSecond\nThird\hFourth",
    "Eve}{",
    "\\",
    "Eve\nDialogue: 9,0:00:00.00,9:00:00.00,text,,0,0,0,,PWNED",
    r"{\t(0,100,\fs999)}Eve",
    "🙂\u202eevE",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_commands_nothing(tmp_path: Path, name: str) -> None:
    path = black(tmp_path / "film.mp4", frames=2)
    face_tracks = face_tracks_of([0, 1 / 30], SIZE, [track(0, [STILL] * 2)])
    text = caption_script(face_tracks, cast_of([guess(name, others=[name, "Momo"])]), CaptionStyle.NAMES_AND_LIST)
    honest = caption_script(face_tracks, cast_of([guess("Eve", others=["Eve", "Momo"])]), CaptionStyle.NAMES_AND_LIST)
    assert len(events(text)) == len(events(honest))
    rows, columns = np.nonzero(lit(drawn(path, text)[0]))
    # Name and list stay beside the face; nothing in the far corner, nothing across the picture.
    assert rows.min() > 10
    assert rows.max() < 150
    assert columns.max() - columns.min() < 240


def test_hangul_is_drawn_and_no_other_font_stands_in(tmp_path: Path) -> None:
    path = black(tmp_path / "film.mp4", frames=2)
    face_tracks = face_tracks_of([0, 1 / 30], SIZE, [track(0, [STILL] * 2)])

    def shape(name: str) -> NDArray[np.bool_]:
        return lit(drawn(path, caption_script(face_tracks, cast_of([guess(name)]), CaptionStyle.NAMES))[0])[:60]

    # Boxes for missing glyphs would be the same twice.
    assert (shape("쯔위") != shape("사나")).sum() > 40


def test_labels_stay_in_the_picture_and_on_one_side() -> None:
    steps = np.linspace(0, 1, 60)[:, None]
    boxes = np.array([-10, 5, 50, 70]) + steps * (270, 105, 270, 105)
    face_tracks = face_tracks_of([number / 30 for number in range(60)], SIZE, [track(0, boxes.tolist())])
    text = caption_script(
        face_tracks, cast_of([guess("Chaeyoung", others=["Momo", "Sana"])]), CaptionStyle.NAMES_AND_LIST
    )
    ways: dict[str, list[list[float]]] = {}
    for event in events(text):
        where = re.match(r"\{\\(?:pos|move)\(([^)]*)\)(.*)", event.text)
        assert where
        x, y, *rest = (float(one) for one in where[1].split(","))
        to_x, to_y = rest[:2] or (x, y)
        if event.style == "plate":
            assert 0 <= min(x, to_x) <= max(x, to_x) < SIZE[0]
            assert 0 <= min(y, to_y) <= max(y, to_y) < SIZE[1]
            ways.setdefault(where[2], []).append([x, y, to_x, to_y])
    assert len(ways) == 2
    for way in ways.values():
        # One event begins where the last ended: no label jumps to another side.
        assert all(np.abs(np.subtract(after[:2], before[2:])).max() < 10 for before, after in pairwise(way))


def test_lists_are_shorter_where_many_are_seen() -> None:
    names = [f"Member {number}" for number in range(15)]
    one = face_tracks_of([0], (1280, 720), [track(0, [[500, 200, 700, 450]])])
    many = face_tracks_of([0], (1280, 720), [track(0, [[left, 200, left + 120, 350]]) for left in (50, 350, 650, 950)])

    def lines(text: str) -> int:
        return max(event.text.count(r"\N") + 1 for event in events(text))

    assert lines(caption_script(one, cast_of([guess(names[0], others=names[1:])]), CaptionStyle.NAMES_AND_LIST)) == 12
    assert (
        lines(caption_script(many, cast_of([guess(names[0], others=names[1:])] * 4), CaptionStyle.NAMES_AND_LIST)) == 3
    )
    assert lines(caption_script(one, cast_of([guess(names[0], others=names[1:])]), CaptionStyle.NAMES)) == 1


def test_a_track_that_is_no_face_is_not_drawn() -> None:
    face_tracks = face_tracks_of([0], SIZE, [track(0, [STILL]), track(0, [[200, 60, 260, 130]])])
    cast = cast_of([guess("Momo"), guess("Sana")], nobody=[1])
    assert not any("Sana" in event.text for event in events(caption_script(face_tracks, cast, CaptionStyle.NAMES)))


def test_numbers_are_those_of_the_people() -> None:
    face_tracks = face_tracks_of([0], SIZE, [track(0, [STILL]), track(0, [[200, 60, 260, 130]])])
    texts = [
        event.plaintext
        for event in events(caption_script(face_tracks, cast_of([guess("Momo"), guess(None)]), CaptionStyle.BOXES))
    ]
    assert {"1", "2"} <= set(texts)
    assert "Momo" not in " ".join(texts)


def test_an_even_motion_needs_few_events() -> None:
    count = 3_000
    steps = np.linspace(0, 1, count)[:, None]
    boxes = np.array([100, 100, 300, 330]) + steps * (700, 200, 700, 200)
    face_tracks = face_tracks_of([number / 30 for number in range(count)], (1280, 720), [track(0, boxes.tolist())])
    assert len(events(caption_script(face_tracks, cast_of([guess("Momo")]), CaptionStyle.NAMES))) < count / 20


def test_no_frames_and_no_faces_make_a_file_without_events() -> None:
    assert not events(caption_script(face_tracks_of([], SIZE, []), cast_of([]), CaptionStyle.NAMES))
    assert not events(caption_script(face_tracks_of([0, 0.1], SIZE, []), cast_of([]), CaptionStyle.NAMES))
