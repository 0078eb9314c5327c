"""Makes the models and classifiers of groups, by jobs in isolated processes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.engines import EngineRepository
from bot.database.labels import LabelRepository
from bot.database.models import GroupTrainingState, ModelRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.models import ModelFigures
from bot.errors import PersonError, UnencodedPhotosError
from bot.learning.classifiers import ClassifierStore, classifier_key
from bot.text.models import gate_objections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.database.engine import Database
    from bot.domain.models import GroupModel, TrainedClassifier
    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.compute import Compute
    from bot.infra.storage import Storage
    from bot.jobs import EngineConfig
    from bot.learning.training_quota import TrainingQuota

log = logging.getLogger(__name__)

LIMIT = 900.0
"""Seconds that a training may take. A group of nine members with five photos each takes eleven seconds on one free core, with
the import of TensorFlow. All other work takes the same time for any group; the gate takes five seconds for such a group.
"""


@dataclass(frozen=True, slots=True)
class TrainableGroup:
    """A group that has photos, with their encodings `rows` by the engine in use, of this name and version."""

    state: GroupTrainingState
    engine: str
    version: str
    rows: Sequence[EnrolledEncoding]

    @property
    def rows_in_use(self) -> list[EnrolledEncoding]:
        """The rows of the photos in use."""
        return [row for row in self.rows if row.photo in self.state.answering]


class ModelMaker:
    """Makes models and classifiers. Its caller makes one at a time."""

    def __init__(
        self, database: Database, storage: Storage, compute: Compute, config: EngineConfig, quota: TrainingQuota
    ) -> None:
        self._database = database
        self._classifiers = ClassifierStore(storage)
        self._compute = compute
        self._config = config
        self._quota = quota
        self._too_small: set[str] = set()
        self.at_work: int | None = None
        """The id of the group in training; None between trainings."""

    async def find_classifiers(self, rows: Sequence[EnrolledEncoding], engine: str) -> tuple[list[bytes], list[int]]:
        """The classifiers of the groups of `rows`, and the ids of the groups that lack one though they have enough photos.

        `rows`: all photos in use of each group. `engine`: the version of the engine of their encodings.
        """
        files: list[bytes] = []
        lacking: list[int] = []
        for group in dict.fromkeys(row.group for row in rows):
            key = classifier_key(engine, [row for row in rows if row.group == group])
            file = await self._classifiers.find(key)
            if file is not None:
                files.append(file)
            elif key not in self._too_small:
                lacking.append(group)
        return files, lacking

    async def delete_orphans(self) -> None:
        """Delete the classifiers of groups that are gone."""
        # Read the keys before the groups, so that a classifier of a group added meanwhile is not deleted.
        listed = await self._classifiers.groups()
        async with self._database.reading() as session:
            existing = await RosterRepository(session).group_ids()
        for group in listed - existing:
            await self._classifiers.delete_except(group, ())

    async def trainable(self, group: int) -> TrainableGroup | None:
        """The group with its photos; None for a group that is gone or has no photo.

        Classifiers that learned a photo that is gone are deleted at once, even if nothing replaces them. Raises
        UnencodedPhotosError if the engine in use has encoded none of the photos.
        """
        async with self._database.reading() as session:
            engine = await EngineRepository(session).in_use()
            version = self._config.with_engine(engine).version
            state = await ModelRepository(session).state(group)
            rows = await RosterRepository(session).encodings_of_groups([group], version)
        found = TrainableGroup(state, engine, version, rows) if state is not None and rows else None
        await self._delete_unused_classifiers(group, found, set())
        if found is None and state is not None and state.photos:
            raise UnencodedPhotosError(engine)
        return found

    async def make_model(self, group: TrainableGroup, photos: frozenset[int], *, by: int) -> GroupModel | None:
        """Make a model of `photos`, which comes into use if it passes the gate.

        Returns None if another model or engine came into use meanwhile, or the photos are gone. Raises QuotaError.
        """
        state, rows = group.state, [row for row in group.rows if row.photo in photos]
        if not rows:
            raise PersonError("There is no photo of that group that I could learn from.")
        self._quota.begin(state.server)
        self.at_work = state.group
        try:
            trained = await self._compute.run_isolated(LIMIT, jobs.train_model, rows, state.answering, group.version)
        finally:
            self.at_work = None
        classifier, key = trained.trained, classifier_key(group.version, rows)
        if classifier is not None:
            await self._classifiers.put(key, classifier.file)
        elif trained.judged.passes:
            self._too_small.add(key)
        figures = ModelFigures(
            len(photos),
            len({row.member for row in rows}),
            trained.judged,
            classifier.trial if classifier else None,
            trained.named,
        )
        async with self._database.writing() as session:
            kept = await ModelRepository(session).add(
                state,
                photos,
                figures,
                engine=(group.engine, group.version),
                classifier_key=key if classifier else None,
                by=by,
            )
            await LabelRepository(session).suspect(trained.suspected)
        if kept is not None:
            await self._delete_unused_classifiers(state.group, group, {key} if classifier else set())
            verdict = "accepted" if kept.accepted else gate_objections(kept.figures.judged)
            log.info("model %s of group %s: %s", kept.number, kept.group, verdict)
        return kept

    async def renew_classifier(self, group: TrainableGroup) -> TrainedClassifier | None:
        """Train the classifier of the photos in use if it is missing: after the removal of a photo, or with a new engine.

        Raises QuotaError.
        """
        rows = group.rows_in_use
        if not rows:
            return None
        key = classifier_key(group.version, rows)
        if key in self._too_small or await self._classifiers.find(key) is not None:
            return None
        self._quota.begin(group.state.server)
        self.at_work = group.state.group
        try:
            trained = await self._compute.run_isolated(LIMIT, jobs.train_classifier, rows, group.version)
        finally:
            self.at_work = None
        if trained is None:
            self._too_small.add(key)
            return None
        await self._classifiers.put(key, trained.file)
        async with self._database.writing() as session:
            await ServerRepository(session).mark_roster_changed(group.state.server)
        return trained

    async def _delete_unused_classifiers(self, group: int, found: TrainableGroup | None, wanted: set[str]) -> None:
        """Delete a group's classifiers, except those `wanted`, those of its models, and the one of the photos in use."""
        async with self._database.reading() as session:
            wanted |= await ModelRepository(session).whole_classifiers(group)
        if found is not None and found.rows_in_use:
            wanted.add(classifier_key(found.version, found.rows_in_use))
        await self._classifiers.delete_except(group, wanted)
