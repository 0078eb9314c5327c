"""Children get a few variables, and the secrets of this process leave its own environment too."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest

from bot.infra.environment import child_environment, confine_spawned_processes
from tests.conftest import ROOT

FORGETTING = """
import os, sys
from pathlib import Path
from bot.infra.environment import remove_variables
remove_variables({"DISCORD_TOKEN", "NUGU_LINK_PROXY"})
assert os.environ.keys().isdisjoint({"DISCORD_TOKEN", "nugu_link_proxy"}), os.environ
assert os.environ["KEPT"] == "yes"
if sys.platform == "linux":
    own = Path("/proc/self/environ").read_bytes()
    assert b"hunter2" not in own, own
    assert b"KEPT=yes" in own, own
"""


def test_a_child_gets_what_runs_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DISCORD_TOKEN",
        "NUGU_LINK_PROXY",
        "AWS_SECRET_ACCESS_KEY",
        "https_proxy",
        "PGPASSWORD",
        "CREDENTIALS",
    ):
        monkeypatch.setenv(name, "hunter2")
    for name in ("LC_ALL", "TZ", "OMP_NUM_THREADS", "SSL_CERT_FILE", "PYTHONPATH"):
        monkeypatch.setenv(name, "kept")
    given = child_environment()
    assert "hunter2" not in given.values()
    assert given["PATH"] == os.environ["PATH"]
    assert list(given.values()).count("kept") == 5


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_spawned_process_starts_with_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    monkeypatch.setenv("TZ", "UTC")
    confine_spawned_processes()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        environment = pool.apply(_read, ("/proc/self/environ",))
    assert b"hunter2" not in environment
    assert b"TZ=UTC" in environment


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # a file of the system
        return file.read()


def test_a_process_forgets_secrets_that_it_started_with() -> None:
    given = {"DISCORD_TOKEN": "hunter2", "nugu_link_proxy": "http://me:hunter2@10.0.0.5", "KEPT": "yes"}
    done = subprocess.run(
        [sys.executable, "-c", FORGETTING], env={**os.environ, **given}, cwd=ROOT, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_name_of_the_processor_starts_no_process() -> None:
    asking = (
        "import platform, subprocess; from bot.infra.environment import confine_spawned_processes\n"
        "confine_spawned_processes(); subprocess.Popen = None; print(platform.uname().processor)"
    )
    done = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, os.uname().machine.encode()), done.stderr.decode()
