"""Keeps the operator's secrets, and control characters from outside, out of what is printed and logged, tracebacks included."""

from __future__ import annotations

import copy
import logging
import sys
import traceback
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bot.text.control_characters import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

INSTEAD = "[secret]"
SHORTEST = 4
"""Characters of the shortest secret that is removed. A shorter one would spoil every line."""

_secrets: set[str] = set()


def register_secrets(secrets: Iterable[str]) -> None:
    """Let `redact` remove these from now on: the password of a URL, any other secret as a whole."""
    for secret in secrets:
        try:
            address = urlsplit(secret)
            parts = {address.password or "", unquote(address.password or "")} if address.scheme else {secret}
        except ValueError:
            parts = {secret}
        _secrets.update(part for part in parts if len(part) >= SHORTEST)


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


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    text = redact("".join(traceback.format_exception(kind, error, trace)))
    sys.stderr.write("".join(f"{escaped(line)}\n" for line in text.splitlines()))


def _indented(text: str) -> str:
    return "\n".join(f"  {escaped(line)}" for line in redact(text).splitlines())
