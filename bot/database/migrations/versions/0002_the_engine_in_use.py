"""The engine in use, and photos in which an engine finds no face. All encodings from before are by dlib."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    in_use = op.create_table(
        "engine_in_use",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_engine_in_use_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_in_use")),
    )
    op.bulk_insert(in_use, [{"id": 1, "name": "dlib"}])
    with op.batch_alter_table("photo_encoding", schema=None) as batch_op:
        batch_op.alter_column("vector", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM photo_encoding WHERE vector IS NULL")
    with op.batch_alter_table("photo_encoding", schema=None) as batch_op:
        batch_op.alter_column("vector", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_table("engine_in_use")
