"""A section that takes too much work is refused in one sentence before anything of it is decoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.clips import NOTHING_MISSING, MissingFootage
from bot.errors import PersonError
from bot.media.videos.footage import Colours, Footage, Geometry, VideoSection
from bot.media.videos.work import check_work
from bot.text.clips import missing_sentences
from bot.usecases.clips.tracking import SEGMENT_SECONDS, segment_spans

ORDINARY = Footage(
    path=Path("video"),
    geometry=Geometry((0, 0, 0, 0), "", (1920, 1080)),
    colours=Colours("bt709", "bt709", "bt709", full=False),
    seconds=600.0,
    beginning=0.0,
    first=0.0,
    rate=30.0,
    sound=None,
    unheard=None,
    interlaced=False,
    format="mov",
    number=0,
    keyframes=tuple(float(second) for second in range(0, 600, 5)),
)
WHOLE = VideoSection(0.0, 600.0)


def check(footage: Footage, section: VideoSection) -> None:
    check_work(footage, section, segment_spans(section, footage))


def test_ordinary_videos_are_taken() -> None:
    check(ORDINARY, WHOLE)
    check(replace(ORDINARY, keyframes=()), WHOLE)
    check(replace(ORDINARY, geometry=Geometry((0, 0, 0, 0), "", (3840, 2160)), rate=60.0), WHOLE)
    check(replace(ORDINARY, keyframes=(0.0,)), VideoSection(60.0, 180.0))


def test_a_video_with_a_single_keyframe_is_not_decoded_for_hours() -> None:
    words = r"so few keyframes that 6:\d\d:\d\d of it would have to be decoded, and I decode 2:00:00"
    with pytest.raises(PersonError, match=words):
        check(replace(ORDINARY, keyframes=(0.0,)), WHOLE)


def test_pixels_of_all_frames_together_are_bounded() -> None:
    with pytest.raises(PersonError, match="too many pixels for me: 144,000 frames of 3840 × 2160"):
        check(replace(ORDINARY, geometry=Geometry((0, 0, 0, 0), "", (3840, 2160)), rate=240.0), WHOLE)


def test_a_segment_is_short_since_other_jobs_may_wait_for_it() -> None:
    for footage, most in (
        (ORDINARY, 1.5 * SEGMENT_SECONDS),
        (replace(ORDINARY, keyframes=(0.0,)), 1.5 * SEGMENT_SECONDS),
        (replace(ORDINARY, geometry=Geometry((0, 0, 0, 0), "", (3840, 2160))), 1.5 * SEGMENT_SECONDS / 4),
    ):
        assert max(span.seconds for span in segment_spans(WHOLE, footage)) <= most


def test_what_nobody_looked_for_is_told_and_kept() -> None:
    missing = MissingFootage(shots=424, faces=1)
    assert MissingFootage.from_json(missing.to_json()) == missing
    assert MissingFootage.from_json([3, [2], [], 0.5]) == MissingFootage(3, (2,), (), 0.5)
    assert missing_sentences(missing) == [
        "This video changes too fast: I looked for no faces in 424 shots of it.",
        "There are more faces than I can follow; 1 smaller one has no name.",
    ]
    assert missing_sentences(NOTHING_MISSING) == []
