"""Look-alikes: the members whose faces are nearest to a member's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.recognition import Recogniser


def nearest(recogniser: Recogniser, count: int) -> dict[int, tuple[int, ...]]:
    """Of each member of a recogniser's roster the ids of at most `count` others of the same group, then as many of others.

    The nearest first: by the cosine of the two centroids that are most alike, as the recogniser compares faces.
    """
    cosines = (recogniser.centroids @ recogniser.centroids.T).astype(np.float64)
    members = len(recogniser.roster)
    alike = np.full((members, members), -np.inf)
    np.maximum.at(alike, (recogniser.owners[:, None], recogniser.owners[None, :]), cosines)
    groups = np.array([member.group for member in recogniser.roster], np.int64)
    ids = np.array([member.id for member in recogniser.roster], np.int64)
    found: dict[int, tuple[int, ...]] = {}
    for place in range(members):
        order = np.argsort(-alike[place], kind="stable")
        order = order[order != place]
        same = groups[order] == groups[place]
        found[int(ids[place])] = tuple(ids[np.concatenate([order[same][:count], order[~same][:count]])].tolist())
    return found
