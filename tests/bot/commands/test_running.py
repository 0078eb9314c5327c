"""How a verb runs: no garbage is looked for while it imports its work, and again once it works."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

from bot.cli.running import NEW_OBJECTS, at_work


@pytest.fixture(autouse=True)
def importing() -> Generator[None]:
    """The state of a verb that imports its work."""
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_verb_at_work_looks_for_garbage() -> None:
    with at_work():
        assert gc.isenabled()
        assert gc.get_threshold()[0] == NEW_OBJECTS
