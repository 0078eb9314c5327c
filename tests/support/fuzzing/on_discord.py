"""What people press, choose and type on Discord, with custom_ids and values that no card of the bot's carries."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import discord
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from simcord import ChannelHandle, Env, MemberActor, SetupError
from simcord.actors import _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.enums import InteractionType

import cogs
from bot.client import Nugu
from cogs.common.components import PersistentItem
from tests.support.fuzzing.texts import hostile_texts
from tests.support.fuzzing.watched import LEAKS, FedBot, HarmError
from tests.support.watch import RequestRecorder, watch

ROW, BUTTON, MENU, TEXT_FIELD, ROLE_MENU, CHANNEL_MENU, LABEL, UPLOAD = 1, 2, 3, 4, 6, 8, 18, 19
"""Types of components."""

COMPONENTS = {
    discord.ui.Button: BUTTON,
    discord.ui.Select: MENU,
    discord.ui.RoleSelect: ROLE_MENU,
    discord.ui.ChannelSelect: CHANNEL_MENU,
}

LONGEST_CUSTOM_ID = 100


@dataclass
class Stage:
    """A server on a simulated Discord with the bot, a moderator, and a card of the bot's."""

    env: Env
    recorder: RequestRecorder
    moderator: MemberActor
    channel: ChannelHandle
    card: discord.Message


@asynccontextmanager
async def staged(bot: FedBot) -> AsyncGenerator[Stage]:
    """The stage for one bot."""
    with watch() as recorder:
        env = Env(Nugu(bot.app, always_sync=True, shard_count=1), settle_timeout=bot.deadline, check_errors=False)
        await env.start()
        try:
            guild = env.create_guild("fans")
            manages = guild.create_role("moderators", permissions=discord.Permissions(manage_guild=True))
            channel = guild.create_text_channel("who")
            moderator = guild.add_member(env.create_user("mina"), roles=[manages])
            await moderator.slash(channel, "group add", name="TWICE")
            await moderator.slash(channel, "quiz top")
            card = channel.last_message
            assert card is not None
            yield Stage(env, recorder, moderator, channel, card)
        finally:
            await env.shutdown()


def _routes() -> list[tuple[str, int]]:
    """The pattern of each custom_id that the bot answers, and the type of its component."""

    for module in walk_packages(cogs.__path__, "cogs."):
        import_module(module.name)
    found: dict[str, int] = {}
    waiting: list[Any] = [PersistentItem]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        pattern = kind.__discord_ui_compiled_template__.pattern
        if pattern != "nugu:item":
            found[pattern] = COMPONENTS[kind.component]
    return sorted(found.items())


MODALS = (
    r"nugu:else:(?P<question>\d+):(?P<card>\d+):(?P<face>\d+)",
    r"nugu:review:else:(?P<face>\d+)",
    "nugu:addmember",
)


def _custom_ids(pattern: str) -> SearchStrategy[str]:
    """Custom_ids that match a route, and ones that nearly do."""
    fits = st.from_regex(pattern, fullmatch=True)
    number = st.sampled_from(["0", "1", "2", "007", "٣", "9" * 30, str(2**63), "-1", "1e3", " 1"])
    near = st.lists(number, min_size=3, max_size=3).map(lambda numbers: _with_numbers(pattern, numbers))
    return (fits | near | st.builds("{}{}".format, fits, hostile_texts(10))).map(lambda text: text[:LONGEST_CUSTOM_ID])


def _with_numbers(pattern: str, numbers: list[str]) -> str:
    left = iter(numbers)
    return re.sub(r"\(\?P<\w+>[^)]*\)", lambda _: next(left, "1"), pattern)


def custom_ids() -> SearchStrategy[bytes]:
    """Presses of buttons and choices of menus, as JSON."""
    values = st.lists(
        st.sampled_from(["1", "0", "else", "1:0", ":", "-1", "9" * 30, "nan", ""]) | hostile_texts(20), max_size=2
    )

    def press(route: tuple[str, int]) -> SearchStrategy[Any]:
        pattern, right = route
        # One in four comes from another kind of component than the bot's own.
        kind = st.sampled_from([*[right] * 12, *COMPONENTS.values()])
        return st.fixed_dictionaries({"custom_id": _custom_ids(pattern), "type": kind, "values": values})

    return st.sampled_from(_routes()).flatmap(press).map(lambda press: json.dumps(press).encode())


