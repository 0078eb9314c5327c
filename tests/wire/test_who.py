"""The real bot over real sockets: login, question, attachment, card with its file; rate limit and lost socket."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from PIL import Image

from bot.app import App
from bot.client import Nugu
from tests.stories.reading import walk
from tests.support.wire import WireDiscord
from tests.support.wire_interactions import button_id
from tests.support.wire_world import Channel, User

WAIT = 240.0


@pytest.fixture
async def bot(app: App, wire: WireDiscord) -> AsyncGenerator[Nugu]:
    """The client; the kit logs it in."""
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    yield bot
    assert bot.is_closed()


def said(body: dict[str, object]) -> str:
    parts = body.get("components")
    assert isinstance(parts, list)
    return "\n".join(part["content"] for part in walk(parts) if part["type"] == 10)


def picture_of(message: dict[str, object]) -> str:
    """The address of the message's picture."""
    parts = message.get("components")
    assert isinstance(parts, list)
    (gallery,) = [part for part in walk(parts) if part["type"] == 12]
    return gallery["items"][0]["media"]["url"]


async def enrol(wire: WireDiscord, channel: Channel, moderator: User, photos: Path) -> None:
    await wire.slash(channel, moderator, "group add", name="Presidents")
    await wire.wait_for("POST", "/webhooks/*/*")
    for name in ("obama", "biden"):
        photo = f"{name}.jpg", (photos / f"{name}.jpg").read_bytes()
        await wire.slash(channel, moderator, "member add", group="Presidents", name=name.title(), photo=photo)
        added = await wire.wait_for("POST", "/webhooks/*/*", timeout=WAIT)
        assert f"**{name.title()}** of **Presidents** is known by 1 photo now." in said(added.json)


async def test_a_question_over_the_wire(wire: WireDiscord, bot: Nugu, public_photos: Path) -> None:
    guild = wire.add_guild()
    channel = wire.add_channel(guild)
    moderator = wire.add_user("mina", guild, moderator=True)
    fan = wire.add_user("fan", guild)
    async with wire.running(bot):
        await wire.wait_for("PUT", "/applications/*/commands")
        await enrol(wire, channel, moderator, public_photos)
        photo = "obama2.jpg", (public_photos / "obama2.jpg").read_bytes()

        # Discord rate-limits the first request with the card. The bot sends it again, with its file.
        wire.fail_next("POST", "/channels/*/messages", status=429, retry_after=0.2)
        asked = await wire.message(
            channel, fan, f"<@{wire.bot.id}> who is this?", attachments=[photo], mentions=[wire.bot]
        )
        limited = await wire.wait_for("POST", "/channels/*/messages", status=429, timeout=WAIT)
        card = await wire.wait_for("POST", "/channels/*/messages", timeout=WAIT)
        assert "① **Obama**" in said(card.json)
        assert str(card.json["message_reference"]["message_id"]) == asked["id"]
        for sent in (limited, card):
            (file,) = sent.files.values()
            assert file.data is not None
            assert (file.filename, Image.open(io.BytesIO(file.data)).format) == ("who-1.jpg", "JPEG")

        # The socket closes during a question. The session resumes, and the question is answered once.
        async with wire.outage():
            await wire.message(channel, fan, f"<@{wire.bot.id}> who?", attachments=[photo], mentions=[wire.bot])
        await wire.wait_resumed()
        again = await wire.wait_for("POST", "/channels/*/messages", timeout=WAIT)
        assert "① **Obama**" in said(again.json)

        # A command with a file, and a button on its card.
        await wire.slash(channel, fan, "who", picture=photo)
        answered = await wire.wait_for("POST", "/webhooks/*/*", timeout=WAIT)
        assert "① **Obama**" in said(answered.json)
        assert [file.filename for file in answered.files.values()] == ["who-1.jpg"]
        await wire.click(channel, fan, answered.response, button_id(answered.response, "Details") or "")
        shown = await wire.wait_for("POST", "/webhooks/*/*", timeout=WAIT)
        assert "Answered by `sface-2`" in said(shown.json)

        # A corrected card keeps its picture, although Discord lists no files of a message of components.
        assert answered.response["attachments"] == []
        # The open connection is reset. The button is acknowledged all the same, and the card edited.
        wire.reset_next("POST", "/interactions/*/*/callback")
        wire.reset_next("PATCH", "/webhooks/*/*/messages/@original")
        await wire.click(channel, moderator, answered.response, button_id(answered.response, "All right") or "")
        confirmed = await wire.wait_for("PATCH", "/webhooks/*/*/messages/@original", timeout=WAIT)
        assert f"✓ said by <@{moderator.id}>" in said(confirmed.json)
        assert picture_of(confirmed.response) == picture_of(answered.response)
        assert wire.identifies == 1


async def test_commands_are_synced_only_when_they_changed(app: App, wire: WireDiscord) -> None:
    wire.add_guild()
    synced = []
    for _ in range(2):
        async with wire.running(Nugu(app, shard_count=1, guild_ready_timeout=0.1)):
            synced = [r for r in wire.requests if r.method == "PUT" and r.path.endswith("/commands")]
    assert len(synced) == 1


async def test_a_refused_first_answer_is_sent_as_a_second_message(
    wire: WireDiscord, bot: Nugu, public_photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Discord has refused cards with pictures as the first message after "thinking" (discord-api-docs #7529)."""
    guild = wire.add_guild()
    channel = wire.add_channel(guild)
    moderator = wire.add_user("mina", guild, moderator=True)
    async with wire.running(bot):
        await wire.wait_for("PUT", "/applications/*/commands")
        await enrol(wire, channel, moderator, public_photos)
        wire.fail_next("POST", "/webhooks/*/*", status=400)
        wire.reset_next("DELETE", "/webhooks/*/*/messages/@original", served=True)
        photo = "obama2.jpg", (public_photos / "obama2.jpg").read_bytes()
        await wire.slash(channel, moderator, "who", picture=photo)
        card = await wire.wait_for("POST", "/webhooks/*/*", timeout=WAIT)
        assert "① **Obama**" in said(card.json)
        # The deletion of "…" arrives, but its answer is lost. The second deletion finds nothing.
        await wire.wait_for("DELETE", "/webhooks/*/*/messages/@original", status=404, timeout=WAIT)
        await wire.message(channel, moderator, "", mentions=[wire.bot])
        await wire.wait_for("POST", "/channels/*/messages")
    assert "reference" not in caplog.text, "nobody reads about an error"
