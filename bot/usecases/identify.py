"""Who is this? Pictures go in, an answer with names comes out and is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.questions import Questions
from bot.database.rosters import Rosters
from bot.database.servers import Servers
from bot.database.tables import HOUSE, Question
from bot.errors import PersonError, UnknownGroupError
from bot.jobs import Identified, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answers import Answer
    from bot.app import App
    from bot.jobs import Once
    from bot.recognisers import Fitted


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, where, and how it is to be decided.

    `rosters` are the servers whose rosters are searched, besides the house's; `group` is a name, or None to find it.
    """

    asker_id: int
    server_id: int | None = None
    channel_id: int | None = None
    source_message_id: int | None = None
    rosters: tuple[int, ...] = ()
    group: str | None = None
    once: Once = "auto"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A picture as it came in: its file name and its untrusted bytes, or why they could not be had."""

    name: str
    data: bytes = b""
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen in each picture, in their order, and by which engine and threshold it was judged."""

    engine: str
    threshold: float
    results: tuple[Identified | Refused, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A kept answer, and the JPEG of each answered picture by its file name."""

    answer: Answer
    pictures: dict[str, bytes]


async def look(app: App, asked: Asked, pictures: Sequence[Submitted]) -> Looked:
    """Name the faces of `pictures`, all at once; one that can't be answered says so and leaves the others alone.

    Raises NoRosterError when nobody is enrolled, UnknownGroupError when `asked.group` is none of the rosters'.
    """
    servers = sorted({HOUSE, *asked.rosters})
    fitted = await app.recognisers.of(servers)
    group, threshold = await _choices(app, asked, servers)
    results = await asyncio.gather(
        *(_identify(app, picture, fitted, group=group, once=asked.once, threshold=threshold) for picture in pictures)
    )
    return Looked(fitted.engine, threshold, tuple(results))


async def ask(app: App, asked: Asked, pictures: Sequence[Submitted]) -> Tagged:
    """Look at `pictures` and keep the question with its answer.

    Raises what `look` raises, and PersonError when not one of the pictures could be answered.
    """
    looked = await look(app, asked, pictures)
    named = [(picture.name, result) for picture, result in zip(pictures, looked.results, strict=True)]
    if not any(isinstance(result, Identified) for _, result in named):
        raise PersonError(
            "\n".join(f"{name}: {result.sentence}." for name, result in named if isinstance(result, Refused))
        )
    question = Question(
        server_id=asked.server_id,
        channel_id=asked.channel_id,
        source_message_id=asked.source_message_id,
        asker_id=asked.asker_id,
        engine=looked.engine,
        threshold=looked.threshold,
    )
    async with app.database.writing() as session:
        answer = await Questions(session).add(question, named)
    files = {
        picture.file_name: result.tagged
        for picture, result in zip(answer.pictures, looked.results, strict=True)
        if isinstance(result, Identified)
    }
    return Tagged(answer, files)


async def read_again(app: App, question_id: int) -> Answer:
    """The answer to an earlier question as it stands now; raises PersonError when it is forgotten."""
    async with app.database.reading() as session:
        try:
            return await Questions(session).answer(question_id)
        except LookupError:
            raise PersonError("I no longer know what was asked here.") from None


async def servers_asked_in(app: App, asker_id: int, limit: int) -> list[int]:
    """Ids of the servers in which a person asked something, the latest first, `limit` at most."""
    async with app.database.reading() as session:
        return await Questions(session).servers_asked_in(asker_id, limit)


async def hide(app: App, question_id: int) -> None:
    """Remember that a card was taken away."""
    async with app.database.writing() as session:
        await Questions(session).hide(question_id)


async def _choices(app: App, asked: Asked, servers: Sequence[int]) -> tuple[int | None, float]:
    """The id of the group to choose from, or None to find it; and the server's threshold."""
    async with app.database.reading() as session:
        choices = await Servers(session).choices(asked.server_id or HOUSE)
        threshold = app.settings.threshold if choices.threshold is None else choices.threshold
        if asked.group is not None:
            group = await Rosters(session).find_group(servers, asked.group)
            if group is None:
                raise UnknownGroupError(asked.group, [group.name for group in await Rosters(session).groups(servers)])
            return group.id, threshold
        default = await Servers(session).default_group(asked.channel_id) if asked.channel_id else None
        return default, threshold


async def _identify(
    app: App, picture: Submitted, fitted: Fitted, *, group: int | None, once: Once, threshold: float
) -> Identified | Refused:
    if picture.refusal is not None:
        return Refused(picture.refusal)
    try:
        return await app.compute.run(
            jobs.identify, app.bench, picture.data, fitted.recogniser, group=group, once=once, threshold=threshold
        )
    except PersonError as error:
        return Refused(str(error))
