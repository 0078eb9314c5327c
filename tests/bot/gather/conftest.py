"""The servers of this folder's tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.support.image_search import ImageSearch, Vault, serving
from tests.support.image_search import vault as serving_vault


@pytest.fixture
async def search() -> AsyncGenerator[ImageSearch]:
    async with serving() as search:
        yield search


@pytest.fixture
async def vault() -> AsyncGenerator[Vault]:
    async with serving_vault() as vault:
        yield vault
