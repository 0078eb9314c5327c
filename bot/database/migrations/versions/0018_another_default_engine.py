"""The engine sface for a bot that has answered nothing yet. In use, it keeps its engine, and the operator is told once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("engine_in_use", sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE engine_in_use SET name = 'sface' WHERE name = 'dlib' "
        "AND NOT EXISTS (SELECT 1 FROM crop) AND NOT EXISTS (SELECT 1 FROM question)"
    )


def downgrade() -> None:
    op.drop_column("engine_in_use", "told")
