"""Messages at a terminal: without markup, and with hints to nugu's own commands."""

from __future__ import annotations

from bot.domain.messages import Hint, Markup, Message, render
from bot.errors import NoRosterError, PersonError, StorageError
from bot.text.formatting import from_now

ENROL = "Add photos: nugu enrol FOLDER"
NOBODY = "nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)"
GET_ENGINE = "Get its files: {install}; or go on with another engine: nugu engine use dlib"

HINTS = {
    Hint.ADD_ANOTHER_PHOTO: ENROL,
    Hint.ADD_FIRST_GROUP: f"; {ENROL}",
    Hint.ADD_GROUP: ENROL,
    Hint.ADD_MEMBERS: ENROL,
    Hint.ADD_MORE_PHOTOS: ENROL,
    Hint.ADD_OR_GATHER_PHOTOS: "Add some: nugu enrol FOLDER",
    Hint.ADD_PHOTO: ENROL,
    Hint.ADD_TWINS: f": {ENROL}",
    Hint.CHANGE_SETUP: "Moderators of that server choose that.",
    Hint.CHECK_PROXY: ": look at NUGU_LINK_PROXY.",
    Hint.CHOOSE_PART: ": say which part with --start and --length.",
    Hint.CHOOSE_SHORTER_PART: "; choose a shorter section with --length, or a smaller height",
    Hint.CHOOSE_SOURCE: "; choose from {sources}.",
    Hint.GIVE_CONTACT: "Set {setting} first.",
    Hint.INSTALL_ENGINE: GET_ENGINE,
    Hint.MAKE_ROOM: "Raise {setting}, or remove some.",
    Hint.NAME_GROUP: "Say by its group whom you mean.",
    Hint.OPERATOR_MENDS_STORAGE: ".",
    Hint.OPERATOR_MUST_MEND: ".",
    Hint.REINSTALL_ENGINE: GET_ENGINE,
    Hint.SHOW_GROUP: "See who is in it: nugu roster list",
    Hint.SHOW_MODELS: "Look at it: nugu model status",
    Hint.SIGN_IN: ": NUGU_LINK_COOKIES can do that.",
    Hint.TRAIN_MODEL: "Make one now: nugu train",
    Hint.USE_ENGINE: "Let it look at the photos: {use}",
}
"""The hints for an operator. The others tell a person to ask the operator, so a terminal leaves them out."""


def render_for_terminal(message: str | Message | PersonError) -> str:
    """The text of a message or of an error's message; a text unchanged."""
    match message:
        case NoRosterError():
            return NOBODY
        case StorageError():
            return render(message.for_operator, TERMINAL)
        case PersonError():
            return render(message.message, TERMINAL)
        case Message():
            return render(message, TERMINAL)
        case str():
            return message


class _Terminal:
    def text(self, text: str, /) -> str:
        return text

    strong = code = text

    def command(self, name: str, /) -> str:
        raise ValueError(f"/{name} at a terminal")

    def mention(self, user_id: int, /) -> str:
        return str(user_id)

    def moment(self, at: float, /) -> str:
        return from_now(at)

    def hint(self, hint: Hint, /) -> str:
        return HINTS.get(hint, "")


TERMINAL: Markup = _Terminal()
