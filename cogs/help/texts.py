"""The sentences of the /help card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE = "## nugu · 누구?\nI tell you who is in a picture."
FEATURES = (
    ("🔎", "Who is this?", "`/who` with up to five pictures, or mention me in a message with pictures."),
    ("↩️", "Somebody else's picture", "{reply}: Apps > **Who is this?**"),
    (
        "🎬",
        "Music videos",
        "`/clip` with a link or a video, or mention me in a message with one: you get it back with the names in it, "
        "and who is on screen when.",
    ),
    ("✉️", "In private", "Send me a picture or a video as a direct message."),
    (
        "✏️",
        "Right or wrong?",
        "Press **All right** or **Fix a face** under the answer, or answer in `/review`; "
        "**Details** shows how sure I am of everybody.",
    ),
    (
        "🎓",
        "Learn the members",
        "`/quiz play` shows faces to name, alone or as a race; whom you mix up comes back. `/twins` shows who looks alike, "
        "`/map` all faces of a group.",
    ),
    (
        "➕",
        "Moderators",
        "`/group add`, then `/member add` with one photo a member or more. `/roster` brings many at once, "
        "`/model` shows what I learned, `/setup` has the rest.",
    ),
)
"""The icon, the title and the description of each feature."""

REPLY = "Reply to it and mention me, or right-click it"
RIGHT_CLICK = "Right-click it"
"""Without the message-content intent, Discord hides the picture of a message that somebody replies to."""

LONGEST_GROUPS = 1000
"""Characters of the line of groups."""


def feature_texts(*, sees_replies: bool) -> list[str]:
    """A text for each feature. `sees_replies`: the bot sees the picture of a message that somebody replies to."""
    reply = REPLY if sees_replies else RIGHT_CLICK
    return [f"{icon} **{title}**\n{text.format(reply=reply)}" for icon, title, text in FEATURES]


def groups_line(groups: Sequence[str]) -> str:
    """The groups that the bot knows."""
    known = ", ".join(plain(name) for name in groups)
    return f"-# I know {known}."[:LONGEST_GROUPS] if known else "-# I know no group here yet."
