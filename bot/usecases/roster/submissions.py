"""Submitted photos as the workers see them: the faces, their resemblance to other members, the photos that they copy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.photos import PhotoRepository
from bot.domain.faces import CopyMatches, EnrolmentContext, IdentifiedPicture, PhotoFingerprint, UnreadableFile
from bot.errors import NobodyKnownError, PersonError
from bot.infra.incoming import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.app import App
    from bot.domain.faces import IdentifiedFace
    from bot.domain.files import SubmittedFile
    from bot.domain.photos import FaceProblem, PhotoReason
    from bot.jobs import EngineConfig

NO_COPY = CopyMatches()


@dataclass(frozen=True, slots=True)
class ArchivedCrop:
    """A crop from an archive. `sha256`: of the photo that it is cut out of. `face_width`: in pixels of that photo."""

    sha256: str
    face_width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class ExaminedPhoto:
    """A photo after a worker examined it.

    `sha256`: of its bytes. `result`: its faces, or the reason why there are none. `copies`: the photos that its one face
    copies. `accepted`: it comes from an archive, so its quality isn't judged again. `spoiler`: it was submitted as one.
    """

    name: str
    sha256: str
    result: IdentifiedPicture | PhotoReason
    copies: CopyMatches = NO_COPY
    accepted: bool = False
    spoiler: bool = False

    @property
    def faces(self) -> tuple[IdentifiedFace, ...]:
        """The faces in the photo; one if it has a clear subject."""
        return self.result.faces if isinstance(self.result, IdentifiedPicture) else ()


async def examine(
    app: App,
    config: EngineConfig,
    server_id: int,
    group_id: int | None,
    photos: Sequence[SubmittedFile],
    *,
    archived: Mapping[str, ArchivedCrop],
    compare: bool,
) -> list[ExaminedPhoto]:
    """Examine photos that are to be added to a group, whose id is None where it doesn't exist yet.

    `archived`: by the photo's name, the crops that come from an archive. `compare`: name each face by the server's recogniser.
    Raises BusyError where they would wait too long.
    """
    app.compute.check_room(len(photos))
    rivals = await _rivals(app, config, server_id, group_id) if compare and group_id is not None else None
    examined = await asyncio.gather(
        *(_examine(app, config, photo, rivals, archived.get(photo.name)) for photo in photos)
    )
    with_spoilers = [replace(one, spoiler=photo.spoiler) for one, photo in zip(examined, photos, strict=True)]
    return await _compared(app, server_id, group_id, with_spoilers)


async def unexamined(
    app: App, photos: Sequence[SubmittedFile], reason: PhotoReason, *, archived: Mapping[str, ArchivedCrop]
) -> list[ExaminedPhoto]:
    """Photos that no worker looks at, since all are refused for this reason unless the roster has them by their hash."""
    return await asyncio.gather(*(_unexamined(app, photo, reason, archived.get(photo.name)) for photo in photos))


async def _rivals(app: App, config: EngineConfig, server_id: int, group_id: int) -> EnrolmentContext | None:
    """The server's recogniser, if it has members and is fitted to the engine of `config`."""
    try:
        fitted = await app.recognisers.for_rosters([server_id])
    except NobodyKnownError:  # the first photo of a roster resembles nobody
        return None
    return EnrolmentContext(fitted.recogniser, group_id) if fitted.config.engine == config.engine else None


async def _unexamined(
    app: App, photo: SubmittedFile, reason: PhotoReason, archived: ArchivedCrop | None
) -> ExaminedPhoto:
    if photo.refusal is not None:
        return ExaminedPhoto(photo.name, "", photo.refusal)
    if archived is not None:
        return ExaminedPhoto(photo.name, archived.sha256, reason)
    try:
        async with app.compute.receive(photo) as content:
            return ExaminedPhoto(photo.name, await asyncio.to_thread(sha256_of, content), reason)
    except PersonError as error:
        return ExaminedPhoto(photo.name, "", error.message)


async def _examine(
    app: App,
    config: EngineConfig,
    photo: SubmittedFile,
    rivals: EnrolmentContext | None,
    archived: ArchivedCrop | None,
) -> ExaminedPhoto:
    if photo.refusal is not None:
        return ExaminedPhoto(photo.name, "", photo.refusal)
    try:
        async with app.compute.receive(photo) as content:
            if archived is None:
                seen = await app.compute.run(jobs.enrol, config, content, rivals)
                return ExaminedPhoto(photo.name, await asyncio.to_thread(sha256_of, content), _result_of(seen))
            seen = await app.compute.run(jobs.enrol_crop, config, content)
    except PersonError as error:
        return ExaminedPhoto(photo.name, "", error.message)
    if isinstance(seen, IdentifiedPicture):
        face = seen.faces[0]
        assert face.crop is not None
        crop = replace(face.crop, face_width=archived.face_width, sharpness=archived.sharpness or face.crop.sharpness)
        seen = replace(seen, faces=(replace(face, crop=crop),))
    return ExaminedPhoto(photo.name, archived.sha256, _result_of(seen), accepted=True)


def _result_of(seen: IdentifiedPicture | UnreadableFile | FaceProblem) -> IdentifiedPicture | PhotoReason:
    return seen.message if isinstance(seen, UnreadableFile) else seen


async def _compared(
    app: App, server_id: int, group_id: int | None, examined: Sequence[ExaminedPhoto]
) -> list[ExaminedPhoto]:
    """The photos with the copies of their one face, among enrolled photos and those before it."""
    alone = [photo.faces[0] if len(photo.faces) == 1 else None for photo in examined]
    prints = [
        PhotoFingerprint(face.crop.phash if face.crop else None, face.vector) for face in alone if face is not None
    ]
    engine = next((photo.result.engine for photo in examined if isinstance(photo.result, IdentifiedPicture)), None)
    if engine is None or not prints:
        return list(examined)
    async with app.database.reading() as session:
        hashes = await PhotoRepository(session).hashes(server_id)
        known = await PhotoRepository(session).fingerprints(group_id, engine) if group_id is not None else []
    matches = await app.compute.run(jobs.find_copies, prints, engine, hashes, known)
    places = [place for place, face in enumerate(alone) if face is not None]
    found = {
        place: CopyMatches(match.members, tuple(places[earlier] for earlier in match.earlier))
        for place, match in zip(places, matches, strict=True)
    }
    return [replace(photo, copies=found.get(place, photo.copies)) for place, photo in enumerate(examined)]
