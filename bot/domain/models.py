"""A group's model: how the gate judged it, what it names unseen, the trial of its classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class NameCounts:
    """Right and wrong names that a model gave to the gate's held-out photos, on average over the rounds."""

    right: float
    wrong: float


@dataclass(frozen=True, slots=True)
class LeaveOneOutCounts:
    """Names of `photos`, each held out in turn: `right` got their member's name, `wrong` another member's."""

    photos: int
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What the model in use and the new one said of the same `probes` photos in so many `rounds`; may the new one answer?

    `fallen`: members who are told from others worse than before. `fresh`: members whom the model in use doesn't know are
    told from the others well enough.
    """

    probes: int
    old: NameCounts
    new: NameCounts
    fallen: tuple[str, ...]
    fresh: bool
    passes: bool
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class ClassifierTrial:
    """Of `photos` held out, so many had the right member likeliest in their group: by distance alone (`centroids`), and with
    the classifier. `helps`: whether it is used.
    """

    photos: int
    centroids: int
    classifier: int
    helps: bool


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """A classifier (a `.keras` file), and its trial on held-out photos."""

    file: bytes
    trial: ClassifierTrial


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model: how it was judged, what its photos are named while it doesn't see them (as in the report), and its classifier;
    None where it may not answer, or is made of too few photos.

    `doubts`: the photos whose labels look wrong, where it may not answer.
    """

    judged: GateVerdict
    named: LeaveOneOutCounts
    trained: TrainedClassifier | None
    doubts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured when a model was made. `trial`: its classifier's, None where there is none. `named`: None of a model
    from before that was counted.
    """

    photos: int
    members: int
    judged: GateVerdict
    trial: ClassifierTrial | None
    named: LeaveOneOutCounts | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Figures:
        """The figures as `asdict` wrote them."""
        judged, trial, named = dict(kept["judged"]), kept["trial"], kept.get("named")
        judged |= {
            "old": NameCounts(**judged["old"]),
            "new": NameCounts(**judged["new"]),
            "fallen": tuple(judged["fallen"]),
        }
        return cls(
            kept["photos"],
            kept["members"],
            GateVerdict(**judged),
            ClassifierTrial(**trial) if trial else None,
            LeaveOneOutCounts(**named) if named else None,
        )


@dataclass(frozen=True, slots=True)
class MadeModel:
    """A model of a group.

    `labels`: photos that were new to it. `promoted`: it passed the gate, so it came to answer. `answers`: it is in use.
    """

    id: int
    number: int
    group: int
    group_name: str
    server: int
    engine: str
    labels: int
    figures: Figures
    promoted: bool
    made_by: int
    made_at: datetime
    answers: bool
