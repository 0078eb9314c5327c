"""The sentences of questions about pictures."""

from __future__ import annotations

MENU = "Who is this?"
"""The name of the context menu of a message."""

NO_PICTURE = f"I see no picture in that message. Attach one, or right-click a message that has one: Apps > {MENU}"
UNSEEN_REPLY = (
    "I can't see the pictures of that message: Discord shows me only messages that mention me. "
    f"Right-click it instead: Apps > {MENU}"
)
