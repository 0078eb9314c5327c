"""The quiz: rounds, answers, scores, and each person's memory of members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "quiz",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("race", sa.Boolean(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("alike", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_quiz_server_id_server"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["idol_group.id"], name=op.f("fk_quiz_group_id_idol_group"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quiz_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quiz_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("crop_id", sa.Integer(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["quiz_id"], ["quiz.id"], name=op.f("fk_quiz_round_quiz_id_quiz"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_quiz_round_member_id_member"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["crop_id"], ["crop.id"], name=op.f("fk_quiz_round_crop_id_crop"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_round")),
        sa.UniqueConstraint("quiz_id", "number", name=op.f("uq_quiz_round_quiz_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quiz_answer",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("chosen_id", sa.Integer(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["quiz_round.id"], name=op.f("fk_quiz_answer_round_id_quiz_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["chosen_id"], ["member.id"], name=op.f("fk_quiz_answer_chosen_id_member"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_quiz_answer")),
    )
    op.create_table(
        "quiz_memory",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("stability", sa.Double(), nullable=True),
        sa.Column("difficulty", sa.Double(), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_review", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_quiz_memory_member_id_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "member_id", name=op.f("pk_quiz_memory")),
    )
    op.create_table(
        "quiz_score",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("best", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_quiz_score_server_id_server"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["idol_group.id"], name=op.f("fk_quiz_score_group_id_idol_group"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("server_id", "group_id", "person_id", name=op.f("pk_quiz_score")),
    )
    for table, *columns in (
        ("quiz", "server_id", "person_id"),
        ("quiz_round", "member_id", "crop_id"),
        ("quiz_answer", "person_id"),
        ("quiz_memory", "member_id"),
        ("quiz_score", "group_id", "person_id"),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table in ("quiz_score", "quiz_memory", "quiz_answer", "quiz_round", "quiz"):
        op.drop_table(table)
