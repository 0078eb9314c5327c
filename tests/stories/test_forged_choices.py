"""Choices that no menu offers, and forms without their fields: each gets a sentence, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.database.servers import ServerRepository
from cogs.common.texts import NOT_OFFERED
from tests.stories.conftest import Stage
from tests.stories.reading import answer, option, texts


def forge(stage: Stage, **changes: Any) -> None:
    """Change the data of each interaction on its way to the bot."""
    parsers: dict[str, Any] = stage.bot._connection.parsers  # pyright: ignore[reportPrivateUsage]
    parse = parsers["INTERACTION_CREATE"]

    def changed(payload: Any) -> None:
        payload["data"] |= changes
        parse(payload)

    parsers["INTERACTION_CREATE"] = changed


@pytest.mark.parametrize("values", [[], ["evil"], ["50", "60"]], ids=repr)
async def test_a_choice_that_the_menu_does_not_offer(stage: Stage, values: list[str]) -> None:
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    forge(stage, values=values)
    refused = answer(await stage.moderator.select(card, [option(card, "60%")], custom_id="nugu:setup:threshold"))
    assert texts(refused).strip() == NOT_OFFERED
    async with stage.app.database.reading() as session:
        assert (await ServerRepository(session).choices(stage.guild.id)).threshold is None


@pytest.mark.parametrize(
    "action", ["setup:threshold", "setup:trusted", "which:1:1", "member:1:1:1", "doubt:1", "hide:1"]
)
async def test_another_kind_of_component_with_an_action_of_the_bots(stage: Stage, action: str) -> None:
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    parsers: dict[str, Any] = stage.bot._connection.parsers  # pyright: ignore[reportPrivateUsage]
    parse = parsers["INTERACTION_CREATE"]

    def changed(payload: Any) -> None:
        kind, custom_id = (3, f"nugu:{action}") if action == "hide:1" else (2, f"nugu:{action}")
        item = {
            "type": kind,
            "custom_id": custom_id,
            "style": 2,
            "label": "x",
            "options": [{"label": "x", "value": "1"}],
        }
        payload["message"]["components"] = [{"type": 1, "components": [item]}]
        payload["data"] = {"custom_id": custom_id, "component_type": kind, "values": ["1"]}
        parse(payload)

    parsers["INTERACTION_CREATE"] = changed
    refused = answer(await stage.moderator.select(card, [option(card, "60%")], custom_id="nugu:setup:threshold"))
    assert texts(refused).strip() == NOT_OFFERED


async def test_a_form_without_its_fields(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    form = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Obama")
    forge(stage, components=[])
    files = {"group": "Presidents", "name": "Obama", "photos": [stage.photo("obama.jpg")]}
    refused = answer(await stage.moderator.submit_modal(form, files))
    assert "printable characters" in texts(refused)
