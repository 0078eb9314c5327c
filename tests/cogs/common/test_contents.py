"""Every file of a message is found once, and read only where Discord serves it."""

from __future__ import annotations

from typing import Any

import pytest

from cogs.clips.videos import VideoLink, video_of
from cogs.common.media import MediaKind, MessageMedia, kind_of
from cogs.common.message_media import media_of, texts_of
from cogs.common.texts import NOT_SERVED
from tests.support.discord_objects import message, snapshot

CDN = "https://cdn.discordapp.com/attachments/1/2"
PROXY = "https://images-ext-1.discordapp.net/external/x/https/example.org"


def upload(name: str, number: int, content_type: str | None = "image/jpeg") -> dict[str, Any]:
    """An uploaded file in a component."""
    url = f"{CDN}/{name}?ex=1&is=2&hm=3"
    return {"id": "1", "url": url, "proxy_url": url, "content_type": content_type, "attachment_id": str(number)}


def elsewhere(name: str, content_type: str | None = "image/jpeg", proxy: str = PROXY) -> dict[str, Any]:
    """A file of another host in a component, which Discord has fetched."""
    return {
        "id": "1",
        "url": f"https://example.org/{name}",
        "proxy_url": f"{proxy}/{name}",
        "content_type": content_type,
    }


def attachment(name: str, number: int, content_type: str | None) -> dict[str, Any]:
    url = f"{CDN}/{name}"
    kind = {} if content_type is None else {"content_type": content_type}
    return {"id": str(number), "filename": name, "size": 10, "url": url, "proxy_url": url, **kind}


def gallery(*items: dict[str, Any], spoiler: bool = False) -> dict[str, Any]:
    shown = [{"media": item, "description": None, "spoiler": spoiler} for item in items]
    return {"type": 12, "id": 2, "items": shown}


def section(media: dict[str, Any], text: str = "hello") -> dict[str, Any]:
    thumbnail = {"type": 11, "id": 3, "media": media, "description": None, "spoiler": False}
    return {"type": 9, "id": 4, "components": [{"type": 10, "id": 5, "content": text}], "accessory": thumbnail}


def file(media: dict[str, Any], name: str, size: int) -> dict[str, Any]:
    return {"type": 13, "id": 6, "file": media, "name": name, "size": size, "spoiler": False}


def container(*parts: dict[str, Any], spoiler: bool = False) -> dict[str, Any]:
    return {"type": 17, "id": 8, "accent_color": None, "spoiler": spoiler, "components": list(parts)}


def test_components_show_their_files_however_deep_they_are_nested() -> None:
    shown = message(
        container(gallery(upload("a.jpg", 11), upload("b.jpg", 12)), section(elsewhere("c.png"))),
        file(upload("d.heic", 14, None), "d.heic", 99),
    )
    assert [(media.name, media.size, media.kind) for media in media_of(shown)] == [
        ("a.jpg", None, MediaKind.PICTURE),
        ("b.jpg", None, MediaKind.PICTURE),
        ("c.png", None, MediaKind.PICTURE),
        ("d.heic", 99, MediaKind.PICTURE),
    ]
    assert [media.url for media in media_of(shown)][2] == f"{PROXY}/c.png"
    assert not any(media.refusal for media in media_of(shown))


def test_a_forwarded_message_shows_its_files_too() -> None:
    forwarded = message(flags=0, message_snapshots=snapshot(container(gallery(upload("a.jpg", 11)))))
    assert [media.name for media in media_of(forwarded)] == ["a.jpg"]


def test_a_file_that_is_listed_and_shown_is_one_file() -> None:
    shown = message(gallery(upload("a.jpg", 11)), attachments=[attachment("a.jpg", 11, "image/jpeg")])
    (media,) = media_of(shown)
    assert media.size == 10


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:8080", "https://example.org", "http://cdn.discordapp.com", "https://[x"]
)
def test_a_file_that_discord_does_not_serve_is_refused(proxy: str) -> None:
    (media,) = media_of(message(gallery(elsewhere("secret.jpg", proxy=proxy))))
    assert media.refusal == NOT_SERVED


def test_a_spoiler_covers_its_nested_components() -> None:
    shown = message(
        container(gallery(upload("a.jpg", 11)), section(upload("b.jpg", 12)), spoiler=True),
        gallery(upload("c.jpg", 13), spoiler=True),
        gallery(upload("SPOILER_d.jpg", 14), upload("e.jpg", 15)),
    )
    assert [media.spoiler for media in media_of(shown)] == [True, True, True, True, False]


