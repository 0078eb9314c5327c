"""Wikimedia Commons, by its official interface: https://commons.wikimedia.org/w/api.php?action=help&modules=query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from bot.gather.sources import SearchResult, search_result

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.gather.client.fetch import PoliteClient

MOST = 50
"""The largest number of results in one answer."""

WIDTH = 1920
"""The width of the copies in pixels, one of Wikimedia's own (mediawiki.org/wiki/Common_thumbnail_sizes).

Originals often have 20 MB. At this width a face in a photo of nine people still has 100 pixels.
"""


class _Text(BaseModel):
    value: str = ""


class _Image(BaseModel):
    url: str
    thumburl: str | None = None
    descriptionurl: str = ""
    extmetadata: dict[str, _Text] | list[object] = {}  # an empty array without metadata


class _Page(BaseModel):
    title: str
    index: int = 0
    imageinfo: list[_Image] = []


class _Pages(BaseModel):
    pages: list[_Page] = []


class _Answer(BaseModel):
    query: _Pages = _Pages()  # missing without results


@dataclass(frozen=True, slots=True)
class CommonsSource:
    """Commons. `base`: the URL of its api.php."""

    base: str
    name: str = "commons"

    async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """See Source."""
        parameters = {
            "action": "query",
            "format": "json",
            "formatversion": "2",
            "generator": "search",
            "gsrsearch": f"{query} filetype:bitmap",
            "gsrnamespace": "6",
            "gsrlimit": str(min(limit, MOST)),
            "prop": "imageinfo",
            "iiprop": "url|extmetadata",
            "iiextmetadatafilter": "LicenseShortName",
            "iiurlwidth": str(WIDTH),
        }
        for result in await client.query(self.base, parameters, read):
            yield result


def read(data: bytes) -> list[SearchResult]:
    """The results of an answer, in their order. Raises ValueError for a malformed one."""
    pages = sorted(_Answer.model_validate_json(data).query.pages, key=lambda page: page.index)
    return [_result(page, page.imageinfo[0]) for page in pages if page.imageinfo]


def _result(page: _Page, image: _Image) -> SearchResult:
    metadata = image.extmetadata if isinstance(image.extmetadata, dict) else {}
    licence = metadata.get("LicenseShortName", _Text()).value
    return search_result(image.thumburl or image.url, image.descriptionurl, page.title.removeprefix("File:"), licence)


def create(base: str = "https://commons.wikimedia.org/w/api.php") -> CommonsSource:
    """The source."""
    return CommonsSource(base)
