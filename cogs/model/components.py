"""The buttons and the menu of the cards about models. Each checks again that a moderator uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.usecases import models
from bot.usecases.roster import labels
from cogs.common.components import ModeratorItem, PersistentItem
from cogs.common.layout import Button, Select, message_card
from cogs.common.responses import show
from cogs.model.cards import history_card, label_card
from cogs.model.texts import label_sentence, rollback_sentence

if TYPE_CHECKING:
    from bot.app import App
    from bot.client import Nugu
    from bot.domain.labels import LabelDecision
    from bot.usecases.questions.correct import Actor


class HistoryPageButton(ModeratorItem[Button], template=r"nugu:models:(?P<group>\d+):(?P<page>\d+):(?P<older>[01])"):
    """Another page of a group's models."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        history = await models.history_by_id(interaction.client.app, server_id, self.ids["group"])
        await interaction.edit_original_response(view=history_card(history, self.ids["page"]))


class RollbackButton(ModeratorItem[Button], template=r"nugu:goback:(?P<group>\d+):(?P<model>\d+):(?P<now>\d+)"):
    """Lets an earlier model answer."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        app, ids = interaction.client.app, self.ids
        model = await models.roll_back(app, server_id, ids["group"], ids["model"], instead_of=ids["now"])
        await interaction.edit_original_response(view=message_card(rollback_sentence(model)))


class SuspectedLabelMenu(ModeratorItem[Select], template=r"nugu:doubt:(?P<group>\d+)"):
    """Shows the chosen label that looks wrong."""

    component = discord.ui.Select

    ephemeral = True

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        photo, like = (int(number) for number in self.item.values[0].split(":"))
        app, channel = interaction.client.app, actor.channel_id
        await show(interaction, *label_card(await labels.show_label(app, server_id, channel, photo, like or None)))


class _LabelButton(ModeratorItem[Button], template=r"nugu:item"):
    """A button under a label that looks wrong."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        decision = await self.decide(interaction.client.app, server_id, actor)
        await show(interaction, message_card(label_sentence(decision)))

    async def decide(self, app: App, server_id: int, actor: Actor) -> LabelDecision:
        """Carry out the moderator's decision about the label."""
        raise NotImplementedError


class LabelIsRightButton(_LabelButton, template=r"nugu:isright:(?P<photo>\d+)"):
    """Confirms the label."""

    async def decide(self, app: App, server_id: int, actor: Actor) -> LabelDecision:
        return await labels.confirm_label(app, server_id, self.ids["photo"], actor)


class LabelIsOtherButton(_LabelButton, template=r"nugu:isother:(?P<photo>\d+):(?P<member>\d+)"):
    """Moves the photo to the member that it looks like."""

    async def decide(self, app: App, server_id: int, actor: Actor) -> LabelDecision:
        return await labels.move_label(app, server_id, self.ids["photo"], self.ids["member"], actor)


class RemoveLabelButton(_LabelButton, template=r"nugu:unlabel:(?P<photo>\d+)"):
    """Deletes the photo."""

    async def decide(self, app: App, server_id: int, actor: Actor) -> LabelDecision:
        return await labels.remove_label(app, server_id, self.ids["photo"], actor)


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    HistoryPageButton,
    RollbackButton,
    SuspectedLabelMenu,
    LabelIsRightButton,
    LabelIsOtherButton,
    RemoveLabelButton,
)
