"""The cards of answers in the database: shown, drawn again, hidden."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.crops import CropRepository
from bot.database.questions import QuestionRepository
from bot.domain.deletions import MessageScope
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.domain.answers import Answer, CardlessQuestion

LOOKED_FOR = timedelta(days=1)
"""The age up to which a question's card is looked for, if the bot was killed while it posted it."""


async def save_card(app: App, answer: Answer, card_id: int) -> None:
    """Record the message of the card, so that its deletion deletes the faces; later, where the database can't take it now."""
    if answer.is_saved:
        await app.postponed_work.attempt(partial(_save_card, app, answer.id, card_id))


async def _save_card(app: App, question_id: int, card_id: int) -> None:
    async with app.database.writing() as session:
        await QuestionRepository(session).save_card(question_id, card_id)
    if app.deletions.contains_any(MessageScope(messages=frozenset({card_id}))):
        await crops.forget_question(app, question_id)


async def without_card(app: App) -> Sequence[CardlessQuestion]:
    """The recent questions by message whose card isn't known. Called before the bot hears of new ones."""
    async with app.database.reading() as session:
        return await QuestionRepository(session).without_card(utc_now() - LOOKED_FOR)


async def settle_card(app: App, question_id: int, card_id: int | None) -> None:
    """Record a card that was found again; None where there is none, so that nobody could delete it."""
    await (hide(app, question_id) if card_id is None else _save_card(app, question_id, card_id))


async def save_drawn(app: App, answer: Answer) -> None:
    """Record that the pictures of the card show the names of this answer."""
    async with app.database.writing() as session:
        await QuestionRepository(session).save_drawn_names(answer)


async def hide(app: App, question_id: int) -> None:
    """Record that a card was deleted, and forget its faces unless a trusted person labelled them."""
    async with app.database.writing() as session:
        await QuestionRepository(session).hide(question_id)
        await CropRepository(session).forget_question(question_id)
    await crops.sweep(app)


async def forget_unshown(app: App, answer: Answer) -> None:
    """Forget an answer whose card can't be shown: without a card nobody can delete it."""
    if answer.is_saved:
        await app.postponed_work.attempt(partial(hide, app, answer.id))
