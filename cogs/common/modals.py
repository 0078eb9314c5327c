"""Modals that work over restarts: a listener finds them by their custom_id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import discord

from cogs.common.components import ids_of
from cogs.common.errors import answer_error

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.client import Nugu


class PersistentModal(discord.ui.Modal):
    """A modal that discord.py doesn't keep in memory; `modal_listener` answers its submission."""

    def __init__(self, custom_id: str) -> None:
        super().__init__(custom_id=custom_id)
        self.stop()


@dataclass(frozen=True, slots=True)
class ModalSubmission:
    """A submitted modal: the numbers of its custom_id; texts and files by the custom_ids of their fields."""

    ids: dict[str, int]
    texts: dict[str, str]
    files: dict[str, list[discord.Attachment]]

    def text(self, field: str) -> str:
        """The text of a field, empty for a field that wasn't submitted."""
        return self.texts.get(field, "")

    def uploads(self, field: str) -> list[discord.Attachment]:
        """The files of a field, none for a field that wasn't submitted."""
        return self.files.get(field, [])


def modal_listener(
    template: str, respond: Callable[[discord.Interaction[Nugu], ModalSubmission], Coroutine[Any, Any, None]]
) -> Callable[[discord.Interaction[Nugu]], Coroutine[Any, Any, None]]:
    """A listener to `on_interaction` that answers modals whose custom_id matches `template`, a regular expression.

    `respond` acknowledges the interaction within three seconds. `answer_error` answers what it raises.
    """
    pattern = re.compile(template)

    async def listen(interaction: discord.Interaction[Nugu]) -> None:
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        match = pattern.fullmatch(cast("Any", interaction.data)["custom_id"])
        if match is None or not await interaction.client.accept(interaction):
            return
        try:
            await respond(interaction, _submission(interaction, ids_of(match)))
        except Exception as error:  # noqa: BLE001  # discord.py has no handler for the errors of a listener
            await answer_error(interaction, error)

    return listen


def _submission(interaction: discord.Interaction[Nugu], ids: dict[str, int]) -> ModalSubmission:
    submitted = cast("Any", interaction.data)
    attachments = submitted.get("resolved", {}).get("attachments", {})
    texts: dict[str, str] = {}
    files: dict[str, list[discord.Attachment]] = {}
    for label in submitted["components"]:
        field = label["component"]
        if "value" in field:
            texts[field["custom_id"]] = field["value"]
        elif "values" in field:
            # discord.py resolves files only for modals in its memory.
            state = interaction._state  # pyright: ignore[reportPrivateUsage]  # an Attachment needs it
            uploaded = [attachments[id] for id in field["values"] if id in attachments]
            files[field["custom_id"]] = [discord.Attachment(data=data, state=state) for data in uploaded]
    return ModalSubmission(ids, texts, files)
