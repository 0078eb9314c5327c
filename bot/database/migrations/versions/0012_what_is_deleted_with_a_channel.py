"""The channel of a question's thread, and clips of links whose message was deleted before the question was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("question", sa.Column("place_id", sa.BigInteger(), nullable=True))
    op.add_column("clip_job", sa.Column("deleted", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("clip_job", "deleted")
    op.drop_column("question", "place_id")
