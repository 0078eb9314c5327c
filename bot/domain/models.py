"""A group's model: the gate's verdict, the leave-one-out counts, the trial of its classifier."""

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
    """The gate's verdict on a new model.

    `probes`: the number of held-out photos, named in each of `rounds` rounds. `old`, `new`: the counts of the model in use and
    of the new one. `fallen`: the members that the new model recognises worse. `fresh`: it recognises new members well enough.
    `passes`: it may come into use.
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
    """The trial of a classifier on `photos` held-out photos.

    `centroids`, `classifier`: the number of photos whose own member is the likeliest one, by the distance to centroids alone,
    and with the classifier. `helps`: whether the classifier is used.
    """

    photos: int
    centroids: int
    classifier: int
    helps: bool


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """A classifier, as a `.keras` file, with its trial."""

    file: bytes
    trial: ClassifierTrial


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The result of a training.

    `judged`: the gate's verdict. `named`: the leave-one-out counts of all photos, as in the report. `trained`: the classifier,
    None if the model doesn't pass or has too few photos. `suspected`: the ids of photos with suspected labels, if it fails.
    """

    judged: GateVerdict
    named: LeaveOneOutCounts
    trained: TrainedClassifier | None
    suspected: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """The figures of a model at its making.

    `trial`: None without a classifier. `named`: None for a model from before these counts.
    """

    photos: int
    members: int
    judged: GateVerdict
    trial: ClassifierTrial | None
    named: LeaveOneOutCounts | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> ModelFigures:
        """The figures whose `asdict` the database keeps."""
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
class GroupModel:
    """A model of a group.

    `labels`: the number of photos that were new to it. `accepted`: it passed the gate, and so came into use. `answers`: it is
    in use now.
    """

    id: int
    number: int
    group: int
    group_name: str
    server: int
    engine: str
    labels: int
    figures: ModelFigures
    accepted: bool
    made_by: int
    made_at: datetime
    answers: bool
