"""The buttons under an answer's card."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import discord

from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases.questions import cards, correct, crops
from cogs.answers.details import details_card
from cogs.common.components import PersistentItem, actor_of, question_here
from cogs.common.layout import Button
from cogs.common.responses import show
from cogs.corrections.cards import which_face_card, who_card
from cogs.corrections.texts import NO_FACE, NOT_YOURS_TO_HIDE, correction_sentence
from cogs.corrections.update import refresh_card

if TYPE_CHECKING:
    from bot.client import Nugu


class ConfirmButton(PersistentItem[Button], template=r"nugu:right:(?P<question>\d+)"):
    """Confirms all names on the card."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        corrected = await correct.confirm(interaction.client.app, answer.id, await actor_of(interaction))
        await _answer(interaction, corrected)


class FixFaceButton(PersistentItem[Button], template=r"nugu:fix:(?P<question>\d+)"):
    """Opens the dialog that corrects a face."""

    ephemeral = True

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        assert interaction.message is not None
        if not answer.faces:
            raise PersonError(NO_FACE)
        card_id = interaction.message.id
        (picture, face), *others = answer.faces
        if others:
            await show(interaction, which_face_card(answer, card_id))
            return
        crop = await crops.crop_of_face(interaction.client.app, face.id)
        await show(interaction, *who_card(answer, picture, face, card_id, crop))


class DetailsButton(PersistentItem[Button], template=r"nugu:details:(?P<question>\d+)"):
    """Shows the confidence of every member for each face, to the user alone."""

    ephemeral = True

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        await interaction.followup.send(view=details_card(answer), ephemeral=True)


class HideButton(PersistentItem[Button], template=r"nugu:hide:(?P<question>\d+)"):
    """Deletes the card; for the asker and for moderators."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        await _require_hiding(interaction, answer.asker_id)
        await cards.hide(interaction.client.app, answer.id)
        await _delete_card(interaction)


class HideUnsavedButton(PersistentItem[Button], template=r"nugu:unkept:(?P<asker>\d+)"):
    """Deletes the card of an answer that was not kept; for the asker and for moderators."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await _require_hiding(interaction, self.ids["asker"])
        await _delete_card(interaction)


class UndoButton(PersistentItem[Button], template=r"nugu:undo:(?P<question>\d+)"):
    """Undoes the last correction of the card."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        corrected = await correct.undo(interaction.client.app, answer.id, await actor_of(interaction))
        await _answer(interaction, corrected)


async def _require_hiding(interaction: discord.Interaction[Nugu], asker_id: int) -> None:
    """Raise PersonError where the user may not hide the card of an asker's question."""
    actor = await actor_of(interaction)
    if actor.id != asker_id and actor.trust < Trust.MODERATOR:
        raise PersonError(NOT_YOURS_TO_HIDE)


async def _delete_card(interaction: discord.Interaction[Nugu]) -> None:
    with contextlib.suppress(discord.NotFound):  # pressed twice, or a moderator deleted it
        await interaction.delete_original_response()


async def _answer(interaction: discord.Interaction[Nugu], corrected: correct.CorrectedAnswer) -> None:
    """Refresh the button's card, and answer the user alone."""
    assert interaction.message is not None
    await refresh_card(interaction.client, corrected.answer, interaction.message, interaction.edit_original_response)
    await interaction.followup.send(correction_sentence(corrected.correction), ephemeral=True)


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    ConfirmButton,
    FixFaceButton,
    DetailsButton,
    HideButton,
    HideUnsavedButton,
    UndoButton,
)
