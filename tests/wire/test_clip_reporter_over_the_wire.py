"""The reporter over real sockets: edits by token, uploaded files, a refusal for size, a plain reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from bot.app import App
from bot.client import Nugu
from bot.domain.clip_requests import ReplyTarget
from bot.domain.clips import ClipProgress, ClipStage, UploadRefusedError
from bot.usecases import upload_limits
from cogs.clips.reporter import DiscordClipReporter
from tests.stories.reading import walk
from tests.support import clips
from tests.support.wire import PATIENCE, WireDiscord


@pytest.fixture
async def bot(app: App, wire: WireDiscord) -> AsyncGenerator[Nugu]:
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    yield bot
    assert bot.is_closed()


def shown(message: Any) -> list[str]:
    """The addresses of the message's files."""
    galleries = [part for part in walk(message["components"]) if part["type"] == 12]
    return [item["media"]["url"] for gallery in galleries for item in gallery["items"]]


async def test_a_card_becomes_a_clip_over_the_wire(
    wire: WireDiscord, bot: Nugu, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets: list[ReplyTarget] = []

    async def ask(app: Any, asked: Any, request: Any, target: ReplyTarget) -> None:
        targets.append(target)

    monkeypatch.setattr("bot.usecases.clips.request.request_clip", ask)
    guild = wire.add_guild()
    channel = wire.add_channel(guild)
    fan = wire.add_user("fan", guild)
    large = clips.attachments(tmp_path_factory.mktemp("large"), size=19 << 20)
    small = clips.attachments(tmp_path_factory.mktemp("small"), size=2 << 20)
    async with wire.running(bot):
        await wire.wait_for("PUT", "/applications/*/commands")
        await bot.application_info()  # keeps a connection open
        # The acknowledgement arrives, and the answer with the card's id is lost.
        wire.reset_next("POST", "/interactions/*/*/callback", served=True)
        await wire.slash(channel, fan, "clip", link="https://youtu.be/abc")
        await wire.wait_for("GET", "/webhooks/*/*/messages/@original")
        async with asyncio.timeout(PATIENCE):
            while not targets:
                await asyncio.sleep(0.01)
        (target,) = targets
        clip = clips.reported_clip(
            channel.id, target.card_id, asker=fan.id, server=guild.id, token=target.token, until=target.token_until
        )
        reporter = DiscordClipReporter(bot)
        await reporter.show(ClipProgress(clip, "MV", ClipStage.TRACK, share=0.5))
        await wire.wait_for("PATCH", "/webhooks/*/*/messages/*")
        with pytest.raises(UploadRefusedError) as refused:
            await reporter.answer(clip, clips.finished("Sana"), large)
        assert refused.value.max_bytes == 10 << 20
        assert await reporter.answer(clip, clips.finished("Sana"), small) == clip.target.card_id
        sent = await wire.wait_for("PATCH", "/webhooks/*/*/messages/*")
        assert [len(file.data or b"") for file in sent.files.values()] == [2 << 20, len(small.chart)]
        assert [address.rsplit("/", 1)[-1] for address in shown(sent.response)] == [
            "twice-m-v-0m30.mp4",
            "screen-time.png",
        ]
        assert await reporter.answered(clip) == clip.target.card_id

        assert await upload_limits.upload_limit(bot.app, guild.id, 10 << 20) == 20 << 20
        late = replace(clip, target=replace(clip.target, token_until=0.0))
        with pytest.raises(UploadRefusedError) as refused:
            await reporter.answer(late, clips.finished("Sana"), large)
        assert refused.value.max_bytes == await upload_limits.upload_limit(bot.app, guild.id, 10 << 20) == 10 << 20
        posted = await reporter.answer(late, clips.finished("Sana"), small)
        reply = await wire.wait_for("POST", "/channels/*/messages")
        assert int(reply.response["id"]) == posted
        assert reply.json["allowed_mentions"]["users"] == [fan.id]
        assert str(reply.json["message_reference"]["message_id"]) == str(clip.target.card_id)
        instead = await wire.wait_for("PATCH", "/channels/*/messages/*")
        assert "Done: https://discord.com/channels/" in str(instead.json)
    assert wire.failures == []
