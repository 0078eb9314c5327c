"""The kits' own Discord is held against Discord's description too: each kind of answer, and what of its events is described."""

import re
from typing import Any

import pytest

from tests.support.discord_answers import answer_problems, event_problems
from tests.support.discord_messages import FileInfo
from tests.support.discord_schema import load_schema
from tests.support.wire_answers import ENDPOINTS, DiscordRefusalError, EndpointAnswers
from tests.support.wire_interactions import Interaction, component_data, interaction_payload, slash_data
from tests.support.wire_world import Channel, DiscordWorld, Json, User

pytestmark = pytest.mark.skipif(load_schema() is None, reason="Discord's description is not beside the repository")

FILE = FileInfo("who.jpg", "image/jpeg", b"picture")
CARD: Json = {
    "flags": 1 << 15,
    "attachments": [{"id": 0, "filename": "who.jpg"}],
    "components": [
        {
            "type": 17,
            "components": [
                {"type": 12, "items": [{"media": {"url": "attachment://who.jpg"}}]},
                {
                    "type": 9,
                    "components": [{"type": 10, "content": "**Sana**"}],
                    "accessory": {"type": 11, "media": {"url": "https://example.org/sana.jpg"}},
                },
                {"type": 14},
                {"type": 13, "file": {"url": "attachment://who.jpg"}},
            ],
        },
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 2, "label": "Hide", "custom_id": "hide", "emoji": {"id": None, "name": "🙈"}}
            ],
        },
        {
            "type": 1,
            "components": [
                {
                    "type": 3,
                    "custom_id": "face",
                    "options": [{"label": "①", "value": "1", "emoji": {"id": None, "name": "🎤"}, "description": None}],
                }
            ],
        },
    ],
}
"""A card with every kind of component that the bot sends."""

COMMANDS: list[Json] = [
    {"name": "who", "description": "Who?", "options": [{"type": 11, "name": "picture", "description": "A picture"}]},
    {"name": "Who is this?", "type": 3, "default_member_permissions": 32, "integration_types": None},
]


class Stage:
    """A world whose endpoints are asked one by one, and everything that was wrong with what they said."""

    def __init__(self) -> None:
        self.world = DiscordWorld(base_url="http://127.0.0.1:1")
        self.answers = EndpointAnswers(self.world, self.tell, shards=1)
        self.guild = self.world.add_guild("Fans")
        self.channel = self.world.add_channel("general", self.guild)
        self.asked: set[str] = set()
        self.problems: list[str] = []

    async def tell(self, event: str, data: Json, guild_id: int | None) -> None:
        self.problems += event_problems(event, data)

    async def ask(self, method: str, path: str, body: Any = None, *, files: bool = False) -> Any:
        (pattern,) = [pattern for pattern, _ in ENDPOINTS if re.fullmatch(pattern, f"{method} {path}")]
        self.asked.add(pattern)
        try:
            answer = await self.answers.answer(method, path, body, {"files[0]": FILE} if files else {})
        except DiscordRefusalError as refusal:
            answer, status = {"message": refusal.reason, "code": refusal.code}, refusal.status
        else:
            status = 204 if answer is None else 200
        self.problems += answer_problems(method, path, status, answer)
        return answer

    def interaction(self, user: User, channel: Channel, kind: int) -> Interaction:
        interaction = Interaction(self.world.snowflake(), user, channel, kind)
        self.answers.interactions[interaction.token] = interaction
        return interaction


