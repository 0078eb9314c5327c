"""What Discord takes of messages, cards, forms and lists of choices. docs/discord.md says where each number comes from."""

from __future__ import annotations

MOST_FILES = 10
"""Attachments of a message, items of a media gallery, and files of a form's field."""

MOST_TEXT = 4000
"""Characters of all texts of a card together, in Unicode code points."""

LONGEST_ALT = 1024
"""Characters of the description of a picture."""

LONGEST_LABEL = 80
"""Characters on a button."""

MOST_OPTIONS = 25
"""Options of a menu, and choices that are offered while somebody types."""

LONGEST_OPTION = 100
"""Characters of an option's label, and of a choice's name."""
