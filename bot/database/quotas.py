"""The quotas of servers: counted and checked within the transaction that adds, so that two at once can't exceed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Crop, Group, Member, Photo
from bot.domain.quotas import Quota, QuotaUsage
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import QuotaError

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.quotas import QuotaLimits

STORED: Final = (Quota.GROUPS, Quota.MEMBERS, Quota.PHOTOS, Quota.CROP_BYTES)
"""The quotas of things that the database counts."""

TOLD_AGAIN: Final = 20
"""A quota is reported as full once, and again after a twentieth of it was free."""


class QuotaRepository:
    """The use of quotas in one session. The shared roster is the operator's, and has no quota."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._limits: QuotaLimits = session.info["limits"]
        self._used: dict[tuple[int, Quota], int] = session.info.setdefault("used quotas", {})
        """What is used of the quotas that this transaction takes of, since a transaction may add hundreds of faces."""

    async def usage(self, server_id: int, quota: Quota) -> QuotaUsage:
        """The use of a quota by a server. `quota`: a member of `STORED`."""
        used = self._used.get((server_id, quota))
        if used is None:
            used = await self._session.scalar(_counted(quota, server_id)) or 0
        return QuotaUsage(quota, used, self._limits[quota])

    async def has_room(self, server_id: int, quota: Quota, amount: int = 1) -> bool:
        """Whether there is room for this amount."""
        return server_id == SHARED_ROSTER or (await self.usage(server_id, quota)).room >= amount

    async def require(self, server_id: int, quota: Quota, amount: int = 1) -> None:
        """Raise QuotaError where there is no room for this amount."""
        if not await self.has_room(server_id, quota, amount):
            raise QuotaError(quota, self._limits[quota])

    async def consume(self, server_id: int, quota: Quota, amount: int = 1) -> None:
        """Count something that is added now. Raises QuotaError where there is no room for it."""
        if server_id == SHARED_ROSTER:
            return
        server = await ServerRepository(self._session).ensure(server_id)
        if (server_id, quota) not in self._used:
            # SQLite has one writer at a time. Elsewhere the second of two waits here for the first.
            await self._session.refresh(server, ["told_full"], with_for_update=True)
        await self.require(server_id, quota, amount)
        use = await self.usage(server_id, quota)
        self._used[server_id, quota] = use.used + amount
        if quota in server.told_full and use.room - amount >= max(1, use.limit // TOLD_AGAIN):
            server.told_full = [other for other in server.told_full if other != quota]

    async def release(self, server_id: int, quota: Quota, amount: int = 1) -> None:
        """Count something that was removed in this transaction."""
        if (server_id, quota) in self._used:
            self._used[server_id, quota] -= amount

    async def report_full(self, server_id: int, quota: Quota) -> None:
        """Notify the server's moderators after the commit, once, that the quota is full."""
        server = await ServerRepository(self._session).ensure(server_id)
        if quota not in server.told_full:
            server.told_full = [*server.told_full, quota.value]
            full_quotas(self._session).append((server_id, await self.usage(server_id, quota)))


def full_quotas(session: AsyncSession) -> list[tuple[int, QuotaUsage]]:
    """The servers whose moderators get a notification after the commit, each with its full quota."""
    return session.info.setdefault("filled quotas", [])


def _counted(quota: Quota, server_id: int) -> Select[int]:
    """The query for the use of a quota of `STORED` by a server."""
    match quota:
        case Quota.GROUPS:
            return select(func.count(Group.id)).where(Group.server_id == server_id)
        case Quota.MEMBERS:
            return select(func.count(Member.id)).join(Member.group).where(Group.server_id == server_id)
        case Quota.PHOTOS:
            photos = select(func.count(Photo.id)).join(Photo.member).join(Member.group)
            return photos.where(Group.server_id == server_id)
        case Quota.CROP_BYTES:
            return select(func.sum(Crop.bytes)).where(Crop.server_id == server_id)
        case _:
            raise ValueError(quota)
