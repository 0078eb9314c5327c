"""The cards of a clip, in cases that no short video has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.clips import ClipProgress, ClipStage, MissingFootage
from cogs.clips.cards import clip_card, clip_name, progress_card
from cogs.clips.videos import VideoLink, linked_video
from cogs.common.layout import Card
from cogs.common.media import MediaKind, MessageMedia
from tests.stories.reading import card_parts, card_text
from tests.support.clips import finished, reported_clip
from tests.support.discord_messages import message_problems


def labels(card: Card) -> list[str]:
    return [part["label"] for part in card_parts(card, 2)]


def progress(stage: ClipStage, **how: Any) -> str:
    return card_text(progress_card(ClipProgress(reported_clip(2, 3), "TWICE **M/V**", stage, **how)))


def test_unreadable_sound_gets_a_note_under_the_clip() -> None:
    card = clip_card(finished("Tzuyu", unheard="ac4"))
    assert "I can't read this video's sound (ac4), so the clip is silent." in card_text(card)
    assert "sound" not in card_text(clip_card(finished("Tzuyu")))


def test_missing_footage_gets_notes_under_the_clip() -> None:
    card = card_text(clip_card(finished("Tzuyu", missing=MissingFootage(3, unread=(2,), silent=(1, 3), seconds=4.2))))
    assert "-# Part 2 of 3 of this file can't be read, so the clip goes on without it." in card
    assert "-# The sound of parts 1 and 3 of 3 of this file can't be read, so the clip is silent there." in card
    assert "-# About 4.2 s of this video's pictures can't be decoded, so the clip shows nothing new there." in card
    assert "can't be" not in card_text(clip_card(finished("Tzuyu", missing=MissingFootage(3))))


@pytest.mark.parametrize(
    ("unread", "beginning"),
    [
        ((2, 4), "Parts 2 and 4 of 9 of this file can't be read, so the clip goes on without them."),
        ((1, 2, 4, 5, 7), "Parts 1, 2, 4, 5 and 7 of 9 of this file"),
        ((1, 2, 3, 4, 5, 6), "6 of 9 parts of this file can't be read, so the clip goes on without them."),
    ],
)
def test_several_unreadable_recordings_are_named_or_counted(unread: tuple[int, ...], beginning: str) -> None:
    assert beginning in card_text(clip_card(finished(missing=MissingFootage(9, unread=unread))))


def test_progress_lines() -> None:
    assert "⏳ Waiting: next in the queue" in progress(ClipStage.WAITING, place=1)
    assert "⏳ Waiting: number 3 in the queue" in progress(ClipStage.WAITING, place=3)
    assert progress(ClipStage.DELAYED).endswith("out of order just now. I try again by myself.")
    shown = progress(ClipStage.TRACK, share=0.42, left=71.0, seen=("Tzuyu", "Sa_na"))
    assert shown.startswith(r"**TWICE \*\*M/V\*\***")
    assert "Looking for faces\n`████████░░░░░░░░░░░░` 42% · about 70 s left" in shown
    assert "✓ download · **look** · name · draw · upload" in shown
    assert r"Seen so far: Tzuyu, Sa\_na" in shown
    assert "about 3 min left" in progress(ClipStage.DRAW, share=0.1, left=170.0)
    assert "%" not in progress(ClipStage.DOWNLOAD)
    assert "100%" in progress(ClipStage.UPLOAD, share=1.7)


def test_each_person_has_a_line_with_times() -> None:
    card = clip_card(finished("Tzuyu", None, in_review=1))
    assert "① **Tzuyu** 97% · 0:11 in all · 0:03–0:08, 0:15–0:21" in card_text(card)
    assert "② someone I don't know · 0:11 in all" in card_text(card)
    assert "1 face waits in `/review`." in card_text(card)
    assert "TWICE · 0:30–1:30" in card_text(card)
    clip, chart = [gallery["items"][0] for gallery in card_parts(card, 12)]
    assert clip["media"]["url"] == "attachment://twice-m-v-0m30.mp4"
    assert clip["description"].endswith("① Tzuyu 97%, ② someone I don't know")
    assert chart["description"] == (
        "Who is on screen for how long of 1:00: ① Tzuyu 97%: 0:11, ② someone I don't know: 0:11"
    )
    assert labels(card) == ["All right", "Fix a face", "Details", "Hide"]
    assert labels(clip_card(finished("Tzuyu", stale=True)))[-1] == "Draw again"


def test_unknown_people_share_a_line() -> None:
    clip = finished("Tzuyu", *[None] * 20, in_review=5)
    clip = replace(
        clip, cast=tuple(replace(person, spans=((float(person.number), person.number + 2.0),)) for person in clip.cast)
    )
    card = clip_card(clip)
    assert [line for line in card_text(card).splitlines() if "don't know" in line] == [
        "20 people I don't know · 0:21 in all"
    ]
    assert "5 faces wait in `/review`." in card_text(card)
    clip_alt, chart_alt = (gallery["items"][0]["description"] for gallery in card_parts(card, 12))
    assert clip_alt.endswith("① Tzuyu 97%, 20 people I don't know")
    assert chart_alt.endswith("① Tzuyu 97%: 2.0 s, 20 people I don't know: 0:21")


def test_many_people_and_many_times_fit() -> None:
    spans = tuple((float(n), n + 0.5) for n in range(0, 600, 5))
    card = clip_card(finished(*(f"Member with quite a name {n}" for n in range(90)), spans=spans))
    assert "0:25 and 114 more" in card_text(card)
    assert "… and" in card_text(card)
    body = {"components": card.to_components(), "flags": 1 << 15}
    assert not [problem for problem in message_problems(body, {}, edit=True) if "no file" not in problem]


def test_nobody_in_it() -> None:
    card = clip_card(finished())
    assert "I see no face in it." in card_text(card)
    assert labels(card) == ["Hide"]
    assert card_parts(card, 12)[1]["items"][0]["description"] == "Nobody is on screen"


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://www.youtube.com/watch?v=abc&t=7", "https://www.youtube.com/watch?v=abc&t=30s"),
        ("https://youtu.be/abc", "https://youtu.be/abc?t=30s"),
        ("https://vimeo.com/12?t=7", "https://vimeo.com/12?t=7"),
        ("https://notyoutube.com/a)[b](c", "https://notyoutube.com/a%29[b]%28c"),
    ],
)
def test_the_link_leads_to_the_start_of_the_clip(link: str, shown: str) -> None:
    assert f"[0:30–1:30 of the video](<{shown}>)" in card_text(clip_card(finished("Sana", link=link)))


@pytest.mark.parametrize(
    ("title", "name"),
    [("쯔위.mp4", "clip-0m30.mp4"), ("../../etc/Pässe", "etc-passe-0m30.mp4"), ("x" * 300, f"{'x' * 40}-0m30.mp4")],
)
def test_a_file_name_has_only_characters_that_discord_keeps(title: str, name: str) -> None:
    assert clip_name(finished(title=title)) == name


def test_an_edited_card_keeps_its_files() -> None:
    card = clip_card(finished("Sana"), ("https://cdn.example/a.mp4", "https://cdn.example/b.png"))
    shown = [gallery["items"][0]["media"]["url"] for gallery in card_parts(card, 12)]
    assert shown == ["https://cdn.example/a.mp4", "https://cdn.example/b.png"]


def test_a_links_target() -> None:
    own = "https://cdn.discordapp.com/attachments/1/2/mv.mp4?ex=1"
    assert linked_video(own) == MessageMedia("mv.mp4", own, MediaKind.VIDEO)
    assert linked_video("https://a.example/mv.mp4") == VideoLink("https://a.example/mv.mp4")
    assert linked_video("http://cdn.discordapp.com/mv.mp4") == VideoLink("http://cdn.discordapp.com/mv.mp4")


@pytest.mark.parametrize(("query", "start"), [("t=83", 83), ("t=1m23s", 83), ("start=9", 9), ("t=soon", 0), ("", 0)])
def test_a_link_may_have_a_start(query: str, start: float) -> None:
    assert VideoLink(f"https://youtu.be/abc?{query}").start == start
