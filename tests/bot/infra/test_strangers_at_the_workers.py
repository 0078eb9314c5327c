"""Nobody else on this machine runs code in the workers: each port wants a key that only this process and its workers have."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest
from distributed import Security, get_worker

from bot.infra.compute import Compute
from bot.infra.tls import ROLES, own_security
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH, ROOT

pytestmark = pytest.mark.slow

WORKERS = 2
PORTS = 1 + 2 * WORKERS
"""Of the scheduler, and of each worker and the nanny that restarts it."""

NOBODY = 65534
ATTACK = Path(__file__).parent / "attack_on_dask.py"
ALERT = 0x15
"""The first byte of an alert in TLS, which refuses a handshake."""


def listening() -> set[int]:
    """The TCP ports on which this process and its children listen."""
    this = psutil.Process()
    found: set[int] = set()
    for process in (this, *this.children(recursive=True)):
        found |= {each.laddr.port for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
    return found


@pytest.fixture(scope="module")
def cluster() -> Generator[tuple[Compute, set[int]]]:
    """Workers that run, and the ports that they opened."""
    before = listening()
    compute = Compute(Settings(workers=WORKERS, deadline=LONG_ENOUGH))
    try:
        compute.start().result()
        yield compute, listening() - before
    finally:
        compute.close()


def attack(ports: set[int], folder: Path, user: int) -> list[dict[str, str]]:
    """What a process of `user` without the key gets at each port, by each way; code that it runs leaves a file in `folder`."""
    folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, ATTACK, str(user), folder, *map(str, sorted(ports))],
        capture_output=True,
        text=True,
        timeout=LONG_ENOUGH,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("other_user", [False, True], ids=["the same user", "another user"])
async def test_a_stranger_gets_nothing_and_runs_nothing(cluster: tuple[Compute, set[int]], other_user: bool) -> None:
    compute, ports = cluster
    if other_user and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as made:
        tried = attack(ports, Path(made), NOBODY if other_user else os.geteuid())
        assert not list(Path(made).glob("ran-*")), "a stranger's code ran"
    ways = {each["way"] for each in tried}
    assert ways >= {"client tcp", "client tls", "client other key", "run", "raw", "http", "tls raw"}
    assert {int(each["port"]) for each in tried} == ports
    for each in tried:
        assert not each["got"] or each["got"].startswith(f"{ALERT:02x}"), each
    assert await compute.run(os.getpid) in compute.worker_pids(), "the workers answer us all the same"


def test_only_ports_with_mutual_tls_are_open_and_on_loopback(cluster: tuple[Compute, set[int]]) -> None:
    compute, ports = cluster
    assert len(ports) == PORTS
    security = compute.start().result().security
    ours = security.get_connection_args("client")["ssl_context"]
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, ours.wrap_socket(plain) as secured:
            assert secured.version() == "TLSv1.3"
            assert secured.recv(1), "who has the key is greeted"
    process = psutil.Process()
    for each in (process, *process.children(recursive=True)):
        for connection in each.net_connections("tcp"):
            if connection.laddr.port in ports:
                assert connection.laddr.ip == "127.0.0.1"


def test_the_key_is_in_no_environment_command_line_or_file(cluster: tuple[Compute, set[int]]) -> None:
    compute, _ = cluster
    security = compute.start().result().security
    # A line of the key's own text.
    secret = security.tls_client_key.splitlines()[1]
    assert len(secret) > 40
    process = psutil.Process()
    for each in (process, *process.children(recursive=True)):
        for name in ("environ", "cmdline"):
            with suppress(ProcessLookupError, FileNotFoundError):  # a child that has just ended
                assert secret.encode() not in Path(f"/proc/{each.pid}/{name}").read_bytes()
    # Its base64 text has characters that a file name can't hold, so only contents are looked at.
    folder = Path(compute._folder.path)
    assert not [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def opened_at(security: Security) -> list[str]:
    """The kinds of the files that OpenSSL reads for contexts of all roles, where no temporary folder can be made."""
    kinds: list[str] = []
    load = ssl.SSLContext.load_cert_chain

    def looking(context: ssl.SSLContext, *paths: str) -> None:
        kinds.extend("pipe" if stat.S_ISFIFO(Path(path).stat().st_mode) else path for path in paths)
        load(context, *paths)

    with patch.object(ssl.SSLContext, "load_cert_chain", looking), patch("tempfile.mkdtemp", side_effect=OSError):
        for role in ROLES:
            security.get_listen_args(role)
            security.get_connection_args(role)
    return kinds


async def test_the_key_is_in_no_file_when_a_process_is_killed_as_it_loads_it(cluster: tuple[Compute, set[int]]) -> None:
    """Python's `load_cert_chain` takes paths alone. distributed's own way writes files for them."""
    compute, _ = cluster
    each_once = ["pipe"] * 2 * 2 * len(ROLES)
    assert opened_at(own_security()) == each_once
    assert await compute.run(opened_in_worker) == each_once


def opened_in_worker() -> list[str]:
    return opened_at(get_worker().security)


def test_contexts_leave_no_handles_open() -> None:
    """There are many of them, because other threads of this process may open a handle meanwhile."""
    security = own_security()
    before = psutil.Process().num_fds()
    for _ in range(50):
        security.get_listen_args("worker")
    assert psutil.Process().num_fds() < before + 50


def test_one_command_opens_no_port_at_all() -> None:
    before = listening()
    compute = Compute(Settings(), own_processes=False)
    try:
        compute.start().result()
        assert listening() == before
    finally:
        compute.close()


def test_a_wrong_clock_and_a_long_run_cost_no_connection() -> None:
    """A worker that is started anew connects with the certificate of the bot's start."""
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(own_security().tls_ca_file.encode())
    assert certificate.not_valid_before_utc.year == 1970
    assert certificate.not_valid_after_utc.year > 2100
