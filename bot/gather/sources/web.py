"""The web at large: Bing's image results, read with ddgs.

Of ddgs only what it knows of the page is used, which parameters to ask with and how to read the answer; the request itself
goes through our client, under our name. Bing offers no interface for this any more, so this source is off unless it is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.gather.sources import SearchResult, found

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ddgs.engines.bing_images import BingImages

    from bot.gather.fetch import PoliteClient


@dataclass(frozen=True, slots=True)
class Web:
    """Bing's image results at `base`, as `engine` reads them."""

    base: str
    engine: BingImages
    name: str = "web"

    async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
        """See Source."""
        asked = self.engine.build_payload(query, "us-en", "on", None, max_results=str(limit))
        page = await client.ask(self.base, asked)
        try:
            results = self.engine.extract_results(page.decode(errors="replace"))
        # lxml and ddgs raise many kinds of errors for a page that is not what they expect; the cause is chained.
        except Exception as error:
            raise ValueError("the result page is not what ddgs expects") from error
        for result in results:
            if result.image:
                yield found(result.image, result.url or "", result.title or "")


def create(base: str = "") -> Web:
    """The source; without `base` at the address that ddgs knows."""
    from ddgs.engines.bing_images import BingImages

    return Web(base or BingImages.search_url, BingImages())
