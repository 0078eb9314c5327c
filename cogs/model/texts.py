"""The sentences about models and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bot.domain.enums import FaceOrigin
from bot.domain.labels import LabelConfirmed, LabelMoved, LabelRemoved
from bot.domain.quotas import QuotaUsage, quota_full_message
from bot.text.faces import face_quality
from bot.text.formatting import counted
from bot.text.models import classifier_trial, gate_objections, look_recognition, model_accuracy, recognition_counts
from cogs.common.markup import code, plain, render_for_discord
from cogs.common.texts import shown_only_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.labels import LabelDecision
    from bot.domain.models import GroupModel
    from bot.domain.reports import MemberReport
    from bot.learning.notifications import Notification
    from bot.usecases.models import GroupReport, GroupStatus, MemberLook, RollbackPlan
    from bot.usecases.roster.labels import LabelledPhoto

NEWER, OLDER = "Newer", "Older"
LABEL_IS_RIGHT, REMOVE_LABEL = "It is right", "Remove"
MIXED_UP, NEEDS_PHOTOS = "**Mixed up**", "**Needs photos, large and clear**"
MISSING_LOOKS = "**Looks that I lack**"
WRONG_LABELS = "Labels that look wrong"

LABELS_STAY = "Labels still count; I only learn from no further face until then. `/setup` shows all such limits."

ORIGINS = {
    FaceOrigin.ASKED: "said by",
    FaceOrigin.SUBMITTED: "handed in by",
    FaceOrigin.GATHERED: "gathered, and confirmed by",
}


def notification_sentence(notification: Notification) -> str:
    """News for moderators."""
    if isinstance(notification.news, QuotaUsage):
        return (
            f"{render_for_discord(quota_full_message(notification.news.quota, notification.news.limit))} {LABELS_STAY}"
        )
    return training_sentence(notification.news)


def training_sentence(model: GroupModel) -> str:
    """The result of a training, for moderators."""
    group = plain(model.group_name)
    labels = f" with {counted(model.labels, 'new label')}" if model.labels else ""
    if model.accepted:
        return f"Model {model.number} of **{group}** answers from now on{labels}. It {model_accuracy(model)}."
    objections = plain(gate_objections(model.figures.judged))
    return f"A model of **{group}**{labels} was refused: {objections}. `/model report` shows labels that look wrong."


def status_text(group: GroupStatus) -> str:
    """The model that answers for a group, and the labels that wait for the next."""
    lines = [f"**{plain(group.name)}**"]
    if group.model is not None:
        lines.append(model_text(group.model))
    elif group.answering == 1:
        lines.append("No model yet; 1 photo that moderators handed in answers.")
    else:
        lines.append(f"No model yet; {counted(group.answering, 'photo')} that moderators handed in answer.")
    if group.newest is not None and group.newest is not group.model:
        lines.append(f"-# The newest is model {group.newest.number}; `/model history` has it.")
    left = group.after - group.labels
    notes = [
        f"{counted(group.labels, 'new label')}, the next training after {left} more" if left > 0 else "training is due"
    ]
    if group.waiting > group.labels:
        notes.append("1 photo waits in all" if group.waiting == 1 else f"{group.waiting} photos wait in all")
    if group.training:
        notes.append("🏋️ training now")
    lines.append(f"-# {' · '.join(notes)}")
    return "\n".join(lines)


def history_title(group: str) -> str:
    """The heading of a group's models."""
    return f"## Models of {plain(group)}"


def no_model_sentence(group: str) -> str:
    """A group without any model."""
    return f"**{plain(group)}** has no model yet. Photos that moderators hand in answer at once."


def model_text(model: GroupModel) -> str:
    """A model with its figures and its verdict."""
    origin = f"{format_dt(model.made_at, 'D')}, {f'by <@{model.made_by}>' if model.made_by else 'by itself'}"
    state = "✅ answers" if model.answers else "answered once" if model.accepted else "⚠️ refused"
    figures = model.figures
    labels = f", {counted(model.labels, 'new label')}" if model.labels else ""
    lines = [
        f"**Model {model.number}** · {state} · {origin}",
        f"{counted(figures.photos, 'photo')} of {counted(figures.members, 'member')}{labels}; it {model_accuracy(model)}.",
    ]
    if model.accepted:
        lines.append(f"-# Classifier: {classifier_trial(figures.trial)}. Engine {code(model.engine)}.")
    else:
        lines.append(f"-# Refused: {plain(gate_objections(figures.judged))}.")
    return "\n".join(lines)


def model_choice(model: GroupModel) -> str:
    """A model in a menu: `2: 45 photos, named 43 of 45 unseen photos right and 1 wrong`."""
    return f"{model.number}: {counted(model.figures.photos, 'photo')}, {model_accuracy(model)}"


