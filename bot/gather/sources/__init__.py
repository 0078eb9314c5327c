"""Sources: image searches that are asked for photos of a person.

A source is one module here with a function `create(base: str = …) -> Source`; its name is the module's, and `base` is the
address that it asks. All it fetches goes through the client that it is given.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.messages import Code, Hint
from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from bot.gather.fetch import PoliteClient

LONGEST_TITLE = 200


class UnknownSourceError(PersonError):
    """`NUGU_GATHER_SOURCES` names a source that there is not."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "{setting} names {name}, which I don't know",
            name=name,
            sources=", ".join(names()),
            hint=Hint.CHOOSE_SOURCE,
            setting=Code("NUGU_GATHER_SOURCES"),
        )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A photo that a source finds. `url`: of the file. `page`: that shows it, or empty. `licence`: None if unknown.

    All of it is untrusted; only `page` is checked to be a link of the web.
    """

    url: str
    page: str
    title: str
    licence: str | None


class Source(Protocol):
    """An image search."""

    @property
    def name(self) -> str:
        """What settings call it: the name of its module."""
        ...

    @property
    def base(self) -> str:
        """The URL that its requests begin with."""
        ...

    def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """Photos for `query`, the likeliest first; about `limit`, of which fewer may be taken.

        Raises bot.gather.refusals.RefusedError from the client, and ValueError for an answer that it can't read.
        """
        ...


def names() -> tuple[str, ...]:
    """Every source that `load` knows, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(wanted: str) -> list[Source]:
    """`commons,openverse=http://127.0.0.1:8080/` → the sources of these names, the second at that address.

    Raises UnknownSourceError.
    """
    return [_create(*part.strip().partition("=")[::2]) for part in wanted.split(",") if part.strip()]


def found(url: str, page: str, title: str, licence: str | None = None) -> SearchResult:
    """What a source found, made fit to show: the title in one line, and no page that is not of the web."""
    web = page.startswith(("http://", "https://"))
    return SearchResult(url, page if web else "", " ".join(title.split())[:LONGEST_TITLE], licence or None)


def _create(name: str, base: str) -> Source:
    if name not in names():
        raise UnknownSourceError(name)
    create: Callable[..., Source] = importlib.import_module(f"{__name__}.{name}").create
    return create(base) if base else create()
