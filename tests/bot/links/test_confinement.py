"""Confinement refuses connections, sockets and programs. As a control, the same attempts succeed in a process without it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from deno import find_deno_bin

from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.image_search import PrivateServer

pytestmark = pytest.mark.slow

INNER = "import socket; socket.create_connection(('127.0.0.1', PORT))"
TRIES = {
    "tcp": "socket.create_connection(('127.0.0.1', PORT), 5)",
    "connect_ex": "s = socket.socket(); s.settimeout(5); print(s.connect_ex(('127.0.0.1', PORT)), file=sys.stderr)",
    "urllib": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:PORT/')",
    "requests": "import requests; requests.get('http://127.0.0.1:PORT/', timeout=5)",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', PORT))",
    "a program": "subprocess.run([sys.executable, '-c', INNER], check=True)",
    "a shell": "assert os.system(shlex.join([sys.executable, '-c', INNER])) == 0",
    "spawn": "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', INNER], {}), 0)",
}


def attempt(code: str, confined: bool, programs: str = "()", port: int = 1) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own. With `confined` it may connect to `port` of loopback alone, and start `programs`."""
    begin = f"from bot.links.confinement import confine; confine({port}, {programs})" if confined else ""
    text = f"import os, shlex, socket, subprocess, sys, time\n{begin}\n{code}\n"
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=LONG_ENOUGH, cwd=ROOT, check=False
    )


@pytest.mark.parametrize("name", TRIES)
async def test_a_connection_past_the_proxy(private_server: PrivateServer, name: str) -> None:
    refused = await asyncio.to_thread(attempt, aimed(TRIES[name], private_server), confined=True)
    assert "not allowed here" in refused.stderr
    assert private_server.touched == 0


@pytest.mark.thorough
@pytest.mark.parametrize("name", TRIES)
async def test_a_connection_past_the_proxy_where_it_is_allowed(private_server: PrivateServer, name: str) -> None:
    free = await asyncio.to_thread(attempt, aimed(TRIES[name], private_server), confined=False)
    assert free.returncode == 0, free.stderr
    assert await times_touched(private_server) == 1


def aimed(code: str, private_server: PrivateServer) -> str:
    return code.replace("INNER", repr(INNER)).replace("PORT", str(private_server.port))


async def times_touched(private_server: PrivateServer) -> int:
    """The number of connections to the private server, at least one. The client may have ended before it is counted."""
    async with asyncio.timeout(LONG_ENOUGH):
        while not private_server.touched:
            await asyncio.sleep(0.02)
    return private_server.touched


FORBIDDEN_CALLS = [
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)",
    "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "socket.socket().bind(('127.0.0.1', 0))",
    "socket.getaddrinfo('localhost', 80)",
    "socket.gethostbyname('localhost')",
    "socket.gethostbyaddr('127.0.0.1')",
    "os.fork()",
    "os.execv(sys.executable, [sys.executable, '-c', ''])",
]


def test_forbidden_calls() -> None:
    code = (
        f"for call in {FORBIDDEN_CALLS!r}:\n"
        " try: exec(call)\n except PermissionError as error: print(error)\n else: print(call)"
    )
    lines = attempt(code, confined=True).stdout.splitlines()
    assert ["not allowed here" in line for line in lines] == [True] * len(FORBIDDEN_CALLS), lines


@pytest.mark.thorough
@pytest.mark.parametrize("code", FORBIDDEN_CALLS)
def test_forbidden_calls_where_they_are_allowed(code: str) -> None:
    assert attempt(code, confined=False).returncode == 0


async def test_the_proxy_can_be_reached(private_server: PrivateServer) -> None:
    code = f"import requests; print(requests.get('http://127.0.0.1:{private_server.port}/').text)"
    done = await asyncio.to_thread(attempt, code, confined=True, port=private_server.port)
    assert done.stdout == "secret\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is the Linux kernel's")
async def test_an_allowed_program_has_no_network(private_server: PrivateServer) -> None:
    """It has local socket pairs, but no UDP, TCP or other family; neither have its children."""
    inner = (
        "import socket\nsocket.socketpair()\n"
        "for family, kind in ((2, 1), (2, 2), (10, 1), (10, 2), (16, 3), (17, 3)):\n"
        " try: socket.socket(family, kind)\n except PermissionError: print('no')\n"
        f"socket.create_connection(('127.0.0.1', {private_server.port}))"
    )
    code = f"subprocess.run([sys.executable, '-c', {inner!r}])"
    refused = await asyncio.to_thread(attempt, code, confined=True, programs="(sys.executable,)")
    assert refused.stdout == "no\n" * 6
    assert "PermissionError" in refused.stderr
    assert private_server.touched == 0
    free = await asyncio.to_thread(attempt, code, confined=False)
    assert free.stdout.count("no\n") < 6
    assert await times_touched(private_server) == 1


