"""Runs a program with discord.py pointed at a loopback Discord: `python -m tests.support.wire_child PORT -- run`.

What stands behind `--` are the program's own arguments; `--module` names another program than `bot`.
"""

import argparse
import runpy
import sys

from tests.support.wire_patch import pointed_at


def main() -> None:
    """Run the program in this process, as `python -m MODULE ARGUMENTS` would."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--module", default="bot")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    sys.argv = [options.module, *options.arguments]
    with pointed_at(f"http://127.0.0.1:{options.port}"):
        # alter_sys, so that the worker processes which the program spawns import its main module and not this one.
        runpy.run_module(options.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
