"""The servers of this folder's tests, and their videos."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.settings import Settings
from tests.support.image_search import ImageSearch, PrivateServer, serving
from tests.support.image_search import private_server as serving_private_server
from tests.support.video_site import Videos, make_videos


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Videos:
    return make_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture
async def site() -> AsyncGenerator[ImageSearch]:
    async with serving() as site:
        yield site


@pytest.fixture
async def private_server() -> AsyncGenerator[PrivateServer]:
    async with serving_private_server() as private_server:
        yield private_server


@pytest.fixture
def settings(site: ImageSearch) -> Settings:
    """Settings that allow links to any page of the site, and to nothing else on loopback."""
    return Settings.model_validate(
        {"link_sites": "mediasite,generic", "allowed_addresses": f"127.0.0.1:{site.port}", "link_seconds": 60.0}
    )
