"""Engines: listed, installed, put into use. The bot answers meanwhile."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.engines import EncodingProgress, EngineRepository, FacelessPhoto, UnencodedCrop
from bot.domain.engines import DownloadStep, EncodingStep
from bot.errors import EngineBrokenError, EngineMissingError, KilledWorkersError, PersonError
from bot.infra import downloads
from bot.text.engines import outdone_engine_notice
from models.engines import DEFAULT, OUTDONE, UnknownEngineError, names, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.app import App
    from bot.domain.engines import EngineStep
    from bot.domain.messages import Message
    from bot.infra.downloads import DownloadProgressCallback
    from bot.jobs import EngineConfig
    from models.engines import WeightFile

    EngineProgressCallback = Callable[[EngineStep, int, int], None]
    """Called with a step, the amount of it that is done, and its whole amount: bytes, or photos."""

log = logging.getLogger(__name__)

BATCH = 8
"""Crops in one job: a second or two of a worker for which a question may be waiting."""

AT_ONCE = 4
"""Jobs that wait for workers together. Their results are written before the next ones start, so another try goes on there."""


@dataclass(frozen=True, slots=True)
class ListedEngine:
    """An engine. `installed`: its files are there. `in_use`: it answers. `encoded`: its progress with the crops on record.

    `version` and `encoded` are None where it can't be loaded. `trouble`: the reason for that, if its files are there.
    """

    name: str
    version: str | None
    installed: bool
    in_use: bool
    encoded: EncodingProgress | None
    trouble: Message | None


@dataclass(frozen=True, slots=True)
class EngineSwitch:
    """The engine that answers from now on, and the photos in which it finds no face."""

    name: str
    version: str
    encoded: EncodingProgress
    faceless: tuple[FacelessPhoto, ...]


async def list_engines(app: App) -> list[ListedEngine]:
    """All engines, by name."""
    async with app.database.reading() as session:
        in_use = await EngineRepository(session).in_use()
    return [await _listed(app, name, in_use=name == in_use) for name in names()]


async def install(app: App, name: str, folder: Path | None, progress: EngineProgressCallback) -> EngineSwitch:
    """Get the missing files of an engine, from their publishers or from `folder`, and put it into use.

    Raises PersonError for an unknown engine, for files that can't be had or are others, and as `use` does. After an error the
    engine in use still answers, and the next call goes on where this one stopped.
    """
    files, weights = _weights(name), app.engine_config.weights
    if not await _installed(files, weights):
        # All files come from one place: a twin of one file need not fit another from the publisher.
        for wanted in files:
            if folder is not None:
                await downloads.copy_from_folder(name, wanted, folder, weights)
            elif not await downloads.is_present(wanted, weights, equivalents=False):
                await downloads.download(name, wanted, weights, _download_progress(progress))
    return await use(app, name, progress)


async def use(app: App, name: str, progress: EngineProgressCallback) -> EngineSwitch:
    """Put an installed engine into use, after it has encoded every crop on record.

    Raises PersonError where it is not installed, doesn't work here, or finds no face in any photo.
    """
    if not await _installed(_weights(name), app.engine_config.weights):
        raise PersonError("The engine {name} is not installed: nugu engine install {name}", name=name)
    config = app.engine_config.with_engine(name)
    version = await _checked_version(app, config)
    async with app.database.writing() as session:
        await EngineRepository(session).retry_faceless(version)
    while True:
        await _encode_crops(app, config, version, progress)
        async with app.database.writing() as session:
            engines = EngineRepository(session)
            encoded = await engines.progress(version)
            if encoded.crops and not encoded.encoded and not encoded.left:
                raise PersonError(
                    "{version} finds a face in none of the {crops} photos, so it is not used.",
                    version=version,
                    crops=encoded.crops,
                )
            # A photo that the running bot has added meanwhile is encoded first.
            if await engines.switch(name, version):
                return EngineSwitch(name, version, encoded, tuple(await engines.faceless_photos(version)))


async def catch_up(app: App) -> int:
    """Let the engine in use encode the crops that it has not encoded; returns their number.

    They lack encodings where an upgrade of nugu or of a package has changed the engine's version. Raises PersonError as `use`
    does; the next call goes on where this one stopped.
    """
    config = await app.recognisers.config()
    async with app.database.reading() as session:
        left = (await EngineRepository(session).progress(config.version)).left
    if left:
        log.info("%s encodes %d photos anew", config.version, left)
        await _encode_crops(app, config, config.version, _ignore_progress)
        async with app.database.writing() as session:
            await EngineRepository(session).fit_anew()
        log.info("%s has encoded all photos", config.version)
    return left


async def advise_operator(app: App) -> None:
    """Tell the operator once of the default engine, where an older one is in use."""
    async with app.database.writing() as session:
        name = await EngineRepository(session).tell_once()
    if name is not None and name in OUTDONE:
        notice = outdone_engine_notice(name, DEFAULT)
        log.warning("%s", notice)
        app.advice.send(notice)


async def _listed(app: App, name: str, *, in_use: bool) -> ListedEngine:
    if not await _installed(weights_of(name), app.engine_config.weights):
        return ListedEngine(name, None, False, in_use, None, None)
    try:
        version = await _checked_version(app, app.engine_config.with_engine(name))
    except PersonError as error:
        return ListedEngine(name, None, True, in_use, None, error.message)
    async with app.database.reading() as session:
        return ListedEngine(name, version, True, in_use, await EngineRepository(session).progress(version), None)


def _ignore_progress(_step: EngineStep, _done: int, _total: int) -> None:
    pass


def _download_progress(progress: EngineProgressCallback) -> DownloadProgressCallback:
    return lambda file, done, total: progress(DownloadStep(file), done, total)


def _weights(name: str) -> tuple[WeightFile, ...]:
    try:
        return weights_of(name)
    except UnknownEngineError:
        raise PersonError(
            "No engine is called “{name}”; there are {names}.", name=name, names=", ".join(names())
        ) from None


async def _installed(files: Sequence[WeightFile], weights: Path) -> bool:
    return all([await downloads.is_present(wanted, weights) for wanted in files])


async def _checked_version(app: App, config: EngineConfig) -> str:
    """The version of an engine, after a trial in a worker. Raises PersonError where it doesn't work here."""
    try:
        return await app.compute.run(jobs.check_engine, config)
    except EngineMissingError:
        raise PersonError(
            "My workers do not find {weights}; where they are, it must be the same folder.", weights=str(config.weights)
        ) from None
    except EngineBrokenError as error:
        raise PersonError(
            "The engine {engine} doesn't work here: {reason}", engine=config.engine, reason=error.reason
        ) from error
    except PersonError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PersonError(
            "The engine {engine} doesn't work here: {reason}", engine=config.engine, reason=reason
        ) from error


