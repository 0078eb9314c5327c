"""The demo in a real browser: a new user opens the page, asks who this is, and looks at the details."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("playwright", reason="no playwright here; `uv run --all-groups pytest` brings it")

from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
SCREENSHOTS = Path(__file__).parent / "screenshots"
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SECONDS = 90

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; .ci/run installs Debian's"),
]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """The address that `nugu demo` prints, with an empty roster."""
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


def command(page: Page, name: str, texts: dict[str, str], file: Path | None = None) -> None:
    """Use a slash command in the page's composer as a person does."""
    if (leave := page.get_by_role("button", name="Exit command mode")).is_visible():
        leave.click()
    page.fill("#channel-composer-input", f"/{name}")
    expect(page.get_by_role("listbox", name="Application commands")).to_contain_text(f"/{name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Command /{name}")).to_be_visible()
    for option, text in texts.items():
        page.fill(f"[data-option={option}]", text)
    if file is not None:
        page.set_input_files("input.command-file-input", str(file))
    page.click("#send-message")


def test_a_new_user_fills_the_roster_and_asks(demo: str, page: Page, public_photos: Path) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.goto(demo)
    expect(page.get_by_text("Welcome!").first).to_be_visible()

    command(page, "who", {}, public_photos / "obama2.jpg")
    expect(page.get_by_text("I don't know anybody here yet.").last).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "empty-roster.png")

    command(page, "group add", {"name": "Presidents"})
    expect(page.get_by_text("it is. Now add each member").last).to_be_visible()
    for name, photo in (("Obama", "obama2.jpg"), ("Biden", "biden.jpg")):
        command(page, "member add", {"group": "Presidents", "name": name})
        form = page.get_by_role("dialog", name="Add a member")
        form.locator("input[type=file]").set_input_files(str(public_photos / photo))
        page.screenshot(path=SCREENSHOTS / "form.png")
        form.get_by_role("button", name="Submit").click()
        expect(page.get_by_text("is known by 1 photo now").last).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "member-added.png")

    command(page, "who", {}, public_photos / "obama.jpg")
    details = page.get_by_role("button", name="Details").last
    expect(details).to_be_visible()
    expect(page.get_by_text("Obama").last).to_be_visible()
    tagged = page.get_by_alt_text(re.compile("Faces, row by row: ① Obama")).last
    expect(tagged).to_be_visible()
    expect(tagged).not_to_have_js_property("naturalWidth", 0)
    details.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # the feed settles
    place = page.locator("article.channel-message .message-components").last.bounding_box()
    assert place is not None
    page.screenshot(path=SCREENSHOTS / "card.png", clip=place)

    details.click()
    expect(page.get_by_text("Answered by").last).to_be_visible()
    page.get_by_text("Answered by").last.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "details.png")
