"""The servers of this folder's tests, and a polite client for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.gather.client.fetch import PoliteClient, polite_client
from tests.support.image_search import FakeResolver, ImageSearch, PrivateServer
from tests.support.image_search import private_server as serving_private_server


@pytest.fixture
async def private_server() -> AsyncGenerator[PrivateServer]:
    async with serving_private_server() as private_server:
        yield private_server


@pytest.fixture
async def client(search: ImageSearch) -> AsyncGenerator[PoliteClient]:
    """A client for which `one.example` and `two.example` are hosts of the server."""
    names = FakeResolver(one_example=["127.0.0.1"], two_example=["127.0.0.1"])
    async with polite_client(
        search.settings(gather_file_seconds=30.0, picture_bytes=300_000), asyncio.to_thread, names
    ) as client:
        yield client