DENO_TRIES = {
    "connect": "try { await Deno.connect({ port: PORT }) } catch (error) { console.log(error.message) }",
    "fetch": "try { await fetch('http://127.0.0.1:PORT/') } catch (error) { console.log(error.message) }",
    "import": "try { await import('http://127.0.0.1:PORT/x.js') } catch (error) { console.log(error.message) }",
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", DENO_TRIES)
async def test_deno(private_server: PrivateServer, name: str) -> None:
    """yt-dlp's options keep deno from the network, and so does the kernel when deno's options allow everything."""
    from yt_dlp.extractor.youtube.jsc._builtin.deno import DenoJCP

    deno = find_deno_bin()
    script = DENO_TRIES[name].replace("PORT", str(private_server.port))

    def run(options: list[str], confined: bool) -> str:
        code = f"subprocess.run({[deno, 'run', *options, '-']!r}, input={script!r}, text=True)"
        return attempt(code, confined, programs=repr((deno,))).stdout

    options: list[str] = [
        *DenoJCP._DENO_BASE_OPTIONS,  # pyright: ignore[reportAttributeAccessIssue]  # a decorator hides the class's type
        "--no-npm",
        "--cached-only",
    ]
    assert await asyncio.to_thread(run, options, confined=False) != ""
    assert private_server.touched == 0
    open_ = ["--ext=js", "--allow-all"]
    assert await asyncio.to_thread(run, open_, confined=True) != ""
    assert private_server.touched == 0
    await asyncio.to_thread(run, open_, confined=False)
    assert await times_touched(private_server) > 0


def test_deno_runs_within_the_limits() -> None:
    """V8 reserves 64 GB of addresses at its start. This script takes 300 MB of memory."""
    deno = find_deno_bin()
    script = (
        "const a = []; for (let i = 0; i < 300; i++) a.push(new Uint8Array(1 << 20).fill(1)); console.log(a.length)"
    )
    code = (
        "from bot.links.confinement import limit; limit()\n"
        f"subprocess.run({[deno, 'run', '--ext=js', '--no-remote', '-']!r}, input={script!r}, text=True)"
    )
    confined = f"from bot.links.confinement import confine; confine(1, ({deno!r},))\n{code}"
    assert attempt(confined, confined=False).stdout == "300\n"


@pytest.mark.thorough
def test_the_solver_for_youtube_is_found_and_loads() -> None:
    """Without YouTube only the two scripts can be tried with which yt-dlp's input to deno begins."""
    deno = find_deno_bin()
    code = (
        f"from bot.links.confinement import confine, limit; limit(); confine(1, ({deno!r},))\n"
        "from yt_dlp import YoutubeDL\nfrom yt_dlp_ejs.yt.solver import core, lib\n"
        f"ydl = YoutubeDL({{'js_runtimes': {{'deno': {{'path': {deno!r}}}}}}})\n"
        "print(ydl._js_runtimes['deno'].info.supported, flush=True)\n"
        "script = lib() + ';Object.assign(globalThis, lib);' + core() + ';console.log(typeof jsc)'\n"
        f"subprocess.run({[deno, 'run', '--ext=js', '--no-remote', '--no-npm', '-']!r}, input=script, text=True)"
    )
    done = attempt(code, confined=False)
    assert done.stdout == "True\nfunction\n", done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import mmap; mmap.mmap(-1, 3 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)", "Cannot allocate memory"),
        ("kept = [open('/dev/null') for _ in range(1000)]", "Too many open files"),
    ],
)
def test_the_limits_of_memory_and_files(code: str, message: str) -> None:
    begin = "from bot.links.confinement import limit; limit()\n"
    assert message in attempt(begin + code, confined=False).stderr
    assert attempt(code, confined=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the signal is the Linux kernel's")
def test_the_process_and_its_children_die_with_its_parent(tmp_path: Path) -> None:
    inner = "import time; time.sleep(300)"
    child = (
        "import os, subprocess, sys, json\nfrom bot.links.confinement import confine\n"
        "confine(1, (sys.executable,))\n"
        f"started = subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
        "print(json.dumps([os.getpid(), started.pid]), flush=True); started.wait()"
    )
    parent = (
        "import subprocess, sys; from bot.infra.limited_process import ProcessLimits, limited_command\n"
        f"subprocess.run(limited_command([sys.executable, '-c', {child!r}], ProcessLimits(300, 300, None, 10**6)))"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        pids: list[int] = json.loads(process.stdout.readline())
        assert all(psutil.pid_exists(pid) for pid in pids)
        os.kill(process.pid, signal.SIGKILL)
    until = time.monotonic() + LONG_ENOUGH
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
