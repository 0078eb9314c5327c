"""The card of an answer, brought up to date once somebody said more of its faces."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import discord

from bot.client import UNREACHABLE
from bot.errors import PersonError
from bot.usecases import identify
from bot.usecases.clips import request
from cogs.answers.cards import answer_card, answer_files, picture_urls
from cogs.clips.cards import clip_card
from cogs.common.pictures import pictures_of, read_attachments
from cogs.common.responses import BAD_REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import Nugu
    from bot.domain.answers import Answer
    from bot.usecases.identify import SubmittedFile

log = logging.getLogger(__name__)


class Edit(Protocol):
    """Edits a message: its card, and its files where they are new."""

    async def __call__(self, *, view: discord.ui.LayoutView, attachments: Sequence[discord.File] = ...) -> object: ...


async def refresh_card(client: Nugu, answer: Answer, message: discord.Message, edit: Edit) -> None:
    """Edit the card of an answer, about pictures or about a clip, to how it stands now.

    Where a picture carries another name by now, it is drawn anew, if Discord still shows it; else the card says so.
    """
    shown = picture_urls(message)
    finished = await request.clip_of(client.app, answer.id)
    if finished is not None:
        await edit(view=clip_card(finished, shown))
        return
    files = None
    if answer.is_drawn_otherwise:
        answer, files = await _redraw_until_current(client, answer)
    if files is not None:
        try:
            await edit(view=answer_card(answer.as_drawn()), attachments=answer_files(files))
        except discord.HTTPException as refused:
            # Discord has refused new pictures in a card that is there (discord-api-docs #7529).
            if refused.status != BAD_REQUEST:
                raise
        else:
            await identify.save_drawn(client.app, answer)
            return
    await edit(view=answer_card(answer, shown))


async def _redraw_until_current(client: Nugu, answer: Answer) -> tuple[Answer, dict[str, bytes] | None]:
    """The answer as it stands once its pictures are drawn, and these; see `_redraw`.

    Who says more of it while it is drawn may have their card before, so it is drawn once more with that.
    """
    while True:
        files = await _redraw(client, answer)
        now = await identify.read_answer(client.app, answer.id)
        if files is None or [face.guess_now for _, face in now.faces] == [face.guess_now for _, face in answer.faces]:
            return now, files
        answer = now


async def _redraw(client: Nugu, answer: Answer) -> dict[str, bytes] | None:
    """The answered pictures with the names of now; None where Discord doesn't show them any more."""
    pictures = await _question_pictures(client, answer)
    try:
        return await identify.draw_again(client.app, answer, pictures) if pictures else None
    except PersonError as failure:
        # The word is kept whatever becomes of the picture.
        log.info("could not draw the pictures of question %s again: %s", answer.id, failure)
        return None


async def _question_pictures(client: Nugu, answer: Answer) -> Sequence[SubmittedFile]:
    """The pictures of a question, read again from its command or its message; none where both are gone."""
    if (uploaded := client.uploads.get(answer.id)) is not None:
        return await read_attachments(client, uploaded)
    if answer.channel_id is None or answer.source_message_id is None:
        return ()
    channel = client.get_partial_messageable(answer.channel_id, guild_id=answer.server_id)
    try:
        message = await channel.fetch_message(answer.source_message_id)
    except UNREACHABLE as failure:
        log.info("could not see message %s again: %s", answer.source_message_id, failure)
        return ()
    return await pictures_of(client, message)
