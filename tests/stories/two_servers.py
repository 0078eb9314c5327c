"""Two servers with a thing of each kind, and actions on them with any custom_id: as somebody who writes to Discord's API."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

import discord
from simcord import ChannelHandle
from simcord.actors import _dispatch_actor_interaction  # pyright: ignore[reportPrivateUsage]  # actors press what they see
from simcord.backend import serializers
from simcord.enums import InteractionType
from sqlalchemy import select

from bot.app import App
from bot.client import Nugu
from bot.clock import utc_now
from bot.database.rosters import RosterRepository
from bot.database.tables import METADATA
from bot.database.tables.clips import ClipJob
from bot.database.tables.models import Model
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.quiz import Quiz, QuizRound
from bot.database.tables.rosters import Crop, CropEncoding, Photo
from bot.domain.enums import AnnotationMeaning, CaptionStyle, ClipState
from models.engines import DEFAULT, version_of
from tests.stories.conftest import Stage
from tests.stories.reading import texts
from tests.support.backups import whole_jpeg

Rows = dict[str, set[tuple[str, ...]]]

BUTTON, MENU, ROLES, CHANNELS = 2, 3, 6, 8
"""Discord's types of components."""

MENUS: dict[str, tuple[int, str]] = {
    "nugu:which": (MENU, "{face}"),
    "nugu:member": (MENU, "{member}"),
    "nugu:review:member": (MENU, "{member}"),
    "nugu:doubt": (MENU, "{photo}:{member}"),
    "nugu:whose": (MENU, "{face}"),
    "nugu:dropphoto": (MENU, "{photo}"),
    "nugu:setup:group": (MENU, "{group}"),
    "nugu:setup:threshold": (MENU, "70"),
    "nugu:setup:learns": (MENU, "CONFIRMED"),
    "nugu:setup:trusted": (ROLES, "{role}"),
    "nugu:setup:moderators": (ROLES, "{role}"),
    "nugu:setup:watched": (CHANNELS, "{channel}"),
    "nugu:setup:notices": (CHANNELS, "{channel}"),
}
"""The type and the value of each menu, by the beginning of its custom_id. Everything else is a button."""

MODALS: dict[str, dict[str, str]] = {
    "nugu:else": {"name": "Ours one"},
    "nugu:review:else": {"name": "Ours one"},
    "nugu:addmember": {"group": "Theirs group", "name": "Theirs one", "photos": ""},
}
"""The fields of each modal, by the beginning of its custom_id."""


