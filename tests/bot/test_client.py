"""`answer_error` raises nothing, whatever happens while it shows an error to a person."""

from __future__ import annotations

from unittest.mock import create_autospec

import discord
import pytest

from bot.errors import PersonError
from cogs.common.errors import answer_error
from cogs.common.requests import explain


class SpeechlessError(PersonError):
    """An error whose message can't be rendered."""

    def __init__(self) -> None:
        super().__init__("{sentence}", other="")


REFUSALS = [
    RuntimeError("Session is closed"),
    discord.RateLimited(3600.0),
    discord.ClientException("This interaction has already been responded to before"),
    KeyError("an answer of Discord's without what discord.py reads of it"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=repr)
@pytest.mark.parametrize("done", [False, True])
async def test_an_error_that_cannot_be_shown_is_logged(
    refusal: Exception, done: bool, caplog: pytest.LogCaptureFixture
) -> None:
    interaction = create_autospec(discord.Interaction, instance=True)
    interaction.response = create_autospec(discord.InteractionResponse, instance=True)
    interaction.response.is_done.return_value = done
    interaction.response.type = discord.InteractionResponseType.deferred_channel_message
    interaction.response.send_message.side_effect = refusal
    interaction.edit_original_response.side_effect = refusal
    await answer_error(interaction, PersonError("There is no face in it."))
    assert "could not report an error" in caplog.text


async def test_an_error_that_cannot_be_rendered_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    await answer_error(create_autospec(discord.Interaction, instance=True), SpeechlessError())
    await explain(create_autospec(discord.Message, instance=True), SpeechlessError())
    assert caplog.text.count("could not report an error") == 2
