"""Sentences for people out of the messages of sites and yt-dlp, and links that are checked without a request."""

from __future__ import annotations

import pytest

from bot.links import reasons
from bot.links.protocol import LinkFailure
from bot.links.sites import PermittedSites, normalise
from cogs.common.markup import render_for_discord

SITES = PermittedSites.read("youtube, vimeo, generic=videos.example")
CAUSED = "(caused by <HTTPError 403: Forbidden>)"
REPORT = (
    "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. "
    "Confirm you are on the latest version using  yt-dlp -U"
)


def of_site(detail: str, status: int | None = None) -> reasons.LinkError:
    reason = reasons.failure_error(LinkFailure.SITE, detail, status, SITES, 500 << 20)
    assert isinstance(reason, reasons.LinkError)
    return reason


@pytest.mark.parametrize(
    ("detail", "sentence", "again"),
    [
        ("[youtube] a: Video unavailable", str(reasons.GONE), False),
        ("[youtube] a: Video unavailable. This video has been removed by the uploader", str(reasons.GONE), False),
        ("[youtube] a: Video unavailable. This video is no longer available", str(reasons.GONE), False),
        ("[youtube] a: Private video. Sign in if you've been granted access to this video", "That video is private.", False),
        ("[youtube] a: Sign in to confirm your age. This video may be inappropriate for some users.", "to adults only", False),
        ("[youtube] a: Sign in to confirm you’re not a bot. Use --cookies-from-browser", "takes me for a robot", True),
        ("[youtube] a: Join this channel to get access to members-only content", "people who are signed in", False),
        (
            "[youtube] a: Video unavailable. The uploader has not made this video available in your country",
            "doesn't show that video in the country where I run",
            False,
        ),
        ("[vimeo] 1: This video is DRM protected", "protected against copying", False),
        ("[youtube] a: Premieres in 3 hours", "hasn't begun yet", False),
        ("[youtube] a: The current session has been rate-limited by YouTube", "asked too often", True),
        (f"[x] a: Unable to download webpage: The read operation timed out {CAUSED}{REPORT}", "too long to answer", True),
        (f"[x] a: Unable to download webpage: 5 bytes read, 10 more expected {CAUSED}", "couldn't get through", True),
        (f"[x] a: Unable to download webpage: HTTP Error 502: Name not known {CAUSED}", "its name isn't known", True),
        (f"[x] a: ('Unable to connect to proxy', OSError('Tunnel failed: 502 The proxy refused')) {CAUSED}", "my owner", True),
    ],
)  # fmt: skip
def test_known_messages(detail: str, sentence: str, again: bool) -> None:
    error = of_site(f"ERROR: {detail}", 502 if "HTTP Error" in detail else None)
    message = render_for_discord(error.message)
    assert sentence in message
    assert message.endswith(str(reasons.AGAIN)) is again


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        (f"\x1b[0;31mERROR:\x1b[0m [vimeo] 1: The rabbit ate the film{REPORT}", "The rabbit ate the film"),
        (f"ERROR: [a:b] 1-2_3: Oh no {CAUSED}{REPORT}", "Oh no"),
        ("ERROR: [x] a: Oh no, http://nugu:secret@127.0.0.1:4242/ fell down\nsecond line", "Oh no, fell down"),
        ("ERROR: @everyone **oh**", r"\@everyone \*\*oh\*\*"),
    ],
)
def test_an_unknown_message_is_cleaned(detail: str, line: str) -> None:
    assert render_for_discord(of_site(detail).message) == f"The site says: {line}"


def test_an_unknown_message_is_shortened() -> None:
    assert len(str(of_site("oh " * 1000))) < 250
    assert str(of_site(f"ERROR: {REPORT}")) == "The site gave no video, and no reason."


@pytest.mark.parametrize("failure", [failure for failure in LinkFailure if failure is not LinkFailure.SITE])
def test_each_failure_has_a_sentence(failure: LinkFailure) -> None:
    sentence = str(reasons.failure_error(failure, "nosuchsite", None, SITES, 500 << 20))
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_the_list_of_sites_in_a_sentence() -> None:
    assert SITES.listed == "vimeo, youtube or videos.example"
    assert PermittedSites.read("generic").listed == "any page with a video"


def test_a_host_has_its_extractor_and_generic_no_other_host() -> None:
    assert SITES.extractors_for("https://videos.example/page") == {"generic"}
    assert SITES.extractors_for("https://VIDEOS.example./page") == {"generic"}
    assert SITES.extractors_for("https://videos.example.org/page") == {"youtube", "vimeo"}
    assert SITES.extractors >= {"youtube", "vimeo", "generic", "html5"}


@pytest.mark.parametrize(
    ("link", "normalised"),
    [
        ("<https://youtu.be/abc?list=RDabc&t=3>", "https://youtu.be/abc?t=3"),
        ("https://www.youtube.com/watch?v=abc&list=PL1&index=4&start_radio=1", "https://www.youtube.com/watch?v=abc"),
        ("https://www.youtube.com/playlist?list=PL1", "https://www.youtube.com/playlist?list=PL1"),
        (" https://vimeo.com/1#t=3 ", "https://vimeo.com/1"),
    ],
)
def test_a_link_is_normalised(link: str, normalised: str) -> None:
    assert normalise(link) == normalised


@pytest.mark.parametrize(
    "link",
    [
        *(
            "file:///etc/passwd",
            "ftp://videos.example/a.mp4",
            "javascript:alert(1)",
            "youtube.com",
            "",
            "https://",
            "ytsearch:twice",
        ),
        *(
            "http://me:word@videos.example/",
            "http://videos.example:99999/",
            "http://videos.example/a b",
            "http://a.example/\x00",
        ),
        "http://videos.example/" + "a" * 2000,
    ],
)
def test_text_that_is_no_link_of_the_web(link: str) -> None:
    with pytest.raises(ValueError, match=r"link|[Pp]ort"):
        normalise(link)
