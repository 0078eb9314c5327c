"""Photos that don't belong: strangers among gathered photos, and labels that look wrong. Flagged, never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.encodings.whitening import unit
from models.learning.cross_validation import cross_validate
from models.recognition.calibration import choose_whitening, scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import Gallery

LIKELIER = 1.5
"""Log-odds by which another member must be likelier than the label for this to look wrong.

At 1 and 2, 30 photos of BTS with a tenth of the labels swapped: 4.9% of the right ones flagged, and 89% of the wrong ones
found; elsewhere the three are alike.
"""

UNLIKE = -3.0
"""Log-odds against nobody below which a face looks like a stranger to its label. At -5, 87% of the strangers among 53 photos
of BTS were found instead of all; at -2, 5% of the right ones among 15 of ITZY were flagged instead of none.
"""

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class SuspiciousLabel:
    """A label that looks wrong.

    `photo`: its place in the gallery. `label`: the id of the member that it says. `looks_like`: the id of another member of
    the group, None where the photo looks like nobody. `strength`: log-odds of that against the label.
    """

    photo: int
    label: int
    looks_like: int | None
    strength: float


def outliers(encodings: Encodings, version: str, accepted: Encodings | None = None) -> NDArray[np.bool_]:
    """Which of the gathered faces (n, d) of one person are somebody else's: (n,).

    `encodings`, and `accepted` (k, d), faces that are known to be the person's: rows of unit length by the engine `version`.
    What is near the centroid of `accepted`, or the medoid where there are none, is kept; then every face is held against the
    centroid of the others that are kept, until nothing changes. Near is likelier the person than a stranger. A face alone is
    kept. Raises LookupError when the background of the engine isn't known.
    """
    known = encodings[:0] if accepted is None else accepted
    both = np.concatenate([known, encodings])
    if len(both) < 2:
        return np.zeros(len(encodings), np.bool_)
    whitening, scores = choose_whitening(both, np.zeros(len(both), np.intp), background.load(version))
    faces = whitening.apply(encodings)
    anchor = whitening.apply(known).sum(axis=0)
    alike = faces @ (unit(anchor[None])[0] if len(known) else faces[(faces @ faces.T).sum(axis=1).argmax()])
    kept = alike >= scale(scores, max(len(known), 1)).midpoint
    for _ in range(_ROUNDS):
        others = unit(anchor + faces[kept].sum(axis=0) - np.where(kept[:, None], faces, np.float32(0)))
        photos = len(known) + kept.sum() - kept
        midpoint = {count: scale(scores, max(count, 1)).midpoint for count in set(photos.tolist())}
        now = np.einsum("nd,nd->n", faces, others) >= [midpoint[count] for count in photos.tolist()]
        if (now == kept).all() or not now.any():
            break
        kept = now
    return ~kept


def suspicious_labels(
    gallery: Gallery, *, accepted: NDArray[np.bool_] | None = None, seed: int = 0
) -> tuple[SuspiciousLabel, ...]:
    """The labels that look wrong to recognisers that never saw them, strongest first; see `LIKELIER` and `UNLIKE`.

    As in confident learning (Northcutt et al. 2021), labels are held against cross-validated probabilities. What is flagged
    isn't learned in the next round, so that wrong labels don't speak for each other. A member's only photo is not judged
    as long as it is the only one.

    `accepted`: (n,) which labels were held to be right before the others came: these alone are learned at first, so that
    however many lies come at once, they are seen. Raises LookupError when the background of the gallery's engine isn't known.
    """
    count = len(gallery.members)
    judged = np.zeros(count, np.bool_)
    flagged = judged if accepted is None else ~accepted
    strength, looks_like = np.zeros(count), np.full(count, -1, np.int64)
    for _ in range(_ROUNDS):
        (answers,) = cross_validate(gallery, learnable=~flagged, seed=seed)
        own, other = np.where(answers.known, answers.own, 0), answers.other
        before, judged = flagged, judged | answers.known
        # A member all of whose photos are flagged is no longer known; what was said of them stands.
        flagged = np.where(answers.known, (other - own > LIKELIER) | (own < UNLIKE), before)
        strength = np.where(answers.known, np.maximum(other, 0) - own, strength)
        looks_like = np.where(answers.known, np.where(other > 0, answers.rival, -1), looks_like)
        if (flagged == before).all():
            break
    found: list[SuspiciousLabel] = []
    for photo in np.flatnonzero(flagged & judged).tolist():
        like = int(looks_like[photo])
        found.append(
            SuspiciousLabel(
                photo,
                int(gallery.members[photo]),
                gallery.roster[like].id if like >= 0 else None,
                float(strength[photo]),
            )
        )
    return tuple(sorted(found, key=lambda suspicion: -suspicion.strength))
