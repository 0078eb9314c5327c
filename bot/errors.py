"""Errors meant for people carry their message; everything else gets a reference number in the log."""

from __future__ import annotations

import errno
import logging
import secrets
from typing import TYPE_CHECKING, Any, TypeVar

from bot.domain.messages import AnyOf, Code, Hint, Message, Strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.messages import Parameter

PersonErrorT = TypeVar("PersonErrorT", bound="PersonError")

log = logging.getLogger(__name__)

TOLD_NAMES = 10


class PersonError(Exception):
    """Something that the person who asked can mend. `message` says what; `str(error)` is that without markup and hint.

    It may travel from a worker: an error that is unpickled has the same type, message and attributes.
    """

    def __init__(self, message: str | Message, /, *, hint: Hint | None = None, **parameters: Parameter) -> None:
        """`message`: a template, with its `hint` and `parameters`; or the whole message."""
        super().__init__(message)
        self.message = message if isinstance(message, Message) else Message(message, hint=hint, **parameters)

    def __str__(self) -> str:
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, vars(self))


class OperatorError(PersonError):
    """Something that the operator can mend at a terminal."""


class NobodyKnownError(PersonError):
    """There is nobody by sight whom a face could be named as. Each reason is an error of its own:

    NoRosterError: nobody is enrolled. NoPhotosError: no member has a photo. WaitingForModelError: the photos that there are
    wait for a model. UnseenPhotosError: the engine in use has not looked at those that answer.
    """


class NoRosterError(NobodyKnownError):
    """Nobody is enrolled yet where the question was asked: in a server, or in private."""

    def __init__(self, *, private: bool = False) -> None:
        if private:
            super().__init__("I don't know whom you might mean here.", hint=Hint.ASK_IN_SERVER)
        else:
            super().__init__("I don't know anybody here yet.", hint=Hint.ADD_ROSTER)


class NoPhotosError(NobodyKnownError):
    """Members are enrolled, in all groups together or in the one that was named, but none of them has a photo yet."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            "I have no photo of any member {of_group} yet.",
            of_group=_of(group),
            hint=Hint.ADD_OR_GATHER_PHOTOS,
        )


class WaitingForModelError(NobodyKnownError):
    """The members, of all groups together or of the one that was named, have photos, but only such as wait for a model."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            "All photos of members {of_group} wait for a model.", of_group=_of(group), hint=Hint.TRAIN_MODEL
        )


def _of(group: str | None) -> Message:
    return Message("here") if group is None else Message("of {group}", group=Strong(group))


class UnseenPhotosError(NobodyKnownError):
    """The engine in use, by its name, has found no face in any of the photos: as a rule, it has not looked at them yet."""

    def __init__(self, engine: str) -> None:
        super().__init__("The engine {engine} knows nobody here by sight.", engine=engine, hint=Hint.USE_ENGINE)


class UnknownGroupError(PersonError):
    """A group was named that no roster here has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        if known:
            rest = len(known) - TOLD_NAMES
            super().__init__(
                "I don't know a group called “{name}”. I know: {groups}.",
                name=name,
                groups=[*known[:TOLD_NAMES], *([Message("and {rest} more", rest=rest)] if rest > 0 else [])],
            )
        else:
            super().__init__("I don't know a group called “{name}”.", name=name, hint=Hint.ADD_GROUP)


class UnknownMemberError(PersonError):
    """A member was named that the group has not, or none where it is None; `near` are members with a name not far from it."""

    def __init__(self, name: str, group: str | None, near: Sequence[str]) -> None:
        of = Message("of any group here") if group is None else Message("of {group}", group=group)
        if near:
            super().__init__(
                "I don't know a member called “{name}” {of_group}. Did you mean {near}?",
                name=name,
                of_group=of,
                near=AnyOf(near[:TOLD_NAMES]),
            )
        else:
            super().__init__(
                "I don't know a member called “{name}” {of_group}.", name=name, of_group=of, hint=Hint.SHOW_GROUP
            )


class ForgottenError(PersonError):
    """A question, or a face of it, that is no longer kept."""

    def __init__(self) -> None:
        super().__init__("I no longer know what was asked here.")


class DeletedError(PersonError):
    """What was asked about, or the question, was deleted before it was answered."""

    def __init__(self) -> None:
        super().__init__("That message was deleted meanwhile, so I forgot what it showed.")


class EngineAwayError(PersonError):
    """The engine in use, or its files, are gone."""

    def __init__(self, engine: str) -> None:
        super().__init__("The engine {engine} is not installed.", engine=engine, hint=Hint.INSTALL_ENGINE)


class EngineBrokenError(PersonError):
    """The engine in use can't be loaded. `reason` says why, in a line for the operator."""

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(
            "The engine {engine} can't be loaded; its files may be damaged.",
            engine=engine,
            hint=Hint.REINSTALL_ENGINE,
        )
        self.reason = reason


class TooSlowError(PersonError):
    """The work outlasted its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "That took longer than {seconds:.0f} seconds, so I gave up. Try again, or with a smaller file.",
            seconds=seconds,
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


def message_for(error: BaseException) -> Message:
    """The message a person gets for `error`: its own, or a reference number under which the log has the traceback."""
    if isinstance(error, PersonError):
        return error.message
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        log.error("no space is left on the disk", exc_info=error)
        return Message("My disk is full", hint=Hint.OPERATOR_MUST_MEND)
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    return Message(
        "Something broke on my side. If it stays so, tell my owner the reference {reference}.",
        reference=Code(reference),
    )


def _restored(kind: type[PersonErrorT], args: tuple[Any, ...], state: dict[str, Any]) -> PersonErrorT:
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error
