"""Rosters: encodings in, a fitted recogniser out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.classifier import Classifier
    from models.gallery import Gallery

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled encoding with whom it shows, and the photo that it is of."""

    photo: int
    member: int
    name: str
    group: int
    group_name: str
    vector: bytes


def fit(rows: Sequence[RosterRow], engine: str, classifiers: Sequence[bytes] = ()) -> bytes:
    """A recogniser fitted to `rows`, which hold at least one encoding by `engine`, as bytes.

    `classifiers` are `.keras` files of parts of them. One that doesn't help, or can't be read, is left out.
    """
    from dataclasses import replace

    from models.classifier import MalformedClassifierError, load
    from models.recognition import fit as fit_recogniser

    helpful: list[Classifier] = []
    for data in classifiers:
        try:
            classifier = load(data)
        except MalformedClassifierError as error:
            log.warning("the distance answers alone: %s", error)
        else:
            if classifier.version == engine and classifier.trial.helps:
                helpful.append(classifier)
    return replace(fit_recogniser(gallery_of(rows, engine)), classifiers=tuple(helpful)).to_bytes()


def gallery_of(rows: Sequence[RosterRow], engine: str) -> Gallery:
    """The gallery of rows, at least one."""
    import numpy as np

    from models.gallery import Gallery, Member

    encodings = [np.frombuffer(row.vector, np.float32) for row in rows]
    members = (Member(row.member, row.name, row.group, row.group_name) for row in rows)
    return Gallery.of(zip(members, encodings, strict=True), engine, len(encodings[0]))
