"""Fix a face: the dialog by menus, buttons and the modal; after a restart; when the card is gone."""

from __future__ import annotations

import logging
from typing import Any
from unittest.mock import Mock, patch

import aiohttp
import discord
import pytest

from tests.stories.conftest import Stage
from tests.stories.questions import annotations_of, asked
from tests.stories.reading import answer, latest, now, option, options, texts


async def test_fixing_a_face_by_the_menus(stage: Stage) -> None:
    card = await asked(stage, "obama2.jpg", "biden.jpg")
    which = answer(await stage.moderator.click(card, label="Fix a face"))
    assert which.ephemeral
    assert [label.split()[1] for label in options(which)] == ["Obama", "Biden"]
    await stage.moderator.select(which, [option(which, "Biden")])
    who = now(stage, which)
    assert options(who) == ["Biden", "Obama", "Somebody else…"]
    await stage.moderator.select(who, [option(who, "Obama")])
    assert "Noted: Obama." in texts(now(stage, which))
    assert texts(latest(stage.channel)).count("**Obama**") == 2
    (annotation,) = await annotations_of(stage)
    assert (annotation.name, annotation.counts) == ("Obama", True)
    which = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    assert options(which)[1] == "① Obama"


async def test_fixing_a_face_after_a_restart_in_mid_dialog(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.restart()
    await stage.moderator.select(who, [option(who, "Biden")])
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_the_modal_takes_any_spelling(stage: Stage) -> None:
    card = await asked(stage)
    modal = await open_name_modal(stage, card)
    await stage.moderator.submit_modal(modal, {typed_field(modal): "  BIDEN "})
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_the_modal_is_submitted_after_a_restart(stage: Stage) -> None:
    card = await asked(stage)
    modal = await open_name_modal(stage, card)
    await stage.restart()
    submitted = await stage.moderator.submit_modal(modal, {typed_field(modal): "biden"})
    assert submitted.deferred
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_only_the_user_of_a_modal_sees_that_its_name_is_empty(stage: Stage) -> None:
    card = await asked(stage)
    modal = await open_name_modal(stage, card)
    refused = answer(await stage.moderator.submit_modal(modal, {typed_field(modal): "\u200b"}))
    assert "A name has 1 to 100 printable characters." in texts(refused)
    assert refused.ephemeral
    assert await annotations_of(stage) == []


async def test_the_card_can_no_longer_be_edited(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """As in an archived thread. The annotation is saved all the same."""
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    archived = discord.HTTPException(Mock(spec=aiohttp.ClientResponse, status=400, reason=""), "Thread is archived")
    editing = patch.object(discord.Message, "edit", autospec=True, side_effect=archived)
    with caplog.at_level(logging.WARNING, "cogs"), editing:
        await stage.moderator.select(who, [option(who, "Biden")])
    assert "Noted: Biden." in texts(now(stage, who))
    assert "could not refresh card" in caplog.text
    (annotation,) = await annotations_of(stage)
    assert annotation.name == "Biden"


async def test_an_unknown_name_is_saved_as_typed(stage: Stage) -> None:
    card = await asked(stage)
    modal = await open_name_modal(stage, card)
    await stage.moderator.submit_modal(modal, {typed_field(modal): "쯔위"})
    assert "**쯔위** ✓" in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert (annotation.member_id, annotation.name) == (None, "쯔위")


async def test_not_a_member_and_not_a_face(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.click(who, label="Not a member")
    assert "① not a member" in texts(latest(stage.channel))
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.click(who, label="Not a face")
    assert "① not a face" in texts(latest(stage.channel))
    await stage.moderator.click(latest(stage.channel), label="Undo")
    assert "① not a member" in texts(latest(stage.channel))


async def test_the_card_is_hidden_during_the_dialog(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.fan.click(card, label="Hide")
    await stage.moderator.select(who, [option(who, "Biden")])
    (annotation,) = await annotations_of(stage)
    assert annotation.name == "Biden"


async def open_name_modal(stage: Stage, card: Any) -> Any:
    """Choose "Somebody else" in the dialog of the card's only face."""
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    return await stage.moderator.select(who, [option(who, "Somebody else")])


def typed_field(form: Any) -> str:
    """The custom_id of the modal's text field."""
    (label,) = form.modal["components"]
    return label["component"]["custom_id"]
