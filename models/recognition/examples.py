"""What makes a face a good example of a person. Light to import: the gateway asks too."""

from __future__ import annotations

from models.faces import Flaw

SMALLEST_EXAMPLE = 80
"""Pixels: narrower faces make encodings that poison a gallery (design.md, "What was measured about faces")."""

SHARP_EXAMPLE = 1.8
"""Two photos a member below this, beside three good ones, are worse than the three alone; above it they help."""


def flaw_of_example(face_width: int, sharpness: float | None) -> Flaw | None:
    """What makes a face no good example, if anything does.

    `face_width`: pixels of its box. `sharpness`: as `models.recognition.quality` measures it; None where nobody has.
    """
    if face_width < SMALLEST_EXAMPLE:
        return Flaw.SMALL
    if sharpness is not None and sharpness < SHARP_EXAMPLE:
        return Flaw.BLURRED
    return None
