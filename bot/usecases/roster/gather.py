"""Photos of members from image searches: found, sifted, and put into the review. Nothing here trains a model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import jobs
from bot.database.aliases import SpellingRepository
from bot.database.crops import CropRepository
from bot.database.engines import EngineRepository
from bot.database.lookup import require_group, require_member
from bot.database.quotas import QuotaRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Group, Member
from bot.domain.enums import FaceOrigin, teaches
from bot.domain.faces import IdentifiedFace, IdentifiedPicture
from bot.domain.gathering import CandidateRefusal, GatherProgress
from bot.domain.quotas import Quota
from bot.errors import KilledWorkersError, NobodyKnownError, PersonError, TooSlowError
from bot.gather.candidates import CandidatePhoto, candidates, queries
from bot.gather.sources import load
from bot.usecases.questions import crops, record
from bot.usecases.questions.record import PictureRecord, QuestionRecord
from bot.usecases.roster.enrolment import LEARNS_NOTHING, require_learning
from models.faces import ConfidenceBand, Guess

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from bot.app import App
    from bot.domain.faces import GatheredFace
    from bot.gather.sources import Source
    from bot.jobs import EngineConfig

    GatherProgressCallback = Callable[["GatherProgress"], Awaitable[None]]

SPARE = 3
"""Candidates for each missing photo: most are refused, or show other people."""

AT_ONCE = 4
"""Photos that wait for workers together; questions get their turn in between."""


@dataclass(frozen=True, slots=True)
class SoughtMember:
    """A member whose photos are gathered. `spellings`, `group_spellings`: all names. `lacking`: how many photos are missing."""

    member: int
    name: str
    group: int
    group_name: str
    spellings: tuple[str, ...]
    group_spellings: tuple[str, ...]
    lacking: int


@dataclass(frozen=True, slots=True)
class AcceptedCandidate:
    """A photo for the review: the candidate, its face, and the name of the engine that encoded the face.

    The candidate's file is there only if `search_member` keeps it.
    """

    candidate: CandidatePhoto
    face: GatheredFace
    engine: str


async def members_lacking_photos(
    app: App, server_id: int, group: str, member: str | None, wanted: int
) -> list[SoughtMember]:
    """The members with fewer than `wanted` photos, the fewest first.

    Raises UnknownGroupError, UnknownMemberError, QuotaError, and PersonError where nobody lacks photos, or the server learns
    nothing.
    """
    await require_learning(app, server_id)
    async with app.database.reading() as session:
        for quota in (Quota.PHOTOS, Quota.CROP_BYTES):
            await QuotaRepository(session).require(server_id, quota)
        rosters = RosterRepository(session)
        found = await require_group(session, [server_id], group)
        if member is not None:
            members = [await require_member(session, [server_id], group, member)]
        else:
            members = [each for each in await rosters.members([server_id]) if each.group_id == found.id]
        spellings = await SpellingRepository(session).aliases_in(found.id)
        sought = [
            SoughtMember(
                each.id,
                each.name,
                found.id,
                found.name,
                (each.name, *spellings.get(each.id, [])),
                (found.name, *spellings.get(None, [])),
                wanted - await rosters.photo_count(each.id),
            )
            for each in members
        ]
    lacking = sorted((each for each in sought if each.lacking > 0), key=lambda each: -each.lacking)
    if not lacking:
        if sought:
            raise PersonError("Nobody there has fewer than {wanted} photos.", wanted=wanted)
        raise PersonError("There is nobody to look for yet.")
    return lacking


async def gather(
    app: App,
    server_id: int,
    sought: Sequence[SoughtMember],
    *,
    by: int,
    progress: GatherProgressCallback,
    sources: Sequence[Source] | None = None,
) -> GatherProgress:
    """Search for photos of each member, and put the usable ones into the review of a server.

    Photos of a member stay in the review when a later member fails. `progress`: called after each member. Raises
    NoContactError, UnknownSourceError, QuotaError where the crops have no room, BusyError where its turn would come too
    late, and PersonError where the server has a gathering under way.
    """
    gathering = GatherProgress(sought[0].group_name, tuple(each.name for each in sought))
    with app.gathering_limit.slot(server_id):
        async with app.queues.gatherings.bulk_turn():
            for each in sought:
                async with app.compute.scratch_folder() as folder:
                    kept = await search_member(app, server_id, each, gathering, folder, sources)
                gathering.kept[each.name] = await _put_into_review(app, server_id, each, kept, by, gathering)
                gathering.done += 1
                await progress(gathering)
    return gathering


async def search_member(
    app: App,
    server_id: int,
    sought: SoughtMember,
    gathering: GatherProgress,
    folder: Path,
    sources: Sequence[Source] | None = None,
    *,
    keep_files: bool = False,
) -> list[AcceptedCandidate]:
    """New photos of one member, at most as many as are lacking. `gathering` counts the others.

    `folder`: an empty private one, which the caller deletes. Each file is there until its face is found; `keep_files`: those
    with a clear face stay.
    """
    config = await app.recognisers.config()
    fetched = candidates(
        app.settings,
        app.compute.run_in_background,
        load(app.settings.gather_sources) if sources is None else sources,
        queries(sought.group_spellings, sought.spellings),
        SPARE * sought.lacking,
        gathering.tally,
        folder,
    )
    spotted: list[AcceptedCandidate] = []
    batch: list[CandidatePhoto] = []
    with app.faults.reporting():
        async with aclosing(fetched) as arriving:
            async for candidate in arriving:
                batch.append(candidate)
                if len(batch) == AT_ONCE:
                    spotted += await _find_faces(app, config, batch, gathering, keep_files=keep_files)
                    batch = []
        spotted += await _find_faces(app, config, batch, gathering, keep_files=keep_files)
    return await _filter_candidates(app, server_id, sought, spotted, config.version, gathering)


async def _find_faces(
    app: App, config: EngineConfig, batch: Sequence[CandidatePhoto], gathering: GatherProgress, *, keep_files: bool
) -> list[AcceptedCandidate]:
    """The photos with one clear face. The files of the others are deleted, and all of them unless `keep_files`."""
    faces = await _all_of([_find_face(app, config, candidate.path) for candidate in batch])
    kept: list[AcceptedCandidate] = []
    for candidate, face in zip(batch, faces, strict=True):
        if face is None:
            gathering.refused[CandidateRefusal.NO_CLEAR_FACE] += 1
        else:
            kept.append(AcceptedCandidate(candidate, face, config.engine))
        if face is None or not keep_files:
            candidate.path.unlink(missing_ok=True)
    return kept


async def _find_face(app: App, config: EngineConfig, path: Path) -> GatheredFace | None:
    content = await app.compute.content_of(path)
    with suppress(TooSlowError, KilledWorkersError):  # an error of one file leaves the others
        return await app.compute.run_in_background(jobs.find_only_face, config, content)
    return None


async def _all_of(work: Sequence[Awaitable[GatheredFace | None]]) -> list[GatheredFace | None]:
    """The faces of all. The first error, such as missing workers or a missing engine, follows the end of the others."""
    results = await asyncio.gather(*work, return_exceptions=True)
    faces: list[GatheredFace | None] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        faces.append(result)
    return faces


async def _filter_candidates(
    app: App,
    server_id: int,
    sought: SoughtMember,
    spotted: Sequence[AcceptedCandidate],
    engine: str,
    gathering: GatherProgress,
) -> list[AcceptedCandidate]:
    if not spotted:
        return []
    async with app.database.reading() as session:
        known = await CropRepository(session).encodings(server_id, engine)
    accepted = [vector for vector, member in known if member == sought.member]
    others = [vector for vector, member in known if member != sought.member]
    vectors = [photo.face.vector for photo in spotted]
    reasons = await app.compute.run_in_background(jobs.candidate_refusals, vectors, accepted, others, engine)
    kept: list[AcceptedCandidate] = []
    for photo, reason in zip(spotted, reasons, strict=True):
        if reason is not None:
            gathering.refused[reason] += 1
        elif len(kept) < sought.lacking:
            kept.append(photo)
    return kept


async def _put_into_review(
    app: App,
    server_id: int,
    sought: SoughtMember,
    kept: Sequence[AcceptedCandidate],
    by: int,
    gathering: GatherProgress,
) -> int:
    """Write the photos as a question for the review; returns their number.

    An engine that came into use meanwhile encodes them first: without its encodings they would never answer.
    """
    while kept:
        config = await app.recognisers.config()
        if any(photo.engine != config.engine for photo in kept):
            kept = await _encode_again(app, config, kept, gathering)
            continue
        question = QuestionRecord(
            server_id=server_id,
            asker_id=by,
            origin=FaceOrigin.GATHERED,
            engine=kept[0].face.engine,
            threshold=app.settings.threshold,
            rosters=[server_id],
            pictures=await _pictures(app, server_id, sought, kept),
        )
        async with (
            crops.storing(app, [photo.face.crop for photo in kept]) as stored,
            app.database.writing() as session,
        ):
            if await EngineRepository(session).in_use(held=True) != config.engine:
                continue
            owner = select(Group.server_id).join(Member).where(Member.id == sought.member)
            if await session.scalar(owner) != server_id:
                raise PersonError("{member} was removed just now.", member=sought.name)
            if not teaches((await ServerRepository(session).choices(server_id)).learns, FaceOrigin.GATHERED):
                raise PersonError(LEARNS_NOTHING)
            await record.save_question(session, question, stored)
        return len(kept)
    return 0


async def _encode_again(
    app: App, config: EngineConfig, kept: Sequence[AcceptedCandidate], gathering: GatherProgress
) -> list[AcceptedCandidate]:
    """The same photos as another engine encodes their crops, without those in which it finds no face."""
    again: list[AcceptedCandidate] = []
    for photo, face in zip(kept, await _all_of([_encode(app, config, photo.face) for photo in kept]), strict=True):
        if face is None:
            gathering.refused[CandidateRefusal.NO_CLEAR_FACE] += 1
        else:
            again.append(AcceptedCandidate(photo.candidate, face, config.engine))
    return again


async def _encode(app: App, config: EngineConfig, face: GatheredFace) -> GatheredFace | None:
    with suppress(TooSlowError, KilledWorkersError):
        encoded = await app.compute.run_in_background(jobs.encode_crops, config, (face.crop.jpeg,))
        (vector,) = encoded.vectors
        return None if vector is None else replace(face, vector=vector, engine=encoded.engine)
    return None


async def _pictures(
    app: App, server_id: int, sought: SoughtMember, kept: Sequence[AcceptedCandidate]
) -> list[PictureRecord]:
    """The photos with their names and sources, as a question records them."""
    guesses = await _guesses(app, server_id, sought, kept)
    return [
        PictureRecord(
            photo.candidate.title or photo.candidate.url[:300],
            IdentifiedPicture(
                photo.face.size,
                sought.group_name,
                (IdentifiedFace(1, photo.face.box, guess, photo.face.vector, photo.face.flaws, photo.face.crop),),
                b"",
                photo.face.engine,
            ),
            source=photo.candidate.page or photo.candidate.url,
        )
        for photo, guess in zip(kept, guesses, strict=True)
    ]


async def _guesses(app: App, server_id: int, sought: SoughtMember, kept: Sequence[AcceptedCandidate]) -> list[Guess]:
    """A guess for each face: the member who was searched for, with the recogniser's confidence in that name.

    The confidence is 0 where the recogniser has no members with photos, or is fitted to another engine.
    """
    guesses = [Guess(None, None, 0.0, ConfidenceBand.UNKNOWN)] * len(kept)
    with suppress(NobodyKnownError):
        fitted = await app.recognisers.for_rosters([server_id])
        if fitted.config.engine == kept[0].engine:
            vectors = [photo.face.vector for photo in kept]
            guesses = await app.compute.run_in_background(jobs.guess_each, vectors, fitted.recogniser, sought.group)
    return [
        Guess(
            sought.member,
            sought.name,
            next((c.confidence for c in guess.candidates if c.member == sought.member), 0.0),
            ConfidenceBand.UNSURE,
            guess.candidates,
        )
        for guess in guesses
    ]
