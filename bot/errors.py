"""Errors for people carry a message. All other errors get a reference number in the log."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from typing import TYPE_CHECKING, Any, TypeVar

from bot.domain.messages import AnyOf, Code, Hint, Message, Moment, Strong
from bot.domain.quotas import Quota, quota_full_message
from bot.domain.storage import DISK_ERRORS, message_for_operator, message_for_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.messages import Parameter
    from bot.domain.storage import StorageReason

PersonErrorT = TypeVar("PersonErrorT", bound="PersonError")

log = logging.getLogger(__name__)

MAX_NAMES = 10
"""Names that a message lists at most."""


class PersonError(Exception):
    """An error that the person can mend. `message`: the sentence for them. `str(error)` is without markup and hint.

    It can be pickled: an error from a worker has the same type, message and attributes.
    """

    def __init__(self, message: str | Message, /, *, hint: Hint | None = None, **parameters: Parameter) -> None:
        """`message`: a template, with its `hint` and `parameters`, or a whole message."""
        super().__init__(message)
        self.message = message if isinstance(message, Message) else Message(message, hint=hint, **parameters)

    def __str__(self) -> str:
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, vars(self))


class OperatorError(PersonError):
    """An error that the operator can mend at a terminal."""


class NobodyKnownError(PersonError):
    """No member can be recognised. Each reason has an error of its own:

    NoRosterError: there are no members. NoPhotosError: no member has a photo. WaitingForModelError: all photos wait for a
    model. UnencodedPhotosError: the engine in use has not encoded the photos.
    """


class NoRosterError(NobodyKnownError):
    """No roster has a member. `private`: the question was asked outside servers."""

    def __init__(self, *, private: bool = False) -> None:
        if private:
            super().__init__("I don't know whom you might mean here.", hint=Hint.ASK_IN_SERVER)
        else:
            super().__init__("I don't know anybody here yet.", hint=Hint.ADD_ROSTER)


class NoPhotosError(NobodyKnownError):
    """No member has a photo, in `group` or in all groups."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            "I have no photo of any member {of_group} yet.",
            of_group=_of(group),
            hint=Hint.ADD_OR_GATHER_PHOTOS,
        )


class WaitingForModelError(NobodyKnownError):
    """All photos of the members, of `group` or of all groups, wait for a model."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(
            "All photos of members {of_group} wait for a model.", of_group=_of(group), hint=Hint.TRAIN_MODEL
        )


def _of(group: str | None) -> Message:
    return Message("here") if group is None else Message("of {group}", group=Strong(group))


class UnencodedPhotosError(NobodyKnownError):
    """The engine in use has found no face in any photo. Usually it has not seen them yet. `engine`: its name."""

    def __init__(self, engine: str) -> None:
        super().__init__(
            "The engine {engine} knows nobody here by sight.",
            engine=engine,
            use=Code(f"nugu engine use {engine}"),
            hint=Hint.USE_ENGINE,
        )


class UnknownGroupError(PersonError):
    """No roster here has a group of this name. `known`: the groups' names."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        if known:
            rest = len(known) - MAX_NAMES
            super().__init__(
                "I don't know a group called “{name}”. I know: {groups}.",
                name=name,
                groups=[*known[:MAX_NAMES], *([Message("and {rest} more", rest=rest)] if rest > 0 else [])],
            )
        else:
            super().__init__("I don't know a group called “{name}”.", name=name, hint=Hint.ADD_GROUP)


class UnknownMemberError(PersonError):
    """The group (None: each group) has no member of this name. `near`: the names of members with similar names."""

    def __init__(self, name: str, group: str | None, near: Sequence[str]) -> None:
        of = Message("of any group here") if group is None else Message("of {group}", group=group)
        if near:
            super().__init__(
                "I don't know a member called “{name}” {of_group}. Did you mean {near}?",
                name=name,
                of_group=of,
                near=AnyOf(near[:MAX_NAMES]),
            )
        else:
            super().__init__(
                "I don't know a member called “{name}” {of_group}.", name=name, of_group=of, hint=Hint.SHOW_GROUP
            )


class QuotaError(PersonError):
    """A quota of a server is full. `limit`: the maximum. `seconds`: the time until there is room again, for trainings."""

    def __init__(self, quota: Quota, limit: int, *, seconds: float = 0.0) -> None:
        super().__init__(quota_full_message(quota, limit, seconds))
        self.quota = quota
        self.limit = limit


class ForgottenError(PersonError):
    """A question, or a face of it, was forgotten."""

    def __init__(self) -> None:
        super().__init__("I no longer know what was asked here.")


