"""What Discord makes of the components of a body: each gets its number, what was left out, and its files their addresses."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.wire_world import Json

_BUTTON, _TEXT_INPUT, _THUMBNAIL, _GALLERY, _FILE, _SEPARATOR, _CONTAINER = 2, 4, 11, 12, 13, 14, 17
_SELECTS = frozenset({3, 5, 6, 7, 8})

_LEFT_OUT: dict[int, Json] = {
    _BUTTON: {"disabled": False},
    _THUMBNAIL: {"description": None, "spoiler": False},
    _FILE: {"name": None, "size": None, "spoiler": False},
    _SEPARATOR: {"spacing": 1, "divider": True},
    _CONTAINER: {"accent_color": None, "spoiler": False},
    **{kind: {"min_values": 1, "max_values": 1, "disabled": False} for kind in _SELECTS},
}
"""What a component of a type says where the body said nothing."""


def shown(components: list[Json], held: Mapping[str, Json], snowflake: Callable[[], int]) -> list[Json]:
    """The components as Discord sends them back; ``held`` are the message's attachments by their addresses."""
    numbers = itertools.count(1)

    def media(asked: Json) -> Json:
        attachment = held.get(asked["url"])
        if attachment is None:
            return {"id": str(snowflake()), "url": asked["url"], "proxy_url": asked["url"]}
        described = {key: attachment[key] for key in ("url", "proxy_url", "content_type")}
        return {"id": str(snowflake()), "width": None, "height": None, "attachment_id": attachment["id"], **described}

    def one(component: Json) -> Json:
        made: Json = {"id": next(numbers), **_LEFT_OUT.get(component["type"], {}), **component}
        if "components" in made:
            made["components"] = [one(part) for part in made["components"]]
        if "accessory" in made:
            made["accessory"] = one(made["accessory"])
        if "items" in made:
            made["items"] = [
                {"description": None, "spoiler": False, **item, "media": media(item["media"])} for item in made["items"]
            ]
        for key in ("media", "file"):
            if key in made:
                made[key] = media(made[key])
        if "options" in made:
            made["options"] = [
                {**_said(option), **({"emoji": _said(option["emoji"])} if option.get("emoji") else {})}
                for option in made["options"]
            ]
        if made.get("emoji"):
            made["emoji"] = _said(made["emoji"])
        return {key: value for key, value in made.items() if not _is_unsaid(key, value)}

    return [one(component) for component in components]


def _said(part: Json) -> Json:
    """The fields that are not null."""
    return {key: value for key, value in part.items() if value is not None}


def _is_unsaid(key: str, value: Any) -> bool:
    """Whether a field is null in a body, and absent in what Discord sends."""
    return value is None and key in {"placeholder", "label", "emoji", "custom_id", "url"}
