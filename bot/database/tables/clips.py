"""The table of clip jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.clock import still_lasts, utc_now
from bot.database.tables.base import NEVER_REUSED, Base
from bot.database.tables.columns import OutsideText
from bot.domain.enums import CaptionStyle, ClipState

LONGEST_REST = timedelta(minutes=5)
"""The time for which a job rests, at most."""


class ClipJob(Base):
    """A job that makes a clip: its request, its state, the target of its reply, its result.

    `request_hash`: equal requests have equal hashes, and are never at work at once. `attempt`: how often the work
    began, without attempts that passing errors ended. `delays`: the number of passing errors.
    `token`: the token of the asker's interaction, which edits its reply until `token_until` (seconds since 1970); None after
    the work. `source_message_id`, `question_message_id`, `place_id`: as in `Question`. `restricted`: the channel `place_id` is
    age-restricted. `answer_id`: the message with the clip. `max_bytes`: the largest file that Discord takes there. `spoiler`:
    the video was posted as a spoiler. `video`: the video's folder. `start`, `length`: the requested part in seconds.
    `question_id`: the question with a face for each person of the clip. `cast`: a row for each of these faces
    (`bot.domain.clips.PersonScreenTime`). `seconds`: the clip's length. `drawn_changes`: `ClipRepository.count_changes` at its
    drawing. `unheard`: the codec of the video's sound if that can't be read. `missing`: the footage that the clip does
    without (`bot.domain.clips.MissingFootage`). `deleted`: the message with the link was deleted before the question was
    written. `resume_at`: the job rests until then after a passing error. `size_refused`: Discord refused an earlier drawing for
    its size.
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
    request_hash: Mapped[str] = mapped_column("wish", String(64))
    state: Mapped[ClipState] = mapped_column(default=ClipState.WAITING, index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    delays: Mapped[int] = mapped_column(default=0)
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
    max_bytes: Mapped[int] = mapped_column("most_bytes")
    link: Mapped[str | None]
    title: Mapped[str] = mapped_column(OutsideText(300))
    spoiler: Mapped[bool] = mapped_column(default=False)
    video: Mapped[str] = mapped_column(String(64))
    start: Mapped[float]
    length: Mapped[float | None]
    style: Mapped[CaptionStyle]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"), index=True)
    cast: Mapped[list[Any]] = mapped_column(default=list)
    seconds: Mapped[float] = mapped_column(default=0.0)
    drawn_changes: Mapped[int] = mapped_column(default=0)
    unheard: Mapped[str | None] = mapped_column(OutsideText(40))
    missing: Mapped[list[Any]] = mapped_column(default=list)
    deleted: Mapped[bool] = mapped_column(default=False)
    resume_at: Mapped[datetime | None]
    size_refused: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)

    def is_due(self, now: datetime) -> bool:
        """Whether the job doesn't rest."""
        return self.resume_at is None or not still_lasts(self.resume_at, now, LONGEST_REST)
