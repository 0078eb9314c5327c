"""`nugu identify`: the names of the faces in the operator's files, on a terminal, as JSON and in tagged pictures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from bot.app import App
from bot.commands import terminal
from bot.commands.folders import submitted_file
from bot.commands.messages import render_for_terminal
from bot.domain.faces import UnreadableFile
from bot.infra.private_files import make_user_folder
from bot.text.faces import faces_left_out, guess_text, name_basis, name_confidence
from bot.text.formatting import circled
from bot.usecases.questions.identify import IdentifyRequest, identify_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.faces import IdentifiedFace, IdentifiedPicture
    from bot.settings import Settings


async def identify_files(
    settings: Settings, photos: Sequence[Path], group: str | None, *, as_json: bool, out: Path | None
) -> bool:
    """Print the faces of each photo, and write tagged copies to `out`; whether every photo was answered."""
    answered = True
    taken: set[str] = set()
    if out is not None:
        make_user_folder(out)
    async with App.open(settings, own_processes=False) as app:
        for photo in photos:
            examined = await identify_pictures(app, IdentifyRequest(asker_id=0, group=group), [submitted_file(photo)])
            (result,) = examined.results
            if isinstance(result, UnreadableFile):
                answered = False
                terminal.print_errors(f"nugu: {photo}: {render_for_terminal(result.message)}")
                continue
            if as_json:
                terminal.print_json(as_record(photo, result))
            else:
                terminal.print_lines(*_lines(photo, result))
            if out is not None:
                terminal.write_file(out / _own_name(photo, taken), result.tagged)
    return answered


def as_record(photo: Path, result: IdentifiedPicture) -> dict[str, Any]:
    """The JSON object of one answered photo."""
    return {
        "photo": str(photo),
        "size": list(result.size),
        "group": result.group_name,
        "faces": [
            {
                "number": face.number,
                "box": face.box.as_list(),
                "name": face.guess.name,
                "confidence": name_confidence(face.guess),
                "basis": name_basis(face.guess),
                "band": face.guess.band.value,
                "flaws": [flaw.value for flaw in face.flaws],
                "candidates": [
                    {"name": candidate.name, "confidence": round(candidate.confidence, 4)}
                    for candidate in face.guess.candidates
                ],
            }
            for face in result.faces
        ],
        "left_out": result.left_out,
        "engine": result.engine,
        "seconds": {stage: round(seconds, 4) for stage, seconds in result.seconds.items()},
    }


def _own_name(photo: Path, taken: set[str]) -> str:
    """A file name for the tagged picture that no other photo of this run has."""
    names = (f"{photo.stem}-who{f'-{n}' if n > 1 else ''}.jpg" for n in itertools.count(1))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _lines(photo: Path, result: IdentifiedPicture) -> list[str]:
    lines = [f"{photo}{f' ({result.group_name})' if result.group_name else ''}"]
    lines += [f"  {circled(face.number)} {guess_text(face.guess)}{_doubts(face)}" for face in result.faces]
    lines += [f"  {faces_left_out(len(result.faces), result.left_out)}"] if result.left_out else []
    return lines if result.faces else [*lines, "  no face"]


def _doubts(face: IdentifiedFace) -> str:
    """` (small, blurred)`; nothing for a good face."""
    return f" ({', '.join(face.flaws)})" if face.flaws else ""
