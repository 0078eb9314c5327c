"""Photos that were handed in, as workers see them: whose faces, whom they look like, what they are copies of."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.photos import PhotoRepository
from bot.domain.faces import CopyMatches, EnrolmentContext, FacePrint, IdentifiedPicture, Refused
from bot.errors import NobodyKnownError, PersonError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.app import App
    from bot.domain.faces import SeenFace
    from bot.domain.photos import FaceProblem, PhotoReason
    from bot.jobs import EngineConfig
    from bot.usecases.identify import SubmittedFile

NO_COPY = CopyMatches()


@dataclass(frozen=True, slots=True)
class KeptCrop:
    """A photo that is a crop of before: the hash that it is known by, and how well the face was seen then."""

    sha256: str
    face_width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """A photo that was looked at: the hash of its bytes, what was seen, and what its one face is a copy of.

    `accepted`: it is a crop of before, so that nobody asks whether it is good enough. `spoiler`: it was handed in as one.
    """

    name: str
    sha256: str
    result: IdentifiedPicture | PhotoReason
    copied: CopyMatches = NO_COPY
    accepted: bool = False
    spoiler: bool = False

    @property
    def faces(self) -> tuple[SeenFace, ...]:
        """The faces that were found; one if the photo is clearly of somebody."""
        return self.result.faces if isinstance(self.result, IdentifiedPicture) else ()


async def look_at(
    app: App,
    config: EngineConfig,
    server_id: int,
    group_id: int | None,
    photos: Sequence[SubmittedFile],
    *,
    kept: Mapping[str, KeptCrop],
    rivals: bool,
) -> list[Look]:
    """What is seen in each photo that is to be added to a group, None where its first photo makes it. `kept` are those of the
    photos, by name, that are crops of before; with `rivals`, each face is held against the server's recogniser.
    """
    others = await _rivals(app, config, server_id, group_id) if rivals and group_id is not None else None
    looks = await asyncio.gather(*(_look(app, config, photo, others, kept.get(photo.name)) for photo in photos))
    looks = [replace(look, spoiler=photo.spoiler) for look, photo in zip(looks, photos, strict=True)]
    return await _compared(app, server_id, group_id, looks)


async def _rivals(app: App, config: EngineConfig, server_id: int, group_id: int) -> EnrolmentContext | None:
    """The server's recogniser, if it knows anybody and is fitted to the engine of `config`."""
    try:
        fitted = await app.recognisers.of([server_id])
    except NobodyKnownError:  # the first photo looks like nobody else
        return None
    return EnrolmentContext(fitted.recogniser, group_id) if fitted.config.engine == config.engine else None


async def _look(
    app: App, config: EngineConfig, photo: SubmittedFile, rivals: EnrolmentContext | None, kept: KeptCrop | None
) -> Look:
    if photo.refusal is not None:
        return Look(photo.name, "", photo.refusal)
    try:
        if kept is None:
            seen = await app.compute.run(jobs.enrol, config, photo.data, rivals)
            return Look(photo.name, hashlib.sha256(photo.data).hexdigest(), _result_of(seen))
        seen = await app.compute.run(jobs.enrol_crop, config, photo.data)
    except PersonError as error:
        return Look(photo.name, "", error.message)
    if isinstance(seen, IdentifiedPicture):
        face = seen.faces[0]
        assert face.crop is not None
        cut = replace(face.crop, face_width=kept.face_width, sharpness=kept.sharpness or face.crop.sharpness)
        seen = replace(seen, faces=(replace(face, crop=cut),))
    return Look(photo.name, kept.sha256, _result_of(seen), accepted=True)


def _result_of(seen: IdentifiedPicture | Refused | FaceProblem) -> IdentifiedPicture | PhotoReason:
    return seen.message if isinstance(seen, Refused) else seen


async def _compared(app: App, server_id: int, group_id: int | None, looks: Sequence[Look]) -> list[Look]:
    """The same, each with what its one face is a copy of: of the photos that there are, and of those before it."""
    alone = [look.faces[0] if len(look.faces) == 1 else None for look in looks]
    prints = [FacePrint(face.crop.phash if face.crop else None, face.vector) for face in alone if face is not None]
    engine = next((look.result.engine for look in looks if isinstance(look.result, IdentifiedPicture)), None)
    if engine is None or not prints:
        return list(looks)
    async with app.database.reading() as session:
        hashes = await PhotoRepository(session).hashes(server_id)
        vectors = await PhotoRepository(session).vectors(group_id, engine) if group_id is not None else []
    copied = await app.compute.run(jobs.find_copies, prints, engine, hashes, vectors)
    places = [place for place, face in enumerate(alone) if face is not None]
    found = {
        place: CopyMatches(one.members, tuple(places[earlier] for earlier in one.earlier))
        for place, one in zip(places, copied, strict=True)
    }
    return [replace(look, copied=found.get(place, look.copied)) for place, look in enumerate(looks)]
