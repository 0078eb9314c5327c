"""Fit a recogniser to the encodings of rosters."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.rosters import EnrolledEncoding, FaceFeedback
    from models.recognition.classifier import Classifier
    from models.recognition.gallery import Gallery
    from models.recognition.vetoes import Vetoes

log = logging.getLogger(__name__)


def fit_recogniser(
    rows: Sequence[EnrolledEncoding],
    engine: str,
    classifiers: Sequence[bytes] = (),
    vetoes: Sequence[FaceFeedback] = (),
) -> bytes:
    """A recogniser fitted to `rows`, at least one, serialised.

    `engine`: the version of the engine of all encodings. `classifiers`: `.keras` files, each for one group of `rows`. A
    classifier that doesn't help, or can't be read, is left out. `vetoes`: the annotations that deny or grant names, oldest
    first.
    """
    from dataclasses import replace

    from models.recognition.classifier import MalformedClassifierError, load
    from models.recognition.recogniser import fit

    helpful: list[Classifier] = []
    for data in classifiers:
        try:
            classifier = load(data)
        except MalformedClassifierError as error:
            log.warning("the distance answers alone: %s", error)
        else:
            if classifier.version == engine and classifier.held_out.helps:
                helpful.append(classifier)
    recogniser = fit(gallery_of(rows, engine))
    return replace(recogniser, classifiers=tuple(helpful), vetoes=_vetoes(vetoes, engine)).to_bytes()


def _vetoes(feedback: Sequence[FaceFeedback], engine: str) -> Vetoes:
    import numpy as np

    from models.recognition.vetoes import NOBODY, Vetoes

    if not feedback:
        return Vetoes()
    return Vetoes.effective(
        np.stack([np.frombuffer(face.vector, np.float32) for face in feedback]),
        [NOBODY if face.nobody else face.denies for face in feedback],
        [face.grants for face in feedback],
        engine,
    )


def gallery_of(rows: Sequence[EnrolledEncoding], engine: str) -> Gallery:
    """The gallery of `rows`, at least one, by the engine of this version."""
    import numpy as np

    from models.recognition.gallery import Gallery, GalleryMember

    encodings = [np.frombuffer(row.vector, np.float32) for row in rows]
    members = (GalleryMember(row.member, row.name, row.group, row.group_name) for row in rows)
    return Gallery.from_rows(zip(members, encodings, strict=True), engine, len(encodings[0]))
