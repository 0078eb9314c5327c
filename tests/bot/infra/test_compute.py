"""Workers: a killed one costs a retry, a hung one costs its deadline, and neither costs the next answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import EngineBrokenError, KilledWorkersError, NoWorkersError, PersonError, TooSlowError
from bot.infra.compute import Compute
from bot.infra.lanes import JobLane
from bot.infra.request_context import Asker, Urgency, request_context
from bot.infra.tls import own_security
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH, ROOT

pytestmark = pytest.mark.slow

DASK = [sys.executable, "-m"]


@pytest.fixture(scope="module")
def compute() -> Generator[Compute]:
    compute = Compute(Settings(workers=2, deadline=LONG_ENOUGH))
    yield compute
    compute.close()


def slow_at_first(marks: Path) -> int:
    """Leave a file with the worker's process id as its name. The first call takes long."""
    first = not any(marks.iterdir())
    (marks / str(os.getpid())).touch()
    if first:
        time.sleep(2 * LONG_ENOUGH)
    return os.getpid()


def leave_mark(marks: Path) -> None:
    (marks / str(os.getpid())).touch()


def fail_everywhere() -> None:
    raise EngineBrokenError("toy", "it is broken")


def hang_without_the_gil(marks: Path) -> None:
    """Sleep in C, like a decoder that hangs, where Python can't interrupt it."""
    (marks / str(os.getpid())).touch()
    import ctypes

    ctypes.PyDLL(None).sleep(600)


def busy_for(seconds: float, marks: Path) -> None:
    (marks / str(os.getpid())).touch()
    time.sleep(seconds)


def wait_for(go: Path, marks: Path) -> None:
    (marks / str(os.getpid())).touch()
    until = time.monotonic() + LONG_ENOUGH
    while not go.exists() and time.monotonic() < until:
        time.sleep(0.02)


def note(name: str, notes: Path) -> None:
    with notes.open("a") as file:
        file.write(name)


def umask() -> int:
    """The umask of the worker."""
    now = os.umask(0o777)
    os.umask(now)
    return now


def fail(sentence: str) -> None:
    raise PersonError(sentence)


class UnpicklableError(Exception):
    """An error of a library in C, such as lxml's."""

    def __init__(self) -> None:
        super().__init__("deep inside")
        self.lock = threading.Lock()


def refuse_after_a_librarys_error(sentence: str) -> None:
    try:
        raise UnpicklableError
    except UnpicklableError as error:
        raise EngineBrokenError("dlib", sentence) from error


def die() -> None:
    os._exit(9)


async def started_in(marks: Path) -> int:
    async with asyncio.timeout(LONG_ENOUGH):
        while not list(marks.iterdir()):
            await asyncio.sleep(0.02)
    return int(next(marks.iterdir()).name)


async def test_a_job_runs_once_in_each_worker(compute: Compute, tmp_path: Path) -> None:
    await compute.run_in_each_worker(leave_mark, tmp_path)
    pids = await asyncio.to_thread(compute.worker_pids)
    assert sorted(int(mark.name) for mark in tmp_path.iterdir()) == pids
    assert len(pids) == 2


async def test_a_job_that_fails_in_each_worker_is_only_logged(
    compute: Compute, caplog: pytest.LogCaptureFixture
) -> None:
    await compute.run_in_each_worker(fail_everywhere)
    assert "fail_everywhere failed in a worker" in caplog.text
    assert await compute.run(os.getpid)


async def test_a_killed_worker_costs_a_retry_and_not_the_answer(compute: Compute, tmp_path: Path) -> None:
    answer = asyncio.create_task(compute.run(slow_at_first, tmp_path))
    victim = await started_in(tmp_path)
    os.kill(victim, signal.SIGKILL)
    survivor = await answer
    assert survivor != victim
    assert {int(mark.name) for mark in tmp_path.iterdir()} == {victim, survivor}


async def busy_workers(
    compute: Compute, marks: Path, job: Callable[..., None], *args: object
) -> list[asyncio.Task[None]]:
    """Both workers at this job."""
    tasks = [
        asyncio.create_task(compute.run_within(LONG_ENOUGH, JobLane.PICTURES, job, *args, marks)) for _ in range(2)
    ]
    async with asyncio.timeout(LONG_ENOUGH):
        while len(list(marks.iterdir())) < 2:
            await asyncio.sleep(0.02)
    return tasks


