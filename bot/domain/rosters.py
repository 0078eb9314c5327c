"""What recognisers are fitted to: enrolled encodings, and what people said of faces."""

from __future__ import annotations

from dataclasses import dataclass

SHARED_ROSTER = 0
"""The server id of the roster that the operator enrols on the command line. Every server may ask about its groups."""

Revisions = tuple[tuple[int, int], ...]
"""The revision of each roster, by its server's id."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled encoding with whom it shows, and the photo that it is of."""

    photo: int
    member: int
    name: str
    group: int
    group_name: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class FaceFeedback:
    """What annotations say of one face: the member it shows, the member it doesn't show (both ids), or `nobody`."""

    vector: bytes
    grants: int | None = None
    denies: int | None = None
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class RenamedEntry:
    """A group or a member that has a new `name`. `former_is_alias`: the former name still finds it."""

    former: str
    name: str
    former_is_alias: bool


@dataclass(frozen=True, slots=True)
class AddedAlias:
    """`alias` finds the group or the member called `name` from now on."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class RemovedAlias:
    """`alias` no longer finds the group or the member called `name`."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class RemovedEntry:
    """A group that was removed, or a member of `group`, with all that was kept of it."""

    name: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class MemberPhotos:
    """The number of photos by which a member is known."""

    member: str
    group: str
    photos: int
