"""Ten thousand invented and damaged inputs: `python -m bench.fuzz [--inputs 10000] [--seed N] [--kinds pictures,videos,…]`.

Each input goes the way that a stranger's goes, through the real workers: a picture is identified, a video
becomes a clip, an archive is imported, a button is pressed on a simulated Discord. An input does harm where a worker dies, the
answer takes longer than the deadline, a worker takes more memory than `NUGU_WORKER_MEMORY`, or the person gets something else
than a result or a sentence. The smallest input of each fault is saved; `--again FILE` feeds it once more. Only this machine is
reached.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import App
from bot.infra.compute import Compute
from bot.settings import Settings
from tests.support.fuzzing.campaign import FuzzResult, run_campaign
from tests.support.fuzzing.kinds import KINDS, feeding
from tests.support.fuzzing.watched import FedBot, HarmError, fed_bot

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIB = 1 << 20


def main() -> int:
    """Run the campaigns; 1 where an input does harm."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Invented inputs that the bot must bear.")
    parser.add_argument("--inputs", type=int, default=10_000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal inputs")
    parser.add_argument("--kinds", default=",".join(KINDS), help="with commas between")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds of an input")
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"), metavar="FOLDER", help="for harmful inputs")
    parser.add_argument("--again", type=Path, metavar="FILE", help="feeds one saved input")
    arguments = parser.parse_args()
    if arguments.again is not None:
        return asyncio.run(again(arguments.again, arguments.deadline))
    kinds = arguments.kinds.split(",")
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"there are no inputs of the kind {', '.join(sorted(unknown))}; choose from {', '.join(KINDS)}")
    return asyncio.run(campaigns(kinds, arguments.inputs, arguments.seed, arguments.deadline, arguments.out))


async def campaigns(kinds: Sequence[str], inputs: int, first_seed: int, deadline: float, out: Path) -> int:
    """A campaign of each kind, with a row in the printed table."""
    whole = sum(KINDS[kind].share for kind in kinds)
    harmful = 0
    print("kind        inputs  answered  refused  seconds  slowest  worker MiB  faults", flush=True)
    async with AsyncExitStack() as stack:
        bot = await opened(stack, deadline)
        for kind in kinds:
            number = max(1, round(inputs * KINDS[kind].share / whole))
            async with feeding(bot, KINDS[kind]) as feed:
                found = await run_campaign(KINDS[kind].inputs(), feed, number, first_seed, shrinks=True)
            print(row(kind, found, bot), flush=True)
            harmful += len(found.harm)
            for path, (_, error) in zip(found.save(out, kind), found.harm.values(), strict=True):
                print(f"  {path}: {error.key}", flush=True)
    return 1 if harmful else 0


def row(kind: str, found: FuzzResult, bot: FedBot) -> str:
    """The figures of a campaign. The memory is the highest of a worker since the start."""
    answered, refused = found.ends["answered"], found.ends["refused"]
    return (
        f"{kind:11} {found.inputs:6}  {answered:8}  {refused:7}  {found.seconds:7.0f}  {found.slowest:7.2f}  "
        f"{bot.highest / _MIB:10.0f}  {len(found.harm):6}"
    )


async def again(path: Path, deadline: float) -> int:
    """Feed a saved input, whose name begins with its kind, and print the fault, if any."""
    kind = KINDS[path.name.partition("-")[0]]
    async with AsyncExitStack() as stack:
        bot = await opened(stack, deadline)
        feed = await stack.enter_async_context(feeding(bot, kind))
        try:
            print(await feed(path.read_bytes()))
        except HarmError as error:
            print(error)
            return 1
    return 0


async def opened(stack: AsyncExitStack, deadline: float) -> FedBot:
    """A bot with two workers on a temporary data folder."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    settings = Settings(data=folder / "data", workers=2, deadline=deadline, message_content=True)
    settings.data.mkdir()
    compute = await stack.enter_async_context(Compute.open(settings))
    app = await stack.enter_async_context(App.open(settings, compute=compute))
    return await stack.enter_async_context(fed_bot(app, folder, deadline=deadline))


if __name__ == "__main__":
    sys.exit(main())
