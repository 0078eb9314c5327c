"""The bot's start time and the memory of its gateway process: `python -m bench.start`.

Each round starts the real bot twice against a Discord on loopback: with an empty data folder, and with the folder of the first
start. The memory is that of the gateway process without workers. Arguments after `--` go to the bot; the default is `run`.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.child import running_bot
from tests.support.wire import WireDiscord

_MB = 1024 * 1024


@dataclass(frozen=True)
class StartMeasurement:
    """One start: seconds from process start until READY was received, and resident memory in MB then and later."""

    seconds: float
    rss_ready: float
    rss_settled: float


async def measure(data: Path, module: str, arguments: list[str], settle: float) -> StartMeasurement:
    """Start the bot once with the data folder, and stop it ``settle`` seconds after READY.

    Raises RuntimeError with the end of its log when it stops by itself, and TimeoutError when it never gets ready.
    """
    async with WireDiscord() as wire:
        wire.add_channel(wire.add_guild())
        began = time.perf_counter()
        async with running_bot(wire, data, arguments, module=module) as gateway:
            seconds = time.perf_counter() - began
            rss_ready = gateway.memory_info().rss / _MB
            await asyncio.sleep(settle)
            return StartMeasurement(seconds, rss_ready, gateway.memory_info().rss / _MB)


async def rounds(repeat: int, module: str, arguments: list[str], settle: float) -> dict[str, list[StartMeasurement]]:
    """The starts with an empty and with an existing data folder."""
    found: dict[str, list[StartMeasurement]] = {"empty data folder": [], "existing data folder": []}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(prefix="nugu-start-") as folder:
            for starts in found.values():
                starts.append(await measure(Path(folder), module, arguments, settle))
    return found


def table(found: dict[str, list[StartMeasurement]], settle: float) -> str:
    """The starts as a Markdown table, each kind with its medians last."""
    lines = [f"| start | READY (s) | RSS at READY (MB) | RSS {settle:g} s later (MB) |", "|---|---|---|---|"]
    for kind, starts in found.items():
        figures = [(start.seconds, start.rss_ready, start.rss_settled) for start in starts]
        medians = [statistics.median(column) for column in zip(*figures, strict=True)]
        named = [
            *((f"{kind}, {number}", row) for number, row in enumerate(figures, start=1)),
            (f"{kind}, median", medians),
        ]
        lines += [f"| {name} | {row[0]:.2f} | {row[1]:.0f} | {row[2]:.0f} |" for name, row in named]
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="rounds of two starts")
    parser.add_argument("--settle", type=float, default=10.0, help="seconds from READY to the second look at memory")
    parser.add_argument("--module", default="bot", help="the program to start")
    parser.add_argument("arguments", nargs="*", default=["run"])
    options = parser.parse_args()
    print(table(asyncio.run(rounds(options.repeat, options.module, options.arguments, options.settle)), options.settle))


if __name__ == "__main__":
    main()
