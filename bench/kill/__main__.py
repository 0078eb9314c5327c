"""Kills the bot, a worker or a separate scheduler at random moments of a mixed load: `python -m bench.kill --kills 100`.

The real bot serves a Discord on loopback: questions, corrections, enrolments, imports, trainings, clips of links and files, the
install of an engine. After each kill everything that the bot acknowledged must be there once, `nugu check` must find nothing,
and no process and no temporary folder may be left. The exit status is 1 where anything is amiss.
"""

import argparse
import asyncio
import signal
import sys

from bench.kill.report import Report, Victim
from bench.kill.rounds import run


def main() -> None:
    """Run the rounds, and print what they found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="the number of kills")
    parser.add_argument("--seed", type=int, default=1, help="of the victims and the moments")
    parser.add_argument("--only", choices=[each.value for each in Victim], help="one kind of victim")
    options = parser.parse_args()
    only = None if options.only is None else Victim(options.only)
    report = Report()
    # asyncio ends a run in order on SIGINT alone.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        asyncio.run(run(report, options.kills, options.seed, only=only))
    finally:
        print(report.table())
    if report.faults:
        sys.exit(1)


if __name__ == "__main__":
    main()
