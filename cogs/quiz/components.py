"""The buttons of the quiz. Rows in the database hold its state, so they work after a restart, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.usecases.quiz import play
from bot.usecases.quiz.play import LateAnswerError, WrongRaceAnswer
from bot.usecases.quiz.view import QuizQuestion, verdict
from cogs.common.components import PersistentItem
from cogs.common.layout import Button, message_card
from cogs.common.places import require_server
from cogs.common.responses import show
from cogs.quiz.cards import question_card, verdict_card
from cogs.quiz.texts import forgotten_sentence, missed_sentence

if TYPE_CHECKING:
    from bot.client import Nugu

ROUND = r"(?P<round>\d+)"


class QuizAnswerButton(PersistentItem[Button], template=rf"nugu:quiz:say:{ROUND}:(?P<member>\d+)"):
    """Answers the round with a member."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await _answer(interaction, self.ids["round"], self.ids["member"])


class QuizRevealButton(PersistentItem[Button], template=rf"nugu:quiz:pass:{ROUND}"):
    """Reveals the answer without a guess."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await _answer(interaction, self.ids["round"], None)


class QuizNextButton(PersistentItem[Button], template=rf"nugu:quiz:next:{ROUND}"):
    """Shows the next face: in a race below the last one, else in its place. After the last round, shows the result."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        app, now = interaction.client.app, discord.utils.utcnow()
        shown = await play.next_card(app, require_server(interaction), self.ids["round"], interaction.user.id, now)
        card, files = question_card(shown) if isinstance(shown, QuizQuestion) else verdict_card(shown)
        if shown.progress.race and (isinstance(shown, QuizQuestion) or shown.round != self.ids["round"]):
            await interaction.followup.send(view=card, files=files)
        else:
            await show(interaction, card, files, ephemeral=False)


class QuizAgainButton(PersistentItem[Button], template=rf"nugu:quiz:again:{ROUND}"):
    """Begins another quiz of the same group, length and mode."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        app, person, now = interaction.client.app, interaction.user.id, discord.utils.utcnow()
        with app.question_limit.slot(person):
            question = await play.begin_again(app, require_server(interaction), self.ids["round"], person, now)
        card, files = question_card(question)
        await interaction.followup.send(view=card, files=files)


class ForgetQuizButton(PersistentItem[Button], template=r"nugu:quiz:forget"):
    """Deletes the user's own quiz data, on any user's card."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        answers = await play.forget(interaction.client.app, interaction.user.id)
        await interaction.edit_original_response(view=message_card(forgotten_sentence(answers)))


async def _answer(interaction: discord.Interaction[Nugu], round_id: int, chosen: int | None) -> None:
    app, server_id, now = interaction.client.app, require_server(interaction), discord.utils.utcnow()
    try:
        given = await play.answer(app, server_id, round_id, interaction.user.id, chosen, now)
    except LateAnswerError:
        over = await verdict(app, server_id, round_id)
        await show(interaction, *verdict_card(over), ephemeral=False)
        raise
    if isinstance(given, WrongRaceAnswer):
        await interaction.followup.send(view=message_card(missed_sentence(given)), ephemeral=True)
        return
    await show(interaction, *verdict_card(given), ephemeral=False)


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    QuizAnswerButton,
    QuizRevealButton,
    QuizNextButton,
    QuizAgainButton,
    ForgetQuizButton,
)
