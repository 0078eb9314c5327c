"""Reads a message as a person sees it: its texts, pictures and buttons, however deep they are nested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import discord
from simcord import InteractionResult
from simcord.builders import ChannelHandle

if TYPE_CHECKING:
    from cogs.common.layout import Card
    from tests.stories.conftest import Stage


def latest(channel: ChannelHandle) -> discord.Message:
    """The last message of a channel."""
    message = channel.last_message
    assert message is not None
    return message


def now(stage: Stage, message: Any) -> Any:
    """A message that answers a person, as it is now."""
    from simcord.results import ResponseMessage

    return ResponseMessage(stage.env, stage.env.backend.get_message(message.channel_id, message.id))


def texts(message: Any) -> str:
    """All texts of a message."""
    return "\n".join([message.content, *(part["content"] for part in walk(components(message)) if part["type"] == 10)])


def card_parts(card: Card, kind: int) -> list[dict[str, Any]]:
    """The components of one type in a card that is not sent."""
    return [part for part in walk(card.to_components()) if part["type"] == kind]


def card_text(card: Card) -> str:
    """All texts of a card that is not sent."""
    return "\n".join(part["content"] for part in card_parts(card, 10))


def alt_texts(message: Any) -> list[str]:
    """The descriptions of the message's pictures."""
    return [picture["description"] for picture in pictures(message)]


def covered(message: Any) -> list[bool]:
    """Whether a spoiler covers each picture of the message."""
    return [picture["spoiler"] for picture in pictures(message)]


def pictures(message: Any) -> list[dict[str, Any]]:
    """The pictures of the message, those beside a text too."""
    found: list[dict[str, Any]] = []
    for part in walk(components(message)):
        found += part["items"] if part["type"] == 12 else [part["accessory"]] if part["type"] == 9 else []
    return found


def buttons(message: Any) -> list[str]:
    """The labels of the message's buttons."""
    return [part["label"] for part in walk(components(message)) if part["type"] == 2]


def options(message: Any) -> list[str]:
    """The labels of the options of the message's menus."""
    menus = [part for part in walk(components(message)) if part["type"] == 3]
    return [option["label"] for menu in menus for option in menu["options"]]


def option(message: Any, label: str) -> str:
    """The value of the option with this label."""
    menus = [part for part in walk(components(message)) if part["type"] == 3]
    return next(o["value"] for menu in menus for o in menu["options"] if label in o["label"])


def answer(result: InteractionResult) -> Any:
    """The only message that answers a deferred command."""
    return answers(result)[-1]


def answers(result: InteractionResult) -> list[Any]:
    """All messages that answer a deferred command."""
    given = [*([result.response] if result.response is not None else []), *result.followups]
    assert given, result
    return given


def components(message: Any) -> list[dict[str, Any]]:
    found = message.components
    return [cast("dict[str, Any]", part.to_dict()) if isinstance(part, discord.Component) else part for part in found]


def walk(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield part
        yield from walk(part.get("components", []))
