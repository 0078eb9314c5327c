"""The cut detector finds cuts in streams of small frames, and takes no flash, fade, pan or noise for one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.video.shots import CutDetector

CHANCE = np.random.default_rng(3)


def scene() -> NDArray[np.float32]:
    """A wide picture, (36, 256), of soft shapes."""
    noise = CHANCE.uniform(-500, 750, (36, 256)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 4).astype(np.float32, copy=False)


def frame(picture: NDArray[np.float32], at: float = 0.0, gain: float = 1.0, more: float = 0.0) -> NDArray[np.uint8]:
    """The frame of a camera at column `at` of a scene, with a little noise."""
    shift = np.array([[1, 0, -at], [0, 1, 0]], np.float32)
    seen = cv2.warpAffine(picture, shift, (64, 36), borderMode=cv2.BORDER_REFLECT)
    return np.clip(gain * seen + more + CHANCE.normal(0, 1, (36, 64)), 0, 255).astype(np.uint8)


def shot_starts(lumas: list[NDArray[np.uint8]]) -> list[int]:
    detector = CutDetector()
    return [number for number, luma in enumerate(lumas) if detector.add_frame(luma)]


def test_every_cut_between_slow_shots_is_found() -> None:
    lumas = [frame(scene_, 0.3 * i) for scene_ in [scene() for _ in range(20)] for i in range(12)]
    assert shot_starts(lumas) == list(range(0, 240, 12))


def test_shots_of_one_frame_are_shots() -> None:
    assert shot_starts([frame(scene()) for _ in range(10)]) == list(range(10))


def test_a_flash_at_the_start_of_a_shot_is_no_cut() -> None:
    first, second = scene(), scene()
    flashed = [frame(second, gain=1 + 0.4 * (4 - i), more=25 * (4 - i)) for i in range(4)]
    assert shot_starts([*[frame(first)] * 8, *flashed, *[frame(second)] * 8]) == [0, 8]


def test_a_fade_is_no_cut_and_neither_is_black() -> None:
    picture = scene()
    fading = [frame(picture, gain=gain) for gain in np.linspace(1, 0, 40)]
    assert shot_starts([*fading, *[frame(picture, gain=0) for _ in range(20)], *fading[::-1]]) == [0]


def test_a_fast_pan_is_no_cut_but_a_cut_in_it_is() -> None:
    first, second = scene(), scene()
    assert shot_starts([*[frame(first, 2.0 * i) for i in range(20)], *[frame(second, 2.0 * i) for i in range(20)]]) == [
        0,
        20,
    ]
