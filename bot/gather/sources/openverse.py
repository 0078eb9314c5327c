"""Openverse, openly licensed photos from many collections, by its official interface: https://api.openverse.org/v1/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from bot.gather.sources import SearchResult, search_result

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.gather.client.fetch import PoliteClient

PAGE = 20
"""The largest number of results in one answer to an unregistered client. A request for more gets a 401."""


class _Image(BaseModel):
    url: str | None = None
    foreign_landing_url: str | None = None
    title: str | None = None
    license: str = ""
    license_version: str | None = None

    @property
    def licence(self) -> str:
        """The usual name of the licence: "CC BY-SA 2.0", "CC0 1.0"."""
        known = {"cc0": "CC0", "pdm": "Public Domain Mark"}
        name = known.get(self.license, f"CC {self.license.upper()}" if self.license else "")
        return f"{name} {self.license_version or ''}".strip()


class _Answer(BaseModel):
    page_count: int = 0
    results: list[_Image] = []


@dataclass(frozen=True, slots=True)
class OpenverseSource:
    """Openverse. `base`: the URL of its images endpoint."""

    base: str
    name: str = "openverse"

    async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """See Source."""
        for page in range(1, -(-limit // PAGE) + 1):
            parameters = {"q": query, "page": str(page), "page_size": str(min(limit, PAGE)), "mature": "false"}
            pages, results = await client.query(self.base, parameters, read)
            for result in results:
                yield result
            if page >= pages:
                return


def read(data: bytes) -> tuple[int, list[SearchResult]]:
    """The number of pages, and the results of this one. Raises ValueError for a malformed answer."""
    answer = _Answer.model_validate_json(data)
    results = [
        search_result(image.url, image.foreign_landing_url or "", image.title or "", image.licence)
        for image in answer.results
        if image.url
    ]
    return answer.page_count, results


def create(base: str = "https://api.openverse.org/v1/images/") -> OpenverseSource:
    """The source."""
    return OpenverseSource(base)
