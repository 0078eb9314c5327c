"""Members who look alike: encodings in, distances and pictures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.twins import ComparedMember, GroupTwins, LookAlike, LookAlikes
from bot.jobs.pictures import open_crop
from bot.jobs.rosters import gallery_of
from bot.text.formatting import counted
from bot.text.twins import member_likeness, pair_likeness, pair_rank

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.domain.rosters import EnrolledEncoding
    from models.drawing.twins import MemberPortrait
    from models.similarity.twins import MemberDistances

    SeenFaces = Mapping[int, tuple[int, float | None]]
    """The face's width in pixels and its sharpness, by the photo's id."""

SHOWABLE = 3
"""Photos of a member that may be drawn, the best first. A further one serves where the file of the best is lost."""

MAX_OF_EACH_KIND = 8
"""Look-alikes of a member, at most, from the member's own group, and as many from other groups."""


def find_twins(
    rows: Sequence[EnrolledEncoding], seen: SeenFaces, engine: str, groups: Collection[int]
) -> GroupTwins | None:
    """The group among `groups` whose two most alike members are nearest to each other.

    None without a group that has two members in `rows`. `engine`: the version of the engine of all encodings.
    """
    import numpy as np

    from models.similarity.twins import nearest_pair, seriation_order

    if not rows:
        return None
    found = _distances(rows, engine)
    trials = [places for group in groups if len(places := found.places(group)) > 1]
    if not trials:
        return None

    def nearest(places: list[int]) -> float:
        distances = found.normalised[np.ix_(places, places)]
        return float(distances[nearest_pair(distances)])

    places = min(trials, key=nearest)
    places = [places[place] for place in seriation_order(found.normalised[np.ix_(places, places)])]
    normalised, euclidean = (matrix[np.ix_(places, places)] for matrix in (found.normalised, found.euclidean))
    first, second = nearest_pair(normalised)
    members = tuple(_compared(found, place, rows, seen) for place in places)
    return GroupTwins(
        members[0].group,
        members,
        _as_tuples(normalised),
        _as_tuples(euclidean),
        members[first],
        _look_alike(found, places[first], places[second], rows, seen),
        nearest_pair(euclidean),
    )


def find_look_alikes(rows: Sequence[EnrolledEncoding], seen: SeenFaces, engine: str, member: int) -> LookAlikes | None:
    """The members in `rows` who are nearest to this one, None for a member without a row.

    `engine`: the version of the engine of all encodings.
    """
    if all(row.member != member for row in rows):
        return None
    found = _distances(rows, engine)
    place = next(place for place, other in enumerate(found.members) if other.id == member)
    others = found.nearest(place, len(found.members))
    return LookAlikes(
        _compared(found, place, rows, seen),
        tuple(_look_alike(found, place, other, rows, seen) for other in found.nearest(place)),
        len(others),
        len({found.members[other].group for other in others}),
    )


def look_alikes_of_each(rows: Sequence[EnrolledEncoding], engine: str) -> dict[int, tuple[int, ...]]:
    """By each member's id, the ids of the look-alikes: those of the same group, then those of other groups, nearest first.

    `engine`: the version of the engine of all encodings. Either kind has `MAX_OF_EACH_KIND` members at most.
    """
    found = _distances(rows, engine)
    look_alikes: dict[int, tuple[int, ...]] = {}
    for place, member in enumerate(found.members):
        order = [found.members[other] for other in found.nearest(place, len(found.members))]
        same = [other.id for other in order if other.group == member.group]
        others = [other.id for other in order if other.group != member.group]
        look_alikes[member.id] = (*same[:MAX_OF_EACH_KIND], *others[:MAX_OF_EACH_KIND])
    return look_alikes


def draw_twins(found: GroupTwins, crops: Mapping[int, bytes]) -> tuple[bytes, bytes]:
    """Two PNGs: the pair side by side, and all distances of the group. `crops`: JPEGs by the ids of photos."""
    import numpy as np

    from models.drawing.twins import MAX_MATRIX_MEMBERS, LookAlikePortrait, matrix_picture, pair_picture

    second = found.second
    title = f"The twins of {found.group}"
    other = LookAlikePortrait(_portrait(second.member, crops), second.distance, pair_likeness(second.likeness))
    pair = pair_picture(title, pair_rank(found.pairs), _portrait(found.first, crops), other)
    shown = list(range(len(found.members)))
    subtitle = "who looks like whom: yellow is alike"
    if len(shown) > MAX_MATRIX_MEMBERS:
        normalised = np.array(found.normalised)
        np.fill_diagonal(normalised, 1.0)
        shown = sorted(np.argsort(normalised.min(axis=1), kind="stable")[:MAX_MATRIX_MEMBERS].tolist())
        subtitle = f"the {MAX_MATRIX_MEMBERS} of {len(found.members)} who look most like another: yellow is alike"
    some = np.ix_(shown, shown)
    names = [found.members[place].name for place in shown]
    matrix = matrix_picture(
        found.group, subtitle, names, np.array(found.normalised)[some], np.array(found.euclidean)[some]
    )
    return pair, matrix


def draw_look_alikes(found: LookAlikes, crops: Mapping[int, bytes]) -> bytes:
    """A member and the look-alikes, as a PNG. `crops`: JPEGs by the ids of photos."""
    from models.drawing.twins import LookAlikePortrait, nearest_picture

    near = [
        LookAlikePortrait(_portrait(like.member, crops), like.distance, member_likeness(like.likeness))
        for like in found.nearest
    ]
    subtitle = f"the nearest of {counted(found.others, 'other')} in {counted(found.groups, 'group')}"
    return nearest_picture(f"Who looks like {found.asked.name}?", subtitle, _portrait(found.asked, crops), near)


def stack_pictures(pictures: Sequence[bytes]) -> bytes:
    """Pictures with dark backgrounds one below the other, as a PNG."""
    from models.drawing.twins import stacked

    return stacked(pictures)


def _distances(rows: Sequence[EnrolledEncoding], engine: str) -> MemberDistances:
    from models.similarity.twins import member_distances

    return member_distances(gallery_of(rows, engine))


def _compared(found: MemberDistances, place: int, rows: Sequence[EnrolledEncoding], seen: SeenFaces) -> ComparedMember:
    from models.similarity.twins import best_photos_first

    member = found.members[place]
    own = [number for number, row in enumerate(rows) if row.member == member.id and row.photo in seen]
    order = best_photos_first(
        [float(found.typical[number]) for number in own],
        [seen[rows[number].photo][0] for number in own],
        [seen[rows[number].photo][1] for number in own],
    )
    best = tuple(rows[own[position]].photo for position in order[:SHOWABLE])
    return ComparedMember(member.name, member.group_name, int(found.photos[place]), best)


def _look_alike(
    found: MemberDistances, place: int, other: int, rows: Sequence[EnrolledEncoding], seen: SeenFaces
) -> LookAlike:
    from models.similarity.twins import similarity_level

    distance = float(found.normalised[place, other])
    member = _compared(found, other, rows, seen)
    return LookAlike(member, distance, float(found.euclidean[place, other]), similarity_level(distance))


def _portrait(member: ComparedMember, crops: Mapping[int, bytes]) -> MemberPortrait:
    """The member with the best crop whose file is there and can be decoded."""
    from models.drawing.twins import MemberPortrait

    faces = (open_crop(crops[photo]) for photo in member.best if photo in crops)
    face = next((face for face in faces if face is not None), None)
    return MemberPortrait(member.name, member.group, face)


def _as_tuples(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
