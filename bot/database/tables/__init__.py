"""The tables, a module a subject. Times are UTC; vectors are float32 in little-endian bytes.

Importing one module imports all, so that each foreign key finds the table that it names.
"""

from bot.database.base import Base
from bot.database.tables import clips, models, questions, quiz, rosters, servers

__all__ = ["METADATA", "clips", "models", "questions", "quiz", "rosters", "servers"]

METADATA = Base.metadata
"""All tables, as migrations compare them."""
