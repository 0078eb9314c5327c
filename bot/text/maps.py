"""Maps as words without markup: the same on Discord and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import joined

if TYPE_CHECKING:
    from bot.domain.maps import GroupMap


def separation_sentences(found: GroupMap) -> list[str]:
    """A sentence about the members that lie apart, and one about those that overlap, each if there are any."""
    if len(found.places) == 1:
        return [f"{found.places[0].name} is the only one on it."]
    sentences: list[str] = []
    apart = [place.name for place in found.places if place.is_separate]
    if len(apart) == len(found.places):
        sentences.append("Everybody stands apart.")
    elif apart:
        sentences.append(f"{joined(apart)} {'stands' if len(apart) == 1 else 'stand'} apart.")
    pairs = dict.fromkeys(
        tuple(sorted((place.name, place.overlaps))) for place in found.places if place.overlaps is not None
    )
    if pairs:
        (one, other), *more = pairs
        overlaps = joined([f"{one} overlaps with {other}", *(f"{one} with {other}" for one, other in more)])
        sentences.append(f"{overlaps}.")
    return sentences or ["Nobody stands far apart, and nobody overlaps much."]


def outlier_sentences(found: GroupMap) -> list[str]:
    """The outliers: `A photo of Momo looks like Sana.`"""
    return [
        f"A photo of {outlier.name} looks like {outlier.looks_like or 'nobody here'}." for outlier in found.outliers
    ]
