"""The messages that ask and answer, spoilers, and pictures from age-restricted channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MESSAGES = (
    ("question", "question_message_id"),
    ("question", "card_message_id"),
    ("clip_job", "question_message_id"),
)
NO = sa.false()


def upgrade() -> None:
    for table, column in MESSAGES:
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(op.f("ix_clip_job_answer_id"), "clip_job", ["answer_id"])
    op.add_column("crop", sa.Column("only_in", sa.BigInteger(), nullable=True))
    op.add_column("clip_job", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=NO))
    for table in ("crop", "question_picture", "clip_job"):
        op.add_column(table, sa.Column("spoiler", sa.Boolean(), nullable=False, server_default=NO))


def downgrade() -> None:
    for table in ("crop", "question_picture", "clip_job"):
        op.drop_column(table, "spoiler")
    op.drop_column("clip_job", "restricted")
    op.drop_column("crop", "only_in")
    op.drop_index(op.f("ix_clip_job_answer_id"), "clip_job")
    for table, column in MESSAGES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
        op.drop_column(table, column)
