"""The answers of searches, read in workers: strangers write them, and libraries in C parse them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from bot.domain.gathering import RefusalReason
from bot.gather.client.refusals import FetchRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_CAUSE = 200


class RunInWorker(Protocol):
    """Runs a function of a module in a worker, as `Compute.run_in_background` does."""

    def __call__(self, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]: ...


class UnreadableAnswerError(FetchRefusedError):
    """A source gives an answer that its client doesn't know. `cause`: the parser's text about it, for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(RefusalReason.UNREADABLE)
        self.cause = cause

    def __reduce__(self) -> tuple[type[UnreadableAnswerError], tuple[str]]:
        return type(self), (self.cause,)


def read_answer(read: Callable[[bytes], T], data: bytes) -> T:
    """The result of `read` for an answer. Runs in a worker. Raises UnreadableAnswerError."""
    try:
        return read(data)
    except Exception as error:  # noqa: BLE001  # pydantic, lxml and ddgs raise many kinds
        cause = " ".join(f"{type(error).__name__}: {error}".split())
    # Not within the handler: the errors of lxml can't be pickled, and would be this error's context.
    raise UnreadableAnswerError(cause[:LONGEST_CAUSE])
