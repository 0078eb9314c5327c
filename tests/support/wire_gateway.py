"""The gateway of a loopback Discord: sessions that identify, receive events, lose their socket and resume."""

import asyncio
import json
import secrets
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum

from aiohttp import WSMsgType, web

from tests.support.discord_answers import event_problems
from tests.support.wire_world import DiscordWorld, Json

_UNKNOWN_ERROR, _AUTHENTICATION_FAILED, _DISALLOWED_INTENTS = 4000, 4004, 4014
_HEARTBEAT_SECONDS = 41.25


class GatewayOpcode(IntEnum):
    """The gateway's opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Signal:
    """Wakes those who wait for something to become true; whoever changes anything calls `notify`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Let all who wait look again."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, reached: Callable[[], bool], what: str, timeout: float) -> None:
        """Return when ``reached()``; raises TimeoutError that says what was waited for."""
        try:
            async with asyncio.timeout(timeout):
                while not reached():
                    await self._event.wait()
        except TimeoutError:
            raise TimeoutError(f"waited {timeout} s for {what}") from None


class Connection:
    """A websocket that speaks JSON, compressed as one zlib stream if the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self._socket = socket
        self._compressor = zlib.compressobj() if compressed else None

    async def send(self, op: int, data: object, sequence: int | None = None, event: str | None = None) -> None:
        """Send one payload; what a socket that is closing can't take is dropped."""
        if self._socket.closed:
            return
        text = json.dumps({"op": op, "d": data, "s": sequence, "t": event})
        with suppress(ConnectionError):
            if self._compressor is None:
                await self._socket.send_str(text)
            else:
                chunk = self._compressor.compress(text.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
                await self._socket.send_bytes(chunk)

    async def close(self, code: int) -> None:
        """Close it, as Discord does, with a code that says whether the session may resume."""
        await self._socket.close(code=code)


@dataclass
class Session:
    """What a shard keeps across its connections."""

    shard: int
    shard_count: int
    connection: Connection | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    events: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    """All events in order; the sequence number of the first is 1."""
    received: int = 0
    """The highest sequence number that the client has said it received."""
    greeting: int = 0
    """The sequence number of the last event that belongs to the start: READY and the guilds."""
    resumes: int = 0

    @property
    def ready(self) -> bool:
        """Whether a client is connected and has said that it received READY and its guilds."""
        return self.connection is not None and 0 < self.greeting <= self.received

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event, or only keep it for a later RESUME when there is no connection."""
        self.events.append((event, data))
        if self.connection:
            await self.connection.send(GatewayOpcode.DISPATCH, data, len(self.events), event)


class Gateway:
    """Takes the websockets of all shards."""

    def __init__(self, world: DiscordWorld, token: str, signal: Signal) -> None:
        self.sessions: list[Session] = []
        self.identifies = 0
        self.switched_off = 0
        """Intents that who asks for is sent away."""
        self.failures: list[str] = []
        """Where events differ from what Discord's description says of their parts."""
        self._world = world
        self._token = token
        self._signal = signal
        self._open = asyncio.Event()
        self._open.set()

    @property
    def ready(self) -> bool:
        """Whether every shard that identified is ready; false before the first one."""
        return bool(self.sessions) and all(session.ready for session in self.sessions)

    async def dispatch(self, event: str, data: Json, guild_id: int | None, *, judged: bool = True) -> None:
        """Send an event to the shard of its guild; direct messages go to shard 0."""
        if judged:
            self.failures.extend(event_problems(event, data))
        for session in self.sessions:
            if session.shard == ((guild_id or 0) >> 22) % session.shard_count:
                await session.dispatch(event, data)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Drop every socket with a code that allows RESUME, and greet nobody until the block ends."""
        self._open.clear()
        try:
            for session in self.sessions:
                connection, session.connection = session.connection, None
                if connection:
                    await connection.close(_UNKNOWN_ERROR)
            yield
        finally:
            self._open.set()

    async def revoke(self, token: str) -> None:
        """Take only this token from now on, and drop every socket with the code that says so."""
        self._token = token
        for session in self.sessions:
            if session.connection:
                await session.connection.close(_AUTHENTICATION_FAILED)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket until it closes."""
        compression = request.query.get("compress")
        if compression not in (None, "zlib-stream"):
            raise web.HTTPBadRequest(text=f"this loopback gateway can't compress as {compression}")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, compressed=compression is not None)
        await self._open.wait()
        await connection.send(GatewayOpcode.HELLO, {"heartbeat_interval": int(_HEARTBEAT_SECONDS * 1000)})
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                payload: Json = json.loads(message.data)
                session = await self._receive(connection, session, payload)
                self._signal.notify()
        finally:
            if session and session.connection is connection:
                session.connection = None
            self._signal.notify()
        return socket

    async def _receive(self, connection: Connection, session: Session | None, payload: Json) -> Session | None:
        """Answer one payload; returns the session that the connection serves from now on."""
        data = payload["d"]
        match payload["op"]:
            case GatewayOpcode.HEARTBEAT:
                if session and isinstance(data, int):
                    session.received = data
                await connection.send(GatewayOpcode.HEARTBEAT_ACK, None)
            case GatewayOpcode.IDENTIFY:
                return await self._identify(connection, data)
            case GatewayOpcode.RESUME:
                return await self._resume(connection, data)
            case GatewayOpcode.REQUEST_MEMBERS if session:
                await self._send_members(session, data)
            case _:
                pass
        return session

    async def _identify(self, connection: Connection, data: Json) -> Session | None:
        if data["token"] != self._token:
            await connection.close(_AUTHENTICATION_FAILED)
            return None
        if data["intents"] & self.switched_off:
            await connection.close(_DISALLOWED_INTENTS)
            return None
        self.identifies += 1
        shard, shard_count = data.get("shard", (0, 1))
        session = Session(shard, shard_count, connection)
        self.sessions = [other for other in self.sessions if other.shard != shard] + [session]
        guilds = [guild for guild in self._world.guilds.values() if (guild.id >> 22) % shard_count == shard]
        ready: Json = {
            "v": 10,
            "user": self._world.bot.own_payload(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._world.base_url.replace("http", "ws", 1) + "/gateway",
            "shard": [shard, shard_count],
            "application": {"id": str(self._world.bot.id), "flags": 0},
        }
        for event, data in [("READY", ready), *(("GUILD_CREATE", guild.payload()) for guild in guilds)]:
            self.failures.extend(event_problems(event, data))
            await session.dispatch(event, data)
        session.greeting = len(session.events)
        # Asks the client for a heartbeat: its answer carries the last sequence number that it has received.
        await connection.send(GatewayOpcode.HEARTBEAT, None)
        return session

    async def _resume(self, connection: Connection, data: Json) -> Session | None:
        session = next((session for session in self.sessions if session.id == data["session_id"]), None)
        if session is None:
            await connection.send(GatewayOpcode.INVALID_SESSION, False)
            return None
        for number, (event, missed) in enumerate(session.events[data["seq"] :], start=data["seq"] + 1):
            await connection.send(GatewayOpcode.DISPATCH, missed, number, event)
        session.connection = connection
        session.resumes += 1
        await session.dispatch("RESUMED", {})
        return session

    async def _send_members(self, session: Session, data: Json) -> None:
        guild = self._world.guilds[int(data["guild_id"])]
        asked: list[str | int] = data.get("user_ids") or []
        wanted = {int(user_id) for user_id in asked}
        members = [
            {**guild.member_payload(user), "user": user.payload()}
            for user in guild.members
            if user.id in wanted or (not wanted and user.name.startswith(data.get("query") or ""))
        ]
        chunk: Json = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        self.failures.extend(event_problems("GUILD_MEMBERS_CHUNK", chunk))
        await session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})
