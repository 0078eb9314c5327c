"""Cards as Discord gets them: its rules of messages hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.support.discord_messages import FileInfo, message_problems
from tests.support.fuzzing.watched import HarmError

if TYPE_CHECKING:
    from cogs.common.layout import Card

V2 = 1 << 15


def require_valid(card: Card, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The body of a card's message. Raises HarmError where Discord would refuse it."""
    body: dict[str, Any] = {"flags": V2, "components": card.to_components()}
    infos = {f"files[{at}]": FileInfo(name, data=data) for at, (name, data) in enumerate(files.items())}
    if found := list(message_problems(body, infos, edit=False)):
        raise HarmError("Discord would refuse this card", "\n".join(found))
    return body
