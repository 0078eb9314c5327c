"""The engine trio in the place of retail, whose network is a part of it. The running bot encodes the photos anew."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("UPDATE engine_in_use SET name = 'trio' WHERE name = 'retail'")


def downgrade() -> None:
    op.execute("UPDATE engine_in_use SET name = 'retail' WHERE name = 'trio'")
