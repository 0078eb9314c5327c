"""Discord's limits equal those of its published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cogs.common import discord_limits


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (discord_limits.MAX_FILES, "MessageCreateRequest.attachments.maxItems"),
        (discord_limits.MAX_FILES, "MediaGalleryComponentForMessageRequest.items.maxItems"),
        (discord_limits.MAX_FILES, "FileUploadComponentForModalRequest.max_values.maximum"),
        (discord_limits.MAX_TEXT, "TextDisplayComponentForMessageRequest.content.maxLength"),
        (discord_limits.LONGEST_ALT, "MediaGalleryItemRequest.description.maxLength"),
        (discord_limits.LONGEST_LABEL, "ButtonComponentForMessageRequest.label.maxLength"),
        (discord_limits.MAX_OPTIONS, "StringSelectComponentForMessageRequest.options.maxItems"),
        (discord_limits.MAX_OPTIONS, "InteractionApplicationCommandAutocompleteCallbackStringData.choices.maxItems"),
        (discord_limits.LONGEST_OPTION, "StringSelectOptionForRequest.label.maxLength"),
        (discord_limits.LONGEST_OPTION, "ApplicationCommandOptionStringChoice.name.maxLength"),
    ],
)
def test_each_limit_equals_the_schemas(shared: Path, number: int, place: str) -> None:
    schemas: dict[str, Any] = json.loads((shared / "discord" / "openapi.json").read_text())["components"]["schemas"]
    schema, field, bound = place.split(".")
    assert schemas[schema]["properties"][field][bound] == number
