"""Groups and members: adding them, and the photos by which they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.aliases import SpellingRepository
from bot.database.crops import CropRepository
from bot.database.engines import EngineRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Photo
from bot.domain.enums import Learns, Origin
from bot.domain.faces import IdentifiedPicture
from bot.domain.messages import Hint, Lines, Message
from bot.domain.photos import KnownPhoto, PhotoOfAnother, SeveralFaces, flaw_of, resemblance_of
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.text.names import checked_name
from bot.text.photos import photo_reason
from bot.usecases import crops, record
from bot.usecases.lookup import require_group
from bot.usecases.record import PictureRecord, QuestionRecord
from bot.usecases.roster.submissions import look_at

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.crops import StoredCrop
    from bot.database.tables.rosters import Member
    from bot.domain.faces import FaceCrop
    from bot.domain.photos import PhotoDoubt, PhotoReason
    from bot.usecases.identify import SubmittedFile
    from bot.usecases.roster.submissions import KeptCrop, Look

SURE = 0.5
"""Confidence from which a face that is handed in looks like another member."""

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
class AskedFace:
    """A face of a photo that waits: its number in the picture, and how well it is seen."""

    id: int
    number: int
    width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class Asks:
    """A photo that waits for a moderator's word: the question that keeps its faces.

    `picture`: the one face cut out, or all of them with their numbers.
    """

    question: int
    member: int
    faces: tuple[AskedFace, ...]
    picture: bytes


@dataclass(frozen=True, slots=True)
class TakenPhoto:
    """What became of one photo: its face where it was taken, or why not, and whether a moderator may say more.

    `spoiler`: it was handed in as one.
    """

    name: str
    crop: FaceCrop | None
    reason: PhotoReason | None
    asks: Asks | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class AddedMember:
    """A member after photos were added. `photos` counts all that they have now.

    `only_in`: the age-restricted channel that alone shows those that were taken, if it is one.
    """

    group: str
    member: str
    taken: tuple[TakenPhoto, ...]
    photos: int
    only_in: int | None = None


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group with its other names, and the number of photos of each member."""

    name: str
    members: dict[str, int]
    is_shared: bool
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Adding:
    """Who adds photos, to which server's roster; `asks`: whether they may say more of doubtful ones; `makes_group`: whether
    the group comes to be with its first photo; `only_in`: the channel that alone may show them, if not every may.
    """

    server_id: int
    by: int
    asks: bool
    makes_group: bool
    only_in: int | None


async def add_group(app: App, server_id: int, name: str) -> str:
    """Add a group; its name as kept. Raises PersonError when there is one of that name."""
    name = checked_name(name)
    async with app.database.writing() as session:
        rosters = RosterRepository(session)
        if await rosters.find_group([server_id], name) is not None:
            raise PersonError("There is a group called “{name}” already.", name=name)
        await rosters.add_group(server_id, name)
    return name


async def add_member(
    app: App,
    server_id: int,
    group: str,
    name: str,
    photos: Sequence[SubmittedFile],
    *,
    by: int,
    make_group: bool = False,
    asks: bool = False,
    kept: Mapping[str, KeptCrop] | None = None,
    only_in: int | None = None,
) -> AddedMember:
    """Add a member, or more photos of one. A photo that can't be taken says why and leaves the others alone.

    With `asks`, a doubtful photo is kept as a question for a moderator: which of its faces is meant; though the face is
    small, blurred, or looks like another member. A new member is made even where that is all there is. With `make_group`, a
    group that isn't there comes to be with its first photo. `kept` are those of the photos, by name, that are crops of before.
    `only_in`: the age-restricted channel in which they are handed in, if it is one.

    Raises PersonError for an unknown group (unless `make_group`), a bad name, a server where nothing may be learned, or
    NoUsablePhotoError for a new member.
    """
    name = checked_name(name)
    group = checked_name(group) if make_group else group
    await may_learn(app, server_id)
    group_id = await _known_group(app, server_id, group, may_lack=make_group)
    while True:
        config = await app.recognisers.config()
        looks = await look_at(app, config, server_id, group_id, photos, kept=kept or {}, rivals=asks)
        seen = [face.crop for look in looks for face in look.faces if face.crop is not None]
        async with crops.stored(app, seen) as cuts, app.database.writing() as session:
            # An engine that was put into use while another looked would never see these photos.
            if await EngineRepository(session).in_use(held=True) != config.engine:
                continue
            return await _add(session, _Adding(server_id, by, asks, make_group, only_in), group, name, looks, cuts)


async def sheet_of(app: App, added: AddedMember) -> bytes | None:
    """A JPEG of the faces that were taken, each with its photo's name below; None where none was."""
    faces = [(photo.name, photo.crop.jpeg) for photo in added.taken if photo.crop is not None]
    return await app.compute.run(jobs.contact_sheet, faces) if faces else None


async def may_learn(app: App, server_id: int) -> None:
    """Raises PersonError where a server chose that nothing is learned."""
    async with app.database.reading() as session:
        await _check_learns(session, server_id)


async def list_groups(app: App, servers: Collection[int]) -> list[ListedGroup]:
    """The groups that `servers` may ask about, with the shared ones."""
    async with app.database.reading() as session:
        counts = await RosterRepository(session).photo_counts({SHARED_ROSTER, *servers})
        spellings = await SpellingRepository(session).of_groups({SHARED_ROSTER, *servers})
    aliases: dict[int, list[str]] = {}
    for spelling in spellings:
        if spelling.spelling != spelling.name:
            aliases.setdefault(spelling.id, []).append(spelling.spelling)
    groups: dict[int, ListedGroup] = {}
    for count in counts:
        also = tuple(aliases.get(count.group, ()))
        group = groups.setdefault(count.group, ListedGroup(count.group_name, {}, count.server == SHARED_ROSTER, also))
        if count.member is not None:
            group.members[count.member] = count.photos
    return list(groups.values())


