"""`roster.json` in an archive: everything that names of folders and files can't express. It is untrusted, so it is checked."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError

from bot.domain.messages import Message
from bot.errors import PersonError
from bot.text.names import LONGEST_NAME

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

_composed = partial(unicodedata.normalize, "NFC")

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_composed)]
Names = Annotated[list[Name], FailFast(), Field(max_length=100)]


class _Part(BaseModel):
    """A part of a manifest. Its checks are built at its first use, since they would take a thirtieth of the bot's start."""

    model_config = ConfigDict(defer_build=True)


class ManifestPhoto(_Part):
    """A crop: its file, the SHA-256 of its original photo, and the size and sharpness of the face in that photo."""

    file: Annotated[str, Field(min_length=1, max_length=100)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    face_width: Annotated[int, Field(ge=1, le=100_000)]
    sharpness: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None


class ManifestMember(_Part):
    """A member: the folder, the name, aliases, photos."""

    folder: Name
    name: Name
    aliases: Names = []
    photos: Annotated[list[ManifestPhoto], FailFast()] = []


class ManifestGroup(_Part):
    """A group: the folder, the name, aliases, members."""

    folder: Name
    name: Name
    aliases: Names = []
    members: Annotated[list[ManifestMember], FailFast(), Field(max_length=500)] = []


class Manifest(_Part):
    """The whole manifest. `nugu`: the version of the format."""

    nugu: Literal[1] = 1
    groups: list[ManifestGroup] = []


class _Unread(_Part):
    """A manifest whose groups nobody has checked."""

    nugu: Literal[1] = 1
    groups: Annotated[list[Any], Field(max_length=500)] = []


def read(data: bytes) -> Manifest:
    """Parse a manifest. Raises PersonError for an invalid one.

    A thread may call it: between two groups, other threads go on.
    """
    place: tuple[str | int, ...] = ()
    manifest = Manifest()
    try:
        unread = _Unread.model_validate_json(data)
        for number, group in enumerate(unread.groups):
            place = ("groups", number)
            manifest.groups.append(ManifestGroup.model_validate(group))
        return manifest
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, (*place, *first["loc"]))) or Message("its beginning")
        raise PersonError(
            "roster.json is not as I write it (at {where}). Without it I take the names of the folders.", where=where
        ) from None


def folder_of(name: str, taken: set[str]) -> str:
    """A folder for `name` that every system can make. It is not among `taken`, and is added there."""
    plain = _UNSAFE.sub("_", _composed(name)).strip(" .")
    plain = f"_{plain}" if not plain or _RESERVED.fullmatch(plain) else plain
    folder, number = plain, 1
    while folder.casefold() in taken:
        number += 1
        folder = f"{plain[: LONGEST_NAME - 8]} ({number})"
    taken.add(folder.casefold())
    return folder
