"""Keeps the operator's secrets, and control characters from outside, out of what is printed and logged, tracebacks included."""

from __future__ import annotations

import copy
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus, urlsplit

from bot.text.control_characters import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

INSTEAD = "[secret]"
SHORTEST = 4
"""Characters of the shortest secret that is removed. A shorter one would spoil every line."""

_SECRET_PARAMETER: Final = re.compile("pass|pwd|secret|token|access_?key|sig", re.IGNORECASE)
"""The names of a URL's parameters whose values are secret, such as `password` and `sas_token`."""

_secrets: set[str] = set()


def register_secrets(secrets: Iterable[str]) -> None:
    """Let `redact` remove these from now on: the passwords of a URL, its query's too, any other secret as a whole."""
    for secret in secrets:
        register_values(_passwords(secret) if "://" in secret else {secret})


def register_values(values: Iterable[str], shortest: int = SHORTEST) -> None:
    """Let `redact` remove values of at least `shortest` characters, as they are and as Python quotes them."""
    for value in values:
        if len(value) >= shortest:
            # Python escapes the apostrophes of a text that has quotation marks too.
            _secrets.update((value, repr(value)[1:-1], repr("'\"" + value)[4:-1]))


def redact(text: str) -> str:
    """`text` without the concealed secrets."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, INSTEAD)
    return text


def redact_logs() -> None:
    """Let each handler of the root logger write each message as one redacted line, with control characters as escapes.

    A process without such a handler, such as a worker, has that of `logging.lastResort`. Tracebacks follow on indented
    lines, so that no text from outside looks like a message of its own.
    """
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None and not isinstance(handler.formatter, _RedactingFormatter):
            handler.setFormatter(_RedactingFormatter(handler.formatter or logging.Formatter()))


def redact_tracebacks() -> None:
    """Let Python print the traceback of an error that ends the process in the same way."""
    sys.excepthook = _print_traceback


class _RedactingFormatter(logging.Formatter):
    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """The line of the other formatter, which may colour it."""
        shown = copy.copy(record)
        shown.msg, shown.args = escaped(redact(record.getMessage())), None
        shown.exc_info, shown.exc_text = (
            None,
            _indented(self.formatException(record.exc_info)) if record.exc_info else None,
        )
        shown.stack_info = _indented(record.stack_info) if record.stack_info else None
        return self._formatter.format(shown)


def _passwords(url: str) -> set[str]:
    """The passwords of a URL, as it writes them and as they are. The whole URL where it can't be read."""
    try:
        address = urlsplit(url)
        written = [address.password or ""]
    except ValueError:
        return {url}
    for parameter in address.query.split("&"):
        name, _, value = parameter.partition("=")
        if _SECRET_PARAMETER.search(name):
            written.append(value)
    return {form for password in written for form in (password, unquote(password), unquote_plus(password))}


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    text = redact("".join(traceback.format_exception(kind, error, trace)))
    sys.stderr.write("".join(f"{escaped(line)}\n" for line in text.splitlines()))


def _indented(text: str) -> str:
    return "\n".join(f"  {escaped(line)}" for line in redact(text).splitlines())
