"""The guilds, people, messages and files of a loopback Discord, and the JSON that stands for them."""

import itertools
import mimetypes
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord

from tests.support.discord_messages import FileInfo

Json = dict[str, Any]

_DISCORD_EPOCH_MS = 1_420_070_400_000
_TEXT_CHANNEL, _DM_CHANNEL = 0, 1
_EVERYONE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    attach_files=True,
    embed_links=True,
    read_message_history=True,
    use_application_commands=True,
)
_MODERATOR = _EVERYONE | discord.Permissions(manage_guild=True, manage_messages=True)

_GUILD_ZEROS = (
    *("premium_tier", "premium_subscription_count", "verification_level", "default_message_notifications"),
    *("explicit_content_filter", "mfa_level", "nsfw_level", "system_channel_flags"),
)
_GUILD_NOS = ("nsfw", "widget_enabled", "premium_progress_bar_enabled", "unavailable", "large")
_GUILD_NULLS = (
    *(
        "icon",
        "splash",
        "discovery_splash",
        "banner",
        "home_header",
        "description",
        "vanity_url_code",
        "application_id",
    ),
    *("afk_channel_id", "system_channel_id", "widget_channel_id", "rules_channel_id", "safety_alerts_channel_id"),
    *("public_updates_channel_id", "max_presences", "incidents_data"),
)


@dataclass(frozen=True)
class User:
    """Somebody; a moderator holds Manage Server in every guild."""

    id: int
    name: str
    bot: bool = False
    moderator: bool = False

    @property
    def permissions(self) -> discord.Permissions:
        """What they may do in a guild."""
        return _MODERATOR if self.moderator else _EVERYONE

    def payload(self) -> Json:
        """A user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }

    def own_payload(self) -> Json:
        """What the user sees of themselves."""
        return {**self.payload(), "mfa_enabled": False, "locale": "en-US"}


@dataclass(frozen=True)
class Channel:
    """A text channel, or with no guild a direct message."""

    id: int
    name: str
    guild_id: int | None

    def payload(self, recipients: list[User] | None = None) -> Json:
        """A channel object."""
        base = {"id": str(self.id), "last_message_id": None, "flags": 0}
        if self.guild_id is None:
            return {**base, "type": _DM_CHANNEL, "recipients": [user.payload() for user in recipients or []]}
        place: Json = {"guild_id": str(self.guild_id), "position": 0, "permission_overwrites": [], "nsfw": False}
        return {**base, "type": _TEXT_CHANNEL, "name": self.name, **place}


@dataclass
class Guild:
    """A server with its channels and members."""

    id: int
    name: str
    owner: User
    channels: list[Channel] = field(default_factory=list[Channel])
    members: list[User] = field(default_factory=list[User])

    @property
    def moderator_role_id(self) -> int:
        """The role of those who may manage the server; the other role, @everyone, has the guild's own id."""
        return self.id + 1

    def member_payload(self, user: User) -> Json:
        """A member object without its user."""
        return {
            "roles": [str(self.moderator_role_id)] if user.moderator else [],
            "joined_at": datetime.now(UTC).isoformat(),
            **dict.fromkeys(("deaf", "mute", "pending"), False),
            **dict.fromkeys(("nick", "avatar", "banner", "communication_disabled_until", "premium_since")),
            "flags": 0,
        }

    def payload(self) -> Json:
        """The guild object of GUILD_CREATE."""
        members = [{**self.member_payload(user), "user": user.payload()} for user in self.members]
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "region": "deprecated",
            "member_count": len(members),
            "members": members,
            "channels": [channel.payload() for channel in self.channels],
            "roles": [
                _role(self.id, "@everyone", _EVERYONE, 0),
                _role(self.moderator_role_id, "Moderator", _MODERATOR, 1),
            ],
            "preferred_locale": "en-US",
            "afk_timeout": 300,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            **dict.fromkeys(_GUILD_ZEROS, 0),
            **dict.fromkeys(_GUILD_NOS, False),
            **dict.fromkeys(_GUILD_NULLS),
            **{key: [] for key in ("emojis", "stickers", "features", "threads", "voice_states", "presences")},
            **{key: [] for key in ("stage_instances", "guild_scheduled_events", "soundboard_sounds")},
        }


@dataclass
class DiscordWorld:
    """Everything that a loopback Discord knows; ``base_url`` is where its files can be fetched."""

    base_url: str = ""
    bot: User = field(init=False)
    owner: User = field(init=False)
    guilds: dict[int, Guild] = field(default_factory=dict[int, Guild])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])
    users: dict[int, User] = field(default_factory=dict[int, User])
    messages: dict[int, Json] = field(default_factory=dict[int, Json])
    files: dict[str, FileInfo] = field(default_factory=dict[str, FileInfo])
    """Attachments by the path of their URL."""
    _counter: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.bot = self.add_user("nugu", bot=True)
        self.owner = self.add_user("owner", moderator=True)

    def snowflake(self) -> int:
        """A new id of this moment."""
        # The low 22 bits hold 12 of increment; the shard of a guild is taken from the time above them.
        return (int(time.time() * 1000) - _DISCORD_EPOCH_MS << 22) | (next(self._counter) * 2 & 0xFFF)

    def add_user(self, name: str, *, bot: bool = False, moderator: bool = False) -> User:
        """Somebody new, who is in no guild yet."""
        user = User(self.snowflake(), name, bot, moderator)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str) -> Guild:
        """A guild with the bot and its owner in it."""
        guild = Guild(self.snowflake(), name, self.owner, members=[self.bot, self.owner])
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, name: str, guild: Guild | None) -> Channel:
        """A text channel of the guild, or a direct message."""
        channel = Channel(self.snowflake(), name, guild.id if guild else None)
        self.channels[channel.id] = channel
        if guild:
            guild.channels.append(channel)
        return channel

    def add_attachment(self, channel_id: int, info: FileInfo, description: str | None = None) -> Json:
        """Keep a file, and describe it as an attachment that can be fetched, under a name as Discord changes it."""
        attachment_id, data = self.snowflake(), info.data or b""
        filename = re.sub(r"[^A-Za-z0-9_.-]", "", info.filename.replace(" ", "_"))
        path = f"/attachments/{channel_id}/{attachment_id}/{filename}"
        content_type = mimetypes.guess_type(info.filename)[0] or info.content_type
        self.files[path] = FileInfo(filename, content_type, data)
        url = self.base_url + path
        described = {} if description is None else {"description": description}
        return {
            "id": str(attachment_id),
            "filename": filename,
            "size": len(data),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
            **described,
        }

    def add_message(self, channel: Channel, author: User, **parts: Any) -> Json:
        """Keep a new message, and return its object; ``parts`` fill in or replace fields."""
        message: Json = {
            "id": str(self.snowflake()),
            "channel_id": str(channel.id),
            "type": 0,
            "author": author.payload(),
            "content": "",
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "pinned": False,
            "flags": 0,
            **{key: [] for key in ("mentions", "mention_roles", "attachments", "embeds", "components")},
            **parts,
        }
        self.messages[int(message["id"])] = message
        return message


def _role(role_id: int, name: str, permissions: discord.Permissions, position: int) -> Json:
    flags: Json = {"hoist": False, "managed": False, "mentionable": False, "flags": 0, "color": 0}
    flags |= {"icon": None, "unicode_emoji": None}
    colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    number = str(permissions.value)
    return {"id": str(role_id), "name": name, "permissions": number, "position": position, "colors": colors, **flags}
