"""Who is this? Pictures are identified, and the answer is recorded."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.lookup import require_group
from bot.database.questions import QuestionRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.answers import UNSAVED_ID
from bot.domain.deletions import MessageScope
from bot.domain.enums import FaceOrigin, teaches
from bot.domain.faces import IdentifiedPicture, IdentifyOptions, UnreadableFile
from bot.domain.messages import Lines, Message
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import (
    MessageDeletedError,
    NoPhotosError,
    NoRosterError,
    PersonError,
    StorageError,
    UnsavedAnswerError,
    WaitingForModelError,
    message_for,
)
from bot.usecases.questions import crops, record
from bot.usecases.questions.picture_files import without_other_files
from bot.usecases.questions.record import PictureRecord, QuestionRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.domain.answers import Answer
    from bot.domain.enums import LearningPolicy
    from bot.domain.faces import FaceCrop
    from bot.domain.files import SubmittedFile
    from bot.learning.recognisers import FittedRecogniser
    from models.faces import OncePolicy

log = logging.getLogger(__name__)

MEBIBYTE = 1 << 20
MAX_PICTURE_BYTES = 8 * MEBIBYTE
MAX_FACES = 100
"""Faces of a picture that are named, the largest ones.

With `dlib` a hundred take 2.4 s of processor time on a Xeon core of a 2026 cloud machine: 1.7 s to encode, 0.1 s to measure,
0.6 s to draw. A picture of 16 megapixels has room for 1,600.
"""
MAX_MESSAGE_BYTES = 23 * MEBIBYTE
"""Bytes of all files of a card together. Discord takes requests of up to 25 MiB."""


@dataclass(frozen=True, slots=True)
class IdentifyRequest:
    """The request for an identification: the asker, the place, the rosters.

    `channel_id`: the channel whose choices apply. `source_channel_id`: the channel or thread of the message with the pictures.
    `source_message_id`: the message with the pictures. `question_message_id`: the message that asks, which may be the same.
    `card_message_id`: the message that the card will be, None before it is known. `restricted`: the channel is age-restricted.
    `rosters`: the servers whose rosters are searched, besides the shared one.
    `group`: a name, or None to find the group.
    """

    asker_id: int
    server_id: int | None = None
    channel_id: int | None = None
    source_channel_id: int | None = None
    source_message_id: int | None = None
    question_message_id: int | None = None
    card_message_id: int | None = None
    restricted: bool = False
    rosters: tuple[int, ...] = ()
    group: str | None = None
    once: OncePolicy = "auto"

    @property
    def servers(self) -> list[int]:
        """The servers whose rosters are searched, with the shared one."""
        return sorted({SHARED_ROSTER, *self.rosters})

    def record(self, engine: str, threshold: float, pictures: Sequence[PictureRecord]) -> QuestionRecord:
        """The record of the question about `pictures`. `engine`: the version that identified them."""
        return QuestionRecord(
            asker_id=self.asker_id,
            engine=engine,
            threshold=threshold,
            rosters=self.servers,
            pictures=pictures,
            server_id=self.server_id,
            channel_id=self.source_channel_id or self.channel_id,
            place_id=self.channel_id,
            source_message_id=self.source_message_id,
            question_message_id=self.question_message_id,
            card_message_id=self.card_message_id,
            only_in=self.channel_id if self.restricted else None,
        )

    @property
    def scope(self) -> MessageScope:
        """The messages with the pictures and the question. When they are deleted, the question's faces are forgotten."""
        messages = [self.source_message_id, self.question_message_id]
        channels = [self.source_channel_id, self.channel_id]
        return MessageScope(
            frozenset(id for id in messages if id is not None), frozenset(id for id in channels if id is not None)
        )


@dataclass(frozen=True, slots=True)
class PictureResults:
    """The results of all pictures, in their order, with the engine's version and the threshold of the server."""

    engine: str
    threshold: float
    results: tuple[IdentifiedPicture | UnreadableFile, ...]

    @property
    def face_crops(self) -> list[FaceCrop]:
        """The crops of all faces."""
        seen = (face for result in self.results if isinstance(result, IdentifiedPicture) for face in result.faces)
        return [face.crop for face in seen if face.crop is not None]


@dataclass(frozen=True, slots=True)
class DrawnAnswer:
    """A recorded answer, and the JPEG of each answered picture by its file name."""

    answer: Answer
    pictures: dict[str, bytes]


