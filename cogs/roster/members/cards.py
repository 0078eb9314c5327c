"""The card of a member with a page of photos."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

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
from cogs.roster.members.texts import (
    BACK,
    ON,
    REMOVE_PHOTO,
    member_text,
    page_of,
    photo_alt_text,
    photo_line,
    photo_option,
)

if TYPE_CHECKING:
    from bot.usecases.roster.photos import MemberView, PhotoView


def member_card(shown: MemberView, *, manage: bool) -> Card:
    """A member: aliases, the number of photos, and a page of them. `member_files` has its pictures.

    `manage`: with a menu that removes a photo.
    """
    parts: list[Part] = [member_text(shown)[: LONGEST_TEXT // 2]]
    pictures = [
        discord.MediaGalleryItem(
            f"attachment://{_file_name(number)}",
            description=photo_alt_text(member=shown.name, number=number)[:LONGEST_ALT],
            spoiler=photo.spoiler,
        )
        for number, photo in _numbered(shown)
        if photo.crop is not None
    ]
    if pictures:
        parts.append(discord.ui.MediaGallery(*pictures))
    if shown.photos:
        photos = [photo_line(photo, number=number) for number, photo in _numbered(shown)]
        parts.append("\n".join(photos)[: LONGEST_TEXT // 2])
    return framed_card(BLUE, *parts, *_controls(shown, manage=manage and not shown.is_shared))


def member_files(shown: MemberView) -> list[discord.File]:
    """The crops of the page."""
    return [
        discord.File(BytesIO(photo.crop), filename=_file_name(number))
        for number, photo in _numbered(shown)
        if photo.crop is not None
    ]


def _file_name(number: int) -> str:
    return f"photo-{number}.jpg"


def _numbered(shown: MemberView) -> list[tuple[int, PhotoView]]:
    """The photos of the page with their numbers among all photos of the member."""
    return list(enumerate(shown.photos, start=shown.page * PAGE + 1))


def _controls(shown: MemberView, *, manage: bool) -> list[Row]:
    """The menu that removes a photo, and the buttons that turn pages."""
    rows: list[Row] = []
    if manage and shown.photos:
        options = [
            discord.SelectOption(label=photo_option(number), value=str(photo.id)) for number, photo in _numbered(shown)
        ]
        menu = Select(custom_id=custom_id("dropphoto", shown.id, shown.page), placeholder=REMOVE_PHOTO, options=options)
        rows.append(Row(menu))
    if shown.pages > 1:
        action = "photos" if manage else "crops"
        last = shown.pages - 1
        rows.append(
            Row(
                Button(
                    label=BACK,
                    disabled=shown.page == 0,
                    custom_id=custom_id(action, shown.id, max(0, shown.page - 1), 0),
                ),
                Button(
                    label=ON,
                    disabled=shown.page == last,
                    custom_id=custom_id(action, shown.id, min(last, shown.page + 1), 1),
                ),
                Button(
                    label=page_of(page=shown.page + 1, pages=shown.pages), disabled=True, custom_id=custom_id("page")
                ),
            )
        )
    return rows
