"""The basis of a guess: the face, its context, or elimination. Guesses from before have the face as their basis."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("question_face", sa.Column("basis", sa.String(12), nullable=False, server_default="face"))


def downgrade() -> None:
    op.drop_column("question_face", "basis")
