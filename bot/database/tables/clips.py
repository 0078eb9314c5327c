"""Clips that people asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.base import NEVER_REUSED, Base, utc_now
from bot.domain.enums import CaptionStyle, ClipState

LONGEST_TITLE = 300
"""Characters of a video's title that are kept."""


class ClipJob(Base):
    """A clip that was promised, and kept: by whom it was asked for, where the answer goes, what of which video.

    `wish` is a hash of what is wanted; the same is never at work twice. `attempt` counts how often the work began. `token`: of
    the asker's interaction, by which its answer can be edited until `token_until` (seconds since 1970); gone when the work
    has ended. `source_message_id`, `question_message_id`: see `Question`. `place_id`: the channel that choices are made for;
    `restricted`: it is for adults. `spoiler`: the video was posted as one. `video`: the folder it is kept in. `start`,
    `length`: the part that was asked for, in seconds. `most_bytes`: what Discord takes there. `cast`: a row for each face of
    the question (`bot.domain.clips.OnScreen`). `seconds`: the clip's length. `drawn_changes`: how often the faces' names had
    been changed when it was drawn. `unheard`: the codec of the video's sound where that can't be read. `deleted`: the message
    with its link was, before the people in it were written down.
    """

    __tablename__ = "clip_job"
    __table_args__ = (
        Index(
            "ix_clip_job_at_work",
            "wish",
            unique=True,
            sqlite_where=text("state IN ('WORKING', 'SENDING')"),
            postgresql_where=text("state IN ('WORKING', 'SENDING')"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wish: Mapped[str] = mapped_column(String(64))
    state: Mapped[ClipState] = mapped_column(default=ClipState.WAITING, index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    asker_id: Mapped[int] = mapped_column(BigInteger, index=True)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    restricted: Mapped[bool] = mapped_column(default=False)
    source_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    question_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    rosters: Mapped[list[Any]]
    group_name: Mapped[str | None] = mapped_column(String(100))
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    answer_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    token: Mapped[str | None]
    token_until: Mapped[float] = mapped_column(default=0.0)
    most_bytes: Mapped[int]
    link: Mapped[str | None]
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    spoiler: Mapped[bool] = mapped_column(default=False)
    video: Mapped[str] = mapped_column(String(64))
    start: Mapped[float]
    length: Mapped[float | None]
    style: Mapped[CaptionStyle]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"), index=True)
    cast: Mapped[list[Any]] = mapped_column(default=list)
    seconds: Mapped[float] = mapped_column(default=0.0)
    drawn_changes: Mapped[int] = mapped_column(default=0)
    unheard: Mapped[str | None] = mapped_column(String(40))
    deleted: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
