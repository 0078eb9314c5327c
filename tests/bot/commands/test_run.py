"""A signal ends `nugu run` at any moment, and an error ends it with a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.conftest import LONG_ENOUGH, ROOT


def running(data: Path, port: int) -> subprocess.Popen[str]:
    """`nugu run` in a process of its own, with Discord at a loopback port."""
    command = [sys.executable, "-m", "tests.support.wire_child", str(port), "--", "run"]
    given = {**os.environ, "DISCORD_TOKEN": "a.b.c", "NUGU_DATA": str(data), "NUGU_WORKERS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    with running(tmp_path, port=9) as process:
        _, errors = process.communicate(timeout=LONG_ENOUGH)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("nugu: Discord can't be reached: ")
    assert "Traceback" not in errors


@pytest.fixture
def silent() -> Generator[socket.socket]:
    """A Discord that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(LONG_ENOUGH)
        yield listening


def stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LONG_ENOUGH)
    assert "Traceback" not in errors
    return process.returncode


def test_a_signal_stops_it_while_it_waits_for_discord(tmp_path: Path, silent: socket.socket) -> None:
    with running(tmp_path, silent.getsockname()[1]) as process:
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1)
            assert stop(process) == 0


@pytest.mark.thorough
@pytest.mark.parametrize("delay", [0.0, 0.2, 0.4, 0.8, 3.0])
def test_a_signal_stops_it_at_any_moment(tmp_path: Path, silent: socket.socket, delay: float) -> None:
    with running(tmp_path, silent.getsockname()[1]) as process:
        time.sleep(delay)
        assert stop(process) in {0, -signal.SIGTERM}
