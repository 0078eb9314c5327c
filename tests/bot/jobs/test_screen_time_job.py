"""The screen-time chart carries the names of the annotations that count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import jobs
from bot.domain.answers import AnsweredFace, FaceAnnotation
from bot.domain.clips import FinishedClip
from bot.domain.enums import AnnotationMeaning
from models.drawing import charts
from models.drawing.charts import ScreenTime
from tests.support.clips import finished

SPANS = ((3.0, 8.2), (15.0, 21.0))


def annotated(face: AnsweredFace, meaning: AnnotationMeaning, name: str | None = None) -> AnsweredFace:
    return replace(face, annotation=FaceAnnotation(1, meaning, name, 7))


def chart_rows(monkeypatch: pytest.MonkeyPatch, clip: FinishedClip) -> list[ScreenTime]:
    """The rows of a clip's chart."""
    rows: list[ScreenTime] = []

    def chart(title: str, length: float, people: list[ScreenTime], label: Callable[[float], str]) -> bytes:
        rows.extend(people)
        return b""

    monkeypatch.setattr(charts, "screen_time_chart", chart)
    jobs.screen_time_chart("MV", 60.0, clip.answer, clip.cast)
    return rows


def test_an_annotation_counts_before_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = finished("Sana", "Momo", "Mina", None, "Tzuyu", spans=SPANS)
    (picture,) = clip.answer.pictures
    faces = list(picture.faces)
    faces[1] = annotated(faces[1], AnnotationMeaning.MEMBER, "쯔위")
    faces[2] = annotated(faces[2], AnnotationMeaning.STRANGER)
    faces[4] = annotated(faces[4], AnnotationMeaning.NOT_A_FACE)
    answer = replace(clip.answer, pictures=(replace(picture, faces=tuple(faces)),))
    rows = chart_rows(monkeypatch, replace(clip, answer=answer))
    assert [(row.name, row.known) for row in rows] == [
        ("① Sana", True),
        ("② 쯔위", True),
        ("③ unknown", False),
        ("④ unknown", False),
    ]
    assert (rows[0].spans, rows[0].together) == (SPANS, "0:11")


def test_unknown_people_share_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = chart_rows(monkeypatch, finished("Sana", None, None, None, spans=SPANS))
    assert [(row.name, row.known, row.spans, row.together) for row in rows] == [
        ("① Sana", True, SPANS, "0:11"),
        ("3 unknown people", False, SPANS, "0:11"),
    ]
