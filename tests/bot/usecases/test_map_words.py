"""Which photos are on a map of many, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.maps import GroupMap, MapOutlier, MapPlace
from bot.domain.rosters import EnrolledEncoding
from bot.domain.trust import Trust
from bot.text.maps import outlier_sentences, separation_sentences
from bot.usecases.maps import MapView, round_robin
from cogs.map.cards import map_card
from cogs.map.texts import alt_text, distance_sentence
from models.faces import ProjectionMethod
from tests.stories.reading import walk
from tests.support.discord_messages import FileInfo, message_problems


def rows(*photos: int) -> list[EnrolledEncoding]:
    """So many photos of each of some members."""
    members = [member for member, count in enumerate(photos) for _ in range(count)]
    return [EnrolledEncoding(number, member, f"M{member}", 1, "G", b"") for number, member in enumerate(members)]


def group_map(*places: tuple[str, bool, str | None]) -> GroupMap:
    found = tuple(MapPlace(name, 4, apart, overlaps) for name, apart, overlaps in places)
    return GroupMap("T_W", ProjectionMethod.TSNE, 4 * len(places), 90, found, (), None, b"png", "dlib-1")


@pytest.mark.parametrize(
    ("photos", "most", "taken"),
    [
        ((3, 2), 10, (3, 2)),
        ((400, 3, 1), 300, (296, 3, 1)),
        ((50,) * 13, 300, (24, *(23,) * 12)),
        ((1,) * 400, 300, (1,) * 300),
    ],
)
def test_nobody_is_crowded_out_of_a_map(photos: tuple[int, ...], most: int, taken: tuple[int, ...]) -> None:
    everybody = rows(*photos)
    chosen = round_robin(everybody, most)
    assert [row for row in everybody if row in chosen] == chosen
    counts = [sum(row.member == member for row in chosen) for member in range(len(taken))]
    assert counts == list(taken)
    for member in range(len(taken)):
        mine = [row.photo for row in everybody if row.member == member]
        assert [row.photo for row in chosen if row.member == member] == mine[: counts[member]]


def test_who_stands_apart_and_who_overlaps() -> None:
    alone, momo, sana = ("Dahyun", True, None), ("Momo", False, "Sana"), ("Sana", False, "Momo")
    mina = ("Mina", False, None)
    assert separation_sentences(group_map(alone)) == ["Dahyun is the only one on it."]
    assert separation_sentences(group_map(alone, ("Tzuyu", True, None))) == ["Everybody stands apart."]
    assert separation_sentences(group_map(alone, momo, sana, mina)) == [
        "Dahyun stands apart.",
        "Momo overlaps with Sana.",
    ]
    assert separation_sentences(group_map(momo, ("Jihyo", False, "Mina"), mina)) == [
        "Momo overlaps with Sana and Jihyo with Mina."
    ]
    assert separation_sentences(group_map(mina, ("Rosé", False, None))) == [
        "Nobody stands far apart, and nobody overlaps much."
    ]


def test_what_near_means_depends_on_the_method() -> None:
    found = group_map(("A", True, None))
    assert "24% of what differs" in distance_sentence(
        replace(found, projection=ProjectionMethod.PCA, explained_variance=0.2352)
    )
    assert "near each other look alike" in distance_sentence(found)


@pytest.mark.parametrize("outliers", [0, 1, 3, 60])
@pytest.mark.parametrize("trust", list(Trust))
def test_a_card_is_one_that_discord_takes(outliers: int, trust: Trust) -> None:
    odd = tuple(MapOutlier(n, "_Mo*mo" * 16, "Sana" if n % 2 else None) for n in range(outliers))
    found = replace(group_map(*((f"Member {n}" * 6, n % 2 == 0, None) for n in range(60))), outliers=odd)
    card, (file,) = map_card(MapView(found, trust))
    text = "\n".join(part["content"] for part in walk(card.to_components()) if part["type"] == 10)
    assert len(text) < 4000
    assert ("/review" in text) == (outliers > 0 and trust >= Trust.TRUSTED)
    assert ("/member photos" in text) == (outliers > 0 and trust >= Trust.MODERATOR)
    assert "_Mo*mo" not in text
    assert file.filename == "map.png"
    assert 0 < len(alt_text(found)) <= 1024
    assert len(outlier_sentences(found)) == outliers
    assert outlier_sentences(found)[:1] == [f"A photo of {one.name} looks like nobody here." for one in odd[:1]]
    body = {"components": card.to_components(), "flags": 1 << 15, "attachments": [{"id": 0, "filename": "map.png"}]}
    assert not list(message_problems(body, {"files[0]": FileInfo("map.png", "image/png", b"png")}, edit=False))
