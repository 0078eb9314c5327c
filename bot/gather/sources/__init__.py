"""Sources: image searches for photos of a person.

A source is one module of this package; its name is the module's. It has a function `create(base: str = …) -> Source`, where
`base` is the address of the search. All its requests go through the client that it gets, and a function of the module reads
the answers in a worker.
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

    from bot.gather.client.fetch import PoliteClient

LONGEST_TITLE = 200


class UnknownSourceError(PersonError):
    """`NUGU_GATHER_SOURCES` names an unknown source."""

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
    """A photo that a source finds. `url`: of the file. `page`: the link of its page, or empty. `licence`: None if unknown.

    All of it is untrusted. Only `page` is checked to be a link of the web.
    """

    url: str
    page: str
    title: str
    licence: str | None


class Source(Protocol):
    """An image search."""

    @property
    def name(self) -> str:
        """The name in settings, which is that of the module."""
        ...

    @property
    def base(self) -> str:
        """The URL with which its requests begin."""
        ...

    def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """About `limit` photos for `query`, the likeliest first; the caller may take fewer.

        Raises bot.gather.client.refusals.FetchRefusedError and PersonError from the client.
        """
        ...


def names() -> tuple[str, ...]:
    """The names of all sources, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(wanted: str) -> list[Source]:
    """The sources of a text such as `commons,openverse=http://127.0.0.1:8080/`: names, or names with an address.

    Raises UnknownSourceError.
    """
    return [_create(*part.strip().partition("=")[::2]) for part in wanted.split(",") if part.strip()]


def search_result(url: str, page: str, title: str, licence: str | None = None) -> SearchResult:
    """A result that is fit to show: with its title on one line, and without a page that is no link of the web."""
    web = page.startswith(("http://", "https://"))
    return SearchResult(url, page if web else "", " ".join(title.split())[:LONGEST_TITLE], licence or None)


def _create(name: str, base: str) -> Source:
    if name not in names():
        raise UnknownSourceError(name)
    create: Callable[..., Source] = importlib.import_module(f"{__name__}.{name}").create
    return create(base) if base else create()
