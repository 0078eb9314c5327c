"""Ctrl-C in a terminal reaches every process of the group. It ends them all without a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import LONG_ENOUGH, ROOT

pytestmark = pytest.mark.thorough


@contextmanager
def in_a_terminal(data: Path, *arguments: str | Path) -> Generator[subprocess.Popen[str]]:
    """`nugu` as the leader of a process group of its own, as a shell starts it."""
    environment = {**os.environ, "NUGU_DATA": str(data), "NUGU_WORKERS": "2"}
    command = [sys.executable, "-m", "bot", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=-1, stderr=-1, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def group(leader: int) -> list[int]:
    """Ids of the processes in the group of `leader`."""
    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def until_workers(leader: int, workers: int) -> None:
    """Wait until the number of worker processes exists, ready or still importing."""
    deadline = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < deadline:
        children = psutil.Process(leader).children(recursive=True)
        with suppress(psutil.NoSuchProcess):  # the process that fetched the portraits has just ended
            if sum("spawn_main" in " ".join(child.cmdline()) for child in children) >= workers:
                return
        time.sleep(0.02)
    raise TimeoutError("no workers came up")


def until_a_face_is_kept(data: Path) -> None:
    """Wait until the first photo is enrolled."""
    deadline = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < deadline:
        if any((data / "files" / "crops").glob("*.jpg")):
            return
        time.sleep(0.02)
    raise TimeoutError("nobody was enrolled")


def interrupt(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C; the text on stderr."""
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LONG_ENOUGH)
    deadline = time.monotonic() + LONG_ENOUGH
    while (left := group(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left
    return errors


@pytest.mark.parametrize("later", [0.0, 0.4, 1.0])
def test_ctrl_c_while_the_workers_start(tmp_path: Path, later: float) -> None:
    with in_a_terminal(tmp_path, "demo") as process:
        until_workers(process.pid, 1)
        time.sleep(later)
        assert interrupt(process) == ""
    assert process.returncode == 130


def test_ctrl_c_ends_the_demo(tmp_path: Path) -> None:
    with in_a_terminal(tmp_path, "demo") as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("Ctrl-C"):
            pass
        assert interrupt(process) == ""
    assert process.returncode == 0


def test_ctrl_c_in_the_middle_of_enrolling(tmp_path: Path, public_photos: Path) -> None:
    for n in range(40):
        member = tmp_path / "faces" / "Presidents" / f"Obama {n}"
        member.mkdir(parents=True)
        shutil.copy(public_photos / "obama.jpg", member)
    with in_a_terminal(tmp_path / "data", "enrol", tmp_path / "faces") as process:
        until_a_face_is_kept(tmp_path / "data")
        assert "Traceback" not in interrupt(process)
    assert process.returncode == 130
