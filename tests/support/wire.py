"""A Discord on loopback: REST, gateway and files, good enough for the real discord.py.

    async with WireDiscord() as wire:
        guild = wire.add_guild("Fans")
        channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
        async with wire.running(bot):
            await wire.message(channel, alice, "who is this?", attachments=[("a.jpg", data)], mentions=[wire.bot])
            reply = await wire.wait_for("POST", "/channels/*/messages")

Every body is judged as it arrives; a bad one is answered with 400 as Discord would, and stands in `failures`. What this
kit says itself is judged by the same description; `UNDESCRIBED` and `WRONG` list what can't be. Faults are made by
`fail_next`, `reset_next`, `refuse_sync`, `malformed_event`, `revoke_token`,
`switch_off` and `outage`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Self

import discord
from aiohttp import web

from tests.support.discord_messages import FileInfo
from tests.support.wire_answers import EndpointAnswers
from tests.support.wire_gateway import Gateway, Signal
from tests.support.wire_interactions import Interaction, component_data, interaction_payload, slash_data
from tests.support.wire_patch import pointed_at
from tests.support.wire_rest import ConnectionReset, ReceivedRequest, RequestFault, RestApi
from tests.support.wire_world import Channel, DiscordWorld, Guild, Json, User

TOKEN = "loopback-token"
_MIB = 1024 * 1024
_COMMAND, _COMPONENT = 2, 3
_REPLY = 19

PATIENCE = 240.0
"""Seconds in which a bot does what it is waited for, on a busy machine too."""


class WireDiscord:
    """Serves on a free port of 127.0.0.1 between `async with` and its end."""

    def __init__(self, *, shards: int = 1, upload_limit: int = 10 * _MIB) -> None:
        self._world = DiscordWorld()
        self._signal = Signal()
        self._gateway = Gateway(self._world, TOKEN, self._signal)
        self._answers = EndpointAnswers(self._world, self._gateway.dispatch, shards)
        self._rest = RestApi(self._answers, TOKEN, upload_limit, self._signal)
        self._upload_limit = upload_limit
        self._handed_out: set[int] = set()
        self._files_given = asyncio.Event()
        self._files_given.set()
        self.files_wanted = 0
        """The requests for files so far."""
        app = web.Application(client_max_size=1024 * _MIB)
        app.router.add_get("/gateway", self._gateway.handle)
        app.router.add_get("/gateway/", self._gateway.handle)
        app.router.add_get("/attachments/{path:.*}", self._serve_file)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._world.base_url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """The port that it serves on."""
        return self._runner.addresses[0][1]

    @property
    def bot(self) -> User:
        """The bot's own user."""
        return self._world.bot

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Every REST request so far, in order."""
        return self._rest.requests

    @property
    def failures(self) -> list[str]:
        """What was wrong with requests and with what this kit said, and which endpoints it lacks."""
        return [*self._rest.failures, *self._gateway.failures]

    def messages(self, channel: Channel) -> list[Json]:
        """The messages of the bot that stand in a channel, private ones among them."""
        ours = {"author": self.bot.id, "channel_id": channel.id}
        messages = self._world.messages.values()
        return [m for m in messages if ours == {"author": int(m["author"]["id"]), "channel_id": int(m["channel_id"])}]

    @property
    def resumes(self) -> int:
        """How often a session was resumed."""
        return sum(session.resumes for session in self._gateway.sessions)

    @property
    def identifies(self) -> int:
        """How many sessions began; more than there are shards means that one was lost."""
        return self._gateway.identifies

    def add_guild(self, name: str = "Fans") -> Guild:
        """A guild that the bot is in; add guilds, channels and members before the bot connects."""
        return self._world.add_guild(name)

    def add_channel(self, guild: Guild | None, name: str = "general") -> Channel:
        """A text channel of the guild; without one a direct message."""
        return self._world.add_channel(name, guild)

    def add_user(self, name: str, guild: Guild | None = None, *, moderator: bool = False) -> User:
        """Somebody, who is a member of the guild."""
        user = self._world.add_user(name, moderator=moderator)
        if guild:
            guild.members.append(user)
        return user

    @asynccontextmanager
    async def running(self, bot: discord.Client, *, timeout: float = PATIENCE) -> AsyncGenerator[None]:
        """Log the bot in, wait until it is ready, and close it at the end of the block."""
        with pointed_at(self._world.base_url):
            task = asyncio.create_task(bot.start(TOKEN))
            ready = asyncio.create_task(self._until_ready(bot, timeout))
            try:
                await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    ready.cancel()
                    # A bot that stopped before it was ready has an error to show.
                    await task
                await ready
                yield
            except TimeoutError:
                task.cancel()  # a start that waits out a rate limit does so for hours
                raise
            finally:
                await bot.close()
                await asyncio.gather(task, return_exceptions=True)

    async def wait_ready(self, *, timeout: float = PATIENCE) -> None:
        """Return when a client, perhaps in another process, has received READY and its guilds."""
        await self._signal.until(lambda: self._gateway.ready, "a client to be ready", timeout)

    async def until(self, reached: Callable[[], object], what: str, *, timeout: float = PATIENCE) -> None:
        """Return when ``reached()`` is true; looks again after each request, and when a client connects or leaves."""
        await self._signal.until(lambda: bool(reached()), what, timeout)

    def notify(self) -> None:
        """Let all who wait look again."""
        self._signal.notify()

    def watch(self, watcher: Callable[[ReceivedRequest], None] | None) -> None:
        """Call ``watcher`` with each request before it is carried out, with status 0, and again after that."""
        self._rest.watcher = watcher

    def replies(self, message: Json) -> list[Json]:
        """The bot's messages that answer a message."""
        ours = (m for m in self._world.messages.values() if int(m["author"]["id"]) == self.bot.id)
        return [m for m in ours if m.get("message_reference", {}).get("message_id") == message["id"]]

    def message_and_replies(self, message_id: int) -> list[Json]:
        """A message as it is now, and the bot's answers to it; empty once it is deleted."""
        message = self._world.messages.get(message_id)
        return [] if message is None else [message, *self.replies(message)]

    async def wait_resumed(self, count: int = 1, *, timeout: float = PATIENCE) -> None:
        """Return when sessions were resumed ``count`` times in all."""
        await self._signal.until(lambda: self.resumes >= count, f"{count} resumed sessions", timeout)

    async def wait_for(
        self, method: str, pattern: str, *, status: int | None = None, timeout: float = PATIENCE
    ) -> ReceivedRequest:
        """The next request to an endpoint that succeeded (or had ``status``); each is handed out once.

        ``pattern`` is a path below the version; a ``*`` stands for one segment: ``/channels/*/messages``.
        """

        def find() -> int | None:
            for index, request in enumerate(self.requests):
                right = request.status == status if status else 200 <= request.status < 300
                if index not in self._handed_out and right and request.fits(method, pattern):
                    return index
            return None

        await self._signal.until(lambda: find() is not None, f"{method} {pattern}", timeout)
        index = find()
        assert index is not None
        self._handed_out.add(index)
        return self.requests[index]

    def fail_next(self, method: str, pattern: str, *, status: int, retry_after: float = 0.2) -> None:
        """Answer the next request to an endpoint with an error: 429 with its headers, or a server error."""
        self._rest.faults.append(RequestFault(method, pattern, status, retry_after))

    def reset_next(self, method: str, pattern: str, *, served: bool = False, silently: bool = False) -> None:
        """Reset the connection under the next request to an endpoint, if the connection was used before.

        ``served``: only the answer is lost. ``silently``: the connection is closed, as an idle one is.
        """
        self._rest.resets.append(ConnectionReset(method, pattern, served, silently))

    @property
    def resets(self) -> int:
        """How many resets still wait for their request."""
        return len(self._rest.resets)

    def refuse_sync(self) -> None:
        """Refuse the next sync of commands as Discord refuses one whose description it doesn't take."""
        reason = {"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 1 and 100 in length."}
        errors = {"0": {"description": {"_errors": [reason]}}}
        error = {"code": 50035, "message": "Invalid Form Body", "errors": errors}
        self._rest.faults.append(RequestFault("PUT", "/applications/*/commands", 400, error=error))

    async def malformed_event(self, event: str, data: Json | None = None, guild: Guild | None = None) -> None:
        """Send an event without what a client needs of it: to the guild's shard, or to the first one."""
        await self._gateway.dispatch(event, data or {}, guild.id if guild else None, judged=False)

    def switch_off(self, intents: int) -> None:
        """Refuse these privileged intents, as an app does whose switches in the developer portal are off."""
        self._gateway.switched_off = intents

    def hold_files(self) -> None:
        """Keep back every posted file from now on, until `give_files`."""
        self._files_given.clear()

    def give_files(self) -> None:
        """Give the posted files that were kept back, and all later ones at once."""
        self._files_given.set()

    async def revoke_token(self) -> None:
        """Make the token invalid, as a reset in the developer portal does."""
        await self._gateway.revoke("another")

    def outage(self) -> AbstractAsyncContextManager[None]:
        """Drop every socket (code 4000), and greet nobody until the block ends; events in it are missed, then resumed."""
        return self._gateway.outage()

    async def message(
        self,
        channel: Channel,
        author: User,
        content: str = "",
        *,
        attachments: Sequence[tuple[str, bytes]] = (),
        mentions: Sequence[User] = (),
        reply_to: Json | None = None,
    ) -> Json:
        """Let somebody post a message; each of ``mentions`` is put before the content."""
        parts: Json = {
            "content": " ".join([*(f"<@{user.id}>" for user in mentions), content]),
            "mentions": [user.payload() for user in mentions],
            "attachments": [
                self._world.add_attachment(channel.id, FileInfo(name, data=data)) for name, data in attachments
            ],
        }
        if reply_to:
            reference = {"type": 0, "message_id": reply_to["id"], "channel_id": reply_to["channel_id"]}
            parts |= {"type": _REPLY, "message_reference": reference, "referenced_message": reply_to}
        message = self._world.add_message(channel, author, **parts)
        guild = self._world.guilds.get(channel.guild_id or 0)
        place = {"guild_id": str(guild.id), "member": guild.member_payload(author)} if guild else {}
        await self._gateway.dispatch("MESSAGE_CREATE", {**message, **place}, channel.guild_id)
        return message

    async def delete(self, message: Json) -> None:
        """Let a person delete a message."""
        await self._answers.delete(int(message["id"]))

    async def slash(self, channel: Channel, user: User, name: str, /, **options: object) -> Interaction:
        """Let somebody use a slash command; subcommands follow the name after a space.

        An option of ``(filename, bytes)`` is an attachment. Raises LookupError for what the bot has not registered.
        """
        values = {key: _as_file(value) for key, value in options.items()}
        data = slash_data(self._world, self._answers.commands, name, channel, values)
        return await self._interact(Interaction(self._world.snowflake(), user, channel, _COMMAND), data)

    async def click(
        self, channel: Channel, user: User, message: Json, custom_id: str, values: Sequence[str] = ()
    ) -> Interaction:
        """Let somebody press a button, or choose ``values`` of a select, on a message that the bot posted."""
        interaction = Interaction(
            self._world.snowflake(), user, channel, _COMPONENT, source_message_id=int(message["id"])
        )
        data = component_data(message, custom_id, list(values))
        return await self._interact(interaction, data, message=message)

    async def _interact(self, interaction: Interaction, data: Json, **other: Json) -> Interaction:
        self._answers.interactions[interaction.token] = interaction
        payload = interaction_payload(self._world, interaction, data, self._upload_limit)
        await self._gateway.dispatch("INTERACTION_CREATE", {**payload, **other}, interaction.channel.guild_id)
        return interaction

    async def _until_ready(self, bot: discord.Client, timeout: float) -> None:
        await self.wait_ready(timeout=timeout)
        await asyncio.wait_for(bot.wait_until_ready(), timeout)

    async def _serve_file(self, request: web.Request) -> web.Response:
        info = self._world.files.get(request.path)
        if info is None:
            raise web.HTTPNotFound
        self.files_wanted += 1
        self._signal.notify()
        await self._files_given.wait()
        return web.Response(body=info.data, content_type=info.content_type)


def _as_file(value: object) -> object:
    match value:
        case (str() as name, bytes() as data):
            return FileInfo(name, data=data)
        case _:
            return value
