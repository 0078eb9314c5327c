"""Cards about models: status, history, rollback, a group's report, and a label that looks wrong."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Origin
from bot.text.faces import face_quality
from bot.text.formatting import counted
from bot.text.models import classifier_trial, gate_objections, model_accuracy, recognition_counts
from cogs.common.discord_limits import LONGEST_LABEL, LONGEST_OPTION, MOST_OPTIONS
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
    message_card,
)
from cogs.common.markup import plain
from cogs.common.texts import NO_GROUP, shown_only_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.models import MadeModel
    from bot.domain.reports import MemberReport
    from bot.usecases.models import GroupReport, GroupStatus, History, RollbackPlan
    from bot.usecases.roster.labels import LabelledPhoto

PAGE = 4
MOST_LINES = 10
ORIGINS = {
    Origin.ASKED: "said by",
    Origin.SUBMITTED: "handed in by",
    Origin.GATHERED: "gathered, and confirmed by",
}


def status_card(groups: Sequence[GroupStatus]) -> Card:
    """The model that answers for each group, and the labels that wait for the next."""
    if not groups:
        return message_card(NO_GROUP)
    return framed_card(BLUE, _joined([_status(group) for group in groups], "\n\n"))


def history_card(history: History, page: int) -> Card:
    """A page of a group's models, the newest first. Pages count from 0."""
    name = plain(history.name)
    if not history.models:
        return message_card(f"**{name}** has no model yet. Photos that moderators hand in answer at once.")
    pages = -(-len(history.models) // PAGE)
    page = max(0, min(page, pages - 1))
    shown = history.models[page * PAGE : (page + 1) * PAGE]
    models = "\n\n".join(_model(model)[: LONGEST_TEXT // PAGE] for model in shown)
    card = framed_card(BLUE, f"## Models of {name}", models)
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
    card = framed_card(
        AMBER,
        f"**Go back to model {back.to.number} of {plain(back.to.group_name)}?**\n"
        f"Now:\n{_model(back.now)}\n\nThen:\n{_model(back.to)}\n\n"
        "-# From the next question on. What came since stays out until somebody trains with `/model train`; "
        "you can come back the same way.",
    )
    confirm = Button(
        label=f"Go back to model {back.to.number}",
        style=discord.ButtonStyle.danger,
        custom_id=custom_id("goback", back.to.group, back.to.id, back.now.id),
    )
    card.add_item(Row(confirm))
    return card


def report_card(report: GroupReport) -> CardAndFiles:
    """A group's report with its picture, and a menu of the labels that look wrong."""
    found = report.found
    known = "Nobody could be tried yet: that takes two photos of somebody."
    if found.named.photos:
        known = f"I name {recognition_counts(found.named)}."
    file = discord.File(BytesIO(found.picture), filename="report.png")
    parts: list[Part] = [
        f"## {plain(report.name)}, {counted(found.photos, 'photo')}\n{known}",
        gallery((file.filename, "; ".join(_recognition(member) for member in found.members))),
    ]
    for title, lines in (
        ("Mixed up", _mixed_up(found.members)),
        ("Needs photos, large and clear", [_need(member) for member in found.needy]),
    ):
        if lines:
            more = [f"-# and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            parts.append("\n".join([f"**{title}**", *lines[:MOST_LINES], *more])[:1200])
    parts.append(_suspects_text(len(report.labels)))
    card = framed_card(BLUE, *parts)
    if report.labels:
        card.add_item(Row(_suspect_menu(report)))
    return card, [file]


def label_card(label: LabelledPhoto) -> CardAndFiles:
    """A label that looks wrong, with its crop, and buttons for the decision."""
    like = plain(label.looks_like_name) if label.looks_like_name else "nobody of the group"
    by = f"<@{label.labelled_by}>" if label.labelled_by else "my owner"
    quality = face_quality(label.face_width, label.sharpness)
    parts: list[Part] = [
        f"**{plain(label.member)}** of {plain(label.group)}, it says; it looks like **{like}**.\n"
        f"-# {ORIGINS[label.origin]} {by}, {discord.utils.format_dt(label.labelled_at, 'D')} · {quality} · "
        f"photo {label.photo}"
    ]
    files: list[discord.File] = []
    if label.crop is None:
        reason = "Its file is lost" if label.only_in is None else f"It is {shown_only_in(label.only_in)}"
        parts.append(f"-# {reason}.")
    else:
        files.append(discord.File(BytesIO(label.crop), filename="face.jpg"))
        parts.append(gallery(("face.jpg", f"The face that is said to be {label.member}"), spoiler=label.spoiler))
    card = framed_card(AMBER, *parts)
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


def _suspects_text(count: int) -> str:
    if not count:
        return "**No label looks wrong.**"
    text = f"**{counted(count, 'label')} {'looks' if count == 1 else 'look'} wrong**: choose one to look at it."
    return f"{text}\n-# The {MOST_OPTIONS} strongest are in the menu." if count > MOST_OPTIONS else text


def _suspect_menu(report: GroupReport) -> Select:
    options = [
        discord.SelectOption(
            label=f"{label.member}: looks like {label.looks_like_name or 'nobody'}"[:LONGEST_OPTION],
            value=f"{label.photo}:{label.looks_like or 0}",
            description=f"Photo {label.photo}",
        )
        for label in report.labels[:MOST_OPTIONS]
    ]
    return Select(custom_id=custom_id("doubt", report.group), placeholder="Labels that look wrong", options=options)


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
    notes = (
        [f"{counted(group.labels, 'new label')}, the next training after {left} more"]
        if left > 0
        else ["training is due"]
    )
    if group.waiting > group.labels:
        notes.append(f"{counted(group.waiting, 'photo')} {'waits' if group.waiting == 1 else 'wait'} in all")
    if group.training:
        notes.append("🏋️ training now")
    lines.append(f"-# {' · '.join(notes)}")
    return "\n".join(lines)


def _model(model: MadeModel) -> str:
    """A model with its figures and its verdict."""
    origin = f"{discord.utils.format_dt(model.made_at, 'D')}, {'by itself' if not model.made_by else f'by <@{model.made_by}>'}"
    state = "✅ answers" if model.answers else "answered once" if model.promoted else "⚠️ kept aside"
    figures = model.figures
    labels = f", {counted(model.labels, 'new label')}" if model.labels else ""
    lines = [
        f"**Model {model.number}** · {state} · {origin}",
        f"{counted(figures.photos, 'photo')} of {counted(figures.members, 'member')}{labels}; it {model_accuracy(model)}.",
    ]
    if model.promoted:
        lines.append(f"-# Classifier: {classifier_trial(figures.trial)}. Engine `{model.engine}`.")
    else:
        lines.append(f"-# Kept aside: {plain(gate_objections(figures.judged))}.")
    return "\n".join(lines)


def _recognition(member: MemberReport) -> str:
    right = f"{member.right} of {member.asked} right" if member.asked else "not tried"
    return f"{member.name}: {counted(member.photos, 'photo')}, {right}"


def _mixed_up(members: Sequence[MemberReport]) -> list[str]:
    return [
        f"{plain(member.name)} is called {plain(member.mixed_up)} "
        f"in {member.mixed_up_photos} of {counted(member.asked, 'photo')}"
        for member in sorted(members, key=lambda member: -member.mixed_up_photos)
        if member.mixed_up is not None
    ]


def _need(member: MemberReport) -> str:
    photos = counted(member.different, "different photo")
    if member.need == "few":
        return f"{plain(member.name)}: {photos}, five make a good start"
    result = f"named right in {member.right} of {member.asked}" if member.asked else "never tried"
    return f"{plain(member.name)}: {photos}, but {result}"


def _joined(parts: Sequence[str], between: str) -> str:
    """The parts that fit into a card, and the number of the others."""
    kept: list[str] = []
    for part in parts:
        if len(between.join([*kept, part])) > LONGEST_TEXT:
            return between.join([*kept, f"-# and {len(parts) - len(kept)} more"])
        kept.append(part)
    return between.join(kept)
