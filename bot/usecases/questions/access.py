"""The check that an answer or a clip was asked for here, before anybody reads or changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot.errors import ForgottenError

if TYPE_CHECKING:
    from bot.database.tables.clips import ClipJob
    from bot.domain.answers import Answer
    from bot.domain.places import Place

AskedT = TypeVar("AskedT", "Answer", "ClipJob")


def require_asked_here(asked: AskedT | None, here: Place) -> AskedT:
    """An answer or a clip that was asked for here. Raises ForgottenError where it is gone, or was asked elsewhere."""
    if asked is None or not here.is_origin_of(asked.server_id, asked.place_id, asked.asker_id):
        raise ForgottenError
    return asked
