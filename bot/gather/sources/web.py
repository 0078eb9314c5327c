"""The whole web: Bing's image results, read with ddgs.

Only ddgs's knowledge of the page is used: the parameters of a request, and the parsing of the answer. Our own client sends the
request, under our name. Bing has no interface for this any more, so this source is off by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.gather.sources import SearchResult, search_result

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ddgs.engines.bing_images import BingImages

    from bot.gather.client.fetch import PoliteClient


@dataclass(frozen=True, slots=True)
class WebSource:
    """Bing's image results. `base`: the URL of the page. `engine`: makes ddgs's parameters of a request."""

    base: str
    engine: BingImages
    name: str = "web"

    async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """See Source."""
        parameters = self.engine.build_payload(query, "us-en", "on", None, max_results=str(limit))
        for result in await client.query(self.base, parameters, read):
            yield result


def read(data: bytes) -> list[SearchResult]:
    """The results on a page. lxml and ddgs raise many kinds of errors for an unexpected one."""
    from ddgs.engines.bing_images import BingImages

    results = BingImages().extract_results(data.decode(errors="replace"))
    return [search_result(result.image, result.url or "", result.title or "") for result in results if result.image]


def create(base: str = "") -> WebSource:
    """The source. The default address is ddgs's own."""
    from ddgs.engines.bing_images import BingImages

    return WebSource(base or BingImages.search_url, BingImages())