class UnsavedAnswerError(PersonError):
    """The answer was not saved, because the database had a fault."""

    def __init__(self) -> None:
        super().__init__("I could not keep this answer, so I know no more of it than it shows. Ask once more.")


class MessageDeletedError(PersonError):
    """The message with the picture or the question was deleted before the answer."""

    def __init__(self) -> None:
        super().__init__("That message was deleted meanwhile, so I forgot what it showed.")


class EngineMissingError(PersonError):
    """The engine, or a file of its weights, is missing."""

    def __init__(self, engine: str) -> None:
        super().__init__(
            "The engine {engine} is not installed.", engine=engine, install=_install(engine), hint=Hint.INSTALL_ENGINE
        )


def _install(engine: str) -> Code:
    return Code(f"nugu engine install {engine}")


class EngineBrokenError(PersonError):
    """The engine can't be loaded. `reason`: a line for the operator."""

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(
            "The engine {engine} can't be loaded; its files may be damaged.",
            engine=engine,
            install=_install(engine),
            hint=Hint.REINSTALL_ENGINE,
        )
        self.reason = reason


class LongJobError(Exception):
    """A job would keep a worker too long from other pictures. It is run again in the lane for long work."""


class TooSlowError(PersonError):
    """A job outlasted its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "That took longer than {seconds:.0f} seconds, so I gave up. Try again, or with a smaller file.",
            seconds=seconds,
        )


class NoWorkersError(PersonError):
    """No worker can be reached."""

    def __init__(self) -> None:
        super().__init__("My workers can't be reached just now. Try again in a minute.")


class KilledWorkersError(PersonError):
    """A job killed each worker that took it."""

    def __init__(self) -> None:
        super().__init__(
            "My worker broke down over this again and again, so I gave up. Another copy of the file may work."
        )


class BusyError(PersonError):
    """The bot can't answer soon. `until`: the time to ask again, in seconds since 1970."""

    def __init__(self, until: float) -> None:
        super().__init__("More people ask me just now than I can answer. Ask again {when}.", when=Moment(until))
        self.until = until


class StoppingError(PersonError):
    """The bot stops: it takes no new work, or gives up work that isn't done."""

    def __init__(self) -> None:
        super().__init__("I am being stopped just now. Ask again in a minute, when I am back.")


class StorageError(PersonError):
    """The database, the crops or a folder can't be read or written. Nothing is half kept then.

    `reason`: the kind of the fault. `place`: the database, the folder or the file, without secrets. `for_operator`: the fault
    and the operator's remedy; it is also `str(error)`.
    """

    def __init__(self, reason: StorageReason, place: str, detail: str = "") -> None:
        """`detail`: the words of the system or of a server."""
        super().__init__(message_for_people(reason))
        self.reason = reason
        self.place = place
        self.for_operator = message_for_operator(reason, place, detail)

    @classmethod
    def from_error(cls, error: BaseException, place: str = "") -> StorageError | None:
        """The fault that an error of the system stands for; None for another error. `place`: where `error` names none."""
        if isinstance(error, StorageError):
            return error
        if not isinstance(error, OSError) or (reason := DISK_ERRORS.get(error.errno or 0)) is None:
            return None
        named = "" if error.filename is None else os.fsdecode(error.filename)
        return cls(reason, named or place or tempfile.gettempdir(), error.strerror or "")

    def __str__(self) -> str:
        return str(self.for_operator)


def message_for(error: BaseException) -> Message:
    """The message of `error` for a person: its own, or one with a reference number, at which the log has the traceback.

    For a fault of the storage the log has a line for the operator.
    """
    if (fault := StorageError.from_error(error)) is not None:
        log.error("%s", fault)
        return fault.message
    if isinstance(error, PersonError):
        return error.message
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    return Message(
        "Something broke on my side. If it stays so, tell my owner the reference {reference}.",
        reference=Code(reference),
    )


def log_failure(what: str, *args: object, error: BaseException, logger: logging.Logger) -> None:
    """Log the failure of work that nobody waits for: a fault of the storage as a line, another error with its traceback.

    `what`: the line, formatted with `args` as by `Logger.error`.
    """
    if (fault := StorageError.from_error(error)) is not None:
        logger.error(f"{what}: %s", *args, fault)
    else:
        logger.error(what, *args, exc_info=error)


def _restored(kind: type[PersonErrorT], args: tuple[Any, ...], state: dict[str, Any]) -> PersonErrorT:
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error
