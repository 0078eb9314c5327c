"""The room for kept videos and clips: bytes are reserved before they are written, so no limit is ever exceeded."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from bot.domain.quotas import Quota
from bot.errors import PersonError, QuotaError
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.infra.clip_folders import Server, VideoFolder


class OccupiedError(Exception):
    """There is too little room while others are at work. One of them gives some back when it ends."""


class ClipRoomError(PersonError):
    """Videos in use fill all that may be kept, `max_bytes`. Some of them are free when their clips are done."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            "Videos of clips at work fill the {most} that I may keep. Ask again when one is done.",
            most=mebibytes(max_bytes),
        )


@dataclass(frozen=True, slots=True)
class BytesWanted:
    """The bytes that somebody is about to write: `min_bytes` are of use, `max_bytes` are enough.

    `patience`: with fewer bytes than these, the order waits while others are at work; 0: it never waits.
    """

    min_bytes: int
    max_bytes: int
    patience: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """Bytes that may be written into the folder `name`, which had `before` bytes."""

    name: str
    server: Server
    before: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A reservation, and the folders that go for it. `released`: those that its server alone gives up."""

    reservation: Reservation
    deleted: tuple[VideoFolder, ...]
    released: tuple[VideoFolder, ...]

    def make_room(self) -> None:
        """Delete and release these folders. Blocks."""
        for folder in self.released:
            folder.release(self.reservation.server)
        for folder in self.deleted:
            folder.delete()


@dataclass(slots=True)
class ClipRoom:
    """The bytes that may be kept: of all videos together, and of the videos of one server. `reserved`: by work that goes on."""

    max_bytes: int
    max_server_bytes: int
    reserved: list[Reservation] = field(default_factory=list["Reservation"])

    def plan(
        self,
        folders: Sequence[VideoFolder],
        name: str,
        server: Server,
        wanted: BytesWanted,
        held: Collection[str],
    ) -> RoomPlan:
        """The reservation for what is written into the folder `name`, and what goes for it.

        `folders`: all that there are, the most recently used one first. The least recently used ones go, never one of `held`,
        and none where the room is too little all the same. Raises OccupiedError where the order waits, and PersonError where
        there is no room.
        """
        at_work = {reservation.name for reservation in self.reserved}
        kept = [folder for folder in folders if folder.name in held or folder.name in at_work]
        free, free_of_server = self.max_bytes - self.used(kept), self.max_server_bytes - self.used_by(server, kept)
        granted = min(wanted.max_bytes, free, free_of_server)
        if granted < min(wanted.patience, wanted.max_bytes) and self.reserved:
            raise OccupiedError
        if granted < wanted.min_bytes:
            self._refuse(wanted.min_bytes, of_server=free_of_server < wanted.min_bytes)
        before = next((folder.bytes for folder in folders if folder.name == name), 0)
        reservation = Reservation(name, server, before, granted)
        idle = [folder for folder in reversed(folders) if folder not in kept]
        excess = self.used_by(server, folders) + granted - self.max_server_bytes
        given_up = _oldest([folder for folder in idle if server in folder.servers], excess)
        alone = [folder for folder in given_up if folder.servers == frozenset({server})]
        left = [folder for folder in idle if folder not in alone]
        excess = self.used(folders) + granted - self.max_bytes - sum(folder.bytes for folder in alone)
        deleted = [*alone, *_oldest(left, excess)]
        released = [folder for folder in given_up if folder not in deleted]
        return RoomPlan(reservation, tuple(deleted), tuple(released))

    def used(self, folders: Iterable[VideoFolder]) -> int:
        """The bytes of folders, and of all reservations."""
        return _counted(folders, self.reserved)

    def used_by(self, server: Server, folders: Iterable[VideoFolder]) -> int:
        """The bytes of a server's folders among these, and of its reservations."""
        return _counted(
            (folder for folder in folders if server in folder.servers),
            [reservation for reservation in self.reserved if reservation.server == server],
        )

    def _refuse(self, min_bytes: int, *, of_server: bool) -> None:
        most = self.max_server_bytes if of_server else self.max_bytes
        if min_bytes > most:
            raise PersonError(
                "Up to {size} would have to be kept for this, and there is room for {most}. Ask with a smaller video.",
                size=mebibytes(min_bytes),
                most=mebibytes(most),
            )
        if of_server:
            raise QuotaError(Quota.CLIP_BYTES, most)
        raise ClipRoomError(most)


def _oldest(folders: Sequence[VideoFolder], excess: int) -> list[VideoFolder]:
    """The first folders that have `excess` bytes together."""
    sums = accumulate((folder.bytes for folder in folders), initial=0)
    return [folder for folder, before in zip(folders, sums, strict=False) if before < excess]


def _counted(folders: Iterable[VideoFolder], reservations: Sequence[Reservation]) -> int:
    """The bytes of folders as they may become while the reservations last."""
    before: dict[str, int] = {}
    for reservation in reservations:
        before[reservation.name] = min(reservation.before, before.get(reservation.name, reservation.before))
    unchanged = sum(folder.bytes for folder in folders if folder.name not in before)
    return unchanged + sum(before.values()) + sum(reservation.bytes for reservation in reservations)
