"""Rosters: encodings in, a fitted recogniser out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.rosters import FaceFeedback, RosterRow
    from models.recognition.classifier import Classifier
    from models.recognition.gallery import Gallery
    from models.recognition.vetoes import Vetoes

log = logging.getLogger(__name__)


def fit(
    rows: Sequence[RosterRow], engine: str, classifiers: Sequence[bytes] = (), vetoes: Sequence[FaceFeedback] = ()
) -> bytes:
    """A recogniser fitted to `rows`, which hold at least one encoding by `engine`, as bytes.

    `classifiers` are `.keras` files of parts of them. One that doesn't help, or can't be read, is left out. `vetoes`, oldest
    first, are the faces that somebody spoke of, by the same engine.
    """
    from dataclasses import replace

    from models.recognition.classifier import MalformedClassifierError, load
    from models.recognition.recogniser import fit as fit_recogniser

    helpful: list[Classifier] = []
    for data in classifiers:
        try:
            classifier = load(data)
        except MalformedClassifierError as error:
            log.warning("the distance answers alone: %s", error)
        else:
            if classifier.version == engine and classifier.held_out.helps:
                helpful.append(classifier)
    recogniser = fit_recogniser(gallery_of(rows, engine))
    return replace(recogniser, classifiers=tuple(helpful), vetoes=_vetoes(vetoes, engine)).to_bytes()


def _vetoes(feedback: Sequence[FaceFeedback], engine: str) -> Vetoes:
    import numpy as np

    from models.recognition.vetoes import NOBODY, Vetoes

    if not feedback:
        return Vetoes()
    denied = [NOBODY if one.nobody else one.denies for one in feedback]
    return Vetoes.effective(
        np.stack([np.frombuffer(one.vector, np.float32) for one in feedback]),
        denied,
        [one.grants for one in feedback],
        engine,
    )


def gallery_of(rows: Sequence[RosterRow], engine: str) -> Gallery:
    """The gallery of rows, at least one."""
    import numpy as np

    from models.recognition.gallery import Gallery, GalleryMember

    encodings = [np.frombuffer(row.vector, np.float32) for row in rows]
    members = (GalleryMember(row.member, row.name, row.group, row.group_name) for row in rows)
    return Gallery.of(zip(members, encodings, strict=True), engine, len(encodings[0]))
