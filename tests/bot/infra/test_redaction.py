"""Neither a line of the log nor a traceback holds a secret, or control characters from outside."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Generator

import pytest

from bot.infra import redaction
from bot.infra.redaction import redact, redact_logs, register_secrets
from tests.conftest import ROOT

URL = "postgresql+asyncpg://nugu:hunter%402@db.example:5432/nugu"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_secrets", set[str]())


def test_a_token_goes_as_a_whole_and_of_a_url_the_password() -> None:
    register_secrets(["MTk4.x.y", URL, "file:///srv/photos", "", "http://proxy.example:3128", "http://[broken"])
    assert redact("token MTk4.x.y, twice MTk4.x.y") == "token [secret], twice [secret]"
    assert redact(URL) == "postgresql+asyncpg://nugu:[secret]@db.example:5432/nugu"
    assert redact("password hunter@2 refused") == "password [secret] refused"
    for plain in ("file:///srv/photos", "http://proxy.example:3128"):
        assert redact(plain) == plain


def test_a_password_in_the_query_of_a_url_goes() -> None:
    url = "postgresql+asyncpg://db.example/nugu?user=nugu&password=hunter%402+%27now%27&ssl=require"
    register_secrets([url, "s3://crops?aws_secret_access_key=wJalrXUtnFEMI&region=eu"])
    assert redact(url) == "postgresql+asyncpg://db.example/nugu?user=nugu&password=[secret]&ssl=require"
    assert redact("password hunter@2 'now' refused") == "password [secret] refused"
    assert redact("s3://crops?aws_secret_access_key=wJalrXUtnFEMI") == "s3://crops?aws_secret_access_key=[secret]"


def test_a_secret_that_looks_like_a_scheme_goes_as_a_whole() -> None:
    register_secrets(["AFmmF2sw:QUQ3MjN"])
    assert redact("AFmmF2sw:QUQ3MjN") == "[secret]"


def test_a_secret_goes_as_python_quotes_it_too() -> None:
    secret = "back\\slash'quote"
    register_secrets([secret])
    quoted = repr(["x", secret, '"' + secret])
    assert redact(f"{secret} {quoted}") == """[secret] ['x', "[secret]", '"[secret]']"""


def test_a_short_password_does_not_spoil_every_line() -> None:
    register_secrets(["http://me:a@proxy.example"])
    assert redact("a line") == "a line"


@pytest.fixture
def root() -> Generator[tuple[logging.Logger, io.StringIO]]:
    """The root logger with one handler, and what that writes."""
    logger, written = logging.getLogger(), io.StringIO()
    before: list[logging.Handler] = logger.handlers
    logger.handlers = [logging.StreamHandler(written)]
    try:
        yield logger, written
    finally:
        logger.handlers = before


def test_a_log_holds_no_secret_in_its_tracebacks_either(root: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = root
    register_secrets([URL])
    redact_logs()
    try:
        raise ValueError(f"can't open {URL}")
    except ValueError:
        logger.exception("for %s", URL)
    assert "Traceback" in written.getvalue()
    assert written.getvalue().count("[secret]") == 2
    assert "hunter" not in written.getvalue()


def test_a_message_of_the_log_is_one_line_whatever_it_quotes(root: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = root
    redact_logs()
    redact_logs()
    forged = "gone\n2026-11-30 12:00:00 INFO nugu all is well\r\x1b[2K\u202egnp.exe"
    logger.warning("a link gave no video: %s", forged)
    try:
        raise ValueError(forged)
    except ValueError:
        logger.exception("for %s", "쯔위")
    first, second, *trace = written.getvalue().splitlines()
    assert first == ("a link gave no video: gone\\n2026-11-30 12:00:00 INFO nugu all is well\\r\\x1b[2K\\u202egnp.exe")
    assert second == "for 쯔위"
    assert all(line.startswith("  ") for line in trace)
    assert not any(set(line) & set("\r\x1b\u202e") for line in trace)


def test_colours_of_a_log_are_its_own(root: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = root
    logger.handlers[0].setFormatter(logging.Formatter("\x1b[1m%(message)s\x1b[0m"))
    redact_logs()
    logger.warning("%s", "\x1b[31mred")
    assert written.getvalue() == "\x1b[1m\\x1b[31mred\x1b[0m\n"


def test_a_process_without_a_handler_logs_in_the_same_way() -> None:
    code = (
        "import logging\nfrom bot.infra.worker_side import run_with_watchdog\n"
        "run_with_watchdog(None, False, logging.getLogger('bot').error, ('ffmpeg: %s', 'a\\n\\x1b[2Jb'), {})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == "ffmpeg: a\\n\\x1b[2Jb\n"


def test_the_traceback_that_ends_a_process_holds_no_secret() -> None:
    code = (
        "from bot.infra.redaction import register_secrets, redact_tracebacks\n"
        f"register_secrets([{URL!r}])\nredact_tracebacks()\n"
        "def work(): raise ValueError('hunter' + '@2')\n"
        "try: work()\nexcept ValueError as error: raise RuntimeError('over') from error"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.count("[secret]") == 1
    assert done.stderr.splitlines()[-1] == "RuntimeError: over"
