"""The number of passing errors that a clip has waited out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("clip_job", sa.Column("delays", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("clip_job", "delays")
