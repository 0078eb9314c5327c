"""Links by strangers, as URLs that a client can fetch."""

from __future__ import annotations

from yarl import URL

from bot.text.links import split_link

LONGEST_URL = 8000
"""Characters of a link that is followed. RFC 9110, 4.1, recommends that servers take as many."""

LONGEST_HOST = 300
"""Characters of a link's host, port and person. A name has 253 (RFC 1035), and yarl takes long to encode a longer one."""


def resolve_link(link: str, page: URL | None = None) -> URL | None:
    """A link, relative to `page`, as a URL; None for an invalid one, and for one that is too long."""
    parts = split_link(link) if len(link) <= LONGEST_URL else None
    if parts is None or len(parts.netloc) > LONGEST_HOST:
        return None
    try:
        return page.join(URL(link)) if page is not None else URL(link)
    except (ValueError, LookupError):  # yarl raises IndexError for some brackets
        return None
