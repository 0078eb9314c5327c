"""Refreshes the card of an answer after a correction."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import discord

from bot.client import UNREACHABLE
from bot.errors import PersonError
from bot.usecases.clips import request
from bot.usecases.questions import cards, identify
from cogs.answers.cards import answer_card, answer_files, picture_urls
from cogs.clips.cards import clip_card
from cogs.common.pictures import pictures_of, submitted_pictures
from cogs.common.responses import BAD_REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import Nugu
    from bot.domain.answers import Answer
    from bot.domain.files import SubmittedFile

log = logging.getLogger(__name__)


class CardEditor(Protocol):
    """Edits the card of a message, and replaces its files where `attachments` is given."""

    async def __call__(self, *, view: discord.ui.LayoutView, attachments: Sequence[discord.File] = ...) -> object: ...


async def refresh_card(client: Nugu, answer: Answer, message: discord.Message, edit: CardEditor) -> None:
    """Edit the card of an answer, about pictures or a clip, to the names of now.

    A picture with an old name is drawn again if Discord still has the original. Otherwise the card says that its names
    are old.
    """
    urls = picture_urls(message)
    finished = await request.clip_of(client.app, answer.id)
    if finished is not None:
        await edit(view=clip_card(finished, urls))
        return
    files = None
    if answer.is_drawing_outdated:
        answer, files = await _redraw_until_current(client, answer)
    if files is not None:
        try:
            await edit(view=answer_card(answer.with_current_drawing()), attachments=answer_files(files))
        except discord.HTTPException as refused:
            # Discord has refused new pictures in an existing card (discord-api-docs #7529).
            if refused.status != BAD_REQUEST:
                raise
        else:
            await cards.save_drawn(client.app, answer)
            return
    await edit(view=answer_card(answer, urls))


async def _redraw_until_current(client: Nugu, answer: Answer) -> tuple[Answer, dict[str, bytes] | None]:
    """The answer of now and its drawn pictures; see `_redraw`.

    A correction during the drawing may refresh the card first, so the pictures are drawn again with it.
    """
    while True:
        files = await _redraw(client, answer)
        now = await identify.read_answer(client.app, answer.id)
        if files is None or [face.displayed_guess for _, face in now.faces] == [
            face.displayed_guess for _, face in answer.faces
        ]:
            return now, files
        answer = now


async def _redraw(client: Nugu, answer: Answer) -> dict[str, bytes] | None:
    """The pictures with the names of now; None where Discord no longer has the originals."""
    pictures = await _question_pictures(client, answer)
    try:
        return await identify.draw_again(client.app, answer, pictures) if pictures else None
    except PersonError as failure:
        # The annotation is saved without the picture.
        log.info("could not draw the pictures of question %s again: %s", answer.id, failure)
        return None


async def _question_pictures(client: Nugu, answer: Answer) -> Sequence[SubmittedFile]:
    """The pictures of a question, from its command's upload or its message; none where both are gone."""
    if (uploaded := client.uploads.get(answer.id)) is not None:
        return submitted_pictures(client, uploaded)
    if answer.channel_id is None or answer.source_message_id is None:
        return ()
    channel = client.get_partial_messageable(answer.channel_id, guild_id=answer.server_id)
    try:
        message = await channel.fetch_message(answer.source_message_id)
    except UNREACHABLE as failure:
        log.info("could not read message %s again: %s", answer.source_message_id, failure)
        return ()
    return pictures_of(client, message)
