"""Every kind of request for a clip, up to the queue; and messages that request none."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest
from simcord import InteractionResult

from bot.domain.clip_requests import ClipRequest, PostedVideo, ReplyTarget
from bot.domain.enums import CaptionStyle
from bot.errors import PersonError
from bot.usecases import upload_limits
from bot.usecases.questions.identify import IdentifyRequest
from cogs.clips.texts import REQUEST_ACCEPTED
from tests.stories.conftest import Stage
from tests.stories.reading import answer, latest, texts

VIDEO = "mv.mp4", b"no video, and nobody looks at it here"
LINK = "https://youtu.be/abc?t=95"


@dataclass
class RecordedRequests:
    """The requests to the queue, with the bytes of posted files."""

    asked: list[IdentifyRequest] = field(default_factory=list[IdentifyRequest])
    requests: list[ClipRequest] = field(default_factory=list[ClipRequest])
    targets: list[ReplyTarget] = field(default_factory=list[ReplyTarget])
    videos: list[bytes] = field(default_factory=list[bytes])
    cards: dict[int, int | None] = field(default_factory=dict[int, int | None])
    """The cards of requests by message, by job."""
    refusal: PersonError | None = None

    full: bool = False

    async def check_room(self, app: Any, asked: IdentifyRequest) -> None:
        if self.full:
            raise PersonError("Full.")

    async def ask(self, app: Any, asked: IdentifyRequest, request: ClipRequest, target: ReplyTarget) -> int:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(asked)
        self.requests.append(request)
        self.targets.append(target)
        if isinstance(request.source, PostedVideo):
            self.videos.append(request.source.path.read_bytes())
        return len(self.asked)

    async def attach_card(self, app: Any, job_id: int, card_id: int | None) -> None:
        self.cards[job_id] = card_id


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> RecordedRequests:
    recorded = RecordedRequests()
    monkeypatch.setattr("bot.usecases.clips.request.request_clip", recorded.ask)
    monkeypatch.setattr("bot.usecases.clips.request.attach_card", recorded.attach_card)
    monkeypatch.setattr("bot.usecases.clips.request.check_room", recorded.check_room)
    return recorded


def sentence_of(result: InteractionResult) -> str:
    return texts(answer(result)).strip()


def post_link(stage: Stage, text: str, *embeds: dict[str, Any]) -> Any:
    """Post a link, which Discord shows with its picture."""
    stage.env.backend.create_message(stage.channel.id, stage.other.id, text, embeds=list(embeds))
    return latest(stage.channel)


YOUTUBE = {
    "type": "video",
    "url": "https://www.youtube.com/watch?v=abc",
    "thumbnail": {
        "url": "https://i.ytimg.com/vi/abc/hq.jpg",
        "proxy_url": "https://images-ext-1.discordapp.net/external/x/https/i.ytimg.com/vi/abc/hq.jpg",
    },
    "video": {"url": "https://www.youtube.com/embed/abc"},
}


async def test_a_command_with_a_link(stage: Stage, recorded: RecordedRequests) -> None:
    await stage.fan.slash(
        stage.channel, "clip", link=f"look: {LINK}", start="0:30", length="1m", group="TWICE", style="names+list"
    )
    assert recorded.requests == [ClipRequest(LINK, 30.0, 60.0, CaptionStyle.NAMES_AND_LIST)]
    (asked,), (target,) = recorded.asked, recorded.targets
    assert (asked.asker_id, asked.server_id, asked.group) == (stage.fan.id, stage.guild.id, "TWICE")
    assert target.card_id == latest(stage.channel).id
    assert target.max_bytes == 26214400
    assert target.token


async def test_a_command_with_a_file(stage: Stage, recorded: RecordedRequests) -> None:
    await stage.fan.slash(stage.channel, "clip", video=VIDEO)
    (request,) = recorded.requests
    assert isinstance(request.source, PostedVideo)
    assert request.source.name == "mv.mp4"
    assert (request.start, request.length, request.style) == (0.0, None, CaptionStyle.NAMES)
    assert recorded.videos == [VIDEO[1]]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Give me a `link:` or a `video:`, one of the two."),
        ({"link": LINK, "video": VIDEO}, "Give me a `link:` or a `video:`, one of the two."),
        ({"link": "twice feel special"}, "That is no link. Paste the address of the video: `https://…`."),
        (
            {"video": ("a.txt", b"x")},
            "That file is no video. Attach an MP4, MOV or WebM, or give me a `link:`.",
        ),
        ({"link": LINK, "start": "soon"}, "I can't read the time “soon”. Write it as `1:23` or in seconds."),
    ],
)
async def test_an_invalid_request_gets_a_sentence(
    stage: Stage, recorded: RecordedRequests, options: dict[str, Any], sentence: str
) -> None:
    result = await stage.fan.slash(stage.channel, "clip", **options)
    assert sentence_of(result) == sentence
    assert answer(result).ephemeral
    assert recorded.requests == []


async def test_only_the_asker_sees_a_refused_request(stage: Stage, recorded: RecordedRequests) -> None:
    recorded.refusal = PersonError("20 clips wait here already.")
    result = await stage.fan.slash(stage.channel, "clip", link=LINK)
    assert sentence_of(result) == "20 clips wait here already."
    assert answer(result).ephemeral
    assert stage.channel.last_message is None
    await stage.fan.send(stage.channel, f"{stage.mention} {LINK}")
    assert texts(latest(stage.channel)).strip() == "20 clips wait here already."


async def test_a_file_that_is_too_large_is_not_even_fetched(
    stage: Stage, recorded: RecordedRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(stage.bot.http, "get_from_cdn", fetched.append)
    settings = stage.app.settings.model_copy(update={"clip_bytes": 10})
    monkeypatch.setattr(stage.bot, "app", dataclasses.replace(stage.app, settings=settings))
    result = await stage.fan.slash(stage.channel, "clip", video=VIDEO)
    assert sentence_of(result).startswith("mv.mp4: this file is too large; I read videos of up to")
    assert not fetched
    assert not list((stage.app.settings.data / "clips").glob("incoming-*"))


async def test_an_avi_is_refused_before_it_is_fetched(
    stage: Stage, recorded: RecordedRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(stage.bot.http, "get_from_cdn", fetched.append)
    result = await stage.fan.slash(stage.channel, "clip", video=("old.AVI", b"RIFF"))
    assert sentence_of(result) == "old.AVI: this is an AVI; I read MP4, MOV, WebM, MKV and MPEG-TS."
    assert not fetched


async def test_a_file_is_not_fetched_where_there_is_no_room(
    stage: Stage, recorded: RecordedRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(stage.bot.http, "get_from_cdn", fetched.append)
    recorded.full = True
    assert sentence_of(await stage.fan.slash(stage.channel, "clip", video=VIDEO)) == "Full."
    assert not fetched


async def test_a_mention_with_a_video_or_a_link(stage: Stage, recorded: RecordedRequests) -> None:
    posted = await stage.fan.send(stage.channel, stage.mention, attachments=[VIDEO])
    card = latest(stage.channel)
    assert texts(card).strip() == REQUEST_ACCEPTED
    assert card.reference is not None
    assert card.reference.message_id == posted.id
    assert recorded.cards == {1: card.id}
    assert (recorded.targets[0].card_id, recorded.targets[0].token) == (None, None)
    assert recorded.asked[0].source_message_id == posted.id
    await stage.fan.send(stage.channel, f"{stage.mention} <{LINK}>")
    assert recorded.requests[1] == ClipRequest(LINK, 95.0)
    await stage.fan.send(stage.channel, f"{stage.mention} https://youtu.be/abc#t=1m5s")
    assert recorded.requests[2].start == 65.0
    assert recorded.videos == [VIDEO[1]]


async def test_a_reply_is_as_large_as_the_last_file_that_discord_took_there(
    stage: Stage, recorded: RecordedRequests
) -> None:
    async def asked() -> int:
        await stage.fan.send(stage.channel, f"{stage.mention} {LINK}")
        return recorded.targets[-1].max_bytes

    assert await asked() == 20 << 20
    await upload_limits.limit_after_refusal(stage.app, stage.guild.id, 19 << 20, 10 << 20)
    assert await asked() == 10 << 20
    await stage.restart()
    assert await asked() == 10 << 20


async def test_the_still_of_a_linked_video_is_no_picture_to_identify(stage: Stage, recorded: RecordedRequests) -> None:
    posted = post_link(stage, "https://youtu.be/abc", YOUTUBE)
    await stage.fan.send(stage.channel, f"{stage.mention} who is this?", reply_to=posted)
    assert [request.source for request in recorded.requests] == ["https://www.youtube.com/watch?v=abc"]
    assert texts(latest(stage.channel)).strip() == REQUEST_ACCEPTED


async def test_a_spoiler_stays_a_spoiler(stage: Stage, recorded: RecordedRequests) -> None:
    name, data = VIDEO
    await stage.fan.slash(stage.channel, "clip", video=(f"SPOILER_{name}", data))
    await stage.fan.send(stage.channel, f"{stage.mention} ||{LINK}||")
    posted = post_link(stage, "||https://youtu.be/abc||", YOUTUBE)
    await stage.fan.send(stage.channel, f"{stage.mention} who is this?", reply_to=posted)
    await stage.fan.send(stage.channel, f"{stage.mention} {LINK} ||she is in it||")
    source = recorded.requests[0].source
    assert isinstance(source, PostedVideo)
    assert source.name == name
    assert [request.spoiler for request in recorded.requests] == [True, True, True, False]


async def test_a_reply_to_somebody_elses_video(stage: Stage, recorded: RecordedRequests) -> None:
    posted = await stage.other.send(stage.channel, "new!", attachments=[VIDEO])
    await stage.fan.send(stage.channel, f"{stage.mention} who is this?", reply_to=posted)
    assert recorded.videos == [VIDEO[1]]


async def test_a_private_message_with_a_video(stage: Stage, recorded: RecordedRequests) -> None:
    stored = stage.env.backend.store_attachments(stage.fan.user.dm_channel.id, [VIDEO])
    await stage.fan.send_dm("", attachments=stored)
    assert recorded.videos == [VIDEO[1]]
    assert recorded.asked[0].server_id is None


async def test_the_menu_of_a_message(stage: Stage, recorded: RecordedRequests) -> None:
    posted = await stage.other.send(stage.channel, "", attachments=[VIDEO])
    forwarded = await stage.other.forward(posted, stage.channel)
    unlabelled = await stage.other.send(stage.channel, "", attachments=[("mv", VIDEO[1])])
    linked = post_link(stage, "https://youtu.be/abc", YOUTUBE)
    for message in (posted, forwarded, unlabelled, linked):
        await stage.fan.context_menu(stage.channel, "Annotate this clip", message)
    assert recorded.videos == [VIDEO[1]] * 3
    assert recorded.requests[3].source == "https://www.youtube.com/watch?v=abc"
    assert [asked.source_message_id for asked in recorded.asked] == [posted.id, forwarded.id, unlabelled.id, linked.id]
    nothing = await stage.other.send(stage.channel, "hello")
    refused = await stage.fan.context_menu(stage.channel, "Annotate this clip", nothing)
    assert sentence_of(refused).startswith("I see no video in that message.")


async def test_a_video_that_discord_shows_is_read_through_its_proxy(stage: Stage, recorded: RecordedRequests) -> None:
    embed = {
        "type": "video",
        "url": "https://a.example/dance.mp4",
        "video": {"url": "https://a.example/dance.mp4", "proxy_url": "https://elsewhere.example/dance.mp4"},
    }
    posted = post_link(stage, "https://a.example/dance.mp4", embed)
    await stage.fan.context_menu(stage.channel, "Annotate this clip", posted)
    assert [request.source for request in recorded.requests] == ["https://a.example/dance.mp4"]


async def test_a_video_in_a_card_of_another_bot(stage: Stage, recorded: RecordedRequests) -> None:
    backend = stage.env.backend
    (stored,) = backend.store_attachments(stage.channel.id, [VIDEO])
    media = {
        "url": stored["url"],
        "proxy_url": stored["url"],
        "content_type": "video/mp4",
        "attachment_id": stored["id"],
    }
    gallery = {"type": 12, "items": [{"media": media, "description": None, "spoiler": False}]}
    box = {"type": 17, "components": [{"type": 10, "content": "New!"}, gallery], "spoiler": False}
    backend.create_message(stage.channel.id, stage.other.id, "", components=[box], flags=1 << 15)
    posted = latest(stage.channel)
    await stage.fan.context_menu(stage.channel, "Annotate this clip", posted)
    await stage.fan.send(stage.channel, f"{stage.mention} who is this?", reply_to=posted)
    assert recorded.videos == [VIDEO[1], VIDEO[1]]


async def test_pictures_are_answered_as_before(stage: Stage, recorded: RecordedRequests) -> None:
    await stage.enrol_presidents()
    photo = stage.photo("obama2.jpg")
    await stage.fan.send(stage.channel, f"{stage.mention} who? {LINK}", attachments=[photo])
    assert "**Obama**" in texts(latest(stage.channel))
    await stage.fan.send(stage.channel, f"{stage.mention} who? https://a.example/photo.jpg")
    assert texts(latest(stage.channel)).startswith("I see no picture in that message.")
    assert recorded.requests == []
    # The message asks about a picture and a video.
    await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[photo, VIDEO])
    cards = [texts(message) for message in stage.channel.history()]
    assert sum("**Obama**" in text for text in cards) == 2
    assert sum(text.strip() == REQUEST_ACCEPTED for text in cards) == 1
    assert recorded.videos == [VIDEO[1]]


async def test_a_watched_channel_is_for_pictures(stage: Stage, recorded: RecordedRequests) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(card, [stage.channel], custom_id="nugu:setup:watched")
    posted = await stage.fan.send(stage.channel, f"who is this? {LINK}")
    assert latest(stage.channel).id == posted.id
    assert recorded.requests == []


async def test_a_file_that_discord_lost_gets_a_sentence(stage: Stage, recorded: RecordedRequests) -> None:
    posted = await stage.other.send(stage.channel, "", attachments=[VIDEO])
    stage.env.backend.cdn._blobs.clear()
    refused = await stage.fan.context_menu(stage.channel, "Annotate this clip", posted)
    assert sentence_of(refused) == "mv.mp4: Discord no longer has this file; post it again."
    assert not list((stage.app.settings.data / "clips").glob("incoming-*"))
