"""A campaign: invented inputs of one kind, one after the other, and the smallest input of each fault that they show."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from tests.support.fuzzing.watched import HarmError

_UNUSUAL = (
    *(HealthCheck.too_slow, HealthCheck.data_too_large),
    *(HealthCheck.large_base_example, HealthCheck.filter_too_much),
)
"""What hypothesis would complain of: files are large, and workers take their time."""

Feed = Callable[[bytes], Awaitable[str]]
"""Gives an input to the bot; says how it ended, by a word. Raises HarmError."""


@dataclass
class FuzzResult:
    """The inputs of one kind: their number, seconds and ends. `harm`: the smallest input of each fault, by its key."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    ends: Counter[str] = field(default_factory=Counter[str])
    harm: dict[str, tuple[bytes, HarmError]] = field(default_factory=dict[str, tuple[bytes, HarmError]])

    def save(self, folder: Path, kind: str) -> list[Path]:
        """Write each harmful input to `folder` as `KIND-HASH`, and its fault beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        saved: list[Path] = []
        for data, error in self.harm.values():
            path = folder / f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
            path.write_bytes(data)
            path.with_suffix(".txt").write_text(str(error), errors="backslashreplace")
            saved.append(path)
        return saved


async def run_campaign(
    inputs: SearchStrategy[bytes], feed: Feed, number: int, first_seed: int, *, shrinks: bool
) -> FuzzResult:
    """Feed `number` inputs. A fault doesn't end the campaign. `shrinks`: harmful inputs are made smaller, in minutes."""
    found = FuzzResult()
    loop = asyncio.get_running_loop()

    def wait(data: bytes) -> str:
        return asyncio.run_coroutine_threadsafe(_fed(feed, data), loop).result()

    for later in range(number):
        before = found.inputs
        batch = _Batch(found, wait, shrinks)
        await asyncio.to_thread(batch.run, inputs, number - before, first_seed + later)
        if found.inputs in {before, number}:  # there are no further ones of this kind, or enough
            break
    return found


async def _fed(feed: Feed, data: bytes) -> str:
    return await feed(data)


class _Batch:
    """Inputs up to the first new fault, which ends a run of hypothesis. hypothesis isn't asynchronous, so a thread runs it."""

    def __init__(self, found: FuzzResult, wait: Callable[[bytes], str], shrinks: bool) -> None:
        self._found = found
        self._wait = wait
        self._shrinks = shrinks
        self._shrunk: str | None = None
        """The fault whose input is being made smaller."""

    def run(self, inputs: SearchStrategy[bytes], most: int, first_seed: int) -> None:
        """Feed at most `most` inputs."""
        quiet = settings(
            max_examples=most,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=_UNUSUAL,
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=False,
        )
        with suppress(HarmError, Flaky):
            seed(first_seed)(quiet(given(inputs)(self._take)))()

    def _take(self, data: bytes) -> None:
        began = time.perf_counter()
        try:
            end = self._wait(data)
        except HarmError as error:
            end = error.key
            self._count(end, began)
            self._keep(data, error)
        else:
            self._count(end, began)

    def _count(self, end: str, began: float) -> None:
        if self._shrunk is None:
            taken = time.perf_counter() - began
            self._found.inputs += 1
            self._found.seconds += taken
            self._found.slowest = max(self._found.slowest, taken)
            self._found.ends[end] += 1

    def _keep(self, data: bytes, error: HarmError) -> None:
        """Keep a harmful input. Raises the error where hypothesis is to make it smaller."""
        if self._shrunk is None and error.key not in self._found.harm:
            self._found.harm[error.key] = data, error
            self._shrunk = error.key if self._shrinks else None
        if error.key == self._shrunk:
            self._found.harm[error.key] = data, error
            raise error
