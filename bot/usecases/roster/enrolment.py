"""Members and their photos: each photo is enrolled, refused for a reason, or waits for a moderator's answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.crops import CropRepository
from bot.database.engines import EngineRepository
from bot.database.lookup import find_or_add_group, require_group
from bot.database.quotas import QuotaRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Photo
from bot.domain.enums import FaceOrigin, LearningPolicy
from bot.domain.faces import IdentifiedPicture
from bot.domain.messages import Hint, Lines, Message
from bot.domain.photos import KnownPhoto, NoRoom, PhotoOfAnother, SeveralFaces, example_flaw, find_resemblance
from bot.domain.quotas import Quota
from bot.errors import PersonError
from bot.text.names import checked_name
from bot.text.photos import photo_reason
from bot.usecases.questions import crops, record
from bot.usecases.questions.record import PictureRecord, QuestionRecord
from bot.usecases.roster.outcomes import AddedMember, FaceChoice, PhotoOutcome, PhotoQuestion
from bot.usecases.roster.submissions import examine, unexamined

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.crops import StoredCrop
    from bot.database.tables.rosters import Member
    from bot.domain.files import SubmittedFile
    from bot.domain.photos import PhotoDoubt, PhotoReason
    from bot.usecases.roster.submissions import ArchivedCrop, ExaminedPhoto

SURE = 0.5
"""The minimum confidence for saying that a submitted face looks like another member."""

LEARNS_NOTHING = Message("I may learn nothing here, so I take no photos.", hint=Hint.CHANGE_SETUP)


class NoUsablePhotoError(PersonError):
    """No photo of a new member could be taken. `reasons`: one for each of `photos`, which are file names."""

    def __init__(self, member: str, photos: Sequence[str], reasons: Sequence[PhotoReason]) -> None:
        refused = [
            Message("{photo}: {reason}.", photo=photo, reason=photo_reason(reason))
            for photo, reason in zip(photos, reasons, strict=True)
        ]
        first = Message("I need one photo of {member} that I can use.", member=member)
        super().__init__("{lines}", lines=Lines([first, *refused]))
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class _Submission:
    """The parameters of `add_member` that concern every photo. `lost`: the hashes of known photos without a file."""

    server_id: int
    by: int
    ask_moderator: bool
    make_group: bool
    only_in: int | None
    lost: frozenset[str]


async def add_member(
    app: App,
    server_id: int,
    group: str,
    name: str,
    photos: Sequence[SubmittedFile],
    *,
    by: int,
    make_group: bool = False,
    ask_moderator: bool = False,
    archived: Mapping[str, ArchivedCrop] | None = None,
    only_in: int | None = None,
) -> AddedMember:
    """Add a member, or more photos of a member. Each photo has an outcome of its own.

    `by`: the id of the person who adds them. `make_group`: add the group if it is missing. `ask_moderator`: keep a doubtful
    photo as a question, which is enough for a new member: a photo of several faces, or of a face that is small, blurred or
    like another member's. `archived`: by the photo's name, the crops that come from an archive. `only_in`: the id of the
    age-restricted channel in which the photos were submitted, if they were.

    Raises PersonError for an unknown group, a bad name, or a server that learns nothing; NoUsablePhotoError where a new
    member would have no photo; QuotaError where the server has no room for a new group or member.
    """
    name = checked_name(name)
    group = checked_name(group) if make_group else group
    await require_learning(app, server_id)
    group_id = await _group_id(app, server_id, group, name, may_lack=make_group)
    while True:
        config = await app.recognisers.config()
        async with app.database.reading() as session:
            full = await _full(session, server_id, {Quota.PHOTOS: 1})
        if full is None:
            examined = await examine(
                app, config, server_id, group_id, photos, archived=archived or {}, compare=ask_moderator
            )
        else:
            examined = await unexamined(app, photos, full, archived=archived or {})
        lost = await crops.lost(app, server_id, [photo.sha256 for photo in examined])
        cropped = [face.crop for photo in examined for face in photo.faces if face.crop is not None]
        async with crops.storing(app, cropped) as stored, app.database.writing() as session:
            # An engine that came into use meanwhile would never see these photos.
            if await EngineRepository(session).in_use(held=True) != config.engine:
                continue
            submission = _Submission(server_id, by, ask_moderator, make_group, only_in, lost)
            return await _add(session, submission, group, name, examined, stored)


async def contact_sheet_of(app: App, added: AddedMember) -> bytes | None:
    """A JPEG of the enrolled faces, each above the name of its photo; None without any."""
    faces = [(photo.name, photo.crop.jpeg) for photo in added.outcomes if photo.crop is not None]
    return await app.compute.run(jobs.contact_sheet, faces) if faces else None


async def require_learning(app: App, server_id: int) -> None:
    """Raise PersonError where the server chose to learn nothing."""
    async with app.database.reading() as session:
        await _require_learning(session, server_id)


async def _add(
    session: AsyncSession,
    submission: _Submission,
    group: str,
    name: str,
    examined: Sequence[ExaminedPhoto],
    stored: Mapping[bytes, StoredCrop],
) -> AddedMember:
    # The choice may have changed while a worker examined the photos.
    await _require_learning(session, submission.server_id)
    rosters = RosterRepository(session)
    if submission.make_group:
        found = await find_or_add_group(session, submission.server_id, group)
    elif (found := await rosters.find_group([submission.server_id], group)) is None:
        raise PersonError("The group “{group}” was removed just now.", group=group)
    member = await rosters.find_member(found.id, name)
    is_new = member is None
    member = member or await rosters.add_member(found.id, name)
    outcomes: list[PhotoOutcome] = []
    for photo in examined:
        is_copy = any(outcomes[place].crop for place in photo.copies.earlier)
        outcomes.append(await _enrol(session, submission, member, photo, stored, is_copy=is_copy))
    if is_new and not any(outcome.crop or outcome.question for outcome in outcomes):
        # The error rolls the new member and group back.
        raise NoUsablePhotoError(
            name, [outcome.name for outcome in outcomes], [outcome.reason for outcome in outcomes if outcome.reason]
        )
    photos = await rosters.photo_count(member.id)
    return AddedMember(found.name, member.name, tuple(outcomes), photos, only_in=submission.only_in)


async def _require_learning(session: AsyncSession, server_id: int) -> None:
    if (await ServerRepository(session).choices(server_id)).learns is LearningPolicy.OFF:
        raise PersonError(LEARNS_NOTHING)


async def _group_id(app: App, server_id: int, group: str, member: str, *, may_lack: bool) -> int | None:
    """The id of the group called `group`; None where it is missing and `may_lack`.

    Raises UnknownGroupError, and QuotaError where there is no room for a new group or member: before workers look at photos.
    """
    async with app.database.reading() as session:
        rosters, quotas = RosterRepository(session), QuotaRepository(session)
        if not may_lack:
            found = await require_group(session, [server_id], group)
        elif (found := await rosters.find_group([server_id], group)) is None:
            await quotas.require(server_id, Quota.GROUPS)
        if found is None or await rosters.find_member(found.id, member) is None:
            await quotas.require(server_id, Quota.MEMBERS)
    return None if found is None else found.id


async def _enrol(
    session: AsyncSession,
    submission: _Submission,
    member: Member,
    photo: ExaminedPhoto,
    stored: Mapping[bytes, StoredCrop],
    *,
    is_copy: bool,
) -> PhotoOutcome:
    """Enrol a photo if nothing speaks against it. `is_copy`: it copies one that was enrolled just before."""
    rosters, result = RosterRepository(session), photo.result
    if photo.sha256 in submission.lost and len(photo.faces) == 1 and (crop := photo.faces[0].crop) is not None:
        await CropRepository(session).restore(submission.server_id, stored[crop.jpeg]._replace(sha256=photo.sha256))
    before = await rosters.members_with_photo(submission.server_id, photo.sha256)
    if (reason := _known(before, member, saved_anew=False)) is not None:
        return PhotoOutcome(photo.name, None, reason)
    if not isinstance(result, IdentifiedPicture):
        return PhotoOutcome(photo.name, None, result)
    kept = sum(len(face.crop.jpeg) for face in result.faces if face.crop is not None)
    wanted = {Quota.PHOTOS: 1, Quota.CROP_BYTES: kept}
    if (full := await _full(session, submission.server_id, wanted)) is not None:
        return PhotoOutcome(photo.name, None, full)
    face = result.faces[0]
    assert face.crop is not None
    if len(result.faces) > 1:
        return await _ask(session, submission, member, photo, stored, SeveralFaces(len(result.faces)))
    if not photo.accepted:
        copied = await rosters.members_by_id(photo.copies.members)
        if (reason := KnownPhoto(is_copy=True) if is_copy else _known(copied, member, saved_anew=True)) is not None:
            return PhotoOutcome(photo.name, None, reason)
        flaw = example_flaw(face.crop.face_width, face.crop.sharpness)
        if (doubt := flaw or find_resemblance(face.guess, member.id, member.name)) is not None:
            return await _ask(session, submission, member, photo, stored, doubt)
    stored_crop = stored[face.crop.jpeg]._replace(sha256=photo.sha256)
    crop = await CropRepository(session).add(submission.server_id, stored_crop, face.vector, result.engine)
    if photo.spoiler or submission.only_in is not None:
        await CropRepository(session).confine(crop, submission.only_in, spoiler=photo.spoiler)
    await rosters.add_photo(Photo(member_id=member.id, crop_id=crop.id, added_by=submission.by), submission.server_id)
    return PhotoOutcome(photo.name, face.crop, None, spoiler=photo.spoiler)


async def _full(session: AsyncSession, server_id: int, wanted: Mapping[Quota, int]) -> NoRoom | None:
    """The first quota without room for the wanted amount; None if all have room."""
    quotas = QuotaRepository(session)
    for quota, amount in wanted.items():
        if not await quotas.has_room(server_id, quota, amount):
            return NoRoom(quota, (await quotas.usage(server_id, quota)).limit)
    return None


def _known(before: Collection[Member], member: Member, *, saved_anew: bool) -> KnownPhoto | PhotoOfAnother | None:
    """The reason for not taking a photo by which the members `before` are known; None where it may be taken.

    A person may be in two groups, such as a group and its unit, with one photo. Two names on one photo are a slip.
    """
    if any(known.id == member.id for known in before):
        return KnownPhoto(saved_anew)
    other = next((known for known in before if known.key != member.key), None)
    return None if other is None else PhotoOfAnother(saved_anew, other.name, other.group.name)


async def _ask(
    session: AsyncSession,
    submission: _Submission,
    member: Member,
    photo: ExaminedPhoto,
    stored: Mapping[bytes, StoredCrop],
    doubt: PhotoDoubt | SeveralFaces,
) -> PhotoOutcome:
    """The outcome of a doubtful photo, with a question if a moderator is to be asked."""
    result = photo.result
    if not submission.ask_moderator or not isinstance(result, IdentifiedPicture):
        return PhotoOutcome(photo.name, None, doubt)
    question = QuestionRecord(
        server_id=submission.server_id,
        asker_id=submission.by,
        origin=FaceOrigin.SUBMITTED,
        engine=result.engine,
        threshold=SURE,
        rosters=[submission.server_id],
        pictures=[PictureRecord(photo.name, result, spoiler=photo.spoiler)],
        only_in=submission.only_in,
    )
    answer = await record.save_question(session, question, stored)
    crop = result.faces[0].crop
    picture = result.tagged or (crop.jpeg if crop else b"")
    sharpness = {face.number: face.crop.sharpness for face in result.faces if face.crop is not None}
    faces = tuple(
        FaceChoice(face.id, face.number, face.box.width, sharpness.get(face.number)) for _, face in answer.faces
    )
    return PhotoOutcome(
        photo.name, None, doubt, PhotoQuestion(answer.id, member.id, faces, picture), spoiler=photo.spoiler
    )
