"""The sentences about models and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.labels import LabelConfirmed, LabelMoved, LabelRemoved
from bot.text.formatting import counted
from bot.text.models import gate_objections, model_accuracy
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.labels import LabelDecision
    from bot.domain.models import MadeModel


def training_sentence(model: MadeModel) -> str:
    """The result of a training, for moderators."""
    group = plain(model.group_name)
    labels = f" with {counted(model.labels, 'new label')}" if model.labels else ""
    if model.promoted:
        return f"Model {model.number} of **{group}** answers from now on{labels}. It {model_accuracy(model)}."
    objections = plain(gate_objections(model.figures.judged))
    return f"A model of **{group}**{labels} was kept aside: {objections}. `/model report` shows labels that look wrong."


def rollback_sentence(model: MadeModel) -> str:
    """The model that answers after a rollback."""
    return f"Model {model.number} of **{plain(model.group_name)}** answers, from the next question on."


def label_sentence(decision: LabelDecision) -> str:
    """A moderator's decision about a label that looks wrong."""
    match decision:
        case LabelConfirmed(member):
            return f"Noted: this is {plain(member)}. I won't doubt it again."
        case LabelMoved(member, before):
            return f"Noted: this is {plain(member)}, not {plain(before)}."
        case LabelRemoved(member):
            return f"Removed: {plain(member)} is no longer known by that photo."
