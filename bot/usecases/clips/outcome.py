"""The outcomes of one attempt at a clip. The attempt returns one; the queue alone acts on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.messages import Message


@dataclass(frozen=True, slots=True)
class ClipSent:
    """The clip is made and posted, in the message `answer_id`."""

    answer_id: int


@dataclass(frozen=True, slots=True)
class ClipCancelled:
    """The job was cancelled."""


@dataclass(frozen=True, slots=True)
class ClipSuperseded:
    """This attempt no longer works on the job: by the database, it was cancelled or begun anew."""


@dataclass(frozen=True, slots=True)
class ClipTooLarge:
    """Discord refused the size of the clip. `max_bytes`: the size that it may take instead."""

    max_bytes: int


@dataclass(frozen=True, slots=True)
class ClipDelayed:
    """A passing error, such as a lost connection, stopped the attempt."""

    error: Exception


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """There will be no clip. `message`: the reason, for the asker."""

    message: Message


Outcome = ClipSent | ClipCancelled | ClipSuperseded | ClipTooLarge | ClipDelayed | ClipFailed
