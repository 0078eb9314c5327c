"""How models and trainings are put into words: the same in notices, on cards and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.markup import plain
from bot.domain.models import Named
from bot.text.formatting import counted, joined

if TYPE_CHECKING:
    from bot.domain.models import Judged, MadeModel, Names, Tried

LONGEST_VERDICT = 300
"""Characters that are kept of one."""


def named_in_words(named: Named) -> str:
    """`43 of 45 unseen photos right and 1 wrong`: what the report's matrix adds up to."""
    return f"{named.right} of {counted(named.photos, 'unseen photo')} right and {named.wrong} wrong"


def why_kept_aside(judged: Judged) -> str:
    """What speaks against a model, so that it reads on after "because" or a colon."""
    reasons: list[str] = []
    old, new = judged.old, judged.new
    if judged.fallen:
        reasons.append(f"{joined(judged.fallen)} would be told from the others less well than now")
    if not judged.fresh:
        reasons.append("members whom I don't know yet would hardly be told from the others")
    if new.right - new.wrong < old.right - old.wrong or not reasons:
        given, before = (_given(names, judged.rounds) for names in (new, old))
        rounds = f"{counted(judged.rounds, 'round')} over {counted(judged.probes, 'unseen photo')}"
        reasons.append(f"in {rounds} it gives {given}, where the one in use gives {before}")
    return "; ".join(reasons)[:LONGEST_VERDICT]


def classifier_in_words(trial: Tried | None) -> str:
    """What the training of a classifier found."""
    if trial is None:
        return "too few for a classifier; the distance answers alone"
    verdict = "it is used" if trial.helps else "it is not used, the distance answers alone"
    return (
        f"of {counted(trial.photos, 'photo')} held out, {trial.centroids} picked right by distance and "
        f"{trial.classifier} with the classifier; {verdict}"
    )


def training_told(model: MadeModel) -> str:
    """What became of a training, in a sentence or two for moderators."""
    group = plain(model.group_name)
    labels = f" with {counted(model.labels, 'new label')}" if model.labels else ""
    if model.promoted:
        return f"Model {model.number} of **{group}** answers from now on{labels}. It {accuracy(model)}."
    return (
        f"A model of **{group}**{labels} was kept aside: {plain(model.verdict)}. "
        "`/model report` shows labels that look wrong."
    )


def accuracy(model: MadeModel) -> str:
    """How a model did when it was made: `named 43 of 45 unseen photos right and 1 wrong`."""
    judged, named = model.figures.judged, model.figures.named
    if named is None:
        named = Named(judged.probes, round(judged.new.right), round(judged.new.wrong))
    return f"named {named_in_words(named)}" if named.photos else "had no photo to be tried on"


def _given(names: Names, rounds: int) -> str:
    return f"{round(rounds * names.right)} right and {counted(round(rounds * names.wrong), 'wrong name')}"