async def populate(app: App, server_id: int, place: dict[str, int], name: str, person: int) -> dict[str, int]:
    """One thing of each kind in a server; returns their ids by the names that custom_ids give them, and those of `place`.

    `name`: begins all names. `person`: asked for everything.
    """
    (app.settings.data / name).write_bytes(name.encode())
    await app.videos.add(app.settings.data / name, f"video of {name}", name, server_id)
    async with app.database.writing() as session:

        async def kept(row: Any) -> Any:
            session.add(row)
            await session.flush()
            return row

        rosters = RosterRepository(session)
        group = await rosters.add_group(server_id, f"{name} group")
        member, other = [await rosters.add_member(group.id, f"{name} {number}") for number in ("one", "two")]
        crop = await kept(
            Crop(server_id=server_id, sha256=name, key=f"crops/{name}", bytes=1, face_width=200, sharpness=90.0)
        )
        await kept(CropEncoding(crop_id=crop.id, engine=version_of(DEFAULT), vector=None))
        await app.storage.put(crop.key, whole_jpeg(name))
        photo = await kept(Photo(member_id=member.id, crop_id=crop.id, added_by=person))
        models = [
            await kept(
                Model(
                    group_id=group.id, number=number, engine="dlib-1", labels=1, upto=0, figures={}, verdict="promoted",
                    made_by=0,
                )
            )
            for number in (1, 2)
        ]  # fmt: skip
        group.model_id = models[1].id
        question = await kept(
            Question(
                server_id=server_id, place_id=place["channel"], asker_id=person, engine="dlib-1", threshold=0.5,
                rosters=[server_id],
            )
        )  # fmt: skip
        picture = await kept(QuestionPicture(question_id=question.id, position=0, name="a.jpg", width=9, height=9))
        waiting = await kept(Crop(server_id=server_id, sha256=f"{name} waits", key=crop.key, bytes=1, face_width=200))
        await kept(CropEncoding(crop_id=waiting.id, engine=version_of(DEFAULT), vector=None))
        face = await kept(
            QuestionFace(
                picture_id=picture.id, number=1, box=[1, 1, 5, 5], vector=bytes(512), member_id=member.id,
                name=member.name, confidence=0.9, band="sure", candidates=[[member.id, member.name, 0.9, group.name]],
                crop_id=waiting.id,
            )
        )  # fmt: skip
        await kept(
            Annotation(
                face_id=face.id, batch=name, meaning=AnnotationMeaning.MEMBER, member_id=other.id, name=other.name,
                author_id=person, trust=0, counts=False,
            )
        )  # fmt: skip
        jobs = [
            await kept(
                ClipJob(
                    request_hash=f"{name} {state}", state=state, asker_id=person, server_id=server_id,
                    channel_id=place["channel"], place_id=place["channel"], rosters=[server_id], max_bytes=1 << 20,
                    title=name, video=f"video of {name}", start=0.0, style=CaptionStyle.NAMES, question_id=question.id,
                    drawn_changes=7, answer_id=1 if state is ClipState.DONE else None,
                )
            )
            for state in (ClipState.WORKING, ClipState.DONE)
        ]  # fmt: skip
        quiz = await kept(
            Quiz(
                server_id=server_id, group_id=group.id, person_id=person, race=True, rounds=5, asked=1, seed=1, alike={},
                begun_at=utc_now(),
            )
        )  # fmt: skip
        round = await kept(
            QuizRound(
                quiz_id=quiz.id, number=1, member_id=member.id, crop_id=crop.id, options=[member.id, other.id],
                asked_at=utc_now() - timedelta(hours=1),
            )
        )  # fmt: skip
    return place | {
        "group": group.id,
        "member": other.id,
        "photo": photo.id,
        "model": models[0].id,
        "now": models[1].id,
        "question": question.id,
        "face": face.id,
        "cancel job": jobs[0].id,
        "drawagain job": jobs[1].id,
        "round": round.id,
    }


async def owned(app: App, server_id: int) -> Rows:
    """The rows that belong to a server, by table, with all rows that refer to them."""
    async with app.database.reading() as session:
        rows = {table.name: [*await session.execute(select(table))] for table in METADATA.tables.values()}
    found: Rows = {name: set() for name in rows}
    keys: dict[str, set[str]] = {"server.id": {repr(server_id)}}
    for _ in rows:  # each pass follows the references one table further
        for table in METADATA.tables.values():
            references = [(column.name, key.target_fullname) for column in table.columns for key in column.foreign_keys]
            for row in rows[table.name]:
                values = {name: repr(value) for name, value in zip(table.columns.keys(), row, strict=True)}
                refers = any(values[column] in keys.get(target, ()) for column, target in references)
                if refers or values.get("server_id") == repr(server_id):
                    found[table.name].add(tuple(values.values()))
                    keys.setdefault(f"{table.name}.id", set()).add(values.get("id", ""))
    return found


def actions(bot: Nugu) -> dict[str, str]:
    """All that people can press, choose or submit: the value of each by its custom_id, both with the names of ids.

    They are those that the client has registered, so no test has to know them.
    """
    items = bot._connection._view_store._dynamic_items  # pyright: ignore[reportPrivateUsage]
    listeners = [inspect.getclosurevars(listener).nonlocals for listener in bot.extra_events["on_interaction"]]
    patterns = [*items, *(names["pattern"] for names in listeners if "pattern" in names)]
    templates = [re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.pattern) for pattern in patterns]
    return {template: _menu(template)[1] for template in templates}


def ids_in(template: str) -> list[str]:
    """The names of the ids in a custom_id or a value."""
    return re.findall(r"{(\w+)}", template)


def foreign_choices(names: list[str]) -> Iterator[set[str]]:
    """Each non-empty choice of names."""
    for count in range(len(names), 0, -1):
        yield from map(set, combinations(names, count))


