"""The base of all presses: state read again at each press, Discord told within three seconds, one error funnel."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

import discord

from bot.client import UNREACHABLE, answer_error
from bot.domain.trust import Trust
from bot.errors import ForgottenError, PersonError
from bot.usecases import identify
from bot.usecases.clips import request
from bot.usecases.correct import Speaker
from cogs.answers.cards import pictures_shown, result_card, result_files
from cogs.clips.cards import clip_card
from cogs.common.pictures import pictures_of, read_attachments
from cogs.common.requests import channel_of
from cogs.common.responses import BAD_REQUEST
from cogs.common.trust import NotTrustedError, trust_of

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from typing import Self

    from bot.client import Nugu
    from bot.domain.answers import Answer
    from bot.usecases.identify import Submitted

ItemT = TypeVar("ItemT", bound="discord.ui.Item[Any]")

log = logging.getLogger(__name__)


class Edit(Protocol):
    """Edits a message: its card, and its files where they are new."""

    async def __call__(self, *, view: discord.ui.LayoutView, attachments: Sequence[discord.File] = ...) -> object: ...


class Press(discord.ui.DynamicItem[ItemT], template=r"nugu:press"):
    """A press of a button or menu, known by its route: `ids` are the route's numbers.

    Discord hears of a press before any work: `pressed` then edits the message that the item hangs on, or sends a
    message to the presser alone where a class sets `privately`.
    """

    privately: ClassVar[bool] = False

    def __init__(self, item: ItemT, **ids: int) -> None:
        super().__init__(item)
        self.ids = ids

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(cast("ItemT", item), **ids_of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if not interaction.client.is_new(interaction):
            return
        try:
            await self.acknowledge(interaction)
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001  # the funnel: everything a press can raise is answered there
            await answer_error(interaction, error)

    async def acknowledge(self, interaction: discord.Interaction[Nugu]) -> None:
        """Tell Discord that the press was heard; it waits three seconds for that, and the database may take longer."""
        if self.privately:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        """What the press does."""
        raise AssertionError("a press without an action")


class ModeratorPress(Press[ItemT], template=r"nugu:moderator"):
    """A press that is for moderators alone, whoever the card was made for."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        speaker = await speaker_of(interaction)
        if speaker.trust < Trust.MODERATOR:
            raise NotTrustedError(Trust.MODERATOR)
        assert interaction.guild_id is not None
        await self.act(interaction, interaction.guild_id, speaker)

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int, speaker: Speaker) -> None:
        """What the press does, by a moderator of the server."""
        raise AssertionError("a press without an action")


def ids_of(match: re.Match[str]) -> dict[str, int]:
    """The numbers of a route by their names."""
    return {name: int(value) for name, value in match.groupdict().items()}


async def speaker_of(interaction: discord.Interaction[Nugu]) -> Speaker:
    """The presser, with the trust they have here and now."""
    return Speaker(interaction.user.id, await trust_of(interaction), channel_of(interaction))


async def question_here(interaction: discord.Interaction[Nugu], question_id: int) -> Answer:
    """The answer to a question that was asked in this server, or in none; raises ForgottenError for any other."""
    answer = await identify.read_again(interaction.client.app, question_id)
    if answer.server_id not in {None, interaction.guild_id}:
        raise ForgottenError
    return answer


async def bring_up_to_date(client: Nugu, answer: Answer, message: discord.Message, edit: Edit) -> None:
    """Edit the card of an answer, about pictures or about a clip, to how it stands now.

    Where a picture carries another name by now, it is drawn anew, if Discord still shows it; else the card says so.
    """
    shown = pictures_shown(message)
    finished = await request.clip_of(client.app, answer.id)
    if finished is not None:
        await edit(view=clip_card(finished, shown))
        return
    files = None
    if answer.is_drawn_otherwise:
        answer, files = await _drawn_as_now(client, answer)
    if files is not None:
        try:
            await edit(view=result_card(answer.as_drawn()), attachments=result_files(files))
        except discord.HTTPException as refused:
            # Discord has refused new pictures in a card that is there (discord-api-docs #7529).
            if refused.status != BAD_REQUEST:
                raise
        else:
            await identify.drawn(client.app, answer)
            return
    await edit(view=result_card(answer, shown))


async def _drawn_as_now(client: Nugu, answer: Answer) -> tuple[Answer, dict[str, bytes] | None]:
    """The answer as it stands once its pictures are drawn, and these; see `_drawn_anew`.

    Who says more of it while it is drawn may have their card before, so it is drawn once more with that.
    """
    while True:
        files = await _drawn_anew(client, answer)
        now = await identify.read_again(client.app, answer.id)
        if files is None or [face.guess_now for _, face in now.faces] == [face.guess_now for _, face in answer.faces]:
            return now, files
        answer = now


async def _drawn_anew(client: Nugu, answer: Answer) -> dict[str, bytes] | None:
    """The answered pictures with the names of now; None where Discord doesn't show them any more."""
    pictures = await _asked_about(client, answer)
    try:
        return await identify.draw_again(client.app, answer, pictures) if pictures else None
    except PersonError as failure:
        # The word is kept whatever becomes of the picture.
        log.info("could not draw the pictures of question %s again: %s", answer.id, failure)
        return None


async def _asked_about(client: Nugu, answer: Answer) -> Sequence[Submitted]:
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
