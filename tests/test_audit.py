"""The audit of the pinned versions fails on a weakness that nobody has explained, and passes where no list can be reached."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT

WEAK, WEAKNESS = "pillow", "PYSEC-2099-1"


class WeaknessList(BaseHTTPRequestHandler):
    """OSV's server with one weakness."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        package = {"name": WEAK, "ecosystem": "PyPI"}
        found = {"id": WEAKNESS, "summary": "It is weak.", "affected": [{"package": package, "ranges": []}]}
        answer = json.dumps({"vulns": [found]} if asked["package"]["name"] == WEAK else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is its own."""


@pytest.fixture
def weakness_list() -> Generator[str]:
    """The address of the list on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), WeaknessList)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(*options: str) -> tuple[int, str]:
    """The exit code and the output of an audit."""
    command = [sys.executable, ROOT / ".ci" / "audit", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_an_audit_without_a_network_says_so_in_a_line_and_passes() -> None:
    code, said = audit("--osv-url", "http://127.0.0.1:9/v1/query")
    assert code == 0
    assert said.startswith("No list of weaknesses can be reached (")
    assert said.endswith("pinned versions are not audited.\n")
    assert said.count("\n") == 1


@pytest.mark.thorough
def test_a_weakness_fails_unless_it_is_explained(weakness_list: str, tmp_path: Path) -> None:
    pytest.importorskip("pip_audit", reason="pip-audit is in the group `checks`")
    code, said = audit("--osv-url", weakness_list)
    assert code == 1, said
    assert WEAK in said
    assert WEAKNESS in said
    known = tmp_path / "known.toml"
    known.write_text(f'[known]\n{WEAKNESS} = "Only its viewer is weak, which nothing here starts."\n')
    code, said = audit("--osv-url", weakness_list, "--known", str(known))
    assert code == 0, said
