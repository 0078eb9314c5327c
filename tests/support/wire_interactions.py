"""The interactions of a loopback Discord: what it sends when somebody uses a command or a component."""

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.support.discord_messages import FileInfo
from tests.support.wire_world import Channel, DiscordWorld, Json, User

_ANSWER_SECONDS = 3.0
_GUILD_CONTEXT, _BOT_DM_CONTEXT = 0, 1


@dataclass
class Interaction:
    """One use of the bot, and the state of its answer."""

    id: int
    user: User
    channel: Channel
    kind: int
    """2 a command, 3 a component."""
    source_message_id: int | None = None
    """The message whose component was used."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    began: float = field(default_factory=time.monotonic)
    answered: bool = False
    original_id: int | None = None
    """The message that ``@original`` means."""
    said: list[Json] = field(default_factory=list[Json])
    """The messages that the bot made or edited by it, as they are now; one a request."""

    @property
    def expired(self) -> bool:
        """Whether the three seconds for a first answer are over."""
        return time.monotonic() - self.began > _ANSWER_SECONDS


def interaction_payload(world: DiscordWorld, interaction: Interaction, data: Json, upload_limit: int) -> Json:
    """The object of INTERACTION_CREATE."""
    guild = world.guilds.get(interaction.channel.guild_id or 0)
    user = interaction.user.payload()
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.bot.id),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel": interaction.channel.payload([interaction.user]),
        "channel_id": str(interaction.channel.id),
        "app_permissions": str(world.bot.permissions.value),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(guild.id if guild else 0)},
        "context": _GUILD_CONTEXT if guild else _BOT_DM_CONTEXT,
        "attachment_size_limit": upload_limit,
    }
    if guild is None:
        return {**payload, "user": user}
    permissions = str(interaction.user.permissions.value)
    member = {**guild.member_payload(interaction.user), "user": user, "permissions": permissions}
    return {
        **payload,
        "member": member,
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id)},
        "guild_locale": "en-US",
    }


def slash_data(
    world: DiscordWorld, commands: list[Json], name: str, channel: Channel, values: Mapping[str, object]
) -> Json:
    """The data of a slash command; ``name`` holds subcommands after spaces, a FileInfo becomes an attachment.

    Raises LookupError when the bot has not registered the command or one of its options.
    """
    names = name.split()
    root = node = _named(commands, names[0], "command")
    path = [node := _named(node.get("options", []), step, "subcommand") for step in names[1:]]
    attachments: Json = {}
    leaves: list[Json] = []
    for key, value in values.items():
        option = _named(node.get("options", []), key, "option")
        if isinstance(value, FileInfo):
            attachment = world.add_attachment(channel.id, value)
            attachments[attachment["id"]] = attachment
            value = attachment["id"]
        leaves.append({"name": key, "type": option["type"], "value": value})
    for step in reversed(path):
        leaves = [{"name": step["name"], "type": step["type"], "options": leaves}]
    return {
        "id": root["id"],
        "name": names[0],
        "type": 1,
        "options": leaves,
        "resolved": {"attachments": attachments},
    }


def component_data(message: Json, custom_id: str, values: list[str]) -> Json:
    """The data of a click on a component of the message; raises LookupError when it has no such component."""
    component = next((each for each in _components(message) if each.get("custom_id") == custom_id), None)
    if component is None:
        raise LookupError(f"message {message['id']} has no component {custom_id!r}")
    return {"custom_id": custom_id, "component_type": component["type"], "values": values}


def button_id(message: Json, label: str) -> str | None:
    """The custom_id of the message's button with this label; None without one."""
    buttons = (each for each in _components(message) if each.get("label") == label)
    return next((button["custom_id"] for button in buttons), None)


def _named(items: list[Json], name: str, kind: str) -> Json:
    for item in items:
        if item["name"] == name:
            return item
    raise LookupError(f"the bot has no {kind} {name!r}, only {[item['name'] for item in items]}")


def _components(within: Json) -> Iterator[Json]:
    """All components of a message or component, however deep they are nested."""
    for component in [*within.get("components", []), *filter(None, [within.get("accessory")])]:
        yield component
        yield from _components(component)
