"""The reporter: a card that shows the progress and becomes the clip, whatever Discord refuses."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clip_requests import ReplyTarget
from bot.domain.clips import ClipAttachments, ClipProgress, ClipStage, ReportedClip, UploadRefusedError
from bot.domain.messages import Message
from cogs.clips.cards import accepted_card
from cogs.clips.reporter import DiscordClipReporter
from tests.stories.conftest import Stage
from tests.stories.reading import buttons, latest, texts
from tests.support import clips

MINUTES = 60.0


@pytest.fixture
async def asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> ReportedClip:
    """A clip of a command, without a queue that works on it."""
    targets: list[ReplyTarget] = []

    async def ask(app: Any, asked: Any, request: Any, target: ReplyTarget) -> None:
        targets.append(target)

    monkeypatch.setattr("bot.usecases.clips.request.request_clip", ask)
    await stage.fan.slash(stage.channel, "clip", link="https://youtu.be/abc")
    (target,) = targets
    clip = clips.reported_clip(
        target.channel_id,
        target.card_id,
        asker=stage.fan.id,
        server=stage.guild.id,
        token=target.token,
        until=target.token_until,
    )
    assert clip.target.card_id == latest(stage.channel).id
    return clip


@pytest.fixture
async def posted(stage: Stage) -> ReportedClip:
    """A clip of a message, whose card is the bot's own message."""
    card = await stage.bot.get_partial_messageable(stage.channel.id).send(view=accepted_card())
    return clips.reported_clip(stage.channel.id, card.id, asker=stage.fan.id, server=stage.guild.id)


@pytest.fixture(params=["asked", "posted"])
def clip(request: pytest.FixtureRequest, asked: ReportedClip, posted: ReportedClip) -> ReportedClip:
    """The clip of a command or of a message."""
    return asked if request.param == "asked" else posted


@pytest.fixture
def reporter(stage: Stage) -> DiscordClipReporter:
    with stage.env.time_context():
        return DiscordClipReporter(stage.bot)


@pytest.fixture
def attachments(tmp_path: Path) -> ClipAttachments:
    return clips.attachments(tmp_path, size=20 << 20)


def card(stage: Stage, clip: ReportedClip) -> Any:
    assert clip.target.card_id is not None
    return stage.env.backend.get_message(clip.target.channel_id, clip.target.card_id)


def files(message: Any) -> list[str]:
    return [attachment["filename"] for attachment in message.attachments]


def messages(stage: Stage) -> int:
    return len(stage.channel.history())


async def test_the_card_shows_the_progress_and_becomes_the_clip(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, clip: ReportedClip
) -> None:
    before = messages(stage)
    await reporter.show(ClipProgress(clip, "MV", ClipStage.TRACK, share=0.5, seen=("Sana",)))
    assert "Seen so far: Sana" in texts(card(stage, clip))
    assert buttons(card(stage, clip)) == ["Cancel"]
    assert await reporter.answered(clip) is None
    assert await reporter.answer(clip, clips.finished("Sana", *[None] * 20), attachments) == clip.target.card_id
    assert files(card(stage, clip)) == ["twice-m-v-0m30.mp4", "screen-time.png"]
    assert "① **Sana** 97%" in texts(card(stage, clip))
    assert "20 people I don't know · 0:11 in all" in texts(card(stage, clip))
    assert messages(stage) == before
    assert await reporter.answered(clip) == clip.target.card_id
    # A clip that is drawn again is first a progress card without the old clip.
    await reporter.show(ClipProgress(clip, "MV", ClipStage.DRAW))
    assert files(card(stage, clip)) == []
    assert await reporter.answered(clip) is None


async def test_after_fourteen_minutes_the_clip_is_a_reply_that_calls_the_asker(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, clip: ReportedClip
) -> None:
    await stage.env.advance_time(13 * MINUTES)
    await reporter.show(ClipProgress(clip, "MV", ClipStage.DRAW))
    await stage.env.advance_time(2 * MINUTES)
    await reporter.show(ClipProgress(clip, "MV", ClipStage.UPLOAD))
    assert "Uploading" in texts(card(stage, clip))
    sent = await reporter.answer(clip, clips.finished("Sana"), attachments)
    reply = latest(stage.channel)
    assert reply.id == sent != clip.target.card_id
    assert reply.reference is not None
    assert reply.reference.message_id == clip.target.card_id
    assert f"<@{stage.fan.id}>, here is your clip." in texts(reply)
    (request,) = [sent for sent in stage.recorder.matching("POST", "/messages") if sent.files]
    assert request.json["nonce"].startswith("7-")
    assert request.json["enforce_nonce"]
    assert request.json["allowed_mentions"]["users"] == [stage.fan.id]
    assert reply.jump_url in texts(card(stage, clip))
    assert buttons(card(stage, clip)) == []
    assert await reporter.answered(clip) == sent


async def test_a_deleted_card_is_not_posted_again(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, posted: ReportedClip
) -> None:
    assert posted.target.card_id is not None
    stage.env.backend.delete_message(posted.target.channel_id, posted.target.card_id)
    before = messages(stage)
    await reporter.show(ClipProgress(posted, "MV", ClipStage.TRACK))
    assert messages(stage) == before
    sent = await reporter.answer(posted, clips.finished("Sana"), attachments)
    assert messages(stage) == before + 1
    assert latest(stage.channel).id == sent
    assert await reporter.answered(posted) == sent


