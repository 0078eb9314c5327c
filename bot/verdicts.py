"""How models and trainings are put into words: the same in notices, on cards and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.wording import counted, plain

if TYPE_CHECKING:
    from bot.database.models import MadeModel
    from bot.jobs import Judged, Names, Tried

LONGEST_VERDICT = 300
"""Characters that are kept of one."""


def share(part: float) -> str:
    """`68 %`: of what was counted, where all may well be all."""
    return f"{100 * part:.0f} %"


def names_given(names: Names, probes: int) -> str:
    """`38 of 45 unseen photos right and 1 wrong`, to the tenth where rounds differ."""
    return f"{_figure(names.right)} of {counted(probes, 'unseen photo')} right and {_figure(names.wrong)} wrong"


def why_kept_aside(judged: Judged) -> str:
    """What speaks against a model, so that it reads on after "because" or a colon."""
    reasons: list[str] = []
    old, new = judged.old, judged.new
    if judged.fallen:
        reasons.append(f"{_listed(judged.fallen)} would be told from the others less well than now")
    if not judged.fresh:
        reasons.append("members whom I don't know yet would hardly be told from the others")
    if new.right - new.wrong < old.right - old.wrong or not reasons:
        told = f"it names {names_given(new, judged.probes)}"
        reasons.append(f"{told}, where the one in use names {_figure(old.right)} right and {_figure(old.wrong)} wrong")
    return "; ".join(reasons)[:LONGEST_VERDICT]


def classifier_in_words(trial: Tried | None) -> str:
    """What the training of a classifier found."""
    if trial is None:
        return "too few for a classifier; the distance answers alone"
    by_distance, by_classifier = (f"{right / trial.photos:.1%}" for right in (trial.centroids, trial.classifier))
    verdict = "it is used" if trial.helps else "it is not used, the distance answers alone"
    return (
        f"of {trial.photos} photos held out, {by_distance} are picked right by distance, {by_classifier} with the "
        f"classifier; {verdict}"
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
    judged = model.figures.judged
    return f"named {names_given(judged.new, judged.probes)}" if judged.probes else "had no photo to be tried on"


def _figure(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
