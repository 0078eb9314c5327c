"""Models of groups: their status, trainings, rollbacks and reports."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.labels import LabelRepository
from bot.database.lookup import require_group, require_group_by_id
from bot.database.models import ModelRepository
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.visibility import may_show
from bot.domain.messages import Hint, Message, Strong
from bot.errors import PersonError
from bot.usecases.questions import crops
from models.learning.isolation import IsolatedProcessError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.labels import NamedSuspectedLabel
    from bot.database.tables.rosters import Group
    from bot.domain.models import GroupModel
    from bot.domain.reports import MissingLook, ReportFigures

log = logging.getLogger(__name__)

PICTURED_LOOKS = 3
"""Members whose missing look a report shows by a photo. More pictures would hide the rest of the card."""

GONE = Message("That model has been removed since.")


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """The status of a group.

    `model`: the one in use, None before the first. `newest`: the last one. `answering`: photos that answer. `waiting`: photos
    that wait for a model; `labels` of them are new, and `after` new ones start a training. `training`: whether one is running.
    """

    name: str
    model: GroupModel | None
    newest: GroupModel | None
    answering: int
    waiting: int
    labels: int
    after: int
    training: bool


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """The models of a group, the newest first."""

    group: int
    name: str
    models: tuple[GroupModel, ...]


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """An earlier model that may be put into use again."""

    current: GroupModel
    target: GroupModel


@dataclass(frozen=True, slots=True)
class MemberLook:
    """A missing look of a member.

    `crop`: of a recent photo without the right name. None past the first `PICTURED_LOOKS`, where the file is lost or damaged,
    or where this channel may show none of these photos. `spoiler`: it is shown covered.
    """

    member: str
    look: MissingLook
    crop: bytes | None
    spoiler: bool


@dataclass(frozen=True, slots=True)
class GroupReport:
    """The report on a group, with the suspected labels that nobody has confirmed. `looks`: the least recognised first."""

    group: int
    name: str
    found: ReportFigures
    labels: tuple[NamedSuspectedLabel, ...]
    looks: tuple[MemberLook, ...]


async def status(app: App, server_id: int, group: str | None = None) -> list[GroupStatus]:
    """The status of each group of a server, or of one. Raises UnknownGroupError."""
    async with app.database.reading() as session:
        groups = (
            [await require_group(session, [server_id], group)]
            if group
            else await RosterRepository(session).groups([server_id])
        )
        return [await _status(app, session, one) for one in groups]


async def history(app: App, server_id: int, group: str) -> ModelHistory:
    """All models of a group. Raises UnknownGroupError."""
    async with app.database.reading() as session:
        found = await require_group(session, [server_id], group)
        return ModelHistory(found.id, found.name, tuple(await ModelRepository(session).of_group(found.id)))


async def history_by_id(app: App, server_id: int, group_id: int) -> ModelHistory:
    """All models of a group by its id. Raises PersonError where the group is gone."""
    async with app.database.reading() as session:
        found = await require_group_by_id(session, [server_id], group_id)
        return ModelHistory(found.id, found.name, tuple(await ModelRepository(session).of_group(found.id)))


async def train(app: App, server_id: int, group: str, *, by: int) -> GroupModel:
    """Train a model of all photos of a group now. Raises UnknownGroupError, and PersonError where no model results."""
    async with app.database.reading() as session:
        found = await require_group(session, [server_id], group)
    try:
        return await app.trainer.train(found.id, by=by)
    except IsolatedProcessError as error:
        log.warning("group %s was not trained: %s", found.id, error)
        raise PersonError(
            "The training broke off, so {group} answers as before. Try again.", group=Strong(found.name)
        ) from None


async def rollback_targets(app: App, server_id: int, group: str) -> list[GroupModel]:
    """The models to which a group may be rolled back, the newest first; none for an unknown group."""
    async with app.database.reading() as session:
        found = await RosterRepository(session).find_group([server_id], group)
        made = await ModelRepository(session).of_group(found.id) if found else []
    return [model for model in made if model.accepted and not model.answers]


async def plan_rollback(app: App, server_id: int, group: str, number: int | None) -> RollbackPlan:
    """The plan of a rollback: to model `number`, or to the one before. Raises UnknownGroupError, PersonError."""
    made = (await history(app, server_id, group)).models
    now = next((model for model in made if model.answers), None)
    if now is None:
        raise PersonError("No model of that group answers yet.")
    options = [model for model in made if model.accepted and not model.answers]
    wanted = (model for model in options if model.number == number or (number is None and model.number < now.number))
    to = next(wanted, None)
    if to is None:
        if not options or number is None:
            raise PersonError("There is no earlier model to go back to.")
        raise PersonError(
            "Model {number} never answered. There {are} {known}.",
            number=number,
            are="is" if len(options) == 1 else "are",
            known=[model.number for model in options],
        )
    return RollbackPlan(now, to)


async def roll_back(app: App, server_id: int, group_id: int, model_id: int, *, instead_of: int) -> GroupModel:
    """Put an earlier model into use, from the next question on.

    Raises PersonError where another model than `instead_of` is in use by now, or where the earlier one is gone.
    """
    async with app.database.writing() as session:
        found = await require_group_by_id(session, [server_id], group_id)
        if found.model_id != instead_of:
            raise PersonError("Another model came to answer since I asked.", hint=Hint.SHOW_MODELS)
        model = await ModelRepository(session).roll_back(group_id, model_id)
        if model is None:
            raise PersonError(GONE)
        return model


async def report(app: App, server_id: int, channel_id: int | None, group: str) -> GroupReport:
    """Report on a group, as this channel may show it. Suspected labels come first in the review.

    Raises UnknownGroupError, PersonError without photos.
    """
    async with app.database.reading() as session:
        found = await require_group(session, [server_id], group)
    try:
        made = await app.reports.for_group(server_id, found.id)
    except IsolatedProcessError as error:
        log.warning("there is no report on group %s: %s", found.id, error)
        raise PersonError("The report broke off. Try again.") from None
    async with app.database.writing() as session:
        labels = await LabelRepository(session).with_names({photo.photo: photo.looks_like for photo in made.suspected})
        await LabelRepository(session).suspect([label.photo for label in labels])
    return GroupReport(found.id, found.name, made, tuple(labels), await _looks(app, channel_id, made))


async def _looks(app: App, channel_id: int | None, made: ReportFigures) -> tuple[MemberLook, ...]:
    """The missing looks of a report, the first ones with the newest photo that this channel may show."""
    found = made.members_with_missing_looks
    missed = [photo for _, look in found[:PICTURED_LOOKS] for photo in look.missed]
    async with app.database.reading() as session:
        photos = await PhotoRepository(session).with_crops(missed)
    shown = {photo.id: photo for photo in photos if may_show(photo.only_in, channel_id)}
    examples = [max((shown[photo] for photo in look.missed if photo in shown), default=None) for _, look in found]
    files = await crops.read(app, [example.key if example else None for example in examples])
    return tuple(
        MemberLook(member.name, look, crop, spoiler=example is not None and example.spoiler)
        for (member, look), example, crop in zip(found, examples, files, strict=True)
    )


async def _status(app: App, session: AsyncSession, group: Group) -> GroupStatus:
    state = await ModelRepository(session).state(group.id)
    assert state is not None
    made = await ModelRepository(session).of_group(group.id)
    return GroupStatus(
        name=group.name,
        model=next((model for model in made if model.answers), None),
        newest=made[0] if made else None,
        answering=len(state.answering),
        waiting=len(state.waiting),
        labels=state.new_labels,
        after=app.settings.retrain_after,
        training=app.trainer.at_work == group.id,
    )
