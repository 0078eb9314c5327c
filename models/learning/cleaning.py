"""Photos with wrong labels: strangers among gathered photos, and suspected labels. They are flagged, never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.encodings.whitening import unit_rows
from models.learning.cross_validation import cross_validate
from models.recognition.calibration import choose_whitening, scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import Gallery

LIKELIER = 1.5
"""The minimum lead in log-odds of another member for suspecting a label.

With 30 photos of BTS and a tenth of the labels swapped, at 1 and at 2: 4.9% of the right labels are flagged, and 89% of the
wrong ones are found. Elsewhere the three give the same.
"""

UNLIKE = -3.0
"""The log-odds against a stranger below which a label is suspected. At -5, 87% of the strangers among 53 photos of BTS are
found instead of all. At -2, 5% of the right labels among 15 of ITZY are flagged instead of none.
"""

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class SuspectedLabel:
    """A label that is probably wrong.

    `photo`: its index in the gallery. `label`: the id of the labelled member. `looks_like`: the id of a likelier member of
    the group, None for a stranger. `strength`: the lead of that answer in log-odds.
    """

    photo: int
    label: int
    looks_like: int | None
    strength: float


def outliers(encodings: Encodings, version: str, accepted: Encodings | None = None) -> NDArray[np.bool_]:
    """A mask (n,) of the faces of other people among the gathered faces (n, d) of one person.

    `encodings`, and `accepted` (k, d) with known faces of the person: rows of unit length by the engine `version`. At first
    the faces near the centroid of `accepted` are kept, or near the medoid of all without `accepted`. Then each face is
    compared with the centroid of the other kept faces, until nothing changes. A face is near when the person is likelier than
    a stranger. A single face is kept. Raises LookupError when the engine has no measured background.
    """
    known = encodings[:0] if accepted is None else accepted
    both = np.concatenate([known, encodings])
    if len(both) < 2:
        return np.zeros(len(encodings), np.bool_)
    whitening, scores = choose_whitening(both, np.zeros(len(both), np.intp), background.load(version))
    faces = whitening.apply(encodings)
    anchor = whitening.apply(known).sum(axis=0)
    alike = faces @ (unit_rows(anchor[None])[0] if len(known) else faces[(faces @ faces.T).sum(axis=1).argmax()])
    kept = alike >= scale(scores, max(len(known), 1)).midpoint
    for _ in range(_ROUNDS):
        others = unit_rows(anchor + faces[kept].sum(axis=0) - np.where(kept[:, None], faces, np.float32(0)))
        photos = len(known) + kept.sum() - kept
        midpoint = {count: scale(scores, max(count, 1)).midpoint for count in set(photos.tolist())}
        now = np.einsum("nd,nd->n", faces, others) >= [midpoint[count] for count in photos.tolist()]
        if (now == kept).all() or not now.any():
            break
        kept = now
    return ~kept


def suspected_labels(
    gallery: Gallery, *, accepted: NDArray[np.bool_] | None = None, seed: int = 0
) -> tuple[SuspectedLabel, ...]:
    """Labels that held-out recognisers contradict, strongest first; see `LIKELIER` and `UNLIKE`.

    As in confident learning (Northcutt et al. 2021), labels are compared with cross-validated probabilities. The next round
    doesn't fit flagged photos, so that wrong labels don't confirm each other. A member's only photo is never flagged.

    `accepted`: (n,) mask of the labels accepted before the others. The first round fits these alone, so that wrong labels are
    found however many arrive at once. Raises LookupError when the gallery's engine has no measured background.
    """
    count = len(gallery.labels)
    judged = np.zeros(count, np.bool_)
    flagged = judged if accepted is None else ~accepted
    strength, looks_like = np.zeros(count), np.full(count, -1, np.int64)
    for _ in range(_ROUNDS):
        (answers,) = cross_validate(gallery, learnable=~flagged, seed=seed)
        own, other = np.where(answers.has_other_photo, answers.own_log_odds, 0), answers.rival_log_odds
        before, judged = flagged, judged | answers.has_other_photo
        # A member with flagged photos alone has no further answers, so their flags stay.
        flagged = np.where(answers.has_other_photo, (other - own > LIKELIER) | (own < UNLIKE), before)
        strength = np.where(answers.has_other_photo, np.maximum(other, 0) - own, strength)
        looks_like = np.where(answers.has_other_photo, np.where(other > 0, answers.rival, -1), looks_like)
        if (flagged == before).all():
            break
    found: list[SuspectedLabel] = []
    for photo in np.flatnonzero(flagged & judged).tolist():
        like = int(looks_like[photo])
        found.append(
            SuspectedLabel(
                photo,
                int(gallery.labels[photo]),
                gallery.members[like].id if like >= 0 else None,
                float(strength[photo]),
            )
        )
    return tuple(sorted(found, key=lambda label: -label.strength))