async def test_jobs_wait_in_a_fair_order(compute: Compute, tmp_path: Path) -> None:
    (marks := tmp_path / "marks").mkdir()
    blocked = await busy_workers(compute, marks, wait_for, tmp_path / "go")
    waiting: list[asyncio.Task[None]] = []
    for name, person in [("a", 1), ("a", 1), ("a", 1), ("b", 2)]:
        with request_context(Asker(person, 1, Urgency.ASKED)):
            job = compute.run_within(LONG_ENOUGH, JobLane.PICTURES, note, name, tmp_path / "notes")
            waiting.append(asyncio.create_task(job))
    await asyncio.sleep(0)
    (tmp_path / "go").touch()
    await asyncio.gather(*blocked, *waiting)
    written = (tmp_path / "notes").read_text()
    assert written.index("b") < 3, "the second person's one job is not behind all of the first one's"


async def test_a_deadline_counts_from_the_begin_and_a_job_that_nobody_waits_for_keeps_its_worker(
    compute: Compute, tmp_path: Path
) -> None:
    for task in await busy_workers(compute, tmp_path, busy_for, 3.0):
        task.cancel()
    assert await compute.run_within(2.0, JobLane.PICTURES, os.getpid) > 0


async def test_errors_keep_their_type_and_message(compute: Compute) -> None:
    with pytest.raises(EngineBrokenError) as caught:
        await compute.run(refuse_after_a_librarys_error, "a reason")
    assert caught.value.reason == "a reason"
    with pytest.raises(PersonError, match="a sentence"):
        await compute.run(fail, "a sentence")


@pytest.mark.thorough
async def test_work_that_kills_every_worker_is_given_up(compute: Compute) -> None:
    with pytest.raises(KilledWorkersError):
        await compute.run(die)
    assert await compute.run(os.getpid) > 0


@pytest.mark.thorough
async def test_a_hung_worker_is_replaced_and_the_next_answer_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.infra.compute.GRACE", 0.5)
    compute = Compute(Settings(workers=1, deadline=4))
    try:
        # The worker imports this module at its first job from it, which may take longer than the deadline.
        await compute.run_within(LONG_ENOUGH, JobLane.PICTURES, note, "ready", tmp_path / "notes")
        (tmp_path / "notes").unlink()
        began = time.monotonic()
        with pytest.raises(TooSlowError):
            await compute.run(hang_without_the_gil, tmp_path)
        assert time.monotonic() - began < LONG_ENOUGH
        (mark,) = tmp_path.iterdir()
        async with asyncio.timeout(LONG_ENOUGH):
            while True:
                try:
                    assert await compute.run(os.getpid) != int(mark.name)
                    break
                except TooSlowError:
                    continue
    finally:
        compute.close()
    assert not Path(f"/proc/{mark.name}").exists()


async def test_jobs_run_in_a_fresh_context(compute: Compute) -> None:
    """A context variable that stops the clock, like SimCord's, must not reach the loop of Dask's client."""
    seen: dict[str, str | None] = {}
    asker = ContextVar[str | None]("asker", default=None)
    asker.set("fan")
    client = await asyncio.wrap_future(compute.start())
    called = client.loop.add_callback

    def add_callback(callback: Callable[..., object], *args: object, **kwargs: object) -> None:
        seen[callback.__name__] = asker.get()
        called(callback, *args, **kwargs)

    client.loop.add_callback = add_callback
    try:
        await compute.run(os.getpid)
        await asyncio.to_thread(compute.worker_pids)
    finally:
        del client.loop.add_callback
    # The release of a result (`_dec_ref` and its message) runs at the last reference's end, and waits for nothing.
    waits = {name: context for name, context in seen.items() if name in {"_cascade_future", "f", "run"}}
    assert "_cascade_future" in waits
    assert set(waits.values()) == {None}, seen


async def test_without_own_processes_jobs_run_in_this_process() -> None:
    async with Compute.open(Settings(), own_processes=False) as compute:
        assert await compute.run(os.getpid) == os.getpid()


