"""The jobs of clips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

STATES = ("WAITING", "WORKING", "SENDING", "DONE", "FAILED", "CANCELLED")
STYLES = ("NAMES", "NAMES_AND_LIST", "BOXES")


def upgrade() -> None:
    op.create_table(
        "clip_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("wish", sa.String(length=64), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="clipstate", native_enum=False, length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("source_message_id", sa.BigInteger(), nullable=True),
        sa.Column("rosters", sa.JSON(), nullable=False),
        sa.Column("group_name", sa.String(length=100), nullable=True),
        sa.Column("card_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("token_until", sa.Double(), nullable=False),
        sa.Column("most_bytes", sa.Integer(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("video", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("length", sa.Double(), nullable=True),
        sa.Column("style", sa.Enum(*STYLES, name="style", native_enum=False, length=20), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("cast", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("drawn_changes", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_clip_job_question_id_question"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_job")),
        sqlite_autoincrement=True,
    )
    for column in ("state", "asker_id", "source_message_id", "question_id"):
        op.create_index(op.f(f"ix_clip_job_{column}"), "clip_job", [column])
    at_work = sa.text("state IN ('WORKING', 'SENDING')")
    op.create_index(
        "ix_clip_job_at_work", "clip_job", ["wish"], unique=True, sqlite_where=at_work, postgresql_where=at_work
    )


def downgrade() -> None:
    op.drop_table("clip_job")
