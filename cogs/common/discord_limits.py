"""Discord's limits of messages, cards, modals and lists of choices. docs/discord.md has the source of each number."""

from __future__ import annotations

MAX_FILES = 10
"""Attachments of a message, items of a media gallery, and files of a modal's field."""

MAX_TEXT = 4000
"""Characters of all texts of a card together, in Unicode code points."""

LONGEST_ALT = 1024
"""Characters of the description of a picture."""

LONGEST_LABEL = 80
"""Characters on a button."""

MAX_OPTIONS = 25
"""Options of a menu, and choices of an autocomplete."""

LONGEST_OPTION = 100
"""Characters of an option's label, and of a choice's name."""
