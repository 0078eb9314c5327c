"""The report on a group, made in an isolated process: figures, a picture, and labels that look wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.reports import MemberReport, MissingLook, ReportFigures, SuspectedPhoto
from bot.jobs.rosters import gallery_of
from bot.jobs.training import leave_one_out_counts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.deadline import Deadline
    from models.learning.report import GalleryReport
    from models.recognition.gallery import Gallery


def report_on_group(
    until: Deadline, rows: Sequence[EnrolledEncoding], recent: Collection[int], engine: str
) -> ReportFigures:
    """The report on the group of `rows`, made in an isolated process. Raises IsolatedProcessError.

    `recent`: the ids of the photos that arrived lately.
    """
    import numpy as np

    from bot.infra.worker_side import release_worker
    from models.learning.isolation import run_in_child
    from models.learning.report import IdentificationCounts

    release_worker()
    lately = np.array([row.photo in recent for row in rows], np.bool_)
    found, picture = run_in_child(until.left(), draw_report, gallery_of(rows, engine), rows[0].group_name, lately)
    members = {
        accuracy.member.id: MemberReport(
            accuracy.member.name,
            accuracy.photos,
            accuracy.different,
            accuracy.asked,
            accuracy.right,
            accuracy.confused_with.name if accuracy.confused_with else None,
            accuracy.confused_photos,
            accuracy.need.value if accuracy.need else None,
            MissingLook(look.recent_share, look.older_share, tuple(rows[photo].photo for photo in look.missed))
            if (look := accuracy.look)
            else None,
        )
        for accuracy in found.members
    }
    return ReportFigures(
        len(rows),
        leave_one_out_counts(IdentificationCounts.from_confusion(found.confusion)),
        tuple(members.values()),
        tuple(members[accuracy.member.id] for accuracy in found.members_needing_photos),
        tuple(SuspectedPhoto(rows[label.photo].photo, label.looks_like) for label in found.suspected),
        picture,
        engine,
    )


def draw_report(gallery: Gallery, group: str, recent: NDArray[np.bool_] | None = None) -> tuple[GalleryReport, bytes]:
    """The report on a group's gallery, and its chart as a PNG. `recent`: (n,) mask of the photos that arrived lately."""
    from models.drawing.charts import report_chart
    from models.learning.report import report

    found = report(gallery, recent)
    return found, report_chart(group, found)
