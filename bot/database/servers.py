"""The choices of servers: threshold, roles, channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.clock import utc_now
from bot.database.tables.servers import ChannelSettings, Server, ServerRole
from bot.domain.enums import LearningPolicy
from bot.domain.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession


def changed_rosters(session: AsyncSession) -> set[int]:
    """The servers whose rosters this session changed."""
    return session.info.setdefault("touched servers", set())


@dataclass(frozen=True, slots=True)
class ServerChoices:
    """A server's choices.

    `threshold`: the minimum confidence of a sure guess, None for the default. `roles`: the trust that each role gives, by
    its id. `watched`: the ids of watched channels. `notices`: the channel of notifications to moderators.
    """

    threshold: float | None = None
    roles: Mapping[int, Trust] = field(default_factory=dict[int, Trust])
    watched: frozenset[int] = frozenset()
    learns: LearningPolicy = LearningPolicy.CONFIRMED
    notices: int | None = None

    def roles_of(self, trust: Trust) -> list[int]:
        """Ids of the roles that give exactly `trust`."""
        return sorted(role for role, given in self.roles.items() if given is trust)


class ServerRepository:
    """Statements over the choices of servers, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ensure(self, server_id: int) -> Server:
        """The server's row, added if it is missing."""
        server = await self._session.get(Server, server_id)
        if server is None:
            server = Server(id=server_id)
            self._session.add(server)
            await self._session.flush()
        return server

    async def choices(self, server_id: int) -> ServerChoices:
        """The server's choices, or the defaults."""
        server = await self._session.get(Server, server_id)
        roles = await self._session.scalars(select(ServerRole).where(ServerRole.server_id == server_id))
        watched = await self._session.scalars(
            select(ChannelSettings.id).where(ChannelSettings.server_id == server_id, ChannelSettings.watched.is_(True))
        )
        return ServerChoices(
            threshold=server.threshold if server else None,
            roles={role.role_id: trust for role in roles for trust in Trust if trust == role.trust},
            watched=frozenset(watched),
            learns=server.learns if server else LearningPolicy.CONFIRMED,
            notices=server.notices_channel_id if server else None,
        )

    async def refused_upload(self, server_id: int, *, since: datetime) -> int | None:
        """The size in bytes of the smallest file that Discord refused there, None for a refusal before `since`."""
        server = await self._session.get(Server, server_id)
        fresh = server is not None and server.refused_at is not None and server.refused_at >= since
        return server.refused_upload if server is not None and fresh else None

    async def save_refused_upload(self, server_id: int, size: int, *, since: datetime) -> None:
        """Remember that Discord refused a file of this size there now, and forget refusals before `since`."""
        before = await self.refused_upload(server_id, since=since)
        server = await self.ensure(server_id)
        server.refused_upload = size if before is None else min(before, size)
        server.refused_at = utc_now()

    async def mark_roster_changed(self, server_id: int) -> None:
        """Have the recognisers of the server's roster fitted anew, and listeners called after the commit."""
        await self.ensure(server_id)
        changed_rosters(self._session).add(server_id)
        await self._session.execute(
            update(Server)
            .where(Server.id == server_id)
            .values(roster_revision=Server.roster_revision + 1)
            .execution_options(synchronize_session=False)
        )

    async def choose_threshold(self, server_id: int, threshold: float | None) -> None:
        (await self.ensure(server_id)).threshold = threshold

    async def choose_learns(self, server_id: int, learns: LearningPolicy) -> None:
        (await self.ensure(server_id)).learns = learns

    async def choose_notices(self, server_id: int, channel_id: int | None) -> None:
        (await self.ensure(server_id)).notices_channel_id = channel_id

    async def choose_roles(self, server_id: int, trust: Trust, roles: Iterable[int]) -> None:
        """Let exactly `roles` give `trust`. A role gives one level, the one that was chosen last."""
        await self.ensure(server_id)
        chosen = set(roles)
        await self._session.execute(
            delete(ServerRole).where(
                ServerRole.server_id == server_id, (ServerRole.trust == trust.value) | ServerRole.role_id.in_(chosen)
            )
        )
        self._session.add_all(ServerRole(server_id=server_id, role_id=role, trust=trust.value) for role in chosen)

    async def choose_watched(self, server_id: int, channels: Iterable[int]) -> None:
        """Watch exactly `channels`."""
        await self.ensure(server_id)
        wanted = set(channels)
        for channel in await self._session.scalars(
            select(ChannelSettings).where(ChannelSettings.server_id == server_id)
        ):
            channel.watched = channel.id in wanted
            wanted.discard(channel.id)
        self._session.add_all(ChannelSettings(id=channel, server_id=server_id, watched=True) for channel in wanted)

    async def default_group(self, channel_id: int) -> int | None:
        """The id of the group that questions in this channel are about by default."""
        channel = await self._session.get(ChannelSettings, channel_id)
        return channel.group_id if channel else None

    async def choose_default_group(self, server_id: int, channel_id: int, group_id: int | None) -> None:
        await self.ensure(server_id)
        channel = await self._session.get(ChannelSettings, channel_id)
        if channel is None:
            channel = ChannelSettings(id=channel_id, server_id=server_id)
            self._session.add(channel)
        channel.group_id = group_id
