"""The sentences of the /setup card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.enums import LearningPolicy
from bot.domain.messages import Message, SlashCommand
from bot.domain.quotas import Quota
from bot.text.formatting import MEBIBYTE, mebibytes
from cogs.common.layout import bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.quotas import QuotaUsage

TITLE = "## Setup"
TRUSTED_ROLES = "**Trusted roles**: their corrections count at once."
NO_TRUSTED_ROLE = "Nobody but moderators yet"
MODERATOR_ROLES = "**Moderator roles**: they add groups and members, beside those with Manage Server."
NO_MODERATOR_ROLE = "Nobody but those with Manage Server yet"
THRESHOLD = "**Threshold**: from this confidence on an answer counts as sure (green)."
DEFAULT_GROUP = "**This channel's group**: whom questions in this channel are about."
NO_DEFAULT_GROUP = "Found from the faces"
WATCHED_CHANNELS = "**Watched channels**: there, *who is this?* works without a mention."
NO_WATCHED_CHANNEL = "None"
LEARNS_FROM = "**What I may learn from**"
NOTICES = "**Notices**: the channel of messages to moderators, such as that a new model was refused."
NO_NOTICES = "Nowhere"
GONE_FROM_SERVER = Message(
    "That isn't one of this server any more: open {command} again.", command=SlashCommand("setup")
)

ROOM = "**What this server may hold**"
QUOTAS = {
    Quota.GROUPS: "Groups",
    Quota.MEMBERS: "Members",
    Quota.PHOTOS: "Photos",
    Quota.CROP_BYTES: "Crops of faces",
    Quota.CLIP_BYTES: "Kept videos and clips",
    Quota.TRAININGS: "Trainings within the last hour",
}
QUOTA_BAR = 10

LEARNS = {
    LearningPolicy.CONFIRMED: (
        "What trusted people confirm",
        "Photos that moderators hand in, and good faces that trusted people confirm or correct.",
    ),
    LearningPolicy.SUBMITTED: (
        "What moderators hand in",
        "Photos that moderators hand in, and gathered ones once confirmed. No face asked about.",
    ),
    LearningPolicy.OFF: (
        "Nothing new",
        "No photo is taken from anybody. Those that are there go on answering.",
    ),
}
"""The label and the description of each choice."""

KEPT = {
    LearningPolicy.CONFIRMED: "I also keep a crop of each face, gathered ones too, until a trusted person says who it is. "
    "Good crops that they confirm become photos of this server's own members.",
    LearningPolicy.SUBMITTED: "I keep crops of gathered faces until a trusted person says who it is, and of no others.",
    LearningPolicy.OFF: "I keep no new crop.",
}
STORED = (
    "**What I keep**\n"
    "- **Members**: crops and encodings of their photos. Everybody here sees those crops in `/twins`, `/map` and `/quiz`.\n"
    "- **Questions**: the encodings of the faces, the names that I gave and what people said; never the posted picture. "
    "{kept}\n"
    "- **Videos**: the video and its clip for {days}, so that I can draw corrections.\n"
    "- **For how long**: a face that nobody labels stays for {days}. The deletion of its message, of the question or of my "
    "card deletes it at once. A trusted person's label stays, also *not a member* and *not a face*.\n"
    "- **Quiz**: answers, points and the members that a player knows, until the player uses `/quiz forget`."
)
INTEGRATIONS = (
    "-# Moderator roles see `/group`, `/member`, `/model`, `/roster` and `/setup` once "
    "Server Settings > Integrations shows these to the role."
)


def quotas_text(quotas: Iterable[QuotaUsage]) -> str:
    """What a server holds of each quota: a bar, and `Photos: 812 of 20,000`."""
    return "\n".join([ROOM, *(_quota_line(use) for use in quotas)])


def _quota_line(use: QuotaUsage) -> str:
    amounts = f"{use.used:,} of {use.limit:,}"
    if use.quota.is_bytes:
        amounts = f"{use.used / MEBIBYTE:,.0f} of {mebibytes(use.limit)}"
    full = "" if use.room else " · full"
    return f"{bar(min(1.0, use.used / use.limit), QUOTA_BAR)} {QUOTAS[use.quota]}: {amounts}{full}"


def stored_text(learns: LearningPolicy, forget_days: int) -> str:
    """The data that the bot keeps under this choice of learning, and for how long."""
    days = "a day" if forget_days == 1 else f"{forget_days} days"
    return STORED.format(kept=KEPT[learns], days=days)


def forgotten_crops_sentence(faces: int) -> str:
    """Answers a choice by which the crops of unlabelled faces were deleted."""
    if faces == 1:
        return "I let go of the crop of one face that nobody had labelled."
    return f"I let go of the crops of {faces} faces that nobody had labelled."
