"""The size of the smallest file that Discord refused in a server, and the time of the refusal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("server", sa.Column("refused_upload", sa.BigInteger(), nullable=True))
    op.add_column("server", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("server", "refused_at")
    op.drop_column("server", "refused_upload")
