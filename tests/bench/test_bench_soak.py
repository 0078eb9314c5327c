"""What `python -m bench.soak` finds in its records. The load itself runs for minutes: CI has no time for it."""

from __future__ import annotations

import pytest

from bench.soak import SLACK, Records, Step, growth, table

FLAT = dict.fromkeys(SLACK, 100.0) | {"question median s": 1.0, "question p95 s": 2.0}


def records(memory: float, seconds: float) -> Records:
    """Eighty seconds of a bot. Each twenty seconds, its memory grows by ``memory`` and its questions take ``seconds`` more."""
    found = Records()
    for at in range(80):
        quarter = at // 20
        found.samples.append((at, FLAT | {"gateway MiB": 100 + quarter * memory}))
        found.steps.append(Step("ask", at, at + 0.5 + quarter * seconds))
        found.steps.append(Step("clip", at, at + 50))
    return found


def test_a_flat_load_keeps_its_promises() -> None:
    quarters = records(memory=1, seconds=0).quarters(0, 80)
    assert growth(quarters[0], quarters[-1]) == []
    assert quarters[0]["question median s"] == 0.5


def test_a_leak_and_slower_answers_are_told() -> None:
    quarters = records(memory=20, seconds=1).quarters(0, 80)
    found = growth(quarters[0], quarters[-1])
    assert [line.split(" grew")[0] for line in found] == ["gateway MiB", "question median s", "question p95 s"]


@pytest.mark.parametrize("name", SLACK)
def test_each_figure_has_a_bound(name: str) -> None:
    assert growth(FLAT, FLAT | {name: FLAT[name] * 2}) != []


def test_the_table_has_a_row_for_each_figure() -> None:
    quarters = records(memory=1, seconds=0).quarters(0, 80)
    assert "| gateway MiB | 100 | 101 | 102 | 103 |" in table(quarters)
    assert len(table(quarters).splitlines()) == len(SLACK) + 2
