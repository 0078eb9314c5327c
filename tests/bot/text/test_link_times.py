"""Time codes in links."""

from __future__ import annotations

import pytest

from bot.text.links import start_of_link


@pytest.mark.parametrize(
    ("ending", "seconds"),
    [
        ("?t=65", 65),
        ("?v=abc&t=1m5s", 65),
        ("?start=65&list=x", 65),
        ("#t=1m5s", 65),
        ("?v=abc#t=1:05", 65),
        ("#t=65.5,80", 65.5),
        ("#t=npt:65,80", 65),
        ("#xywh=1,2,3,4&t=1h1m5s", 3665),
        ("?t=20#t=65", 20),
        ("", 0),
        ("#comments", 0),
        ("#t=soon", 0),
        ("#t=", 0),
    ],
)
def test_a_link_says_where_its_video_starts(ending: str, seconds: float) -> None:
    assert start_of_link(f"https://videos.example/watch{ending}") == seconds
    assert start_of_link(f"http://[{ending}") == 0
