"""Look-alikes as words without markup: the same on Discord, on the command line and in pictures."""

from __future__ import annotations

from models.faces import SimilarityLevel

OF_PAIR = {
    SimilarityLevel.TWINS: "could be twins",
    SimilarityLevel.SIBLINGS: "could be siblings",
    SimilarityLevel.ALIKE: "look a bit alike",
    SimilarityLevel.APART: "are not much alike",
    SimilarityLevel.UNLIKE: "are nothing alike",
}
OF_MEMBER = {
    SimilarityLevel.TWINS: "could be a twin",
    SimilarityLevel.SIBLINGS: "could be a sibling",
    SimilarityLevel.ALIKE: "looks a bit alike",
    SimilarityLevel.APART: "is not much alike",
    SimilarityLevel.UNLIKE: "is nothing alike",
}


def pair_likeness(likeness: SimilarityLevel) -> str:
    """The likeness of two members: `could be twins`."""
    return OF_PAIR[likeness]


def member_likeness(likeness: SimilarityLevel) -> str:
    """The likeness of one member to another: `could be a twin`."""
    return OF_MEMBER[likeness]


def pair_rank(pairs: int) -> str:
    """The rank of the most alike pair among all pairs of a group: `the most alike of 36 pairs`."""
    return "the only two" if pairs == 1 else f"the most alike of {pairs} pairs"
