"""The demo: its opening, its data folder and port, and the media and the clock of its page."""

from __future__ import annotations

import shutil
import socket
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.app import App
from bot.demo.media import PassThroughMediaWorker
from bot.demo.opening import DemoOpening, prepare
from bot.demo.page import WallClock
from bot.demo.run import DEMO_SERVER, PORTS, demo_settings, free_port
from bot.errors import PersonError
from bot.settings import Settings
from tests.support.films import moving

NOWHERE = "http://127.0.0.1:9/simple"


async def test_pictures_and_clips_pass_through_unchanged(tmp_path: Path) -> None:
    media = PassThroughMediaWorker()
    clip = moving(tmp_path / "clip.mp4").read_bytes()
    shown = await media.validate("clip", clip)
    assert (shown.normalized, shown.content_type, shown.kind) == (clip, "video/mp4", "video")
    assert shown.poster is not None
    with Image.open(BytesIO(shown.poster)) as poster:
        assert poster.size == (160, 90)
    for form in ("JPEG", "PNG", "GIF", "WebP"):
        out = BytesIO()
        Image.new("RGB", (8, 8), "red").save(out, form)
        shown = await media.validate(form, out.getvalue())
        assert (shown.normalized, shown.content_type) == (out.getvalue(), f"image/{form.lower()}")
    await media.close()


async def test_simcord_converts_other_media(tmp_path: Path) -> None:
    media = PassThroughMediaWorker()
    shown = await media.validate("tone", moving(tmp_path / "clip.mkv", seconds=0.2).read_bytes())
    assert (shown.content_type, shown.transformation) == ("video/webm", "transcode")
    await media.close()


def test_the_clock_has_the_current_time_and_goes_on() -> None:
    clock = WallClock()
    first, elapsed = clock.now(), clock.elapsed
    clock.advance(3600)
    assert abs((datetime.now(UTC) - first).total_seconds()) < 60
    assert 0 <= elapsed < clock.elapsed < 60
    assert first < clock.now()


def test_a_demo_has_a_data_folder_of_its_own() -> None:
    settings = Settings(
        data=Path("/srv/nugu"), database_url=SecretStr("postgresql://x"), storage_url=SecretStr("s3://x")
    )
    own = demo_settings(settings)
    assert own.data == Path("/srv/nugu-demo")
    assert own.database_url.get_secret_value() == own.storage_url.get_secret_value() == ""
    assert demo_settings(Settings(data=Path("data"))).data == Path("data-demo")


def test_a_port_in_use_is_skipped_unless_it_is_wanted() -> None:
    first = free_port(None)
    assert first in PORTS
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert free_port(None) != first
        with pytest.raises(PersonError, match=f"Port {first} can't be had here."):
            free_port(first)
    assert free_port(0) == 0


async def test_the_opening_has_two_people_and_pictures_to_try(app: App, public_photos: Path) -> None:
    shutil.copytree(public_photos, app.settings.data / "portraits")
    opening = await prepare(app, DEMO_SERVER, None)
    assert opening.groups == ("Presidents",)
    assert [sample.name for sample in opening.samples] == ["portrait.jpg", "half-a-face.jpg"]
    assert all(sample.is_absolute() and sample.exists() for sample in opening.samples)
    assert f"one of these two pictures, which lie in `{opening.samples[0].parent}`" in opening.welcome()
    assert await prepare(app, DEMO_SERVER, None) == opening


async def test_without_a_package_index_the_demo_begins_empty_and_says_so(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "INDEX_URL": NOWHERE,
        "EXTRA_INDEX_URL": "",
        "FIND_LINKS": "",
        "CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    opening = await prepare(app, DEMO_SERVER, None)
    assert opening == DemoOpening((), out_of_reach=True)
    message = "The package index can't be reached, so I know nobody yet."
    assert message in opening.welcome()
    assert capsys.readouterr().out.splitlines()[-1] == message


def test_the_welcome_names_the_groups_and_the_way_of_pictures() -> None:
    welcome = DemoOpening(("TWICE", "ITZY")).welcome()
    assert "I know TWICE and ITZY already" in welcome
    assert "This page takes no pictures in messages; they all go through `/who`." in welcome
