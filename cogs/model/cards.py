"""Cards about models: which answer, how they came about, the way back, a group's report, and a label that looks wrong."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Origin
from bot.text.formatting import counted, face_quality
from bot.text.models import classifier_trial, gate_objections, model_accuracy, recognition_counts
from cogs.common.discord_limits import LONGEST_LABEL, LONGEST_OPTION, MOST_OPTIONS
from cogs.common.layout import (
    LONGEST_TEXT,
    NO_GROUP,
    Button,
    Card,
    CardAndFiles,
    Row,
    Select,
    container,
    custom_id,
    gallery,
    message_card,
    shown_only_in,
)
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.models import MadeModel
    from bot.domain.reports import MemberReport
    from bot.usecases.models import GroupReport, GroupStatus, History, RollbackPlan
    from bot.usecases.roster.labels import Label

PAGE = 4
MOST_LINES = 10
ANSWERS, ASIDE = 0x3BA55D, 0xE0A030
SAID = {
    Origin.ASKED: "said by",
    Origin.SUBMITTED: "handed in by",
    Origin.GATHERED: "gathered, and confirmed by",
}


def status_card(groups: Sequence[GroupStatus]) -> Card:
    """What answers for each group, and what waits."""
    if not groups:
        return message_card(NO_GROUP)
    card = Card()
    box = container(0x5865F2)
    box.add_item(discord.ui.TextDisplay(_joined([_status(group) for group in groups], "\n\n")))
    card.add_item(box)
    return card


def history_card(history: History, page: int) -> Card:
    """A page of a group's models, from 0, the newest first."""
    name = plain(history.name)
    if not history.models:
        return message_card(f"**{name}** has no model yet. Photos that moderators hand in answer at once.")
    card = Card()
    pages = -(-len(history.models) // PAGE)
    page = max(0, min(page, pages - 1))
    shown = history.models[page * PAGE : (page + 1) * PAGE]
    box = container(0x5865F2)
    box.add_item(discord.ui.TextDisplay(f"## Models of {name}"))
    box.add_item(discord.ui.TextDisplay("\n\n".join(_model(model)[: LONGEST_TEXT // PAGE] for model in shown)))
    card.add_item(box)
    if pages > 1:
        newer = Button(
            label="Newer", custom_id=custom_id("models", history.group, max(page - 1, 0), 0), disabled=page == 0
        )
        older = Button(
            label="Older", custom_id=custom_id("models", history.group, page + 1, 1), disabled=page == pages - 1
        )
        card.add_item(Row(newer, older))
    return card


def rollback_card(back: RollbackPlan) -> Card:
    """Asks whether an earlier model is to answer."""
    card = Card()
    box = container(ASIDE)
    box.add_item(
        discord.ui.TextDisplay(
            f"**Go back to model {back.to.number} of {plain(back.to.group_name)}?**\n"
            f"Now:\n{_model(back.now)}\n\nThen:\n{_model(back.to)}\n\n"
            "-# From the next question on. What came since stays out until somebody trains with `/model train`; "
            "you can come back the same way."
        )
    )
    card.add_item(box)
    label = f"Go back to model {back.to.number}"
    go = Button(
        label=label,
        style=discord.ButtonStyle.danger,
        custom_id=custom_id("goback", back.to.group, back.to.id, back.now.id),
    )
    card.add_item(Row(go))
    return card


def report_card(report: GroupReport) -> CardAndFiles:
    """How a group stands, with its picture, and a menu of the labels that look wrong."""
    found = report.found
    card = Card()
    box = container(0x5865F2)
    known = "Nobody could be tried yet: that takes two photos of somebody."
    if found.named.photos:
        known = f"I name {recognition_counts(found.named)}."
    box.add_item(discord.ui.TextDisplay(f"## {plain(report.name)}, {counted(found.photos, 'photo')}\n{known}"))
    file = discord.File(BytesIO(found.picture), filename="report.png")
    box.add_item(gallery((file.filename, "; ".join(_standing(one) for one in found.members))))
    for title, lines in (
        ("Mixed up", _mixed_up(found.members)),
        ("Needs photos, large and clear", [_need(one) for one in found.needy]),
    ):
        if lines:
            more = [f"-# and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            box.add_item(discord.ui.TextDisplay("\n".join([f"**{title}**", *lines[:MOST_LINES], *more])[:1200]))
    card.add_item(box)
    if not report.labels:
        box.add_item(discord.ui.TextDisplay("**No label looks wrong.**"))
        return card, [file]
    count = len(report.labels)
    told = f"**{counted(count, 'label')} {'looks' if count == 1 else 'look'} wrong**: choose one to look at it."
    if count > MOST_OPTIONS:
        told += f"\n-# The {MOST_OPTIONS} strongest are in the menu."
    box.add_item(discord.ui.TextDisplay(told))
    options = [
        discord.SelectOption(
            label=f"{label.member}: looks like {label.looks_like_name or 'nobody'}"[:LONGEST_OPTION],
            value=f"{label.photo}:{label.looks_like or 0}",
            description=f"Photo {label.photo}",
        )
        for label in report.labels[:MOST_OPTIONS]
    ]
    card.add_item(
        Row(Select(custom_id=custom_id("doubt", report.group), placeholder="Labels that look wrong", options=options))
    )
    return card, [file]


def label_card(label: Label) -> CardAndFiles:
    """A label that looks wrong, with its crop, and what may be said of it."""
    card = Card()
    box = container(ASIDE)
    like = plain(label.looks_like_name) if label.looks_like_name else "nobody of the group"
    who = f"<@{label.labelled_by}>" if label.labelled_by else "my owner"
    seen = face_quality(label.face_width, label.sharpness)
    box.add_item(
        discord.ui.TextDisplay(
            f"**{plain(label.member)}** of {plain(label.group)}, it says; it looks like **{like}**.\n"
            f"-# {SAID[label.origin]} {who}, {discord.utils.format_dt(label.labelled_at, 'D')} · {seen} · "
            f"photo {label.photo}"
        )
    )
    files: list[discord.File] = []
    if label.crop is None:
        why = "Its file is lost" if label.only_in is None else f"It is {shown_only_in(label.only_in)}"
        box.add_item(discord.ui.TextDisplay(f"-# {why}."))
    else:
        files.append(discord.File(BytesIO(label.crop), filename="face.jpg"))
        box.add_item(gallery(("face.jpg", f"The face that is said to be {label.member}"), spoiler=label.spoiler))
    card.add_item(box)
    row = Row(Button(label="It is right", custom_id=custom_id("isright", label.photo)))
    if label.looks_like is not None and label.looks_like_name is not None:
        row.add_item(
            Button(
                label=f"It is {label.looks_like_name}"[:LONGEST_LABEL],
                custom_id=custom_id("isother", label.photo, label.looks_like),
            )
        )
    row.add_item(Button(label="Remove", style=discord.ButtonStyle.danger, custom_id=custom_id("unlabel", label.photo)))
    card.add_item(row)
    return card, files


def model_choice(model: MadeModel) -> str:
    """A model in a menu: `2: 45 photos, named 43 of 45 unseen photos right and 1 wrong`."""
    return f"{model.number}: {counted(model.figures.photos, 'photo')}, {model_accuracy(model)}"[:LONGEST_OPTION]


def _status(group: GroupStatus) -> str:
    lines = [f"**{plain(group.name)}**"]
    if group.model is None:
        answer = "answers" if group.answering == 1 else "answer"
        lines.append(f"No model yet; {counted(group.answering, 'photo')} that moderators handed in {answer}.")
    else:
        lines.append(_model(group.model))
    if group.newest is not None and group.newest is not group.model:
        lines.append(f"-# The newest is model {group.newest.number}; `/model history` has it.")
    left = group.after - group.labels
    told = (
        [f"{counted(group.labels, 'new label')}, the next training after {left} more"]
        if left > 0
        else ["training is due"]
    )
    if group.waiting > group.labels:
        told.append(f"{counted(group.waiting, 'photo')} {'waits' if group.waiting == 1 else 'wait'} in all")
    if group.training:
        told.append("🏋️ training now")
    lines.append(f"-# {' · '.join(told)}")
    return "\n".join(lines)


def _model(model: MadeModel) -> str:
    """A model with its figures and its verdict."""
    made = f"{discord.utils.format_dt(model.made_at, 'D')}, {'by itself' if not model.made_by else f'by <@{model.made_by}>'}"
    state = "✅ answers" if model.answers else "answered once" if model.promoted else "⚠️ kept aside"
    figures = model.figures
    labels = f", {counted(model.labels, 'new label')}" if model.labels else ""
    lines = [
        f"**Model {model.number}** · {state} · {made}",
        f"{counted(figures.photos, 'photo')} of {counted(figures.members, 'member')}{labels}; it {model_accuracy(model)}.",
    ]
    if model.promoted:
        lines.append(f"-# Classifier: {classifier_trial(figures.trial)}. Engine `{model.engine}`.")
    else:
        lines.append(f"-# Kept aside: {plain(gate_objections(figures.judged))}.")
    return "\n".join(lines)


def _standing(one: MemberReport) -> str:
    right = f"{one.right} of {one.asked} right" if one.asked else "not tried"
    return f"{one.name}: {counted(one.photos, 'photo')}, {right}"


def _mixed_up(members: Sequence[MemberReport]) -> list[str]:
    mixed = sorted(members, key=lambda one: -one.mixed_up_photos)
    return [
        f"{plain(one.name)} is called {plain(one.mixed_up)} in {one.mixed_up_photos} of {counted(one.asked, 'photo')}"
        for one in mixed
        if one.mixed_up is not None
    ]


def _need(one: MemberReport) -> str:
    has = counted(one.different, "different photo")
    if one.need == "few":
        return f"{plain(one.name)}: {has}, five make a good start"
    told = f"named right in {one.right} of {one.asked}" if one.asked else "never tried"
    return f"{plain(one.name)}: {has}, but {told}"


def _joined(parts: Sequence[str], between: str) -> str:
    """As many of the parts as a card holds."""
    kept: list[str] = []
    for part in parts:
        if len(between.join([*kept, part])) > LONGEST_TEXT:
            return between.join([*kept, f"-# and {len(parts) - len(kept)} more"])
        kept.append(part)
    return between.join(kept)
