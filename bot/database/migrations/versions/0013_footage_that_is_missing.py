"""The footage of a video that can't be read, and that its clip does without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("clip_job", sa.Column("missing", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("clip_job", "missing")
