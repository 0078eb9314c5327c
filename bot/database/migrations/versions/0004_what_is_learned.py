"""Learning from answers: crops, aliases, models, reviews, and the choice of what a server learns from.

Before, the columns of a crop were part of its photo. Now faces of questions have crops too, so crops have their own table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

LEARNS = sa.Enum("CONFIRMED", "SUBMITTED", "OFF", name="learns", native_enum=False, length=20)
ORIGIN = sa.Enum("ASKED", "SUBMITTED", "GATHERED", name="origin", native_enum=False, length=20)


def upgrade() -> None:
    op.create_table(
        "crop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("phash", sa.String(length=16), nullable=True),
        sa.Column("face_width", sa.Integer(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crop")),
        sa.UniqueConstraint("server_id", "sha256", name=op.f("uq_crop_server_id")),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO crop (server_id, sha256, key, face_width, made_at) "
        "SELECT idol_group.server_id, photo.sha256, min(photo.crop_key), min(photo.face_width), min(photo.added_at) "
        "FROM photo JOIN member ON member.id = photo.member_id JOIN idol_group ON idol_group.id = member.group_id "
        "GROUP BY idol_group.server_id, photo.sha256"
    )
    op.create_table(
        "crop_encoding",
        sa.Column("crop_id", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=50), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["crop_id"], ["crop.id"], name=op.f("fk_crop_encoding_crop_id_crop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("crop_id", "engine", name=op.f("pk_crop_encoding")),
    )
    # Two photos with one crop have equal encodings.
    op.execute(
        "INSERT INTO crop_encoding (crop_id, engine, vector) "
        "SELECT crop.id, photo_encoding.engine, max(photo_encoding.vector) "
        "FROM photo_encoding JOIN photo ON photo.id = photo_encoding.photo_id "
        "JOIN member ON member.id = photo.member_id JOIN idol_group ON idol_group.id = member.group_id "
        "JOIN crop ON crop.server_id = idol_group.server_id AND crop.sha256 = photo.sha256 "
        "GROUP BY crop.id, photo_encoding.engine"
    )
    op.drop_table("photo_encoding")
    last_photo = _last_photo()
    with op.batch_alter_table("photo", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("crop_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("face_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("origin", ORIGIN, nullable=False, server_default="SUBMITTED"))
        batch_op.add_column(sa.Column("vouched_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("was_member_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE photo SET crop_id = (SELECT crop.id FROM crop, member, idol_group WHERE member.id = photo.member_id "
        "AND idol_group.id = member.group_id AND crop.server_id = idol_group.server_id AND crop.sha256 = photo.sha256)"
    )
    with op.batch_alter_table("photo", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column("crop_id", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("origin", existing_type=ORIGIN, server_default=None)
        batch_op.drop_constraint(op.f("uq_photo_member_id"), type_="unique")
        for column in ("sha256", "crop_key", "face_width"):
            batch_op.drop_column(column)
        batch_op.create_unique_constraint(op.f("uq_photo_member_id"), ["member_id", "crop_id"])
        batch_op.create_foreign_key(op.f("fk_photo_crop_id_crop"), "crop", ["crop_id"], ["id"])
        batch_op.create_foreign_key(
            op.f("fk_photo_face_id_question_face"), "question_face", ["face_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index(op.f("ix_photo_crop_id"), ["crop_id"])
        batch_op.create_index(op.f("ix_photo_face_id"), ["face_id"])
    _reuse_no_photo(last_photo)
    op.create_table(
        "alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["idol_group.id"], name=op.f("fk_alias_group_id_idol_group"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_alias_member_id_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alias")),
        sa.UniqueConstraint("group_id", "member_id", "key", name=op.f("uq_alias_group_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alias_key"), "alias", ["key"])
    op.create_table(
        "model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=50), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("classifier_key", sa.String(length=200), nullable=True),
        sa.Column("verdict", sa.String(length=300), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["idol_group.id"], name=op.f("fk_model_group_id_idol_group"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_model_group_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_photo",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_model_photo_model_id_model"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_model_photo_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "photo_id", name=op.f("pk_model_photo")),
    )
    op.create_index(op.f("ix_model_photo_photo_id"), "model_photo", ["photo_id"])
    op.create_table(
        "skip",
        sa.Column("face_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["face_id"], ["question_face.id"], name=op.f("fk_skip_face_id_question_face"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("face_id", "person_id", name=op.f("pk_skip")),
    )
    # Columns are added one by one: writing a table anew would delete the rows that refer to its rows.
    op.add_column("server", sa.Column("learns", LEARNS, nullable=False, server_default="CONFIRMED"))
    op.add_column("server", sa.Column("notices_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("idol_group", sa.Column("model_since", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("question", sa.Column("origin", ORIGIN, nullable=False, server_default="ASKED"))
    op.add_column("question_picture", sa.Column("source", sa.String(), nullable=True))
    op.add_column("question_face", sa.Column("held_by", sa.BigInteger(), nullable=True))
    op.add_column("question_face", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("question_face", sa.Column("suspected", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("word", sa.Column("deliberate", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table, column, to in (
        ("idol_group", "model_id", "model"),
        ("question_face", "crop_id", "crop"),
        ("word", "replaces_id", "word"),
    ):
        key = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{column}_{to}"), ondelete="SET NULL")
        op.add_column(table, sa.Column(column, sa.Integer(), key, nullable=True), inline_references=True)
    op.create_index(op.f("ix_question_face_crop_id"), "question_face", ["crop_id"])


def _last_photo() -> int | None:
    """The last id that SQLite gave to a photo, deleted ones included; None for another database."""
    if op.get_bind().dialect.name != "sqlite":
        return None
    return op.get_bind().scalar(sa.text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'photo'"))


def _reuse_no_photo(last: int | None) -> None:
    """Let new photos have greater ids than `last`: SQLite forgot it when the table was written anew."""
    if last is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'photo'")
        op.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('photo', :last)").bindparams(last=last))
