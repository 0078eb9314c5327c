"""Which sites links may lead to, and what of a link can be said before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from typing import Self

GENERIC = "generic"
"""The extractor of yt-dlp that looks for a video on any page."""

PARTS_OF_GENERIC = frozenset({"html5", "generic:quoted-html"})
"""Extractors without links of their own, to which it hands a page."""

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Sites:
    """The extractors of yt-dlp that may be used, by their names in lower case.

    `hosts`: those that are given links to a host: (name, host).
    """

    names: frozenset[str]
    hosts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Of `youtube, vimeo, generic=videos.example.org`. A name with a host takes links to that host, and `generic`
        then takes no other.
        """
        names: set[str] = set()
        hosts: list[tuple[str, str]] = []
        for each in filter(None, (part.strip().lower() for part in text.split(","))):
            name, equals, host = (part.strip() for part in each.partition("="))
            if equals:
                hosts.append((name, host.removesuffix(".")))
            if name != GENERIC or not equals:
                names.add(name)
        return cls(frozenset(names), tuple(hosts))

    @property
    def extractors(self) -> frozenset[str]:
        """All that may work on a link, those that another one hands it to included."""
        known = self.names | {name for name, _ in self.hosts}
        return known | PARTS_OF_GENERIC if GENERIC in known else known

    @property
    def listed(self) -> str:
        """The names, for a sentence."""
        parts = sorted(self.names - {GENERIC}) + [host for _, host in self.hosts]
        if GENERIC in self.names:
            parts.append("any page with a video")
        return " or ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def takers(self, link: str) -> frozenset[str]:
        """Those that `link` may be given to: of a host that the operator named, the one that was named with it."""
        host = (urlsplit(link).hostname or "").removesuffix(".")
        return frozenset(name for name, known in self.hosts if known == host) or self.names


def tidy(link: str) -> str:
    """`link` as it is handed on: without the playlist in which somebody came upon the video, and without its fragment.

    Raises ValueError for what is no link of the web.
    """
    link = link.strip().removeprefix("<").removesuffix(">")
    parts = urlsplit(link)
    if len(link) > LONGEST or parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError("not a link of the web")
    if parts.username is not None or any(not c.isprintable() or c in ' \\"<>' for c in link):
        raise ValueError("not a link of the web")
    _ = parts.port  # it raises for one that is none
    query = parse_qsl(parts.query, keep_blank_values=True)
    of_one = parts.hostname == "youtu.be" or any(name == "v" for name, _ in query)
    if of_one and any(name == "list" for name, _ in query):
        kept = [(name, value) for name, value in query if name not in {"list", "index", "start_radio"}]
        return urlunsplit(parts._replace(query=urlencode(kept), fragment=""))
    return urlunsplit(parts._replace(fragment=""))