async def test_every_endpoint_answers_as_discord_describes_it() -> None:
    stage = Stage()
    bot, channel = stage.world.bot.id, stage.channel.id
    fan = stage.world.add_user("fan")
    for path in ("/users/@me", "/oauth2/applications/@me", "/gateway/bot", f"/channels/{channel}"):
        await stage.ask("GET", path)
    await stage.ask("PUT", f"/applications/{bot}/commands", COMMANDS)
    await stage.ask("GET", f"/applications/{bot}/commands")
    dm = await stage.ask("POST", "/users/@me/channels", {"recipient_id": fan.id})
    await stage.ask("GET", f"/channels/{dm['id']}")
    await stage.ask("POST", f"/channels/{channel}/typing")
    sent = await stage.ask(
        "POST", f"/channels/{channel}/messages", {**CARD, "nonce": "7", "enforce_nonce": True}, files=True
    )
    again = await stage.ask(
        "POST", f"/channels/{channel}/messages", {**CARD, "nonce": "7", "enforce_nonce": True}, files=True
    )
    assert again["id"] == sent["id"]
    reference = {"message_id": int(sent["id"]), "channel_id": channel}
    reply = {"content": "hello", "message_reference": reference, "attachments": [{"id": 0, "filename": "who.jpg"}]}
    assert (await stage.ask("POST", f"/channels/{channel}/messages", reply, files=True))["attachments"]
    there = f"/channels/{channel}/messages/{sent['id']}"
    await stage.ask("GET", there)
    await stage.ask("PATCH", there, CARD, files=True)
    await stage.ask("DELETE", there)

    for kind, data in [(4, CARD), (5, None), (5, {"flags": 64})]:
        interaction = stage.interaction(fan, stage.channel, 2)
        callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
        body = {"type": kind} if data is None else {"type": kind, "data": data}
        await stage.ask("POST", callback, body, files=kind == 4)
        assert (await stage.ask("POST", callback, body))["code"] == 40060
        hook = f"/webhooks/{bot}/{interaction.token}"
        await stage.ask("POST", hook, CARD, files=True)
        followup = await stage.ask("POST", hook, {"content": "for you", "flags": 64})
        for message in ("@original", followup["id"]):
            await stage.ask("GET", f"{hook}/messages/{message}")
            await stage.ask("PATCH", f"{hook}/messages/{message}", CARD, files=True)
            await stage.ask("DELETE", f"{hook}/messages/{message}")
            assert (await stage.ask("GET", f"{hook}/messages/{message}"))["code"] == 10008

    posted = await stage.ask("POST", f"/channels/{channel}/messages", CARD, files=True)
    assert posted in await stage.ask("GET", f"/channels/{channel}/messages")
    for kind in (6, 7):
        press = stage.interaction(fan, stage.channel, 3)
        press.source_message_id = int(posted["id"])
        await stage.ask("POST", f"/interactions/{press.id}/{press.token}/callback", {"type": kind, "data": CARD})
    await stage.ask("POST", "/users/@me/channels", {"recipient_id": 1})
    await stage.ask("GET", "/channels/1")
    await stage.ask("POST", f"/webhooks/{bot}/unknown", {"content": "late"})
    assert stage.asked == {pattern for pattern, _ in ENDPOINTS}
    assert stage.problems == []


async def test_what_the_gateway_tells_is_as_described() -> None:
    stage = Stage()
    fan = stage.world.add_user("fan", moderator=True)
    stage.guild.members.append(fan)
    assert event_problems("READY", {"user": stage.world.bot.own_payload()}) == []
    assert event_problems("GUILD_CREATE", stage.guild.payload()) == []
    commands = await stage.ask("PUT", f"/applications/{stage.world.bot.id}/commands", COMMANDS)
    message = await stage.ask("POST", f"/channels/{stage.channel.id}/messages", CARD, files=True)
    for channel in (stage.channel, stage.world.add_channel("fan", None)):
        slash = slash_data(stage.world, commands, "who", channel, {"picture": FILE})
        command = interaction_payload(stage.world, stage.interaction(fan, channel, 2), slash, 1)
        press = interaction_payload(
            stage.world, stage.interaction(fan, channel, 3), component_data(message, "hide", []), 1
        )
        assert event_problems("INTERACTION_CREATE", command) == []
        assert event_problems("INTERACTION_CREATE", {**press, "message": message}) == []
    assert stage.problems == []


@pytest.mark.parametrize(
    ("path", "status", "body", "problem"),
    [
        ("/users/@me", 200, {"id": 7}, "7 is not of type 'string'"),
        ("/users/@me", 200, {"id": "7"}, "'username' is a required property"),
        ("/users/@me", 200, None, "None is not of type 'object'"),
        ("/users/@me", 302, {}, "never answers 302"),
        ("/users/@me", 404, {"code": 0}, "'message' is a required property"),
        ("/users/@me", 400, {"code": 0, "message": "", "errors": {"x": {"_errors": [{"code": 7}]}}}, "errors.x"),
        ("/users/@me", 429, {"code": 0, "message": "slower"}, "'retry_after' is a required property"),
        ("/nowhere", 200, {}, "no endpoint"),
    ],
)
def test_an_answer_that_discord_would_not_give_is_seen(path: str, status: int, body: object, problem: str) -> None:
    assert any(problem in found for found in answer_problems("GET", path, status, body))


def test_a_body_where_there_is_none_is_seen() -> None:
    assert answer_problems("POST", "/channels/1/typing", 204, {}) != []


def test_a_part_of_an_event_that_discord_would_not_send_is_seen() -> None:
    world = DiscordWorld()
    guild = world.add_guild("Fans").payload()
    del guild["members"][1]["user"]["flags"]
    (problem,) = event_problems("GUILD_CREATE", guild)
    assert problem == "GUILD_CREATE members.1: user: 'flags' is a required property"


def test_an_event_that_nothing_is_known_of_is_seen() -> None:
    assert event_problems("PRESENCE_UPDATE", {}) != []
