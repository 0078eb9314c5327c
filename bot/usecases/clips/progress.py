"""The progress of clips at work, shown on their cards every few seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.clip_requests import ReplyTarget
from bot.domain.clips import ClipProgress, ClipStage, ReportedClip
from bot.errors import log_failure

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.database.tables.clips import ClipJob
    from bot.domain.clips import ClipReporter
    from bot.usecases.clips.options import ClipProgressCallback

log = logging.getLogger(__name__)

BETWEEN = 3.0
"""Seconds between two edits of a progress card."""

DRAWING_PER_TRACKING = 0.8
"""Seconds of drawing for each second of tracking."""


class ProgressCards:
    """Shows progress through a reporter, and keeps the pause between two edits of a card."""

    def __init__(self, reporter: ClipReporter) -> None:
        self._reporter = reporter
        self._shown: dict[int, float] = {}

    async def show(self, job: ClipJob, stage: ClipStage, *, place: int | None = None) -> None:
        """Show the stage of a job, or its place in the queue, now."""
        await self._show(ClipProgress(reported_clip(job), job.title, stage, place=place))

    async def show_if_due(self, job: ClipJob, stage: ClipStage) -> None:
        """Show the stage of a job, unless its card was edited just now."""
        if self.pause_left(job.id) <= 0:
            await self.show(job, stage)

    def pause_left(self, job_id: int) -> float:
        """Seconds until the card of a job may be edited again; 0 or less: now."""
        return self._shown.get(job_id, -BETWEEN) + BETWEEN - time.monotonic()

    @asynccontextmanager
    async def showing(self, job: ClipJob) -> AsyncGenerator[ClipProgressCallback]:
        """A callback whose reports the card of a job shows, until this context ends."""
        latest = _LatestReport()

        async def edit_when_due() -> None:
            shown = None
            while True:
                await asyncio.sleep(max(self.pause_left(job.id), 0.2))
                if (report := latest.report) is not None and report is not shown:
                    shown = report
                    try:
                        await self._show(latest.progress(reported_clip(job), job.title))
                    except Exception as error:  # noqa: BLE001  # the clip goes on
                        log_failure("how far clip %s is could not be shown", job.id, error=error, logger=log)

        task = asyncio.create_task(edit_when_due())
        try:
            yield latest.update
        finally:
            task.cancel()
            # An edit that is on its way must not arrive after the answer.
            await asyncio.wait([task])

    async def _show(self, progress: ClipProgress) -> None:
        now = time.monotonic()
        recent = {job_id: then for job_id, then in self._shown.items() if then > now - BETWEEN}
        self._shown = {**recent, progress.clip.job_id: now}
        await self._reporter.show(progress)


@dataclass(frozen=True, slots=True)
class _Report:
    stage: ClipStage
    share: float | None
    seen: tuple[str, ...]


class _LatestReport:
    """The last report of some work, and the beginning of its stage."""

    def __init__(self) -> None:
        self.report: _Report | None = None
        self._began = 0.0

    def update(self, stage: ClipStage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
        before = self.report
        if before is None or before.stage is not stage:
            self._began = time.monotonic()
        self.report = _Report(stage, share, seen or (before.seen if before else ()))

    def progress(self, clip: ReportedClip, title: str) -> ClipProgress:
        assert self.report is not None
        return ClipProgress(clip, title, self.report.stage, self.report.share, self._left(), seen=self.report.seen)

    def _left(self) -> float | None:
        """Seconds left at the pace of the stage; drawing follows the search for faces."""
        assert self.report is not None
        share = self.report.share
        if not share or self.report.stage is ClipStage.DOWNLOAD:
            return None
        whole = (time.monotonic() - self._began) / share
        left = whole * (1 - share)
        return left + whole * DRAWING_PER_TRACKING if self.report.stage is ClipStage.TRACK else left


def reported_clip(job: ClipJob) -> ReportedClip:
    """A job as its reporter needs it."""
    return ReportedClip(
        job_id=job.id,
        asker_id=job.asker_id,
        server_id=job.server_id,
        question_message_id=job.question_message_id or job.source_message_id,
        answer_id=job.answer_id,
        target=ReplyTarget(job.channel_id, job.max_bytes, job.card_id, job.token, job.token_until),
    )
