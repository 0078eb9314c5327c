"""The servers that the tests of this folder ask."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.support.image_search import ImageSearch, Vault, serving
from tests.support.image_search import vault as keeping


@pytest.fixture
async def search() -> AsyncGenerator[ImageSearch]:
    async with serving() as search:
        yield search


@pytest.fixture
async def vault() -> AsyncGenerator[Vault]:
    async with keeping() as vault:
        yield vault
