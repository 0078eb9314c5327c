"""The menus, the buttons and the modal of the dialog that corrects a face."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import AnnotationMeaning
from bot.usecases.questions import correct, crops
from cogs.common.components import PersistentItem, actor_of, question_here
from cogs.common.layout import Button, Select, custom_id, message_card
from cogs.common.modals import modal_listener
from cogs.common.responses import show
from cogs.corrections.cards import NAME, SOMEBODY_ELSE, OtherNameModal, who_card
from cogs.corrections.texts import correction_sentence
from cogs.corrections.update import refresh_card

if TYPE_CHECKING:
    from bot.client import Nugu
    from cogs.common.modals import ModalSubmission

log = logging.getLogger(__name__)

CARD_IDS = r"(?P<question>\d+):(?P<card>\d+)"
FACE_IDS = rf"{CARD_IDS}:(?P<face>\d+)"


class FaceMenu(PersistentItem[Select], template=rf"nugu:which:{CARD_IDS}"):
    """Chooses the face to correct."""

    component = discord.ui.Select

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await question_here(interaction, self.ids["question"])
        picture, face = correct.face_of(answer, int(self.item.values[0]))
        crop = await crops.crop_of_face(interaction.client.app, face.id)
        await show(interaction, *who_card(answer, picture, face, self.ids["card"], crop))


class MembersMenu(PersistentItem[Select], template=r"nugu:item"):
    """`members_menu`: chooses the member, or opens `OtherNameModal`."""

    component = discord.ui.Select

    async def defer(self, interaction: discord.Interaction[Nugu]) -> None:
        # Discord takes a modal only as the first response.
        if self.item.values[0] != SOMEBODY_ELSE:
            await super().defer(interaction)

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        (chosen,) = self.item.values
        if chosen == SOMEBODY_ELSE:
            await interaction.response.send_modal(self.modal())
        else:
            await self.choose(interaction, int(chosen))

    def modal(self) -> OtherNameModal:
        """The modal for any other name."""
        raise NotImplementedError

    async def choose(self, interaction: discord.Interaction[Nugu], member: int) -> None:
        """Save the chosen member, and answer."""
        raise NotImplementedError


class MemberMenu(MembersMenu, template=rf"nugu:member:{FACE_IDS}"):
    """Corrects the face to the chosen member."""

    def modal(self) -> OtherNameModal:
        return OtherNameModal(custom_id("else", self.ids["question"], self.ids["card"], self.ids["face"]))

    async def choose(self, interaction: discord.Interaction[Nugu], member: int) -> None:
        app, actor = interaction.client.app, await actor_of(interaction)
        answer = await question_here(interaction, self.ids["question"])
        corrected = await correct.assign_member(app, answer.id, self.ids["face"], member, actor)
        await _close(interaction, corrected, self.ids["card"])


class NotAMemberButton(PersistentItem[Button], template=rf"nugu:stranger:{FACE_IDS}"):
    """Labels the face as a stranger's."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, AnnotationMeaning.STRANGER, self.ids)


class NotAFaceButton(PersistentItem[Button], template=rf"nugu:noface:{FACE_IDS}"):
    """Labels the box as not a face."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, AnnotationMeaning.NOT_A_FACE, self.ids)


class NotThisMemberButton(PersistentItem[Button], template=rf"nugu:isnt:{FACE_IDS}:(?P<member>\d+)"):
    """Denies the name that the face has."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        app, actor = interaction.client.app, await actor_of(interaction)
        answer = await question_here(interaction, self.ids["question"])
        corrected = await correct.deny_member(app, answer.id, self.ids["face"], self.ids["member"], actor)
        await _close(interaction, corrected, self.ids["card"])


async def _named(interaction: discord.Interaction[Nugu], submission: ModalSubmission) -> None:
    """The user typed another name."""
    await interaction.response.defer()
    app, actor = interaction.client.app, await actor_of(interaction)
    answer = await question_here(interaction, submission.ids["question"])
    corrected = await correct.assign_name(app, answer.id, submission.ids["face"], submission.text(NAME), actor)
    await _close(interaction, corrected, submission.ids["card"])


other_name_listener = modal_listener(rf"nugu:else:{FACE_IDS}", _named)
"""Answers `OtherNameModal`."""


async def _say_nobody(interaction: discord.Interaction[Nugu], meaning: AnnotationMeaning, ids: dict[str, int]) -> None:
    app, actor = interaction.client.app, await actor_of(interaction)
    answer = await question_here(interaction, ids["question"])
    corrected = await correct.mark_as_nobody(app, answer.id, ids["face"], meaning, actor)
    await _close(interaction, corrected, ids["card"])


async def _close(interaction: discord.Interaction[Nugu], corrected: correct.CorrectedAnswer, card_id: int) -> None:
    """End the dialog with its sentence, and refresh the card where the bot can reach it."""
    await interaction.edit_original_response(
        view=message_card(correction_sentence(corrected.correction)), attachments=[]
    )
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    try:
        card = await interaction.channel.fetch_message(card_id)
        await refresh_card(interaction.client, corrected.answer, card, card.edit)
    except discord.HTTPException as failure:
        # The card is deleted, in an archived thread, or out of reach of a user's own app. The annotation is saved all the same.
        log.warning("could not refresh card %s: %s", card_id, failure)


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    FaceMenu,
    MemberMenu,
    NotAMemberButton,
    NotAFaceButton,
    NotThisMemberButton,
)
