"""A loopback Discord for each test, which fails when the bot sent it anything that Discord would refuse."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.wire import WireDiscord


@pytest.fixture
async def wire() -> AsyncGenerator[WireDiscord]:
    """A loopback Discord that is served until the end of the test."""
    async with WireDiscord() as wire:
        yield wire
    assert wire.failures == []
    assert wire.resets == 0, "a connection was to be reset, and was not"
