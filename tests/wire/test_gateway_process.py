"""The gateway process loads no engine: `nugu run` against a Discord on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.support.wire import TOKEN, WireDiscord

HEAVY = {"tensorflow", "_dlib_pybind11", "dlib", "cv2", "openvino", "scipy", "PIL"}


@pytest.mark.thorough
async def test_the_gateway_process_answers_without_an_engine(
    wire: WireDiscord, public_photos: Path, tmp_path: Path
) -> None:
    guild = wire.add_guild()
    channel = wire.add_channel(guild)
    moderator = wire.add_user("mina", guild, moderator=True)
    environment = {**os.environ, "DISCORD_TOKEN": TOKEN, "NUGU_DATA": str(tmp_path / "data"), "NUGU_WORKERS": "1"}
    command = (sys.executable, "-m", "tests.support.wire_child", str(wire.port), "--", "run")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        await wire.wait_ready()
        await wire.slash(channel, moderator, "group add", name="Presidents")
        await wire.wait_for("POST", "/webhooks/*/*")
        photo = "obama.jpg", (public_photos / "obama.jpg").read_bytes()
        await wire.slash(channel, moderator, "member add", group="Presidents", name="Obama", photo=photo)
        added = await wire.wait_for("POST", "/webhooks/*/*")
        assert "is known by 1 photo now" in str(added.json)
        await wire.slash(channel, moderator, "who", picture=photo)
        card = await wire.wait_for("POST", "/webhooks/*/*")
        assert "**Obama**" in str(card.json)
        gateway = psutil.Process(process.pid)
        workers = [child for child in gateway.children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]
        in_gateway, in_workers = libraries(gateway), set[str]().union(*map(libraries, workers))
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 30)
    assert code == 0
    assert not in_gateway & HEAVY
    assert {"PIL", "cv2", "openvino", "scipy"} < in_workers, "the workers are where the engine is"
    assert "_dlib_pybind11" in in_workers


def libraries(process: psutil.Process) -> set[str]:
    """The packages and modules with a compiled library in the process's memory maps."""
    paths = [Path(mapping.path).parts for mapping in process.memory_maps()]
    inside = [parts[parts.index("site-packages") + 1] for parts in paths if "site-packages" in parts]
    return {name.split(".")[0] for name in inside}
