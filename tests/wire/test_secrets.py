"""No secret of the operator reaches a process that handles strangers' bytes: `nugu run` against a Discord on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.wire import TOKEN, WireDiscord

SECRET = "hunter2-of-the-operator"
OTHERS = {
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "HTTPS_PROXY": f"http://me:{SECRET}@127.0.0.1:9",
    "PGPASSWORD": SECRET,
    "SOMETHING_ELSE": SECRET,
}
"""What an operator's shell may hold besides: the gateway process needs some, its children none."""


def variables(data: Path) -> dict[str, str]:
    (data / "files" / SECRET).mkdir(parents=True)
    return {
        "NUGU_DATA": str(data),
        "NUGU_DATABASE_URL": f"sqlite+aiosqlite:///{data}/{SECRET}.db",
        "NUGU_STORAGE_URL": f"file://{data}/files/{SECRET}",
        "NUGU_LINK_PROXY": f"http://me:{SECRET}@127.0.0.1:9",
    }


def seen(process: psutil.Process) -> bytes:
    """The environment and the command line of a process, as every process of its user reads them."""
    return b"".join(Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("environ", "cmdline"))


@contextmanager
def watched(parent: psutil.Process) -> Generator[dict[int, bytes]]:
    """What `seen` says of each descendant, also of those that live for a moment only."""
    found: dict[int, bytes] = {}

    async def watch() -> None:
        while True:
            for child in parent.children(recursive=True):
                try:
                    found[child.pid] = seen(child)
                except (OSError, psutil.NoSuchProcess):
                    continue
            await asyncio.sleep(0.01)

    watching = asyncio.ensure_future(watch())
    try:
        yield found
    finally:
        watching.cancel()


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("by_file", [False, True], ids=["DISCORD_TOKEN", "DISCORD_TOKEN_FILE"])
async def test_children_inherit_no_secret_and_the_log_tells_none(
    wire: WireDiscord, public_photos: Path, tmp_path: Path, by_file: bool
) -> None:
    guild = wire.add_guild()
    channel, moderator = wire.add_channel(guild), wire.add_user("mina", guild, moderator=True)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    token = {"DISCORD_TOKEN_FILE": str(tmp_path / "token")} if by_file else {"DISCORD_TOKEN": TOKEN}
    environment = {**os.environ, **OTHERS, **variables(tmp_path / "data"), **token, "NUGU_WORKERS": "1"}
    command = (sys.executable, "-m", "tests.support.wire_child", str(wire.port), "--", "run")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
    gateway = psutil.Process(process.pid)
    with watched(gateway) as children:
        try:
            await wire.wait_ready()
            photo = "obama.jpg", (public_photos / "obama.jpg").read_bytes()
            await wire.slash(channel, moderator, "group add", name="Presidents")
            await wire.wait_for("POST", "/webhooks/*/*")
            await wire.slash(channel, moderator, "member add", group="Presidents", name="Obama", photo=photo)
            added = await wire.wait_for("POST", "/webhooks/*/*")
            assert "is known by 1 photo now" in str(added.json)
            workers = [pid for pid, text in children.items() if b"spawn_main" in text]
            own = seen(gateway)
        finally:
            process.send_signal(signal.SIGTERM)
            out, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
    assert process.returncode == 0
    assert workers
    for text in children.values():
        assert SECRET.encode() not in text
        assert TOKEN.encode() not in text
        assert b"DISCORD_" not in text
        assert b"NUGU_" not in text
    values = dict(entry.split(b"=", 1) for entry in own.split(b"\0") if b"=" in entry)
    for name in (b"DISCORD_TOKEN", b"NUGU_DATABASE_URL", b"NUGU_STORAGE_URL", b"NUGU_LINK_PROXY"):
        assert not values.get(name), "the gateway process wipes its own environment"
    for line in (out + errors).splitlines():
        assert SECRET.encode() not in line
        assert TOKEN.encode() not in line
