"""Errors meant for people carry their sentence; everything else gets a reference number in the log."""

from __future__ import annotations

import errno
import logging
import secrets
import textwrap
from typing import TYPE_CHECKING

from bot.domain.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

LONGEST = 1900
TOLD_NAMES = 10


class PersonError(Exception):
    """Something that the person who asked can mend; `str(error)` is the sentence that they read, in Discord's markup."""


class OperatorError(PersonError):
    """Something that the operator can mend at a terminal. Its sentence has no markup; names stand in it as they are."""


class NobodyKnownError(PersonError):
    """There is nobody by sight whom a face could be named as. Each reason is an error of its own:

    NoRosterError: nobody is enrolled. NoPhotosError: no member has a photo. WaitingForModelError: the photos that there are
    wait for a model. UnseenPhotosError: the engine in use has not looked at those that answer.
    """


class NoRosterError(NobodyKnownError):
    """Nobody is enrolled yet where the question was asked: in a server, or in private."""

    def __init__(self, *, private: bool = False) -> None:
        super().__init__(
            "I don't know whom you might mean here. Ask me once in a server that I am in: from then on I know "
            "its groups here too."
            if private
            else "I don't know anybody here yet. A moderator adds the first group with `/group add`, "
            "then each member with `/member add` and one photo or more."
        )


class NoPhotosError(NobodyKnownError):
    """Members are enrolled, in all groups together or in the one that was named, but none of them has a photo yet."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            f"I have no photo of any member {_of(group)} yet. A moderator adds some with `/member add`, or looks for some "
            "with `/member gather`."
        )


class WaitingForModelError(NobodyKnownError):
    """The members, of all groups together or of the one that was named, have photos, but only such as wait for a model."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            f"All photos of members {_of(group)} wait for a model. A moderator makes one now with `/model train`."
        )


def _of(group: str | None) -> str:
    return "here" if group is None else f"of **{plain(group)}**"


class UnseenPhotosError(NobodyKnownError):
    """The engine in use, by its name, has found no face in any of the photos: as a rule, it has not looked at them yet."""

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"The engine {engine} knows nobody here by sight. My owner lets it look at the photos that I have "
            f"with `nugu engine use {engine}`; new ones it sees by itself."
        )


class UnknownGroupError(PersonError):
    """A group was named that no roster here has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        more = f", and {len(known) - TOLD_NAMES} more" if len(known) > TOLD_NAMES else ""
        told = ", ".join(plain(each) for each in known[:TOLD_NAMES])
        hint = f"I know: {told}{more}." if known else "Add it first with `/group add`."
        super().__init__(f"I don't know a group called “{plain(name)}”. {hint}")


class UnknownMemberError(PersonError):
    """A member was named that the group has not, or none where it is None; `near` are members with a name not far from it."""

    def __init__(self, name: str, group: str | None, near: Sequence[str]) -> None:
        told = " or ".join(plain(each) for each in near[:TOLD_NAMES])
        hint = f"Did you mean {told}?" if told else "`/group show` tells who is in it."
        of = f" of {plain(group)}" if group is not None else " of any group here"
        super().__init__(f"I don't know a member called “{plain(name)}”{of}. {hint}")


class ForgottenError(PersonError):
    """A question, or a face of it, that is no longer kept."""

    def __init__(self) -> None:
        super().__init__("I no longer know what was asked here.")


class DeletedError(PersonError):
    """What was asked about, or the question, was deleted before it was answered."""

    def __init__(self) -> None:
        super().__init__("That message was deleted meanwhile, so I forgot what it showed.")


class EngineAwayError(PersonError):
    """The engine in use, or its files, are gone. It travels from a worker, so its one argument is the engine's name."""

    def __init__(self, engine: str) -> None:
        super().__init__(engine)

    def __str__(self) -> str:
        engine = self.args[0]
        return (
            f"The engine {engine} is not installed. My owner gets it with `nugu engine install {engine}`, "
            "or goes on with another: `nugu engine use dlib`."
        )


class EngineBrokenError(PersonError):
    """The engine in use can't be loaded.

    It travels from a worker, so its arguments are the engine's name and why, in a line.
    """

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(engine, reason)
        self.reason = reason

    def __str__(self) -> str:
        engine = self.args[0]
        return (
            f"The engine {engine} can't be loaded; its files may be damaged. My owner gets them anew with "
            f"`nugu engine install {engine}`, or goes on with another: `nugu engine use dlib`."
        )


class TooSlowError(PersonError):
    """The work outlasted its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"That took longer than {seconds:.0f} seconds, so I gave up. Try again, or with a smaller file."
        )


class WorkersAwayError(PersonError):
    """There is nobody to do the work."""

    def __init__(self) -> None:
        super().__init__("My workers can't be reached just now. Try again in a minute.")


class WorkLostError(PersonError):
    """The work killed every worker that took it up."""

    def __init__(self) -> None:
        super().__init__(
            "My worker broke down over this again and again, so I gave up. Another copy of the file may work."
        )


def sentence_for(error: BaseException) -> str:
    """The sentence a person gets for `error`: its own, or a reference number under which the log has the traceback.

    At most 1,900 characters, which fit into a message.
    """
    if isinstance(error, PersonError):
        return textwrap.shorten(str(error), LONGEST, placeholder=" …") if len(str(error)) > LONGEST else str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        log.error("no space is left on the disk", exc_info=error)
        return "My disk is full, which only my owner can mend."
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    return f"Something broke on my side. If it stays so, tell my owner the reference `{reference}`."
