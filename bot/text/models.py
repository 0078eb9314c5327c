"""Models and trainings as words without markup: the same on Discord and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.models import LeaveOneOutCounts
from bot.text.formatting import counted, joined

if TYPE_CHECKING:
    from bot.domain.models import ClassifierTrial, GateVerdict, GroupModel, NameCounts
    from bot.domain.reports import MissingLook

LONGEST_OBJECTIONS = 300
"""The characters of the gate's objections that are shown, at most."""


def recognition_counts(named: LeaveOneOutCounts) -> str:
    """The sums of the report's matrix: `43 of 45 unseen photos right and 1 wrong`."""
    return f"{named.right} of {counted(named.photos, 'unseen photo')} right and {named.wrong} wrong"


def look_recognition(look: MissingLook) -> str:
    """The shares of held-out photos with the right name: `recognised at 58%, older ones at 97%`."""
    return f"recognised at {look.recent_share:.0%}, older ones at {look.older_share:.0%}"


def gate_objections(judged: GateVerdict) -> str:
    """The gate's reasons to refuse a model, as the rest of a sentence after a colon."""
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
    return "; ".join(reasons)[:LONGEST_OBJECTIONS]


def classifier_trial(trial: ClassifierTrial | None) -> str:
    """The trial of a classifier; None: there are too few photos for one."""
    if trial is None:
        return "too few for a classifier; the distance answers alone"
    verdict = "it is used" if trial.helps else "it is not used, the distance answers alone"
    return (
        f"of {counted(trial.photos, 'photo')} held out, {trial.centroids} picked right by distance and "
        f"{trial.classifier} with the classifier; {verdict}"
    )


def model_accuracy(model: GroupModel) -> str:
    """The accuracy of a model at its training: `named 43 of 45 unseen photos right and 1 wrong`."""
    judged, named = model.figures.judged, model.figures.named
    if named is None:
        named = LeaveOneOutCounts(judged.probes, round(judged.new.right), round(judged.new.wrong))
    return f"named {recognition_counts(named)}" if named.photos else "had no photo to be tried on"


def _given(names: NameCounts, rounds: int) -> str:
    return f"{round(rounds * names.right)} right and {counted(round(rounds * names.wrong), 'wrong name')}"
