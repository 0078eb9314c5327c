"""Cards that show a group or a member with photos, and the one that asks before either is removed."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Origin
from bot.text.formatting import counted, face_quality
from bot.usecases.roster.photos import PAGE
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import LONGEST_TEXT, Button, Card, Row, Select, container, custom_id, gallery, shown_only_in
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.usecases.roster.members import Removal
    from bot.usecases.roster.photos import ShownGroup, ShownMember, ShownPhoto

BLUE = 0x5865F2
RED = 0xED4245

SHEET = "members.jpg"

WHENCE = {
    Origin.SUBMITTED: "handed in",
    Origin.ASKED: "confirmed",
    Origin.GATHERED: "gathered",
}


def removal_card(removal: Removal) -> Card:
    """Asks whether a group or a member is to be removed, and says what goes with it."""
    members, photos, labels = removal.removal_counts
    what = [f"{counted(photos, 'photo')} with crops and encodings", counted(labels, "label")]
    of = f" of **{plain(removal.group)}**" if removal.group is not None else ""
    if removal.group is None:
        what.insert(0, counted(members, "member"))
    action = "removegroup" if removal.group is None else "removemember"
    card = Card()
    box = container(RED)
    box.add_item(
        discord.ui.TextDisplay(
            f"**Remove {plain(removal.name)}{of}?**\nWith it go {', '.join(what)}. This can't be undone."
        )
    )
    box.add_item(
        Row(
            Button(label="Remove", style=discord.ButtonStyle.danger, custom_id=custom_id(action, removal.id)),
            Button(label="Keep", custom_id=custom_id("keep")),
        )
    )
    card.add_item(box)
    return card


def member_card(shown: ShownMember, *, manage: bool) -> Card:
    """A member: other names, how many photos, and a page of them; `manage`: with a menu that removes one.

    Its crops are sent beside it, see `member_files`.
    """
    card = Card()
    box = container(BLUE)
    total = sum(shown.counts.values())
    whence = ", ".join(f"{count} {WHENCE[origin]}" for origin, count in sorted(shown.counts.items()))
    lines = [f"## {plain(shown.name)}", f"of **{plain(shown.group)}**{_shared(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(f"also {_names(shown.aliases)}")
    lines.append(f"{counted(total, 'photo')}: {whence}" if total else "no photo yet: `/member add`")
    box.add_item(discord.ui.TextDisplay("\n".join(lines)[: LONGEST_TEXT // 2]))
    if files := member_files(shown):
        described = [
            (f"{shown.name}, photo {number}", photo.spoiler)
            for number, photo in _numbered(shown)
            if photo.crop is not None
        ]
        box.add_item(
            discord.ui.MediaGallery(
                *(
                    discord.MediaGalleryItem(
                        f"attachment://{file.filename}", description=text[:LONGEST_ALT], spoiler=spoiler
                    )
                    for file, (text, spoiler) in zip(files, described, strict=True)
                )
            )
        )
    if shown.photos:
        told = [f"{number} · {_in_words(photo)}" for number, photo in _numbered(shown)]
        box.add_item(discord.ui.TextDisplay("\n".join(told)[: LONGEST_TEXT // 2]))
    for row in _controls(shown, manage=manage and not shown.is_shared):
        box.add_item(row)
    card.add_item(box)
    return card


def member_files(shown: ShownMember) -> list[discord.File]:
    """The crops of the page."""
    return [
        discord.File(BytesIO(photo.crop), filename=f"photo-{number}.jpg")
        for number, photo in _numbered(shown)
        if photo.crop is not None
    ]


def group_card(shown: ShownGroup) -> Card:
    """A group: other names, its members with theirs, and a face of each."""
    card = Card()
    box = container(BLUE)
    lines = [f"## {plain(shown.name)}{_shared(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(f"also {_names(shown.aliases)}")
    lines.append(counted(len(shown.members), "member") if shown.members else "nobody yet: `/member add`")
    box.add_item(discord.ui.TextDisplay("\n".join(lines)[: LONGEST_TEXT // 4]))
    if shown.sheet is not None:
        box.add_item(gallery((SHEET, f"A face of each: {', '.join(shown.pictured)}")))
    if shown.members:
        told = (
            f"**{plain(one.name)}** · {counted(one.photos, 'photo')}"
            + (f" · also {_names(one.aliases)}" if one.aliases else "")
            for one in shown.members
        )
        box.add_item(discord.ui.TextDisplay(_cut("\n".join(told), LONGEST_TEXT * 3 // 4)))
    card.add_item(box)
    return card


def group_files(shown: ShownGroup) -> list[discord.File]:
    """The sheet with a face of each member."""
    return [] if shown.sheet is None else [discord.File(BytesIO(shown.sheet), filename=SHEET)]


def _numbered(shown: ShownMember) -> list[tuple[int, ShownPhoto]]:
    return list(enumerate(shown.photos, start=shown.page * PAGE + 1))


def _in_words(photo: ShownPhoto) -> str:
    """`handed in by @mina 3 days ago · 212 px wide, sharp`."""
    whom = f" by <@{photo.added_by}>" if photo.added_by else ""
    when = discord.utils.format_dt(photo.added_at, "R")
    told = f"{WHENCE[photo.origin]}{whom} {when} · {face_quality(photo.face_width, photo.sharpness)}"
    return told if photo.only_in is None else f"{told} · {shown_only_in(photo.only_in)}"


def _controls(shown: ShownMember, *, manage: bool) -> list[Row]:
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


def _shared(*, is_shared: bool) -> str:
    return " · shared with every server" if is_shared else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(plain(name) for name in names)


def _cut(text: str, room: int) -> str:
    """The lines that fit."""
    if len(text) <= room:
        return text
    kept = text[: room - 20].rsplit("\n", 1)[0]
    return f"{kept}\n… and {text.count(chr(10)) - kept.count(chr(10))} more"
