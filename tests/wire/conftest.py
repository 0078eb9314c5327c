"""A loopback Discord for each test. The test fails when the bot sends a body that Discord would refuse."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.wire import WireDiscord


@pytest.fixture
async def wire() -> AsyncGenerator[WireDiscord]:
    """A loopback Discord until the end of the test."""
    async with WireDiscord() as wire:
        yield wire
    assert wire.failures == []
    assert wire.resets == 0, "a connection was to be reset, and was not"
