"""Runs a program with discord.py pointed at a loopback Discord: `python -m tests.support.wire_child PORT -- run`.

What stands behind `--` are the program's own arguments; `--module` names another program than `bot`. `--tasks FILE` keeps the
number of the program's asyncio tasks in a file.
"""

import argparse
import asyncio
import runpy
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.wire_patch import pointed_at

_COUNT_SECONDS = 1.0


def main() -> None:
    """Run the program in this process, as `python -m MODULE ARGUMENTS` would."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--module", default="bot")
    parser.add_argument("--tasks", type=Path)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    sys.argv = [options.module, *options.arguments]
    run = asyncio.run

    def run_counted(work: Coroutine[Any, Any, object]) -> object:
        return run(_counted(work, options.tasks) if options.tasks else work)

    with pointed_at(f"http://127.0.0.1:{options.port}"), patch.object(asyncio, "run", run_counted):
        # alter_sys, so that the worker processes which the program spawns import its main module and not this one.
        runpy.run_module(options.module, run_name="__main__", alter_sys=True)


async def _counted(work: Coroutine[Any, Any, object], file: Path) -> object:
    """Do the work, and write the number of tasks beside it into a file each second."""

    async def count() -> None:
        while True:
            file.write_text(str(len(asyncio.all_tasks()) - 1))
            await asyncio.sleep(_COUNT_SECONDS)

    counting = asyncio.create_task(count())
    try:
        return await work
    finally:
        counting.cancel()


if __name__ == "__main__":
    main()
