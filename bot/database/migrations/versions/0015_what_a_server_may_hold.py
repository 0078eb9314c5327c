"""The bytes of a crop, which count in a server's quota, and the full quotas that its moderators were told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

USUAL_CROP = "34000"
"""Bytes of a crop from before they were counted: the mean of 150."""


def upgrade() -> None:
    op.add_column("crop", sa.Column("bytes", sa.Integer(), nullable=False, server_default=sa.text(USUAL_CROP)))
    op.create_index("ix_crop_server_id", "crop", ["server_id", "bytes"])
    op.add_column("server", sa.Column("told_full", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("server", "told_full")
    op.drop_index("ix_crop_server_id", "crop")
    op.drop_column("crop", "bytes")
