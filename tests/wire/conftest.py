"""A loopback Discord for each test. The test fails when the bot sends a body that Discord would refuse."""

from collections.abc import AsyncGenerator, Generator
from importlib import import_module

import pytest

from bot.client import COGS
from tests.support.loop_time import LONGEST_PAUSE, pauses
from tests.support.wire import WireDiscord

for cog in COGS:
    import_module(cog)  # a bot imports them at its start, before anybody waits


@pytest.fixture(autouse=True)
def unpaused() -> Generator[None]:
    """No callback of the bot keeps the event loop from other people for longer than `LONGEST_PAUSE`."""
    with pauses(LONGEST_PAUSE) as found:
        yield
    assert found.slow == []


@pytest.fixture
async def wire() -> AsyncGenerator[WireDiscord]:
    """A loopback Discord until the end of the test."""
    async with WireDiscord() as wire:
        yield wire
    assert wire.failures == []
    assert wire.resets == 0, "a connection was to be reset, and was not"
