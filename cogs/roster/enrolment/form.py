"""The modal for the photos of a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.trust import Trust
from cogs.common.discord_limits import MAX_FILES
from cogs.common.layout import custom_id
from cogs.common.modals import PersistentModal, modal_listener
from cogs.common.places import require_server
from cogs.common.trust import NotTrustedError, trust_of
from cogs.roster.enrolment.add import add_member
from cogs.roster.enrolment.texts import FORM_TITLE, GROUP_LABEL, NAME_LABEL, PHOTOS_LABEL, PHOTOS_RULE

if TYPE_CHECKING:
    from bot.client import Nugu
    from cogs.common.modals import ModalSubmission

GROUP, NAME, PHOTOS = "group", "name", "photos"
"""The custom_ids of the modal's fields."""


class AddMemberModal(PersistentModal, title=FORM_TITLE):
    """Group, name and up to ten photos at once."""

    group: discord.ui.Label[Any] = discord.ui.Label(
        text=GROUP_LABEL, component=discord.ui.TextInput(custom_id=GROUP, max_length=100)
    )
    name: discord.ui.Label[Any] = discord.ui.Label(
        text=NAME_LABEL, component=discord.ui.TextInput(custom_id=NAME, max_length=100)
    )
    photos: discord.ui.Label[Any] = discord.ui.Label(
        text=PHOTOS_LABEL,
        description=PHOTOS_RULE,
        component=discord.ui.FileUpload(custom_id=PHOTOS, min_values=1, max_values=MAX_FILES),
    )

    def __init__(self, *, group: str, name: str) -> None:
        super().__init__(custom_id("addmember"))
        for label, text in ((self.group, group), (self.name, name)):
            assert isinstance(label.component, discord.ui.TextInput)
            label.component.default = text


async def _submitted(interaction: discord.Interaction[Nugu], submission: ModalSubmission) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    server_id = require_server(interaction)
    if await trust_of(interaction) < Trust.MODERATOR:
        raise NotTrustedError(Trust.MODERATOR)
    group, name, photos = submission.text(GROUP), submission.text(NAME), submission.uploads(PHOTOS)
    await add_member(interaction, server_id, group, name, photos)


add_member_listener = modal_listener("nugu:addmember", _submitted)
"""Answers `AddMemberModal`."""
