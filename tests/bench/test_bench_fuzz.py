"""A sample of the inputs of `bench.fuzz`: no worker dies, nothing hangs, and each ends with a result or a sentence."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from bot.app import App
from bot.errors import KilledWorkersError, PersonError
from tests.conftest import LONG_ENOUGH
from tests.support.fuzzing.campaign import run_campaign
from tests.support.fuzzing.kinds import KINDS, feeding
from tests.support.fuzzing.watched import FedBot, HarmError, fed_bot

SEED = 1
SAMPLES = {"pictures": 20, "videos": 4}
"""Inputs of a kind; 9 of each other kind."""


@pytest.fixture
async def bot(app: App, tmp_path: Path) -> AsyncGenerator[FedBot]:
    async with fed_bot(app, tmp_path, deadline=LONG_ENOUGH) as bot:
        yield bot


@pytest.mark.thorough
async def test_invented_inputs_do_no_harm(bot: FedBot) -> None:
    harm: dict[str, bytes] = {}
    for name, kind in KINDS.items():
        async with feeding(bot, kind) as feed:
            found = await run_campaign(kind.inputs(), feed, SAMPLES.get(name, 9), SEED, shrinks=False)
        harm |= {f"{name}: {error}": data for data, error in found.harm.values()}
        assert found.inputs
    assert harm == {}


def fail(error: Exception) -> None:
    raise error


def take_memory() -> int:
    return len(bytearray(64 << 20))


@pytest.mark.parametrize(
    ("job", "arguments", "key"),
    [
        (fail, [ValueError("/tmp/x")], "ValueError"),
        (fail, [PersonError("Traceback (most recent call last)")], "no sentence for a person"),
        (fail, [KilledWorkersError()], "KilledWorkersError"),
        (take_memory, [], "a worker took too much memory"),
    ],
)
async def test_harm_would_be_seen(bot: FedBot, job: Callable[..., object], arguments: list[object], key: str) -> None:
    bot.max_memory = 1

    async def feed() -> None:
        await bot.app.compute.run(job, *arguments)

    with pytest.raises(HarmError) as caught:
        await bot.take(feed())
    assert caught.value.key.startswith(key)


async def test_a_harmful_input_is_made_small_and_saved(tmp_path: Path) -> None:
    async def feed(data: bytes) -> str:
        if b"x" in data:
            raise HarmError("it holds an x", repr(data))
        return "answered"

    found = await run_campaign(
        st.lists(st.sampled_from([b"a", b"x"]), max_size=9).map(b"".join), feed, 200, SEED, shrinks=True
    )
    assert {key: data for key, (data, _) in found.harm.items()} == {"it holds an x": b"x"}
    assert found.inputs == 200
    (saved,) = found.save(tmp_path, "names")
    assert (saved.read_bytes(), saved.name[:6]) == (b"x", "names-")
    assert "it holds an x" in saved.with_suffix(".txt").read_text()