async def group_names(app: App, servers: Collection[int], *, shared: bool = True) -> list[str]:
    """The names of the groups of `servers`, and of the shared ones unless `shared` is False; each name once."""
    async with app.database.reading() as session:
        groups = await RosterRepository(session).groups({SHARED_ROSTER, *servers} if shared else servers)
    return list(dict.fromkeys(group.name for group in groups))


async def _add(
    session: AsyncSession,
    adding: _Adding,
    group: str,
    name: str,
    looks: Sequence[Look],
    cuts: Mapping[bytes, StoredCrop],
) -> AddedMember:
    # What may be learned from may have been chosen anew while a worker looked.
    await _check_learns(session, adding.server_id)
    rosters = RosterRepository(session)
    found = await rosters.find_group([adding.server_id], group)
    if found is None and adding.makes_group:
        found = await rosters.add_group(adding.server_id, group)
    if found is None:
        raise PersonError("The group “{group}” was removed just now.", group=group)
    member = await rosters.find_member(found.id, name)
    is_new = member is None
    member = member or await rosters.add_member(found.id, name)
    taken: list[TakenPhoto] = []
    for look in looks:
        again = any(taken[place].crop for place in look.copied.earlier)
        taken.append(await _keep(session, adding, member, look, cuts, again=again))
    if is_new and not any(photo.crop or photo.asks for photo in taken):
        # What was made so far goes with the transaction.
        raise NoUsablePhotoError(
            name, [photo.name for photo in taken], [photo.reason for photo in taken if photo.reason]
        )
    return AddedMember(
        found.name, member.name, tuple(taken), await rosters.photo_count(member.id), only_in=adding.only_in
    )


async def _check_learns(session: AsyncSession, server_id: int) -> None:
    if (await ServerRepository(session).choices(server_id)).learns is Learns.OFF:
        raise PersonError(LEARNS_NOTHING)


async def _known_group(app: App, server_id: int, name: str, *, may_lack: bool) -> int | None:
    """The id of the group called so; None where there is none, if that may be."""
    async with app.database.reading() as session:
        if not may_lack:
            return (await require_group(session, [server_id], name)).id
        found = await RosterRepository(session).find_group([server_id], name)
    return None if found is None else found.id


async def _keep(
    session: AsyncSession,
    adding: _Adding,
    member: Member,
    look: Look,
    cuts: Mapping[bytes, StoredCrop],
    *,
    again: bool,
) -> TakenPhoto:
    """Keep a photo, or say why not; `again`: it is a copy of one that was taken just now."""
    rosters, result = RosterRepository(session), look.result
    if not isinstance(result, IdentifiedPicture):
        return TakenPhoto(look.name, None, result)
    before = await rosters.enrolled_for(adding.server_id, look.sha256)
    if (reason := _known(before, member, saved_anew=False)) is not None:
        return TakenPhoto(look.name, None, reason)
    face = result.faces[0]
    assert face.crop is not None
    if len(result.faces) > 1:
        return await _ask(session, adding, member, look, cuts, SeveralFaces(len(result.faces)))
    if not look.accepted:
        copied = await rosters.members_with(look.copied.members)
        if (reason := KnownPhoto(saved_anew=True) if again else _known(copied, member, saved_anew=True)) is not None:
            return TakenPhoto(look.name, None, reason)
        flaw = flaw_of(face.crop.face_width, face.crop.sharpness)
        if (doubt := flaw or resemblance_of(face.guess, member.id, member.name)) is not None:
            return await _ask(session, adding, member, look, cuts, doubt)
    stored = cuts[face.crop.jpeg]._replace(sha256=look.sha256)
    crop = await CropRepository(session).add(adding.server_id, stored, face.vector, result.engine)
    if look.spoiler or adding.only_in is not None:
        await CropRepository(session).confine(crop, adding.only_in, spoiler=look.spoiler)
    await rosters.add_photo(Photo(member_id=member.id, crop_id=crop.id, added_by=adding.by), adding.server_id)
    return TakenPhoto(look.name, face.crop, None, spoiler=look.spoiler)


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
    adding: _Adding,
    member: Member,
    look: Look,
    cuts: Mapping[bytes, StoredCrop],
    doubt: PhotoDoubt | SeveralFaces,
) -> TakenPhoto:
    """A photo that isn't taken as it is; where a moderator may say more of it, it waits for that."""
    result = look.result
    if not adding.asks or not isinstance(result, IdentifiedPicture):
        return TakenPhoto(look.name, None, doubt)
    question = QuestionRecord(
        server_id=adding.server_id,
        asker_id=adding.by,
        origin=Origin.SUBMITTED,
        engine=result.engine,
        threshold=SURE,
        rosters=[adding.server_id],
        pictures=[PictureRecord(look.name, result, spoiler=look.spoiler)],
        only_in=adding.only_in,
    )
    answer = await record.write(session, question, cuts)
    cut = result.faces[0].crop
    picture = result.tagged or (cut.jpeg if cut else b"")
    sharpness = {face.number: face.crop.sharpness for face in result.faces if face.crop is not None}
    faces = tuple(
        AskedFace(face.id, face.number, face.box.width, sharpness.get(face.number)) for _, face in answer.faces
    )
    return TakenPhoto(look.name, None, doubt, Asks(answer.id, member.id, faces, picture), spoiler=look.spoiler)
