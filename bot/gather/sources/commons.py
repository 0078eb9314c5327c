"""Wikimedia Commons, by its official interface: https://commons.wikimedia.org/w/api.php?action=help&modules=query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from bot.gather.sources import SearchResult, found

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
class Commons:
    """Commons. `base`: the URL of its api.php."""

    base: str
    name: str = "commons"

    async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """See Source."""
        answer = await client.ask(
            self.base,
            {
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
            },
        )
        for page in sorted(_Answer.model_validate_json(answer).query.pages, key=lambda page: page.index):
            for image in page.imageinfo[:1]:
                metadata = image.extmetadata if isinstance(image.extmetadata, dict) else {}
                licence = metadata.get("LicenseShortName", _Text()).value
                title = page.title.removeprefix("File:")
                yield found(image.thumburl or image.url, image.descriptionurl, title, licence)


def create(base: str = "https://commons.wikimedia.org/w/api.php") -> Commons:
    """The source."""
    return Commons(base)
