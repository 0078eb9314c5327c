"""Annotated clips: asked for, cancelled, drawn again after corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.clips.standing import Finished, Standing
    from bot.clips.wishes import Wish
    from bot.usecases.correct import Speaker
    from bot.usecases.identify import Asked


@dataclass(frozen=True, slots=True)
class Reach:
    """With what the asker is reached; see `bot.clips.standing.Promise`. `most_bytes`: what Discord takes there, if it said so."""

    channel_id: int
    card_id: int | None = None
    token: str | None = None
    token_until: float = 0.0
    most_bytes: int | None = None


async def ask(app: App, asked: Asked, wish: Wish, reach: Reach) -> Standing:
    """Promise a clip, and how it stands.

    Raises PersonError where it can't be promised: the queue is full, the person has one in work, nobody is enrolled, the wish
    is none.
    """
    raise NotImplementedError


async def card_is(app: App, job_id: int, card_id: int) -> None:
    """Remember the message of the progress card, once it was posted."""
    raise NotImplementedError


async def cancel(app: App, job_id: int, speaker: Speaker) -> None:
    """End the work on a clip; for the asker and for moderators. Raises PersonError for others, and where it has ended."""
    raise NotImplementedError


async def draw_again(app: App, job_id: int, speaker: Speaker, reach: Reach) -> Standing:
    """Draw a clip anew with the names as trusted people corrected them, without looking again. `reach.card_id`: its message.

    Raises PersonError where nothing was corrected since, or the video is no longer kept.
    """
    raise NotImplementedError


async def clip_of(app: App, question_id: int) -> Finished | None:
    """The clip that a question is about, as it stands now; None where it is about pictures."""
    raise NotImplementedError