async def _encode_crops(app: App, config: EngineConfig, version: str, progress: EngineProgressCallback) -> None:
    """Encode every crop that the engine has not encoded yet."""
    while True:
        async with app.database.reading() as session:
            crops = await EngineRepository(session).unencoded(version, BATCH * AT_ONCE)
            before = await EngineRepository(session).progress(version)
        progress(EncodingStep(version), before.crops - before.left, before.crops)
        if not crops:
            return
        batches = [crops[start : start + BATCH] for start in range(0, len(crops), BATCH)]
        seen = await asyncio.gather(*(_encode_batch(app, config, version, batch) for batch in batches))
        async with app.database.writing() as session:
            await EngineRepository(session).add_encodings(
                version, {crop: vector for batch in seen for crop, vector in batch.items()}
            )


async def _encode_batch(
    app: App, config: EngineConfig, version: str, crops: Sequence[UnencodedCrop]
) -> dict[int, bytes | None]:
    """The encoding of each crop by its id; None where the engine finds no face, or the file is gone."""
    read = await asyncio.gather(*(app.storage.get(crop.key) for crop in crops))
    there = {crop.crop: data for crop, data in zip(crops, read, strict=True) if data is not None}
    try:
        found = await app.compute.run_in_background(jobs.encode_crops, config, tuple(there.values()))
    except KilledWorkersError:
        # One crop breaks the workers, so each is tried alone.
        if len(crops) == 1:
            return {crops[0].crop: None}
        alone = [await _encode_batch(app, config, version, [crop]) for crop in crops]
        return {crop: vector for seen in alone for crop, vector in seen.items()}
    if found.engine != version:
        raise PersonError(
            "Some workers have {engine} and others {version}: they run different versions of nugu.",
            engine=found.engine,
            version=version,
        )
    return {crop.crop: None for crop in crops} | dict(zip(there, found.vectors, strict=True))
