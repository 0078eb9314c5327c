"""The tables, a module for each subject. Times are in UTC, vectors are float32 as little-endian bytes.

The import of one module imports all of them, so that foreign keys find their tables.
"""

from bot.database.tables import clips, models, questions, quiz, rosters, servers
from bot.database.tables.base import Base

__all__ = ["METADATA", "clips", "models", "questions", "quiz", "rosters", "servers"]

METADATA = Base.metadata
"""All tables. A test compares them with the result of the migrations."""
