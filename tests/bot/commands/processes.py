"""Runs `nugu`, and Python with its modules, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.conftest import ROOT

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def nugu(
    *arguments: str | Path,
    data: Path,
    stdout: int = subprocess.PIPE,
    input: str = "",
    env: Mapping[str, str] = NO_VARIABLES,
) -> subprocess.CompletedProcess[str]:
    """Run `nugu` in a process of its own, in an empty folder."""
    return python("-m", "bot", *arguments, data=data, stdout=stdout, input=input, env=env)


def python(
    *arguments: str | Path,
    data: Path,
    stdout: int = subprocess.PIPE,
    input: str = "",
    env: Mapping[str, str] = NO_VARIABLES,
) -> subprocess.CompletedProcess[str]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUGU_", "DISCORD_"))}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=input,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
        cwd=data,
        env={**clean, "PYTHONPATH": str(ROOT), "NUGU_DATA": str(data), "NUGU_WORKERS": "1", "COLUMNS": "120", **env},
        check=False,
    )
