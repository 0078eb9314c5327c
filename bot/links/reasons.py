"""The errors of links: why there is no video, in one sentence for the person who posted the link."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from bot.domain.messages import Code, Hint, Message, Parameter
from bot.domain.storage import StorageReason
from bot.errors import PersonError, StorageError
from bot.links.protocol import LinkFailure
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from bot.links.sites import PermittedSites

LONGEST_DETAIL = 200
MAX_READ = 10_000
"""Characters of a site's message that are read."""

"""Characters of a site's message in the log and in a sentence."""

AGAIN = Message("Try again in a few minutes.")

PRIVATE = Message("That link leads to a private address, and I only go to public ones.")
GONE = Message("That video isn't there any more, or never was.")

# Patterns of messages by sites and yt-dlp, in the order of the search, with our sentence, and whether another try may help.
_SENTENCES: tuple[tuple[str, Message, bool], ...] = (
    (
        r"confirm your age|age.?restricted|inappropriate for some users|age.?verif",
        Message("The site shows that video to adults only, so I can't have it."),
        False,
    ),
    (
        r"not a bot|captcha",
        Message("The site takes me for a robot and wants me to sign in", hint=Hint.SIGN_IN),
        True,
    ),
    (r"private video|video is private|is private\b", Message("That video is private."), False),
    (
        r"members.?only|join this channel|log.?in|sign.?in|logged in|registered users|cookies|authenticat|subscri|premium",
        Message("The site shows that video only to people who are signed in."),
        False,
    ),
    (
        r"your country|your (?:region|location)|geo.?(?:restrict|block)|this video is available in|not available from",
        Message("The site doesn't show that video in the country where I run."),
        False,
    ),
    (r"\bDRM\b", Message("That video is protected against copying."), False),
    (
        r"premiere|will begin|scheduled|upcoming|is offline|not.*live",
        Message("That video hasn't begun yet, or is a live stream."),
        False,
    ),
    (r"rate.?limit|too many requests", Message("The site has been asked too often."), True),
    (
        r"unavailable|removed|no longer|does(?:n't| not) exist|not (?:be )?found|terminated|deleted|not available",
        GONE,
        False,
    ),
    (
        r"proxy (?:authentication|refused)|the proxy refused|407",
        Message("The proxy that I was told to go through refuses", hint=Hint.CHECK_PROXY),
        True,
    ),
    (
        r"name not known|getaddrinfo|resolve",
        Message("I can't find that site: its name isn't known, or my network is down."),
        True,
    ),
    (r"timed out|timeout", Message("The site took too long to answer."), True),
    (
        r"nobody answers|refused|unreachable|reset|connection|transport|tunnel|ssl|incomplete|bytes read",
        Message("I couldn't get through to that site."),
        True,
    ),
)
# The same by status.
_STATUSES: dict[int, tuple[Message, bool]] = {
    401: (Message("The site shows that video only to people who are signed in."), False),
    403: (Message("The site refused to give me that video."), True),
    404: (GONE, False),
    410: (GONE, False),
    429: (Message("The site has been asked too often."), True),
    451: (Message("The site may not show that video for legal reasons."), False),
}

PROXY_REASONS = "Name not known|Nobody answers|The proxy refused"
"""Reason phrases of our proxy (`egress.py`), which replace the site's."""