def test_a_file_listed_openly_and_shown_as_a_spoiler_is_covered() -> None:
    shown = message(gallery(upload("a.jpg", 11), spoiler=True), attachments=[attachment("a.jpg", 11, "image/jpeg")])
    assert [(media.size, media.spoiler) for media in media_of(shown)] == [(10, True)]


def test_a_link_in_a_covered_container_is_a_spoiler() -> None:
    link = "https://youtu.be/abc"
    button = {"type": 2, "id": 2, "style": 5, "label": "Watch", "url": link}
    for part in ({"type": 10, "id": 1, "content": link}, {"type": 1, "id": 1, "components": [button]}):
        for covered in (True, False):
            assert video_of(message(container(part, spoiler=covered))) == VideoLink(link, covered)


def test_a_link_to_a_file_that_was_posted_as_a_spoiler_is_one() -> None:
    film = f"{CDN}/SPOILER_mv.mp4"
    as_text = message(flags=0, content=f"see {film}")
    embed = {"type": "video", "url": film, "video": {"url": film, "proxy_url": film, "width": 9, "height": 9}}
    for shown in (as_text, message(flags=0, content=film, embeds=[embed])):
        video = video_of(shown)
        assert isinstance(video, MessageMedia)
        assert video.spoiler
    picture = {"type": "image", "url": CDN, "thumbnail": {"url": CDN, "proxy_url": f"{CDN}/SPOILER_a.jpg"}}
    assert [media.spoiler for media in media_of(message(flags=0, embeds=[picture]))] == [True]


def test_a_video_in_components_is_a_video() -> None:
    film = upload("mv.mp4", 11, "video/mp4")
    assert video_of(message(container(gallery(upload("a.jpg", 10), film)))) == MessageMedia(
        "mv.mp4", film["url"], MediaKind.VIDEO
    )
    forwarded = message(flags=0, message_snapshots=snapshot(file(film, "mv.mp4", 99)))
    assert video_of(forwarded) == MessageMedia("mv.mp4", film["url"], MediaKind.VIDEO, 99)
    unserved = message(gallery(elsewhere("mv.mp4", "video/mp4", proxy="https://example.org")))
    assert video_of(unserved) == VideoLink("https://example.org/mv.mp4")


def test_a_link_in_a_text_or_on_a_button_is_a_link() -> None:
    link = "https://youtu.be/abc"
    said = message(container({"type": 10, "id": 1, "content": f"New MV: [watch]({link})"}))
    assert video_of(said) == VideoLink(link)
    beside = message(section(upload("a.jpg", 11), f"out now {link}"))
    assert video_of(beside) == VideoLink(link)
    button = {"type": 2, "id": 2, "style": 5, "label": "Watch", "url": link}
    assert video_of(message({"type": 1, "id": 1, "components": [button]})) == VideoLink(link)
    assert video_of(message(flags=0, message_snapshots=snapshot({"type": 10, "id": 1, "content": link}))) == VideoLink(
        link
    )


def test_every_text_is_read_in_its_order() -> None:
    shown = message({"type": 10, "id": 1, "content": "one"}, container(section(upload("a.jpg", 11), "two")))
    assert [text for text, _ in texts_of(shown) if text] == ["one", "two"]


def test_an_invalid_address_does_no_harm() -> None:
    assert video_of(message(flags=0, content="see https://[x for more")) is None
    assert video_of(message(flags=0, content="https://[oops https://youtu.be/a")) == VideoLink("https://youtu.be/a")


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [
        ("sana.jpg", "image/jpeg", MediaKind.PICTURE),
        ("SANA.JFIF", None, MediaKind.PICTURE),
        ("sana", "image/png; charset=x", MediaKind.PICTURE),
        ("sana.heic", "application/octet-stream", MediaKind.PICTURE),
        ("mv.ts", "text/vnd.trolltech.linguist", MediaKind.VIDEO),
        ("mv", "video/mp4", MediaKind.VIDEO),
        ("sana", None, MediaKind.UNKNOWN),
        ("sana", "application/octet-stream", MediaKind.UNKNOWN),
        ("sana.jpg_large", None, MediaKind.UNKNOWN),
        ("7D2F-4A.tmp", None, MediaKind.UNKNOWN),
        ("lyrics.txt", "text/plain", MediaKind.OTHER),
        ("lyrics.txt", None, MediaKind.OTHER),
        ("pack.zip", "application/octet-stream", MediaKind.OTHER),
        ("pack.tar.gz", None, MediaKind.OTHER),
        ("sana", "text/plain", MediaKind.OTHER),
    ],
)
def test_the_declared_kind_of_a_file(name: str, content_type: str | None, kind: MediaKind) -> None:
    assert kind_of(name, content_type) is kind