async def test_an_old_clip_stays_until_the_new_one_and_does_not_return(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, posted: ReportedClip
) -> None:
    await reporter.answer(posted, clips.finished("Sana"), attachments)
    again = replace(posted, answer_id=posted.target.card_id)
    assert await reporter.answered(again) is None
    await reporter.show(ClipProgress(again, "TWICE M/V.mp4", ClipStage.DRAW, 0.5))
    assert buttons(latest(stage.channel))[0] == "All right"
    await reporter.explain(again, Message("It went wrong."))
    assert "It went wrong." in texts(latest(stage.channel))
    assert posted.target.card_id is not None
    await stage.bot.get_partial_messageable(stage.channel.id).get_partial_message(posted.target.card_id).delete()
    before = len(stage.channel.history())
    assert await reporter.answer(again, clips.finished("Sana"), attachments) == posted.target.card_id
    assert len(stage.channel.history()) == before


@pytest.mark.parametrize(("status", "code"), [(413, 0), (413, 40005), (400, 40005)])
async def test_a_refusal_for_size_carries_the_smaller_limit(
    stage: Stage,
    reporter: DiscordClipReporter,
    attachments: ClipAttachments,
    asked: ReportedClip,
    status: int,
    code: int,
) -> None:
    large = "Request entity too large"
    stage.env.inject_error("PATCH", "/webhooks/*/messages/*", status=status, code=code, message=large)
    with pytest.raises(UploadRefusedError) as refused:
        await reporter.answer(asked, clips.finished("Sana"), attachments)
    assert refused.value.max_bytes == 10 << 20
    stage.env.inject_error("POST", "/channels/*/messages", status=status, code=code, message=large)
    with pytest.raises(UploadRefusedError):
        await reporter.answer(
            replace(asked, target=replace(asked.target, card_id=None)), clips.finished("Sana"), attachments
        )


async def test_where_discord_refuses_files_in_a_card_the_clip_is_posted_below(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, asked: ReportedClip
) -> None:
    """Discord has done so (discord-api-docs #7529)."""
    stage.env.inject_error("PATCH", "/webhooks/*/messages/*", status=400, code=50035, message="Invalid Form Body")
    sent = await reporter.answer(asked, clips.finished("Sana"), attachments)
    assert latest(stage.channel).id == sent
    assert texts(card(stage, asked)).strip() == f"Done: {latest(stage.channel).jump_url}"


async def test_where_the_bot_may_not_write_the_token_still_reaches_the_asker(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, asked: ReportedClip
) -> None:
    stage.env.inject_error("PATCH", "/webhooks/*/messages/*", status=400, code=50035, message="Invalid Form Body")
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, message="Missing Access")
    sent = await reporter.answer(asked, clips.finished("Sana"), attachments)
    assert "① **Sana**" in texts(stage.env.backend.get_message(stage.channel.id, sent))


async def test_after_the_token_where_the_bot_may_not_write_the_asker_gets_a_private_message(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, asked: ReportedClip
) -> None:
    await stage.env.advance_time(15 * MINUTES)
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, message="Missing Access")
    sent = await reporter.answer(asked, clips.finished("Sana"), attachments)
    assert latest(stage.fan.user.dm_channel).id == sent


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_refused_progress_card_is_only_logged(
    stage: Stage, reporter: DiscordClipReporter, asked: ReportedClip, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    stage.env.inject_error("*", "*", status=status, times=None)
    with caplog.at_level(logging.WARNING):
        await reporter.show(ClipProgress(asked, "MV", ClipStage.TRACK))
        await reporter.explain(asked, Message("No."))
    stage.env.backend.faults.clear()
    assert "could not show the progress" in caplog.text
    assert "could not explain" in caplog.text


@pytest.mark.parametrize("status", [429, 500])
async def test_while_discord_gives_no_answer_nobody_can_tell_what_was_posted(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, asked: ReportedClip, status: int
) -> None:
    by_message = replace(asked, question_message_id=asked.target.card_id)
    stage.env.inject_error("*", "*", status=status, times=None)
    with pytest.raises(ConnectionError):
        await reporter.answered(asked)
    with pytest.raises(ConnectionError):
        await reporter.posted_card(by_message)
    with pytest.raises(ConnectionError):
        await reporter.answer(asked, clips.finished("Sana"), attachments)
    stage.env.backend.faults.clear()


@pytest.mark.parametrize("status", [403, 404])
async def test_where_the_bot_may_not_look_nothing_was_posted(
    stage: Stage, reporter: DiscordClipReporter, asked: ReportedClip, status: int
) -> None:
    by_message = replace(asked, question_message_id=asked.target.card_id)
    stage.env.inject_error("*", "*", status=status, times=None)
    assert await reporter.answered(asked) is None
    assert await reporter.posted_card(by_message) is None
    stage.env.backend.faults.clear()


async def test_an_invalid_token_is_replaced_by_the_bots_own_edit(
    stage: Stage, reporter: DiscordClipReporter, attachments: ClipAttachments, asked: ReportedClip
) -> None:
    stage.env.inject_error("*", "/webhooks/*", status=401, code=50027, message="Invalid Webhook Token", times=None)
    assert await reporter.answer(asked, clips.finished("Sana"), attachments) == asked.target.card_id
    assert files(card(stage, asked)) == ["twice-m-v-0m30.mp4", "screen-time.png"]


async def test_the_reason_for_no_clip_replaces_the_card(
    stage: Stage, reporter: DiscordClipReporter, asked: ReportedClip, posted: ReportedClip
) -> None:
    for clip in (asked, posted):
        await reporter.explain(clip, Message("That video is gone."))
        assert texts(card(stage, clip)).strip() == "That video is gone."
        assert buttons(card(stage, clip)) == []
    assert posted.target.card_id is not None
    stage.env.backend.delete_message(posted.target.channel_id, posted.target.card_id)
    await reporter.explain(posted, Message("That video is gone."))
    assert f"<@{stage.fan.id}>, That video is gone." in texts(latest(stage.channel))
