"""The background can be measured from any folder of faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.encodings.background import PHOTOS
from models.learning import background
from models.learning.background import groups_in, measure

if TYPE_CHECKING:
    from pathlib import Path

    from models.faces import Encodings


def test_the_default_rosters_are_those_that_exist(tmp_path: Path) -> None:
    assert groups_in(tmp_path, None) == {}
    for name in ("aespa", "BTS"):
        (tmp_path / name).mkdir()
    assert list(groups_in(tmp_path, None)) == ["BTS"]
    assert groups_in(tmp_path, []) == {}
    assert groups_in(tmp_path, ["aespa"]) == {"aespa": tmp_path / "aespa"}
    with pytest.raises(LookupError, match="holds no ITZY"):
        groups_in(tmp_path, ["aespa", "ITZY"])


def test_a_roster_of_any_name_gives_genuine_scores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "ROUNDS", 10)
    chance = np.random.default_rng(1)

    def people(count: int) -> list[Encodings]:
        middles = chance.normal(size=(count, 64)) + 1
        faces = [
            (middle + chance.normal(scale=0.3, size=(max(PHOTOS) + 1, 64))).astype(np.float32) for middle in middles
        ]
        return [its / np.linalg.norm(its, axis=1, keepdims=True) for its in faces]

    strangers, members = people(12), people(3)
    anyone = np.concatenate([its[:1] for its in people(30)])
    without = measure("toy-1", strangers, {}, anyone)
    other = measure("toy-1", strangers, {"aespa": members}, anyone)
    alike = measure("toy-1", strangers, {"ITZY": members}, anyone)
    assert np.array_equal(without.whitened.strangers, other.whitened.strangers)
    assert not np.array_equal(without.whitened.genuine, other.whitened.genuine)
    assert not np.array_equal(without.whitened.strangers, alike.whitened.strangers)
