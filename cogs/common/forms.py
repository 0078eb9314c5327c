"""Forms: whoever submits one is answered by its route, so that it works after a restart as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.client import answer_error
from cogs.common.components import ids_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.client import Nugu


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was submitted: the numbers of its route; by the fields' custom_ids, what was typed and which files."""

    ids: dict[str, int]
    texts: dict[str, str]
    files: dict[str, list[discord.Attachment]]


def on_form(
    template: str, submitted: Callable[[discord.Interaction[Nugu], Form], Coroutine[Any, Any, None]]
) -> Callable[[discord.Interaction[Nugu]], Coroutine[Any, Any, None]]:
    """A listener to all interactions that answers the forms whose route is of `template`.

    `submitted` must tell Discord within three seconds that it heard; what it raises is told to the person.
    """
    pattern = re.compile(template)

    async def listen(interaction: discord.Interaction[Nugu]) -> None:
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        match = pattern.fullmatch(cast("Any", interaction.data)["custom_id"])
        if match is None or not interaction.client.is_new(interaction):
            return
        try:
            await submitted(interaction, _form(interaction, ids_of(match)))
        except Exception as error:  # noqa: BLE001  # the funnel for forms
            await answer_error(interaction, error)

    return listen


def _form(interaction: discord.Interaction[Nugu], ids: dict[str, int]) -> Form:
    data = cast("Any", interaction.data)
    sent = data.get("resolved", {}).get("attachments", {})
    texts: dict[str, str] = {}
    files: dict[str, list[discord.Attachment]] = {}
    for label in data["components"]:
        field = label["component"]
        if "value" in field:
            texts[field["custom_id"]] = field["value"]
        elif "values" in field:
            # discord.py resolves them for forms that it keeps; it keeps none of ours.
            state = interaction._state  # pyright: ignore[reportPrivateUsage]  # what an Attachment is made with
            found = [sent[id] for id in field["values"] if id in sent]
            files[field["custom_id"]] = [discord.Attachment(data=one, state=state) for one in found]
    return Form(ids, texts, files)
