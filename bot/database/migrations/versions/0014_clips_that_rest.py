"""Clips that rest after a passing error, and those that Discord refused for their size."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("clip_job", sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clip_job", sa.Column("size_refused", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("clip_job", "size_refused")
    op.drop_column("clip_job", "resume_at")
