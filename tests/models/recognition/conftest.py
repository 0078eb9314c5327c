"""The world of invented people of this folder's tests, three times with other seeds."""

from __future__ import annotations

import pytest

from tests.support.people import SyntheticPeople


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> SyntheticPeople:
    return SyntheticPeople(request.param)