async def identify_pictures(app: App, asked: IdentifyRequest, pictures: Sequence[SubmittedFile]) -> PictureResults:
    """Identify pictures, each in its turn. A picture that can't be read is refused alone.

    Raises BusyError where they would wait too long, NobodyKnownError where nobody could be named, and UnknownGroupError for a
    group of none of the rosters.
    """
    app.compute.check_room(len(pictures))
    fitted = await recogniser_for(app, asked)
    group, threshold, learns = await naming_choices(app, asked)
    how = IdentifyOptions(
        group,
        asked.once,
        threshold,
        max_bytes=min(MAX_PICTURE_BYTES, MAX_MESSAGE_BYTES // max(1, len(pictures))),
        max_faces=MAX_FACES,
        crops=asked.server_id is not None and teaches(learns, FaceOrigin.ASKED),
    )
    results = await asyncio.gather(*(_identify(app, picture, fitted, how) for picture in pictures))
    return PictureResults(fitted.engine, threshold, tuple(results))


async def answer_question(app: App, asked: IdentifyRequest, pictures: Sequence[SubmittedFile]) -> DrawnAnswer:
    """Identify pictures, and record the question with its answer.

    An answer that the database can't take is returned all the same, but not kept (`Answer.is_saved`). Raises as
    `identify_pictures` does; PersonError where no picture could be read; MessageDeletedError as soon as the pictures or the
    question are deleted, and then keeps nothing of them.
    """
    async with app.deletions.abort_on_deletion(asked.scope):
        app.compute.check_room(len(pictures))
        pictures = await without_other_files(app, pictures)
        examined = await identify_pictures(app, asked, pictures)
    named = [(picture.name, result) for picture, result in zip(pictures, examined.results, strict=True)]
    if not any(isinstance(result, IdentifiedPicture) for _, result in named):
        raise PersonError(
            "{refusals}",
            refusals=Lines(
                [
                    Message("{name}: {reason}.", name=name, reason=result.message)
                    for name, result in named
                    if isinstance(result, UnreadableFile)
                ]
            ),
        )
    records = [
        PictureRecord(picture.name, result, spoiler=picture.spoiler)
        for picture, result in zip(pictures, examined.results, strict=True)
    ]
    answer = await _keep(app, examined, asked.record(examined.engine, examined.threshold, records))
    if app.deletions.contains_any(asked.scope):
        if answer.is_saved:
            await crops.forget_question(app, answer.id)
        raise MessageDeletedError
    files = {
        picture.file_name: result.tagged
        for picture, result in zip(answer.pictures, examined.results, strict=True)
        if isinstance(result, IdentifiedPicture)
    }
    return DrawnAnswer(answer, files)


async def draw_again(app: App, answer: Answer, pictures: Sequence[SubmittedFile]) -> dict[str, bytes] | None:
    """The pictures with the corrected names, by their file names; None where the message shows other pictures now.

    `pictures`: all pictures of the message. Raises BusyError where they would wait too long.
    """
    app.compute.check_room(len(pictures))
    pictures = await without_other_files(app, pictures)
    if len(pictures) != len(answer.pictures):
        return None
    config, max_bytes = await app.recognisers.config(), min(MAX_PICTURE_BYTES, MAX_MESSAGE_BYTES // len(pictures))
    drawn: dict[str, bytes] = {}
    for picture, posted in zip(answer.pictures, pictures, strict=True):
        if picture.size is None:
            continue
        faces = [
            (face.number, face.box, guess) for face in picture.faces if (guess := face.displayed_guess) is not None
        ]
        if posted.refusal is not None:
            return None
        async with app.compute.receive(posted) as content:
            made = await app.compute.run(jobs.draw_again, config, content, picture.size, faces, max_bytes)
        if isinstance(made, UnreadableFile):
            return None
        drawn[picture.file_name] = made
    return drawn


async def read_answer(app: App, question_id: int) -> Answer:
    """The answer of a question, with its corrections. Raises ForgottenError, UnsavedAnswerError."""
    if question_id == UNSAVED_ID:
        raise UnsavedAnswerError
    async with app.database.reading() as session:
        return await QuestionRepository(session).answer(question_id)


async def servers_asked_in(app: App, asker_id: int) -> list[int]:
    """The ids of the servers in which a person has asked, the latest first."""
    async with app.database.reading() as session:
        return await QuestionRepository(session).servers_asked_in(asker_id)


async def recogniser_for(app: App, asked: IdentifyRequest) -> FittedRecogniser:
    """The recogniser of the searched rosters. Raises a NobodyKnownError that gives the reason where there is none."""
    try:
        return await app.recognisers.for_rosters(asked.servers)
    except NoRosterError:
        raise NoRosterError(private=asked.server_id is None) from None


async def naming_choices(app: App, asked: IdentifyRequest) -> tuple[int | None, float, LearningPolicy]:
    """The group's id or None to find it, the server's threshold, and the extent of its learning.

    Raises UnknownGroupError for a group of none of the rosters, and NobodyKnownError where no photo of the group answers.
    """
    async with app.database.reading() as session:
        choices = await ServerRepository(session).choices(asked.server_id or SHARED_ROSTER)
        threshold = app.settings.threshold if choices.threshold is None else choices.threshold
        if asked.group is not None:
            group = await require_group(session, asked.servers, asked.group)
            there = await RosterRepository(session).photo_totals(asked.servers, group.id)
            if not there.answering:
                raise WaitingForModelError(group.name) if there.photos else NoPhotosError(group.name)
            return group.id, threshold, choices.learns
        default = await ServerRepository(session).default_group(asked.channel_id) if asked.channel_id else None
        return default, threshold, choices.learns


async def _keep(app: App, examined: PictureResults, asked: QuestionRecord) -> Answer:
    """Write the answer; one that can't be written is not kept."""
    try:
        async with (
            crops.storing(app, examined.face_crops, needed=False) as stored,
            app.database.writing() as session,
        ):
            return await record.save_question(session, asked, stored)
    except StorageError as fault:
        log.error("an answer was not kept: %s", fault)
        return record.answer_without_saving(asked)


async def _identify(
    app: App, picture: SubmittedFile, fitted: FittedRecogniser, how: IdentifyOptions
) -> IdentifiedPicture | UnreadableFile:
    """The result of one picture; an error refuses this picture alone."""
    if picture.refusal is not None:
        return UnreadableFile(picture.refusal)
    try:
        async with app.compute.receive(picture) as content:
            return await app.compute.run(jobs.identify, fitted.config, content, fitted.recogniser, how)
    except Exception as error:  # noqa: BLE001  # the other pictures of the question are answered
        return UnreadableFile(message_for(error))
