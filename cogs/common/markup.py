"""Discord's markup: text that it shows as it is, and messages with the slash commands that help."""

from __future__ import annotations

import math
import re

from bot.domain.messages import Hint, Markup, Message, render
from bot.text.control_characters import removed

_MARKUP = re.compile(r"[\\*_~|`<>\[@#]|:(?=//)|^[-+]")
"""Characters that Discord reads as markup, mention or link. A backslash before one makes it plain."""

HINTS = {
    Hint.ADD_ANOTHER_PHOTO: "Add another with `/member add`.",
    Hint.ADD_GROUP: "Add it first with `/group add`.",
    Hint.ADD_FIRST_GROUP: "; the first is added with `/group add`.",
    Hint.ADD_MEMBERS: "`/member add` brings them.",
    Hint.ADD_MORE_PHOTOS: "Add more with `/member add`.",
    Hint.ADD_OR_GATHER_PHOTOS: "A moderator adds some with `/member add`, or looks for some with `/member gather`.",
    Hint.ADD_PHOTO: "Add one with `/member add`.",
    Hint.ADD_ROSTER: (
        "A moderator adds the first group with `/group add`, then each member with `/member add` and one photo or more."
    ),
    Hint.ADD_TWINS: ": add them with `/member add`.",
    Hint.ASK_IN_SERVER: "Ask me once in a server that I am in: from then on I know its groups here too.",
    Hint.CHANGE_SETUP: "A moderator may change that in `/setup`.",
    Hint.CHECK_PROXY: ", which only my owner can mend.",
    Hint.CHOOSE_PART: ": say which part with `start:` and `length:`.",
    Hint.CHOOSE_SHORTER_PART: "; choose a shorter section with `length:`, or a smaller height",
    Hint.CHOOSE_SOURCE: "; my owner has {sources} to choose from.",
    Hint.GIVE_CONTACT: "My owner sets {setting} first.",
    Hint.INSTALL_ENGINE: ("My owner gets it with {install}, or goes on with another: `nugu engine use dlib`."),
    Hint.MAKE_ROOM: "Make room with {remedy}, or ask my owner to raise {setting}.",
    Hint.NAME_GROUP: "Say in `group:` whom you mean.",
    Hint.OPERATOR_MENDS: "My owner can mend that.",
    Hint.OPERATOR_MENDS_STORAGE: ", which only my owner can mend; nothing of yours is lost.",
    Hint.OPERATOR_MUST_MEND: ", which only my owner can mend.",
    Hint.REINSTALL_ENGINE: ("My owner gets them anew with {install}, or goes on with another: `nugu engine use dlib`."),
    Hint.SHOW_GROUP: "`/group show` tells who is in it.",
    Hint.SHOW_MODELS: "Look at `/model status`.",
    Hint.SIGN_IN: ", which only my owner can mend.",
    Hint.TRAIN_MODEL: "A moderator makes one now with `/model train`.",
    Hint.USE_ENGINE: ("My owner lets it look at the photos that I have with {use}; new ones it sees by itself."),
}


def plain(text: str) -> str:
    """A person's text as Discord shows it unchanged, on one line: without markup, mention, link or control characters."""
    return _MARKUP.sub(r"\\\g<0>", removed(text))


def code(text: str) -> str:
    """Text that people type exactly so. A backslash escapes nothing in code, so text that would end it stands outside."""
    return plain(text) if "`" in text else f"`{removed(text)}`"


def render_for_discord(message: Message) -> str:
    """The message in Discord's markup."""
    return render(message, DISCORD)


class _Discord:
    text = staticmethod(plain)
    code = staticmethod(code)

    def strong(self, text: str, /) -> str:
        return f"**{plain(text)}**"

    def command(self, name: str, /) -> str:
        return f"`/{name}`"

    def mention(self, user_id: int, /) -> str:
        return f"<@{user_id}>"

    def moment(self, at: float, /) -> str:
        return f"<t:{math.ceil(at)}:R>"

    def hint(self, hint: Hint, /) -> str:
        return HINTS[hint]


DISCORD: Markup = _Discord()
