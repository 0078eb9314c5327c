"""The models of groups: their photos, their figures, and the one in use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, insert, select

from bot.database.engines import EngineRepository
from bot.database.rosters import is_in_use
from bot.database.servers import ServerRepository
from bot.database.tables.models import Model, ModelPhoto
from bot.database.tables.rosters import Group, Member, Photo
from bot.domain.enums import FaceOrigin
from bot.domain.models import GroupModel, ModelFigures

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

ACCEPTED, REFUSED = "promoted", "kept aside"
"""The gate's verdicts on a model."""


@dataclass(frozen=True, slots=True)
class GroupTrainingState:
    """The photos that a group could be trained on now.

    `model`, `since`: the group's `model_id` and `model_since`. `newest`: the newest photo at the making of any of its models.
    `photos`: the origins of all photos of the group, by id. `answering`: the photos in use. `excluded`: photos of models
    that moderators rolled back.
    """

    group: int
    name: str
    server: int
    model: int | None
    since: int
    newest: int
    photos: Mapping[int, FaceOrigin]
    answering: frozenset[int]
    excluded: frozenset[int]

    @property
    def newest_photo(self) -> int:
        """The id of the newest photo."""
        return max(self.photos, default=0)

    @property
    def next_photos(self) -> frozenset[int]:
        """The photos of the next model. Only a person brings back photos that a rollback set aside."""
        return frozenset(self.photos) - self.excluded

    @property
    def waiting(self) -> frozenset[int]:
        """Photos that wait for the next model."""
        return self.next_photos - self.answering

    @property
    def new_labels(self) -> int:
        """The number of labels since the last model."""
        return sum(photo > self.newest for photo in self.waiting if self.photos[photo] is not FaceOrigin.SUBMITTED)

    @property
    def has_new_submissions(self) -> bool:
        """Whether moderators submitted photos since the last model."""
        return any(photo > self.newest for photo in self.next_photos if self.photos[photo] is FaceOrigin.SUBMITTED)


class ModelRepository:
    """Statements over models, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def state(self, group_id: int) -> GroupTrainingState | None:
        """The photos that a group could be trained on; None for a group that is gone."""
        group = await self._session.get(Group, group_id)
        if group is None:
            return None
        newest = await self._session.scalar(select(func.max(Model.upto)).where(Model.group_id == group_id)) or 0
        answered = (
            exists()
            .where(
                ModelPhoto.photo_id == Photo.id,
                ModelPhoto.model_id == Model.id,
                Model.group_id == group_id,
                Model.verdict == ACCEPTED,
            )
            .correlate(Photo)
        )
        query = (
            select(Photo.id, Photo.origin, is_in_use(), answered).join(Member).join(Group).where(Group.id == group_id)
        )
        rows = (await self._session.execute(query.order_by(Photo.id))).all()
        return GroupTrainingState(
            group=group_id,
            name=group.name,
            server=group.server_id,
            model=group.model_id,
            since=group.model_since,
            newest=newest,
            photos={photo: origin for photo, origin, _, _ in rows},
            answering=frozenset(photo for photo, _, in_use, _ in rows if in_use),
            excluded=frozenset(photo for photo, _, in_use, was_in_use in rows if was_in_use and not in_use),
        )

    async def add(
        self,
        over: GroupTrainingState,
        photos: Collection[int],
        figures: ModelFigures,
        *,
        engine: tuple[str, str],
        classifier_key: str | None,
        by: int,
    ) -> GroupModel | None:
        """Add a model of `photos` that was judged against the state `over`. A model that passed the gate comes into use.

        `engine`: name and version of the engine that the model was trained with. Returns None, and changes nothing, if the
        group or all of `photos` are gone, or another model or engine came into use.
        """
        group = await self._session.get(Group, over.group, with_for_update=True, populate_existing=True)
        if group is None or (group.model_id, group.model_since) != (over.model, over.since):
            return None
        if await EngineRepository(self._session).in_use(held=True) != engine[0]:
            return None
        of_group = select(Photo.id).join(Member).where(Member.group_id == group.id)
        existing = sorted(set(photos).intersection(await self._session.scalars(of_group)))
        if not existing:
            return None
        last = await self._session.scalar(select(func.max(Model.number)).where(Model.group_id == group.id)) or 0
        model = Model(
            group_id=group.id,
            number=last + 1,
            engine=engine[1],
            labels=len(frozenset(photos) - over.answering),
            upto=over.newest_photo,
            figures=asdict(figures),
            classifier_key=classifier_key,
            verdict=ACCEPTED if figures.judged.passes else REFUSED,
            made_by=by,
        )
        self._session.add(model)
        await self._session.flush()
        # Photos that were removed meanwhile are left out.
        await self._session.execute(
            insert(ModelPhoto), [{"model_id": model.id, "photo_id": photo} for photo in existing]
        )
        if figures.judged.passes:
            await self._activate(group, model, since=over.newest_photo)
        return _made_model(model, group)

    async def roll_back(self, group_id: int, model_id: int) -> GroupModel | None:
        """Put an earlier model back in use, without photos from after it; returns None if the model or the group is gone.

        Only a model that passed the gate can come back.
        """
        group = await self._session.get(Group, group_id, with_for_update=True, populate_existing=True)
        model = await self._session.get(Model, model_id)
        if group is None or model is None or model.group_id != group_id or model.verdict != ACCEPTED:
            return None
        newest = select(func.max(Photo.id)).join(Member).where(Member.group_id == group_id)
        await self._activate(group, model, since=await self._session.scalar(newest) or 0)
        return _made_model(model, group)

    async def of_group(self, group_id: int) -> list[GroupModel]:
        """All models of a group, the newest first, without those whose figures are damaged."""
        group = await self._session.get(Group, group_id)
        query = select(Model).where(Model.group_id == group_id).order_by(Model.number.desc())
        if group is None:
            return []
        made = (_readable_model(model, group) for model in await self._session.scalars(query))
        return [model for model in made if model is not None]

    async def whole_classifiers(self, group_id: int) -> set[str]:
        """The storage keys of the classifiers of a group's models, without those trained on a photo that is gone."""
        existing = func.count(ModelPhoto.photo_id)
        query = (
            select(Model.classifier_key, Model.figures, existing)
            .join(ModelPhoto, ModelPhoto.model_id == Model.id)
            .where(Model.group_id == group_id, Model.classifier_key.is_not(None))
            .group_by(Model.id)
        )
        rows = await self._session.execute(query)
        return {key for key, figures, count in rows if key is not None and count == figures.get("photos")}

    async def _activate(self, group: Group, model: Model, *, since: int) -> None:
        group.model_id, group.model_since = model.id, since
        await ServerRepository(self._session).mark_roster_changed(group.server_id)
        await self._session.flush()


def _readable_model(model: Model, group: Group) -> GroupModel | None:
    """The model; None where its figures are damaged."""
    try:
        return _made_model(model, group)
    except (LookupError, TypeError, ValueError):
        return None


def _made_model(model: Model, group: Group) -> GroupModel:
    return GroupModel(
        id=model.id,
        number=model.number,
        group=group.id,
        group_name=group.name,
        server=group.server_id,
        engine=model.engine,
        labels=model.labels,
        figures=ModelFigures.read(model.figures),
        accepted=model.verdict == ACCEPTED,
        made_by=model.made_by,
        made_at=model.made_at,
        answers=group.model_id == model.id,
    )
