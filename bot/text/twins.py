"""Look-alikes as words without markup: the same on Discord, on the command line and in pictures."""

from __future__ import annotations

from models.faces import Likeness

OF_PAIR = {
    Likeness.TWINS: "could be twins",
    Likeness.SIBLINGS: "could be siblings",
    Likeness.ALIKE: "look a bit alike",
    Likeness.APART: "are not much alike",
    Likeness.UNLIKE: "are nothing alike",
}
OF_MEMBER = {
    Likeness.TWINS: "could be a twin",
    Likeness.SIBLINGS: "could be a sibling",
    Likeness.ALIKE: "looks a bit alike",
    Likeness.APART: "is not much alike",
    Likeness.UNLIKE: "is nothing alike",
}


def pair_likeness(likeness: Likeness) -> str:
    """The likeness of two members: `could be twins`."""
    return OF_PAIR[likeness]


def member_likeness(likeness: Likeness) -> str:
    """The likeness of one member to another: `could be a twin`."""
    return OF_MEMBER[likeness]


def pair_rank(pairs: int) -> str:
    """The rank of the most alike pair among all pairs of a group: `the most alike of 36 pairs`."""
    return "the only two" if pairs == 1 else f"the most alike of {pairs} pairs"
