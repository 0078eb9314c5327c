"""The codec of a video's sound if that can't be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("clip_job", sa.Column("unheard", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("clip_job", "unheard")
