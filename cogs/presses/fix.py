"""The steps of the dialog in which a face is fixed."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.client import answer_error
from bot.usecases import correct, identify
from bot.words import Meaning
from cogs.cards.fix import NAME, SOMEBODY_ELSE, SomebodyElse, ask_who, closing
from cogs.cards.layout import Button, Select
from cogs.cards.result import pictures_shown, result_card
from cogs.presses.press import Press, ids_of, speaker_of

if TYPE_CHECKING:
    from bot.client import Nugu

log = logging.getLogger(__name__)

ROUTE = r"(?P<question>\d+):(?P<card>\d+)"
FACE_ROUTE = rf"{ROUTE}:(?P<face>\d+)"
FORM = re.compile(rf"nugu:else:{FACE_ROUTE}")


class WhichFace(Press[Select], template=rf"nugu:which:{ROUTE}"):
    """The face is chosen; asks who it is."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await identify.read_again(interaction.client.app, self.ids["question"])
        picture, face = answer.face(int(self.item.values[0]))
        await interaction.edit_original_response(view=ask_who(answer, picture, face, self.ids["card"]))


class WhichMember(Press[Select], template=rf"nugu:member:{FACE_ROUTE}"):
    """The member is chosen, or the form for somebody else."""

    async def acknowledge(self, interaction: discord.Interaction[Nugu]) -> None:
        # A form must be the first that Discord hears.
        if self.item.values[0] != SOMEBODY_ELSE:
            await super().acknowledge(interaction)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        chosen = self.item.values[0]
        if chosen == SOMEBODY_ELSE:
            await interaction.response.send_modal(SomebodyElse(**self.ids))
            return
        app, speaker = interaction.client.app, await speaker_of(interaction)
        said = await correct.say_member(app, self.ids["question"], self.ids["face"], int(chosen), speaker)
        await _close(interaction, said, self.ids["card"])


class NotAMember(Press[Button], template=rf"nugu:stranger:{FACE_ROUTE}"):
    """The face is nobody of the roster."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, Meaning.STRANGER, self.ids)


class NotAFace(Press[Button], template=rf"nugu:noface:{FACE_ROUTE}"):
    """What the box holds is no face."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, Meaning.NOT_A_FACE, self.ids)


async def on_form(interaction: discord.Interaction[Nugu]) -> None:
    """Listens to every interaction for the form of somebody else, which may have been opened before a restart."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    form = cast("Any", interaction.data)
    match = FORM.fullmatch(form["custom_id"])
    if match is None:
        return
    ids = ids_of(match)
    try:
        await interaction.response.defer()
        (typed,) = [box["value"] for label in form["components"] if (box := label["component"])["custom_id"] == NAME]
        app, speaker = interaction.client.app, await speaker_of(interaction)
        said = await correct.say_name(app, ids["question"], ids["face"], typed, speaker)
        await _close(interaction, said, ids["card"])
    except Exception as error:  # noqa: BLE001  # the funnel for forms
        await answer_error(interaction, error)


async def _say_nobody(interaction: discord.Interaction[Nugu], meaning: Meaning, ids: dict[str, int]) -> None:
    app, speaker = interaction.client.app, await speaker_of(interaction)
    said = await correct.say_nobody(app, ids["question"], ids["face"], meaning, speaker)
    await _close(interaction, said, ids["card"])


async def _close(interaction: discord.Interaction[Nugu], said: correct.Said, card_id: int) -> None:
    """End the dialog with its sentence, and bring the card up to date where the bot can reach it."""
    await interaction.edit_original_response(view=closing(said.sentence))
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    try:
        card = await interaction.channel.fetch_message(card_id)
        await card.edit(view=result_card(said.answer, pictures_shown(card)))
    except discord.HTTPException as failure:
        # Taken away meanwhile, in an archived thread, or where only the asker installed the bot: the word is kept.
        log.warning("could not bring card %s up to date: %s", card_id, failure)
