"""The name that a card's picture shows at each face. Before, it was always the guess."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("question_face", sa.Column("drawn", sa.String(length=100), nullable=True))
    op.execute("UPDATE question_face SET drawn = name")


def downgrade() -> None:
    op.drop_column("question_face", "drawn")
