"""Why a face is doubtful: small, blurred, turned. Faces until now say nothing of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("question_face", sa.Column("flaws", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("question_face", "flaws")