async def test_a_cancelled_caller_does_not_cancel_the_start_for_others() -> None:
    async with Compute.open(Settings(workers=1)) as compute:
        impatient = asyncio.create_task(compute.run(os.getpid))
        patient = asyncio.create_task(compute.run(os.getpid))
        # Both run until they wait for the workers.
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient != os.getpid()
        with pytest.raises(asyncio.CancelledError):
            await impatient


async def test_a_missing_scheduler_is_reported_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.infra.workers.CONNECT_SECONDS", 0.5)
    async with Compute.open(Settings(scheduler="tcp://127.0.0.1:9", scheduler_private_network=True)) as compute:
        with pytest.raises(NoWorkersError):
            await compute.run(os.getpid)


async def test_closing_while_the_start_fails_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.infra.workers.CONNECT_SECONDS", 0.5)
    async with Compute.open(Settings(scheduler="tcp://127.0.0.1:9", scheduler_private_network=True)) as compute:
        compute.start()


@pytest.mark.thorough
async def test_a_lost_scheduler_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.infra.workers.CONNECT_SECONDS", 2)
    port = free_port()
    files = Credentials.write(tmp_path / "keys")
    (tmp_path / "marks").mkdir()
    settings = Settings(
        scheduler_ca=files.certificate,
        scheduler_certificate=files.certificate,
        scheduler_key=files.key,
        scheduler=f"tls://127.0.0.1:{port}",
        deadline=LONG_ENOUGH,
    )
    async with Compute.open(settings) as compute:
        with scheduler_and_worker(port, files):
            assert await compute.run(os.getpid) != os.getpid()
            in_flight = asyncio.create_task(compute.run(slow_at_first, tmp_path / "marks"))
            await started_in(tmp_path / "marks")
        with pytest.raises(NoWorkersError):
            await in_flight
        with scheduler_and_worker(port, files):
            async with asyncio.timeout(LONG_ENOUGH):
                assert await run_when_reachable(compute) != os.getpid()


async def run_when_reachable(compute: Compute) -> int:
    while True:
        try:
            return await compute.run(os.getpid)
        except NoWorkersError:
            await asyncio.sleep(0.5)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@dataclass(frozen=True)
class Credentials:
    """Files of a certificate, which is its own authority, and of its key."""

    certificate: Path
    key: Path

    @classmethod
    def write(cls, folder: Path) -> Credentials:
        folder.mkdir()
        security = own_security()
        files = cls(folder / "certificate.pem", folder / "key.pem")
        files.certificate.write_text(security.tls_ca_file)
        files.key.write_text(security.tls_client_key)
        return files


@contextmanager
def scheduler_and_worker(port: int, files: Credentials) -> Generator[None]:
    """A scheduler and one worker, as operators run them on another machine."""
    address = f"tls://127.0.0.1:{port}"
    tls = ["--tls-ca-file", files.certificate, "--tls-cert", files.certificate, "--tls-key", files.key]
    scheduler = [
        *DASK,
        "distributed.cli.dask_scheduler",
        *map(str, tls),
        "--protocol",
        "tls",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--dashboard-address",
        "127.0.0.1:0",
    ]
    worker = [*DASK, "distributed.cli.dask_worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    worker += map(str, tls)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, Path(__file__).parent)))}

    def start(command: list[str]) -> subprocess.Popen[bytes]:
        silent = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=silent, stderr=silent, cwd=ROOT, env=environment)

    with start(scheduler) as scheduler_process, start(worker) as worker_process:
        try:
            yield
        finally:
            for process in (worker_process, scheduler_process):
                process.kill()


async def test_a_worker_makes_files_for_its_user_alone(compute: Compute) -> None:
    assert await compute.run(umask) == 0o077


async def test_a_workers_temporary_files_go_with_the_folder_of_the_workers(compute: Compute) -> None:
    folder = await compute.run(tempfile.gettempdir)
    assert Path(folder).name.startswith("nugu-run-")


@pytest.mark.parametrize("own_processes", [True, False])
async def test_nothing_lies_beside_the_folder_of_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_processes: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Compute.open(Settings(workers=1), own_processes=own_processes) as compute:
        await compute.run(os.getpid)
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith("nugu-run-")
        imported_from = [path for path in sys.path if Path(path).is_relative_to(tmp_path)]
        assert all(Path(path).is_relative_to(folder) for path in imported_from)
    assert list(tmp_path.iterdir()) == []
