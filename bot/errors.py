"""Errors meant for people carry their sentence; everything else gets a reference number in the log."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)


class PersonError(Exception):
    """Something that the person who asked can mend; `str(error)` is the sentence that they read."""


class NoRosterError(PersonError):
    """Nobody is enrolled yet where the question was asked."""

    def __init__(self) -> None:
        super().__init__(
            "I don't know anybody here yet. A moderator adds the first group with `/group add`, "
            "then each member with `/member add` and one photo or more."
        )


class UnknownGroupError(PersonError):
    """A group was named that no roster here has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        hint = f"I know: {', '.join(known)}." if known else "Add it first with `/group add`."
        super().__init__(f"I don't know a group called “{name}”. {hint}")


class TooSlowError(PersonError):
    """The work outlasted its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"That took longer than {seconds:.0f} seconds, so I gave up. Try again, or with a smaller file."
        )


class WorkLostError(PersonError):
    """The work killed every worker that took it up."""

    def __init__(self) -> None:
        super().__init__(
            "My worker broke down over this again and again, so I gave up. Another copy of the file may work."
        )


def sentence_for(error: BaseException) -> str:
    """The sentence a person gets for `error`: its own, or a reference number under which the log has the traceback."""
    if isinstance(error, PersonError):
        return str(error)
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    return f"Something broke on my side. If it stays so, tell my owner the reference `{reference}`."
