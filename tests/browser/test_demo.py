"""The demo in a real browser: a new user opens the page, asks who this is, looks at the details, and plays a clip."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.portraits import astronauts_head
from tests.support.videos import video_of

pytest.importorskip("playwright", reason="no playwright here; `uv run --all-groups pytest` brings it")

from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
SCREENSHOTS = Path(__file__).parent / "screenshots"
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SECONDS = 90

PLAYABLE = 15.0
"""Timeout for a playable clip on a busy machine (SimCord's own way took 25 s)."""

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; .ci/run installs Debian's"),
]


@pytest.fixture
def demo(tmp_path: Path, public_photos: Path) -> Iterator[str]:
    """The address that `nugu demo` prints, at its first start."""
    shutil.copytree(public_photos, tmp_path / "data-demo" / "portraits")
    command = [sys.executable, "-m", "bot", "demo"]
    environment = {**os.environ, "NUGU_DATA": str(tmp_path / "data"), "NUGU_WORKERS": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield address(process)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(30)
    assert code == 0


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line):
            return found.group()
    raise TimeoutError("the demo printed no address")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page(viewport={"width": 1100, "height": 1300}, device_scale_factor=1)
        page.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)
        yield page
        browser.close()


def command(page: Page, name: str, texts: dict[str, str], file: Path | None = None, option: str | None = None) -> None:
    """Use a slash command in the page's composer as a person does; `option` is chosen where it isn't there by itself."""
    leave = page.get_by_role("button", name="Exit command mode")
    leave.evaluate_all(
        "buttons => buttons.forEach(button => button.click())"
    )  # the page may leave it by itself meanwhile
    expect(leave).to_have_count(0)
    page.fill("#channel-composer-input", f"/{name}")
    expect(page.get_by_role("listbox", name="Application commands")).to_contain_text(f"/{name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Command /{name}")).to_be_visible()
    if option is not None:
        page.get_by_role("option", name=option).first.click()
    for field, text in texts.items():
        page.fill(f"[data-option={field}]", text)
    if file is not None:
        page.set_input_files("input.command-file-input", str(file))
    page.click("#send-message")


def shown(picture: Locator) -> None:
    """The page shows this picture, whole and decoded."""
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def until_played(player: Locator, *, ready: int = 0, seconds: float = 0.0) -> None:
    """Returns as soon as a video is so ready to be played (HTMLMediaElement.readyState), and has played for so long."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        state, played = player.evaluate("video => [video.readyState, video.currentTime]")
        if state >= ready and played >= seconds:
            return
        player.page.wait_for_timeout(100)
    raise TimeoutError("the video does not play")


def test_a_new_user_looks_around_asks_and_fills_the_roster(
    demo: str, page: Page, public_photos: Path, tmp_path: Path
) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.goto(demo)
    expect(page.get_by_text("Welcome!").first).to_be_visible()
    shown(page.get_by_alt_text(re.compile("Faces, row by row: ① Obama")).last)
    samples = tmp_path / "data-demo" / "samples"
    expect(page.get_by_text(str(samples)).last).to_be_visible()
    written = page.locator("article.channel-message time").first.get_attribute("datetime")
    assert abs(datetime.fromisoformat(written or "") - datetime.now(UTC)) < timedelta(hours=1), "the clock is today's"
    for number in range(2):
        shown(
            page.locator("article.channel-message")
            .last.locator("img.gallery-image, .media-lightbox-trigger img")
            .nth(number)
        )
    page.screenshot(path=SCREENSHOTS / "opening.png")

    command(page, "who", {}, samples / "portrait.jpg")
    expect(page.get_by_role("button", name="Details")).to_have_count(2)
    shown(page.get_by_alt_text(re.compile("Faces, row by row: ① Obama")).last)

    command(page, "map", {"group": "Senators"})
    expect(page.get_by_text("I don't know a group called “Senators”.").last).to_be_visible()
    expect(page.get_by_text("Action completed")).to_be_visible()  # and not that its outcome is uncertain
    page.screenshot(path=SCREENSHOTS / "refusal.png")

    command(page, "group add", {"name": "Astronauts"})
    expect(page.get_by_text("it is. Now add each member").last).to_be_visible()
    command(page, "member add", {"group": "Astronauts", "name": "Eileen"})
    form = page.get_by_role("dialog", name="Add a member")
    (tmp_path / "eileen.png").write_bytes(astronauts_head(public_photos))
    form.locator("input[type=file]").set_input_files(str(tmp_path / "eileen.png"))
    page.screenshot(path=SCREENSHOTS / "form.png")
    form.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("is known by 1 photo now").last).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "member-added.png")

    details = page.get_by_role("button", name="Details").last
    details.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # the feed settles
    place = page.locator("article.channel-message .message-components").filter(has=details).last.bounding_box()
    assert place is not None
    page.screenshot(path=SCREENSHOTS / "card.png", clip=place)
    details.click()
    expect(page.get_by_text("Answered by").last).to_be_visible()
    page.get_by_text("Answered by").last.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "details.png")


def test_a_clip_plays_and_its_pictures_do_not_wait_for_it(
    demo: str, page: Page, public_photos: Path, tmp_path: Path
) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    photos = [public_photos / name for name in ("obama2.jpg", "biden.jpg", "obama3.jpg")]
    video = video_of(photos, tmp_path / "speeches.mp4", seconds=2.0)
    page.goto(demo)
    expect(page.get_by_text("Welcome!").first).to_be_visible()
    command(page, "clip", {}, video, option="video")
    expect(page.get_by_text("speeches.mp4").first).to_be_visible(timeout=5000)  # it says at once that it is at work

    expect(page.get_by_role("button", name="Details")).to_have_count(2)
    posted = time.monotonic()
    player = page.locator("video").last
    expect(player).to_be_visible()
    until_played(player, ready=3)
    shown(page.get_by_alt_text(re.compile("on screen")).last)
    assert time.monotonic() - posted < PLAYABLE
    page.get_by_role("button", name=re.compile("^Play ")).last.click()
    until_played(player, seconds=1.0)
    page.screenshot(path=SCREENSHOTS / "clip.png")


def test_long_work_says_at_once_that_it_is_at_work(demo: str, page: Page) -> None:
    page.goto(demo)
    expect(page.get_by_text("Welcome!").first).to_be_visible()
    thinking = page.locator("article .message-loading")
    command(page, "map", {"group": "Presidents"})
    command(page, "model train", {"group": "Presidents"})
    expect(thinking.first).to_be_visible(timeout=5000)
