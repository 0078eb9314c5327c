"""Cards about models: status, history, rollback, a group's report, and a label that looks wrong."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.discord_limits import LONGEST_LABEL, LONGEST_OPTION, MAX_OPTIONS
from cogs.common.layout import (
    AMBER,
    BLUE,
    LONGEST_TEXT,
    Button,
    Card,
    CardAndFiles,
    Part,
    Row,
    Select,
    custom_id,
    framed_card,
    gallery,
    lines_within,
    message_card,
    thumbnail,
)
from cogs.common.texts import NO_GROUP
from cogs.model.texts import (
    LABEL_IS_RIGHT,
    MISSING_LOOKS,
    MIXED_UP,
    NEEDS_PHOTOS,
    NEWER,
    OLDER,
    REMOVE_LABEL,
    WRONG_LABELS,
    crop_alt_text,
    history_title,
    label_is_button,
    label_text,
    look_alt_text,
    look_line,
    mixed_up_lines,
    model_text,
    more_line,
    need_line,
    no_crop_line,
    no_model_sentence,
    photo_number,
    report_alt_text,
    report_title,
    rollback_button,
    rollback_question,
    status_text,
    wrong_label_option,
    wrong_labels_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.models import GroupReport, GroupStatus, MemberLook, ModelHistory, RollbackPlan
    from bot.usecases.roster.labels import LabelledPhoto

PAGE = 4
MAX_LINES = 10
LONGEST_LIST, LONGEST_LOOKS = 900, 600
"""Characters of a report's list, and of its missing looks without a picture. Those with one take up to 900 more."""


def status_card(groups: Sequence[GroupStatus]) -> Card:
    """The model that answers for each group, and the labels that wait for the next."""
    if not groups:
        return message_card(NO_GROUP)
    return framed_card(BLUE, _joined([status_text(group) for group in groups], "\n\n"))


def history_card(history: ModelHistory, page: int) -> Card:
    """A page of a group's models, the newest first. Pages count from 0."""
    if not history.models:
        return message_card(no_model_sentence(history.name))
    pages = -(-len(history.models) // PAGE)
    page = max(0, min(page, pages - 1))
    shown = history.models[page * PAGE : (page + 1) * PAGE]
    models = "\n\n".join(model_text(model)[: LONGEST_TEXT // PAGE] for model in shown)
    card = framed_card(BLUE, history_title(history.name), models)
    if pages > 1:
        newer = Button(
            label=NEWER, custom_id=custom_id("models", history.group, max(page - 1, 0), 0), disabled=page == 0
        )
        older = Button(
            label=OLDER, custom_id=custom_id("models", history.group, page + 1, 1), disabled=page == pages - 1
        )
        card.add_item(Row(newer, older))
    return card


def rollback_card(back: RollbackPlan) -> Card:
    """Asks whether an earlier model is to answer."""
    card = framed_card(AMBER, rollback_question(back))
    confirm = Button(
        label=rollback_button(back.target.number),
        style=discord.ButtonStyle.danger,
        custom_id=custom_id("goback", back.target.group, back.target.id, back.current.id),
    )
    card.add_item(Row(confirm))
    return card


def report_card(report: GroupReport) -> CardAndFiles:
    """A group's report with its picture, photos of missing looks, and a menu of the labels that look wrong."""
    found = report.found
    file = discord.File(BytesIO(found.picture), filename="report.png")
    looks, crops = _look_parts(report.looks)
    parts: list[Part] = [
        report_title(report),
        gallery((file.filename, report_alt_text(found.members))),
    ]
    for title, lines in (
        (MIXED_UP, mixed_up_lines(found.members)),
        (NEEDS_PHOTOS, [need_line(member) for member in found.members_needing_photos]),
    ):
        if lines:
            more = [more_line(len(lines) - MAX_LINES)] if len(lines) > MAX_LINES else []
            parts.append("\n".join([title, *lines[:MAX_LINES], *more])[:LONGEST_LIST])
    parts += looks
    parts.append(wrong_labels_text(count=len(report.labels), most=MAX_OPTIONS))
    card = framed_card(BLUE, *parts)
    if report.labels:
        card.add_item(Row(_suspect_menu(report)))
    return card, [file, *crops]


def label_card(label: LabelledPhoto) -> CardAndFiles:
    """A label that looks wrong, with its crop, and buttons for the decision."""
    parts: list[Part] = [label_text(label)]
    files: list[discord.File] = []
    if label.crop is None:
        parts.append(no_crop_line(label.only_in))
    else:
        files.append(discord.File(BytesIO(label.crop), filename="face.jpg"))
        parts.append(gallery(("face.jpg", crop_alt_text(label.member)), spoiler=label.spoiler))
    card = framed_card(AMBER, *parts)
    row = Row(Button(label=LABEL_IS_RIGHT, custom_id=custom_id("isright", label.photo)))
    if label.looks_like is not None and label.looks_like_name is not None:
        row.add_item(
            Button(
                label=label_is_button(label.looks_like_name)[:LONGEST_LABEL],
                custom_id=custom_id("isother", label.photo, label.looks_like),
            )
        )
    row.add_item(
        Button(label=REMOVE_LABEL, style=discord.ButtonStyle.danger, custom_id=custom_id("unlabel", label.photo))
    )
    card.add_item(row)
    return card, files


def _look_parts(looks: Sequence[MemberLook]) -> tuple[list[Part], list[discord.File]]:
    """The missing looks, those with a crop first, each beside it; and the files of these crops."""
    parts: list[Part] = [MISSING_LOOKS] if looks else []
    files: list[discord.File] = []
    for look in looks:
        if look.crop is not None:
            file = discord.File(BytesIO(look.crop), filename=f"look-{len(files) + 1}.jpg")
            picture = thumbnail(file.filename, look_alt_text(look.member), spoiler=look.spoiler)
            parts.append(discord.ui.Section(look_line(look), accessory=picture))
            files.append(file)
    without = [look_line(look) for look in looks if look.crop is None]
    if without:
        parts.append(lines_within(without, LONGEST_LOOKS))
    return parts, files


def _suspect_menu(report: GroupReport) -> Select:
    options = [
        discord.SelectOption(
            label=wrong_label_option(member=label.member, looks_like=label.looks_like_name)[:LONGEST_OPTION],
            value=f"{label.photo}:{label.looks_like or 0}",
            description=photo_number(label.photo),
        )
        for label in report.labels[:MAX_OPTIONS]
    ]
    return Select(custom_id=custom_id("doubt", report.group), placeholder=WRONG_LABELS, options=options)


def _joined(parts: Sequence[str], between: str) -> str:
    """The parts that fit into a card, and the number of the others."""
    kept: list[str] = []
    for part in parts:
        if len(between.join([*kept, part])) > LONGEST_TEXT:
            return between.join([*kept, more_line(len(parts) - len(kept))])
        kept.append(part)
    return between.join(kept)