async def feed_press(bot: FedBot, stage: Stage, data: bytes) -> None:
    """Press a button, or choose from a menu, also what it doesn't offer."""
    press = json.loads(data)
    item: dict[str, Any] = {"type": press["type"], "custom_id": press["custom_id"]}
    chosen: dict[str, Any] = {"custom_id": press["custom_id"], "component_type": press["type"]}
    if press["type"] == BUTTON:
        item |= {"style": 2, "label": "x"}
    else:
        chosen |= {"values": press["values"], "resolved": {}}
    if press["type"] == MENU:
        # What the bot's own menus offer: an id, and in the model's report two.
        item["options"] = [{"label": "x", "value": "1:0" if ":doubt:" in press["custom_id"] else "1"}]
    message: dict[str, Any] = dict(serializers.message_payload(stage.env.backend, await _stored(stage)))
    message["components"] = [{"type": ROW, "components": [item]}]
    await _interact(bot, stage, InteractionType.MESSAGE_COMPONENT, chosen, {"message": message})


def forms() -> SearchStrategy[bytes]:
    """Submitted forms and typed commands, as JSON."""
    text = hostile_texts(120)
    fields = st.fixed_dictionaries(
        {"name": text | st.just([]), "group": text | st.just("TWICE")},
        optional={"photos": st.just([]) | text, "other": text},
    )
    form = st.sampled_from(MODALS).flatmap(
        lambda pattern: st.fixed_dictionaries({"custom_id": _custom_ids(pattern), "fields": fields})
    )
    typed = st.sampled_from(
        [("group add", ["name"]), ("group show", ["group"]), ("member names", ["group", "member"]), ("clip", ["link"])]
    ).flatmap(
        lambda each: st.fixed_dictionaries(
            {"command": st.just(each[0]), "options": st.fixed_dictionaries(dict.fromkeys(each[1], text))}
        )
    )
    return (form | typed).map(lambda form: json.dumps(form).encode())


async def feed_form(bot: FedBot, stage: Stage, data: bytes) -> None:
    """Submit a form, or type a command."""
    form = json.loads(data)
    if "command" in form:
        try:
            await stage.moderator.slash(stage.channel, form["command"], **form["options"])
        except SetupError:  # Discord itself refuses such an option
            return
        _require_harmless(bot, stage)
        return
    fields: dict[str, Any] = form["fields"]
    labels = [
        {"type": LABEL, "component": {"custom_id": name, "type": TEXT_FIELD, "value": value}}
        if isinstance(value, str)
        else {"type": LABEL, "component": {"custom_id": name, "type": UPLOAD, "values": value}}
        for name, value in fields.items()
    ]
    message = dict(serializers.message_payload(stage.env.backend, await _stored(stage)))
    submitted = {"custom_id": form["custom_id"], "components": labels}
    await _interact(bot, stage, InteractionType.MODAL_SUBMIT, submitted, {"message": message})


async def _stored(stage: Stage) -> Any:
    """The card as the simulated Discord keeps it; a new one where a press deleted it."""
    if all(message.id != stage.card.id for message in stage.channel.history()):
        await stage.moderator.slash(stage.channel, "quiz top")
        assert stage.channel.last_message is not None
        stage.card = stage.channel.last_message
    return stage.env.backend.get_message(stage.channel.id, stage.card.id)


async def _interact(bot: FedBot, stage: Stage, kind: int, data: dict[str, Any], extra: dict[str, Any]) -> None:
    await _dispatch_actor_interaction(
        stage.moderator, kind, stage.channel, data, extra=extra, source_message_id=stage.card.id
    )
    _require_harmless(bot, stage)


def _require_harmless(bot: FedBot, stage: Stage) -> None:
    """Raise HarmError for an error that nobody answered, a body that Discord refuses, and a sentence that is none."""
    if errors := stage.env.errors_since(0):
        stage.env._errors.clear()
        raise HarmError(f"an error that nobody answered: {type(errors[-1]).__name__}", repr(errors[-1]))
    if failures := list(stage.recorder.failures):
        stage.recorder.failures.clear()
        raise HarmError("Discord would refuse this", "\n".join(failures))
    if bot.log:  # `FedBot.take` says what was logged
        stage.recorder.requests.clear()
        return
    sent = json.dumps([request.json for request in stage.recorder.requests], ensure_ascii=False)
    stage.recorder.requests.clear()
    if (leak := LEAKS.search(sent)) is not None:
        raise HarmError(f"an answer says {leak[0]}", sent[:2000])
