"""The sites that links may lead to, and checks of a link that need no request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlunsplit

from bot.text.links import split_link

if TYPE_CHECKING:
    from typing import Self

GENERIC = "generic"
"""The extractor of yt-dlp that looks for a video on any page."""

PARTS_OF_GENERIC = frozenset({"html5", "generic:quoted-html"})
"""Extractors without links of their own, which `generic` calls for a page."""

LONGEST_LINK = 2000


@dataclass(frozen=True, slots=True)
class PermittedSites:
    """The permitted extractors of yt-dlp, by their names in lower case.

    `names`: those that take links to any host that they know. `hosts`: (name, host) of those that take links to one host.
    """

    names: frozenset[str]
    hosts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """The sites of a text such as `youtube, vimeo, generic=videos.example.org`.

        A name with a host takes links to that host; `generic` then takes no others.
        """
        names: set[str] = set()
        hosts: list[tuple[str, str]] = []
        for entry in filter(None, (part.strip().lower() for part in text.split(","))):
            name, equals, host = (part.strip() for part in entry.partition("="))
            if equals:
                hosts.append((name, host.removesuffix(".")))
            if name != GENERIC or not equals:
                names.add(name)
        return cls(frozenset(names), tuple(hosts))

    @property
    def extractors(self) -> frozenset[str]:
        """All extractors that may work on a link, those that `generic` calls included."""
        known = self.names | {name for name, _ in self.hosts}
        return known | PARTS_OF_GENERIC if GENERIC in known else known

    @property
    def listed(self) -> str:
        """The names, for a sentence."""
        parts = sorted(self.names - {GENERIC}) + [host for _, host in self.hosts]
        if GENERIC in self.names:
            parts.append("any page with a video")
        return " or ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def extractors_for(self, link: str) -> frozenset[str]:
        """The extractors that may get `link`: those named with its host, or else all of `names`."""
        parts = split_link(link)
        host = ((parts and parts.hostname) or "").removesuffix(".")
        return frozenset(name for name, known in self.hosts if known == host) or self.names


def normalise(link: str) -> str:
    """`link` without its fragment, and without the playlist around a single video.

    Raises ValueError for text that is no link of the web.
    """
    link = link.strip().removeprefix("<").removesuffix(">")
    parts = split_link(link) if len(link) <= LONGEST_LINK else None
    if parts is None or parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError("not a link of the web")
    if parts.username is not None or any(not c.isprintable() or c in ' \\"<>' for c in link):
        raise ValueError("not a link of the web")
    query = parse_qsl(parts.query, keep_blank_values=True)
    single = parts.hostname == "youtu.be" or any(name == "v" for name, _ in query)
    if single and any(name == "list" for name, _ in query):
        kept = [(name, value) for name, value in query if name not in {"list", "index", "start_radio"}]
        return urlunsplit(parts._replace(query=urlencode(kept), fragment=""))
    return urlunsplit(parts._replace(fragment=""))
