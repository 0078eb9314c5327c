"""The person and server that the current task works for. Queues use them to be fair, however deep below a command they are.

A context variable carries it, so that tasks and threads which a command starts have it too.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class Urgency(Enum):
    """How urgently somebody waits for the result."""

    ASKED = auto()
    """A person waits."""

    WATCHED = auto()
    """A message in a watched channel, which may be about something else."""

    BULK = auto()
    """Many pictures of one order: an archive, a gathering, a clip."""

    OWN = auto()
    """The bot's own work, or the operator's at a terminal."""


REDUCED_WEIGHT = 0.25
"""The weight and the patience of less urgent askers, relative to a person who asks."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who waits: a person by id, the server where they asked, or None outside servers."""

    person: int = 0
    server: int | None = None
    urgency: Urgency = Urgency.OWN

    @property
    def queue_key(self) -> tuple[str, int]:
        """The key of the asker's queue: the server, whose askers share its turns, or the person outside servers.

        Bulk work has a key of its own, so that it delays no question of its server.
        """
        kind = "bulk " if self.urgency is Urgency.BULK else ""
        return (f"{kind}person", self.person) if self.server is None else (f"{kind}server", self.server)

    @property
    def weight(self) -> float:
        """The asker's weight within its queue key, relative to a person who asks."""
        return REDUCED_WEIGHT if self.urgency in {Urgency.WATCHED, Urgency.BULK} else 1.0

    @property
    def queue_weight(self) -> float:
        """The weight of the asker's queue key, relative to a server."""
        return REDUCED_WEIGHT if self.urgency in {Urgency.BULK, Urgency.OWN} else 1.0

    @property
    def relative_patience(self) -> float | None:
        """The longest wait before the first turn, relative to that of a person who asks; None for no limit."""
        return {Urgency.ASKED: 1.0, Urgency.WATCHED: REDUCED_WEIGHT}.get(self.urgency)


@dataclass(slots=True)
class RequestContext:
    """The work for one command, message or press. `admitted`: it has begun, so nothing turns it away any more."""

    asker: Asker
    admitted: bool = False


_OWN = RequestContext(Asker(), admitted=True)
_request_context: ContextVar[RequestContext] = ContextVar("request_context", default=_OWN)


def current_request_context() -> RequestContext:
    """The context of the current task's request; the bot's own without another."""
    return _request_context.get()


def set_request_context(asker: Asker) -> None:
    """Let the rest of the current task work for `asker`."""
    _request_context.set(RequestContext(asker))


@contextmanager
def request_context(asker: Asker) -> Generator[None]:
    """Let a block work for `asker`."""
    token = _request_context.set(RequestContext(asker))
    try:
        yield
    finally:
        _request_context.reset(token)


@contextmanager
def bulk_request_context() -> Generator[None]:
    """Let a block work for the same person with less weight, so that it delays no question of theirs."""
    with request_context(replace(current_request_context().asker, urgency=Urgency.BULK)):
        yield
