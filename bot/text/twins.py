"""Look-alikes in words, without markup: the same on Discord, on the command line and in pictures."""

from __future__ import annotations


def pair_rank(pairs: int) -> str:
    """What the most alike pair is among all pairs of a group: `the most alike of 36 pairs`."""
    return "the only two" if pairs == 1 else f"the most alike of {pairs} pairs"
