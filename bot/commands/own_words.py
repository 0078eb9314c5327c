"""Sentences that were written for Discord in the command line's words: without slash commands, and without an owner."""

from __future__ import annotations

import re
from typing import Final

from bot.domain.markup import unmarked

_SAID: Final = (
    (
        r"I don't know (?:anybody here yet|whom you might mean here)\..*",
        "nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)",
    ),
    (r"A moderator adds some with /member add, or looks for some with /member gather\.", "Add some: nugu enrol FOLDER"),
    (r"A moderator makes one now with /model train\.", "Make one now: nugu train"),
    (r"A moderator may change that in /setup\.", "Moderators of that server choose that."),
    (
        r"\bMy owner lets it look at the photos that I have with (nugu [\w ]+); new ones it sees by itself\.",
        r"Let it look at the photos: \1",
    ),
    (
        r"\bMy owner gets (?:it|them anew) with (nugu [\w ]+), or goes on with another: (nugu [\w ]+)\.",
        r"Get its files: \1; or go on with another engine: \2",
    ),
    (r"\bMy owner sets (NUGU_\w+) first\.", r"Set \1 first."),
    (r"; my owner has (.+) to choose from\.", r"; choose from \1."),
    (r"wants me to sign in, which only my owner can mend\.", "wants me to sign in: NUGU_LINK_COOKIES can do that."),
    (
        r"\bThe proxy that I was told to go through refuses, which only my owner can mend\.",
        "The proxy of NUGU_LINK_PROXY refuses.",
    ),
    (r" My owner can mend that\.", ""),
    (
        r"(?:Add it first|the first is added|add them|Add (?:one|another|more)) with /(?:group|member) add\.",
        "Add photos: nugu enrol FOLDER",
    ),
    (r"/group show tells who is in it\.", "See who is in it: nugu roster list"),
    (r"\bLook at /model status\.", "Look at it: nugu model status"),
    (r"\bSay in group: whom you mean\.", "Say by its group whom you mean."),
    (r"\bsay which part with start: and length:\.", "say which part with --start and --length."),
    (r"\bwith length:, or", "with --length, or"),
)
"""What is said on Discord, without its markup, and what is said here."""


def at_terminal(sentence: str) -> str:
    """A sentence of the bot without markup, in the words of the command line."""
    told = unmarked(sentence)
    for there, here in _SAID:
        told = re.sub(there, here, told, flags=re.DOTALL)
    return told