async def act(
    stage: Stage,
    actor: Any,
    channel: ChannelHandle,
    message: discord.Message,
    action: str,
    value: str,
    ids: dict[str, int],
) -> str:
    """Let `actor` send an action with these ids under a message of the bot; all that comes back, as texts."""
    kind = action.split(":{", 1)[0]
    ids = ids | ({"job": ids[f"{kind.removeprefix('nugu:')} job"]} if "{job}" in action else {})
    custom_id = action.format(**ids)
    if kind in MODALS:
        fields = [_label(number, name, text) for number, (name, text) in enumerate(MODALS[kind].items(), 1)]
        sent = {"custom_id": custom_id, "components": fields}
        return await _answer(stage, actor, InteractionType.MODAL_SUBMIT, channel, message, sent, None)
    type, _ = _menu(action)
    chosen = value.format(**ids)
    item: dict[str, Any] = {"type": type, "custom_id": custom_id, "id": 5}
    sent = {"component_type": type, "custom_id": custom_id, "id": 5}
    if type == BUTTON:
        item |= {"style": 2, "label": "press"}
    else:
        item |= {"options": [{"label": "it", "value": chosen}]} if type == MENU else {}
        sent |= {"values": [chosen]} | ({"resolved": _resolved(stage, type, int(chosen))} if type != MENU else {})
    return await _answer(stage, actor, InteractionType.MESSAGE_COMPONENT, channel, message, sent, item)


async def press_menu(stage: Stage, actor: Any, channel: ChannelHandle, name: str, message: discord.Message) -> str:
    """Let `actor` use a menu of messages in a channel on a message of any other; all that comes back, as texts."""
    backend = stage.env.backend
    command = backend.find_command(name, stage.guild.id, type=discord.AppCommandType.message.value)
    assert command is not None
    shown = dict(serializers.message_payload(backend, backend.get_message(message.channel.id, message.id)))
    sent = {
        "id": command["id"],
        "name": name,
        "type": discord.AppCommandType.message.value,
        "target_id": str(message.id),
        "resolved": {"messages": {str(message.id): shown}},
    }
    result = await _dispatch_actor_interaction(actor, InteractionType.APPLICATION_COMMAND, channel, sent)
    return "\n".join(texts(one) for one in (result.response, *result.followups) if one is not None).strip()


def _menu(template: str) -> tuple[int, str]:
    """The type of a component and its value, by its custom_id."""
    return MENUS.get(template.split(":{", 1)[0], (BUTTON, ""))


def _resolved(stage: Stage, type: int, id: int) -> dict[str, Any]:
    """What Discord would send with a role or a channel of the other server, if it let anybody choose it."""
    backend = stage.env.backend
    if type == CHANNELS:
        channel = {**serializers.channel_payload(backend, backend.get_channel(id)), "permissions": "0"}
        return {"channels": {str(id): channel}}
    roles = [role for guild in stage.bot.guilds for role in backend.get_guild(guild.id).roles.values() if role.id == id]
    return {"roles": {str(id): serializers.role_payload(roles[0])}}


def _label(number: int, name: str, text: str) -> dict[str, Any]:
    """A field of a submitted modal."""
    field = {"type": 4, "value": text} if name != "photos" else {"type": 19, "values": []}
    return {"type": 18, "id": 2 * number, "component": {"id": 2 * number + 1, "custom_id": name, **field}}


async def _answer(
    stage: Stage, actor: Any, type: int, channel: ChannelHandle, message: discord.Message, sent: Any, item: Any
) -> str:
    backend = stage.env.backend
    shown = dict(serializers.message_payload(backend, backend.get_message(channel.id, message.id)))
    if item is not None:
        shown |= {"components": [{"type": 1, "id": 4, "components": [item]}], "flags": 0}
    result = await _dispatch_actor_interaction(
        actor, type, channel, sent, extra={"message": shown}, source_message_id=message.id
    )
    now = [backend.get_message(channel.id, message.id)] if result.acknowledged else []
    given = [one for one in (result.response, *result.followups) if one is not None]
    return "\n".join(texts(one) for one in [*given, *now]).strip()
