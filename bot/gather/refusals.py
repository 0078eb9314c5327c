"""Reasons for not fetching a link."""

from __future__ import annotations

from enum import StrEnum


class RefusalReason(StrEnum):
    """The reason, as the report prints it after a count: "3: robots.txt of the site forbids it"."""

    LINK = "not a link of the web"
    ADDRESS = "leads to an address that is not public"
    ROBOTS = "robots.txt of the site forbids it"
    ROBOTS_AWAY = "robots.txt of the site can't be read"
    BUSY = "the site asked for a rest"
    AWAY = "the site can't be reached"
    SLOW = "the site is too slow"
    REDIRECTS = "redirected too often"
    STATUS = "the site doesn't give it"
    NOT_IMAGE = "not a picture"
    TOO_LARGE = "too large"
    BROKEN = "broke off, or makes no sense"
    SAME = "found twice"


class RefusedError(Exception):
    """A link was not fetched. `why`: the reason; `str(error)` adds the detail, if there is one."""

    def __init__(self, why: RefusalReason, detail: str = "") -> None:
        super().__init__(f"{why} ({detail})" if detail else why.value)
        self.why = why