def rollback_question(back: RollbackPlan) -> str:
    """Asks whether an earlier model is to answer."""
    return (
        f"**Go back to model {back.target.number} of {plain(back.target.group_name)}?**\n"
        f"Now:\n{model_text(back.current)}\n\nThen:\n{model_text(back.target)}\n\n"
        "-# From the next question on. What came since stays out until somebody trains with `/model train`; "
        "you can come back the same way."
    )


def rollback_button(number: int) -> str:
    """Confirms the rollback to a model."""
    return f"Go back to model {number}"


def rollback_sentence(model: GroupModel) -> str:
    """The model that answers after a rollback."""
    return f"Model {model.number} of **{plain(model.group_name)}** answers, from the next question on."


def report_title(report: GroupReport) -> str:
    """The heading of a group's report, and how well its members are recognised."""
    found = report.found
    known = (
        f"I name {recognition_counts(found.named)}."
        if found.named.photos
        else "Nobody could be tried yet: that takes two photos of somebody."
    )
    return f"## {plain(report.name)}, {counted(found.photos, 'photo')}\n{known}"


def report_alt_text(members: Sequence[MemberReport]) -> str:
    """The content of the report's picture, without markup."""
    return "; ".join(_recognition(member) for member in members)


def mixed_up_lines(members: Sequence[MemberReport]) -> list[str]:
    """The members that are taken for others, the most often mixed up first."""
    return [
        f"{plain(member.name)} is called {plain(member.mixed_up)} "
        f"in {member.mixed_up_photos} of {counted(member.asked, 'photo')}"
        for member in sorted(members, key=lambda member: -member.mixed_up_photos)
        if member.mixed_up is not None
    ]


def need_line(member: MemberReport) -> str:
    """The reason why a member needs photos."""
    photos = counted(member.different, "different photo")
    if member.need == "few":
        return f"{plain(member.name)}: {photos}, five make a good start"
    result = f"named right in {member.right} of {member.asked}" if member.asked else "never tried"
    return f"{plain(member.name)}: {photos}, but {result}"


def look_line(found: MemberLook) -> str:
    """A member's look that the photos lack."""
    look = "this look" if found.crop is not None else "the new look"
    return f"Recent photos of **{plain(found.member)}** are {look_recognition(found.look)}. Add some of {look}."


def look_alt_text(member: str) -> str:
    """The crop beside a missing look, without markup."""
    return f"A recent photo of {member} that I didn't recognise"


def more_line(count: int) -> str:
    """The number of lines that a card has no room for."""
    return f"-# and {count} more"


def wrong_labels_text(*, count: int, most: int) -> str:
    """The number of labels that look wrong. The menu has at most `most`."""
    if not count:
        return "**No label looks wrong.**"
    if count == 1:
        return "**1 label looks wrong**: choose one to look at it."
    text = f"**{counted(count, 'label')} look wrong**: choose one to look at it."
    return f"{text}\n-# The {most} strongest are in the menu." if count > most else text


def wrong_label_option(*, member: str, looks_like: str | None) -> str:
    """A label in the menu of those that look wrong."""
    return f"{member}: looks like {looks_like or 'nobody'}"


def photo_number(photo: int) -> str:
    """Names a photo by its number."""
    return f"Photo {photo}"


def label_text(label: LabelledPhoto) -> str:
    """A label that looks wrong, its origin and the quality of its face."""
    like = plain(label.looks_like_name) if label.looks_like_name else "nobody of the group"
    by = f"<@{label.labelled_by}>" if label.labelled_by else "my owner"
    return (
        f"**{plain(label.member)}** of {plain(label.group)}, it says; it looks like **{like}**.\n"
        f"-# {ORIGINS[label.origin]} {by}, {format_dt(label.labelled_at, 'D')} · "
        f"{face_quality(label.face_width, label.sharpness)} · photo {label.photo}"
    )


def no_crop_line(only_in: int | None) -> str:
    """The reason why a label's crop is not shown. `only_in`: the age-restricted channel that alone may show it."""
    return "-# Its file is lost." if only_in is None else f"-# It is {shown_only_in(only_in)}."


def crop_alt_text(member: str) -> str:
    """The crop of a label, without markup."""
    return f"The face that is said to be {member}"


def label_is_button(member: str) -> str:
    """Says that the photo is of another member."""
    return f"It is {member}"


def label_sentence(decision: LabelDecision) -> str:
    """A moderator's decision about a label that looks wrong."""
    match decision:
        case LabelConfirmed(member):
            return f"Noted: this is {plain(member)}. I won't doubt it again."
        case LabelMoved(member, before):
            return f"Noted: this is {plain(member)}, not {plain(before)}."
        case LabelRemoved(member):
            return f"Removed: {plain(member)} is no longer known by that photo."


def _recognition(member: MemberReport) -> str:
    right = f"{member.right} of {member.asked} right" if member.asked else "not tried"
    return f"{member.name}: {counted(member.photos, 'photo')}, {right}"
