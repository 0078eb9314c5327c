"""The sentences that features share: about groups, trust, files from Discord, and long commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.messages import Message, SlashCommand, Strong
from bot.domain.trust import Trust
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from typing import Literal

NO_GROUP = "I know no group here yet. Add the first with `/group add`."
NOTHING_REMOVED = "Nothing is removed."
NOT_OFFERED = "That menu doesn't offer this choice. Open it anew and choose again."
FORBIDDEN = "You may not do that here."
ONLY_IN_SERVERS = "That works only in a server that I belong to."
TAKES_LONGER = "That takes longer than Discord lets me keep this answer. I post here what became of it."
ATTACHING_FORBIDDEN = Message(
    "I would answer, but a moderator must let me {permission} in this channel first.",
    permission=Strong("Attach Files"),
)

EMBEDDED_PICTURE = "embedded picture"
"""The name of a picture whose address has none."""

NOT_SERVED = Message("this picture is not served by Discord, so I leave it alone; attach it instead")
LOTTIE = Message("this sticker is a drawing in motion, not a picture")
FILE_GONE = Message("Discord no longer has this file; post it again")
CONNECTION_LOST = Message("I lost the line to Discord while reading this file; try again")

_TRUSTED_PEOPLE = {
    Trust.TRUSTED: "people with a trusted role",
    Trust.MODERATOR: Message(
        "moderators (Manage Server, or a moderator role chosen in {command})", command=SlashCommand("setup")
    ),
    Trust.OWNER: "the person who runs me",
}


def file_refused(status: int) -> Message:
    """Discord's server answers with this HTTP status instead of a file."""
    return Message("Discord didn't hand me this file (it answered {status}); try again", status=status)


def file_too_large(size: int, limit: int, kind: Literal["files", "pictures"]) -> Message:
    """A file of `size` bytes is above the limit of its kind."""
    return Message(
        "this file is too large ({size}); I read {files} of up to {most}",
        size=mebibytes(size, 1),
        files=kind,
        most=mebibytes(limit),
    )


def trust_needed(needed: Trust) -> Message:
    """A command or button needs more trust than the person has."""
    return Message("Only {who} may do that.", who=_TRUSTED_PEOPLE[needed])


def shown_only_in(channel_id: int) -> str:
    """A part of a sentence, for pictures of an age-restricted channel."""
    return f"shown in <#{channel_id}> alone, which is age-restricted"


def late_result_line(asker_id: int) -> str:
    """Calls a person to the result of a long command."""
    return f"-# <@{asker_id}>, this is what you asked for."


def more_line(number: int) -> str:
    """The number of lines that a card has no room for."""
    return f"… and {number} more"
