"""Rosters: the encodings and annotations that recognisers are fitted to, and the results of changes."""

from __future__ import annotations

from dataclasses import dataclass

SHARED_ROSTER = 0
"""The server id of the operator's roster, which the command line changes. All servers may ask about its groups."""

Revisions = tuple[tuple[int, int], ...]
"""The revision of each roster, by its server's id."""


@dataclass(frozen=True, slots=True)
class EnrolledEncoding:
    """The encoding of a photo, with its member and group. `photo`, `member`, `group`: ids. `vector`: (d,) float32 as bytes."""

    photo: int
    member: int
    name: str
    group: int
    group_name: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class FaceFeedback:
    """An annotation of a face with its encoding, (d,) float32 as bytes.

    `grants`: the id of the member that it shows. `denies`: the id of a member that it doesn't show. `nobody`: it shows no
    member.
    """

    vector: bytes
    grants: int | None = None
    denies: int | None = None
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class RosterEntryRenamed:
    """A group or a member that has a new `name`. `former_is_alias`: the former name still finds it."""

    former: str
    name: str
    former_is_alias: bool


@dataclass(frozen=True, slots=True)
class AliasAdded:
    """`alias` finds the group or the member called `name` from now on."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class AliasRemoved:
    """`alias` no longer finds the group or the member called `name`."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class RosterEntryRemoved:
    """A group, or a member of `group`, that was removed."""

    name: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class MemberPhotos:
    """The number of a member's photos."""

    member: str
    group: str
    photos: int
