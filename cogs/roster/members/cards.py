"""The card of a member with a page of photos."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Origin
from bot.text.faces import face_quality
from bot.text.formatting import counted
from bot.usecases.roster.photos import PAGE
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import (
    BLUE,
    LONGEST_TEXT,
    Button,
    Card,
    Part,
    Row,
    Select,
    custom_id,
    framed_card,
)
from cogs.common.markup import plain
from cogs.common.texts import shown_only_in
from cogs.roster.entries import listed_names, shared_note

if TYPE_CHECKING:
    from bot.usecases.roster.photos import ShownMember, ShownPhoto

ORIGINS = {
    Origin.SUBMITTED: "handed in",
    Origin.ASKED: "confirmed",
    Origin.GATHERED: "gathered",
}


def member_card(shown: ShownMember, *, manage: bool) -> Card:
    """A member: aliases, the number of photos, and a page of them. `member_files` has its pictures.

    `manage`: with a menu that removes a photo.
    """
    total = sum(shown.counts.values())
    origins = ", ".join(f"{count} {ORIGINS[origin]}" for origin, count in sorted(shown.counts.items()))
    lines = [f"## {plain(shown.name)}", f"of **{plain(shown.group)}**{shared_note(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(f"also {listed_names(shown.aliases)}")
    lines.append(f"{counted(total, 'photo')}: {origins}" if total else "no photo yet: `/member add`")
    parts: list[Part] = ["\n".join(lines)[: LONGEST_TEXT // 2]]
    pictures = [
        discord.MediaGalleryItem(
            f"attachment://{_file_name(number)}",
            description=f"{shown.name}, photo {number}"[:LONGEST_ALT],
            spoiler=photo.spoiler,
        )
        for number, photo in _numbered(shown)
        if photo.crop is not None
    ]
    if pictures:
        parts.append(discord.ui.MediaGallery(*pictures))
    if shown.photos:
        photos = [f"{number} · {_photo_line(photo)}" for number, photo in _numbered(shown)]
        parts.append("\n".join(photos)[: LONGEST_TEXT // 2])
    return framed_card(BLUE, *parts, *_controls(shown, manage=manage and not shown.is_shared))


def member_files(shown: ShownMember) -> list[discord.File]:
    """The crops of the page."""
    return [
        discord.File(BytesIO(photo.crop), filename=_file_name(number))
        for number, photo in _numbered(shown)
        if photo.crop is not None
    ]


def _file_name(number: int) -> str:
    return f"photo-{number}.jpg"


def _numbered(shown: ShownMember) -> list[tuple[int, ShownPhoto]]:
    """The photos of the page with their numbers among all photos of the member."""
    return list(enumerate(shown.photos, start=shown.page * PAGE + 1))


def _photo_line(photo: ShownPhoto) -> str:
    """`handed in by @mina 3 days ago · 212 px wide, sharp`."""
    by = f" by <@{photo.added_by}>" if photo.added_by else ""
    when = discord.utils.format_dt(photo.added_at, "R")
    line = f"{ORIGINS[photo.origin]}{by} {when} · {face_quality(photo.face_width, photo.sharpness)}"
    return line if photo.only_in is None else f"{line} · {shown_only_in(photo.only_in)}"


def _controls(shown: ShownMember, *, manage: bool) -> list[Row]:
    """The menu that removes a photo, and the buttons that turn pages."""
    rows: list[Row] = []
    if manage and shown.photos:
        options = [
            discord.SelectOption(label=f"Photo {number}", value=str(photo.id)) for number, photo in _numbered(shown)
        ]
        menu = Select(
            custom_id=custom_id("dropphoto", shown.id, shown.page), placeholder="Remove a photo…", options=options
        )
        rows.append(Row(menu))
    if shown.pages > 1:
        action = "photos" if manage else "crops"
        last = shown.pages - 1
        rows.append(
            Row(
                Button(
                    label="Back",
                    disabled=shown.page == 0,
                    custom_id=custom_id(action, shown.id, max(0, shown.page - 1), 0),
                ),
                Button(
                    label="On",
                    disabled=shown.page == last,
                    custom_id=custom_id(action, shown.id, min(last, shown.page + 1), 1),
                ),
                Button(label=f"{shown.page + 1} of {shown.pages}", disabled=True, custom_id=custom_id("page")),
            )
        )
    return rows
