"""The flaws of a face: small, blurred, turned. Faces from before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("question_face", sa.Column("flaws", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("question_face", "flaws")
