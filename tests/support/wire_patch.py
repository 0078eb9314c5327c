"""Points discord.py at another address than Discord's. Imports nothing but discord.py, so a measured process stays lean."""

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route


@contextmanager
def pointed_at(base: str) -> Generator[None]:
    """REST, gateway and CDN lie below ``base`` (``http://127.0.0.1:PORT``) until the block ends."""
    gateway = yarl.URL(base).with_scheme("ws") / "gateway"
    with (
        patch.object(Route, "BASE", f"{base}/api/v10"),
        patch.object(DiscordWebSocket, "DEFAULT_GATEWAY", gateway),
        patch.object(Asset, "BASE", f"{base}/cdn"),
    ):
        yield
