"""Where no interaction says how large a file may be, the published number is tried, and what was refused is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.app import App
from bot.clock import utc_now
from bot.usecases import upload_limits

MIB = 1 << 20
PLAIN, BOOSTED = 10 * MIB, 50 * MIB
"""What discord.py says of a server without boosts, and with many."""


async def test_the_larger_of_the_published_number_and_the_boosts_is_tried(app: App) -> None:
    assert await upload_limits.upload_limit(app, 1, PLAIN) == 20 * MIB
    assert await upload_limits.upload_limit(app, 1, BOOSTED) == 50 * MIB


async def test_a_server_that_refused_gets_what_has_long_held_and_the_others_are_left_alone(app: App) -> None:
    assert await upload_limits.limit_after_refusal(app, 1, 18 * MIB, PLAIN) == 10 * MIB
    assert await upload_limits.upload_limit(app, 1, PLAIN) == 10 * MIB
    assert await upload_limits.upload_limit(app, 2, PLAIN) == 20 * MIB
    # The smallest refused counts, whatever was refused afterwards.
    assert await upload_limits.limit_after_refusal(app, 1, 9 * MIB, PLAIN) == 8 * MIB
    assert await upload_limits.limit_after_refusal(app, 1, 60 * MIB, BOOSTED) == 50 * MIB
    assert await upload_limits.upload_limit(app, 1, PLAIN) == 8 * MIB
    assert await upload_limits.limit_after_refusal(app, None, 5 * MIB, PLAIN) == round(0.7 * 5 * MIB)


async def test_a_refusal_is_forgotten_after_a_week(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await upload_limits.limit_after_refusal(app, 1, 9 * MIB, PLAIN)
    later = utc_now() + timedelta(days=8)
    for module in ("bot.usecases.upload_limits", "bot.database.servers"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: later)
    assert await upload_limits.upload_limit(app, 1, PLAIN) == 20 * MIB
    await upload_limits.limit_after_refusal(app, 1, 18 * MIB, PLAIN)
    assert await upload_limits.upload_limit(app, 1, PLAIN) == 10 * MIB