_NOISE = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]|\(caused by .*|[;.,]?\s*please report this issue.*"
    r"|[;.]?\s*\b(?:See|Use --|Try|Confirm you|You might want)\b.*|https?://\S+|[\x00-\x1f\x7f]+",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_PREFIX = re.compile(r"^\[[^\]]*\]\s*(?:[\w-]+:\s*)?")


class LinkError(PersonError):
    """A link gave no video.

    `again`: whether the same link may give one later; the message then says so. `detail`: the message of yt-dlp or the site,
    for the operator.
    """

    def __init__(
        self,
        message: str | Message,
        /,
        *,
        again: bool = False,
        detail: str = "",
        hint: Hint | None = None,
        **parameters: Parameter,
    ) -> None:
        reason = message if isinstance(message, Message) else Message(message, hint=hint, **parameters)
        super().__init__(Message("{reason} {advice}", reason=reason, advice=AGAIN) if again else reason)
        self.detail = detail


def not_a_link_error(sites: PermittedSites) -> LinkError:
    """The error for text that is no http link."""
    return LinkError("I take links that begin with http:// or https://, to one video on {sites}.", sites=sites.listed)


def cookies_error() -> LinkError:
    """The error for a file of cookies that can't be read."""
    return LinkError(
        "{setting} names a file that I can't read.", setting=Code("NUGU_LINK_COOKIES"), hint=Hint.OPERATOR_MENDS
    )


def proxy_error() -> LinkError:
    """The error for a malformed address of a proxy."""
    return LinkError(
        "{setting} is not http://USER:PASSWORD@HOST:PORT.", setting=Code("NUGU_LINK_PROXY"), hint=Hint.OPERATOR_MENDS
    )


def timeout_error(seconds: float) -> LinkError:
    """The error for a download past its deadline."""
    return LinkError(
        "The site is too slow: that video wasn't here after {seconds:.0f} seconds.", seconds=seconds, again=True
    )


def no_message_error() -> LinkError:
    """The error for a download that ended without a message."""
    return LinkError("The download broke off.", again=True)


def too_large_error(max_bytes: int) -> LinkError:
    """The error for a video of more than `max_bytes`."""
    return LinkError("That video is too large: I take up to {most}. A shorter one may fit.", most=mebibytes(max_bytes))


def failure_error(
    failure: LinkFailure, detail: str, status: int | None, sites: PermittedSites, max_bytes: int
) -> LinkError | StorageError:
    """The error for a failure that the downloading process reports. `status`: of HTTP, None where there is none."""
    match failure:
        case LinkFailure.NO_ROOM:
            return StorageError(StorageReason.FULL, detail)
        case LinkFailure.UNKNOWN_SITE:
            return LinkError(
                "I don't take links to that page. I take links to one video on {sites}.", sites=sites.listed
            )
        case LinkFailure.WRONG_SETTING:
            return LinkError(
                "{setting} names {site}, which yt-dlp doesn't know.",
                setting=Code("NUGU_LINK_SITES"),
                site=detail,
                hint=Hint.OPERATOR_MENDS,
            )
        case LinkFailure.PLAYLIST:
            return LinkError("That link leads to a playlist, a channel or several videos. I take a link to one video.")
        case LinkFailure.LIVE:
            return LinkError("That is a live stream, or hasn't begun yet. I take videos that are over.")
        case LinkFailure.NO_VIDEO:
            return LinkError("I found no video there that I can download.")
        case LinkFailure.TOO_LARGE:
            return too_large_error(max_bytes)
        case LinkFailure.NOT_MERGED:
            return LinkError("The site gave something that isn't a video.")
        case LinkFailure.BROKEN:
            return no_message_error()
        case LinkFailure.SITE:
            return _of_site(detail[:MAX_READ], status)


def _of_site(detail: str, status: int | None) -> LinkError:
    line = _cleaned(detail)
    # A site's own message says more than its status. yt-dlp makes "HTTP Error …" of a status without a message.
    if status is not None and re.search(rf"HTTP Error \d+: (?!{PROXY_REASONS})", detail):
        if status in _STATUSES:
            sentence, again = _STATUSES[status]
            return LinkError(sentence, again=again, detail=line)
        if status >= 500:
            return LinkError("The site is out of order just now.", again=True, detail=line)
    for pattern, sentence, again in _SENTENCES:
        if re.search(pattern, detail, re.IGNORECASE):
            return LinkError(sentence, again=again, detail=line)
    if line:
        return LinkError("The site says: {line}", line=line)
    return LinkError("The site gave no video, and no reason.")


def _cleaned(detail: str) -> str:
    """The first line of a site's message, without yt-dlp's additions."""
    bare = _PREFIX.sub("", re.sub(r"^(?:\x1b\[[0-9;]*m)*ERROR:(?:\x1b\[[0-9;]*m)*\s*", "", detail.strip()))
    first = next(iter(bare.splitlines()), "")
    # A run of spaces would take `_NOISE` the square of its length.
    first = " ".join(first.split())
    return textwrap.shorten(" ".join(_NOISE.sub(" ", first).split()).strip(" ;:,"), LONGEST_DETAIL, placeholder=" …")
