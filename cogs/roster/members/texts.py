"""The sentences about a member's photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bot.domain.enums import FaceOrigin
from bot.text.faces import face_quality
from bot.text.formatting import counted
from cogs.common.markup import plain
from cogs.common.texts import shown_only_in
from cogs.roster.texts import also_text, shared_note

if TYPE_CHECKING:
    from bot.usecases.roster.photos import MemberView, PhotoView

REMOVE_PHOTO = "Remove a photo…"
BACK, ON = "Back", "On"
ORIGINS = {
    FaceOrigin.SUBMITTED: "handed in",
    FaceOrigin.ASKED: "confirmed",
    FaceOrigin.GATHERED: "gathered",
}


def member_text(shown: MemberView) -> str:
    """A member, the group, the aliases, and the number of photos of each origin."""
    total = sum(shown.counts.values())
    origins = ", ".join(f"{count} {ORIGINS[origin]}" for origin, count in sorted(shown.counts.items()))
    lines = [f"## {plain(shown.name)}", f"of **{plain(shown.group)}**{shared_note(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(also_text(shown.aliases))
    lines.append(f"{counted(total, 'photo')}: {origins}" if total else "no photo yet: `/member add`")
    return "\n".join(lines)


def photo_alt_text(*, member: str, number: int) -> str:
    """A photo of a member, without markup."""
    return f"{member}, photo {number}"


def photo_line(photo: PhotoView, *, number: int) -> str:
    """`3 · handed in by @mina 3 days ago · 212 px wide, sharp`."""
    by = f" by <@{photo.added_by}>" if photo.added_by else ""
    line = (
        f"{number} · {ORIGINS[photo.origin]}{by} {format_dt(photo.added_at, 'R')} · "
        f"{face_quality(photo.face_width, photo.sharpness)}"
    )
    return line if photo.only_in is None else f"{line} · {shown_only_in(photo.only_in)}"


def photo_option(number: int) -> str:
    """A photo in the menu that removes one."""
    return f"Photo {number}"


def page_of(*, page: int, pages: int) -> str:
    """`2 of 5`, for a page that counts from 1."""
    return f"{page} of {pages}"
