"""Every name is printed on every terminal."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.commands import terminal

NAMES = [
    ("쯔위 é 　❤️‍🔥", "쯔위 é 　❤️‍🔥"),
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("two\nlines\r\t", "two\\nlines\\r\\t"),
    ("\x9b2J", "\\x9b2J"),
    ("gnp\u202eexe", "gnp\\u202eexe"),
    (os.fsdecode(b"caf\xe9.jpg"), "caf\\udce9.jpg"),
]


class Piped:
    """stdout and stderr of a program in an encoding, and their text."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
        self._out = [io.BytesIO(), io.BytesIO()]
        for name, out in zip(("stdout", "stderr"), self._out, strict=True):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(out, encoding=encoding))
        terminal.escape_unencodable()

    @property
    def said(self) -> list[bytes]:
        return [out.getvalue() for out in self._out]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_control_characters_are_escaped(name: str, shown: str) -> None:
    assert terminal.printable(name) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp949", "latin-1"])
def test_every_name_is_printed_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    piped = Piped(monkeypatch, encoding)
    for name, _ in NAMES:
        terminal.print_lines(f"① {name} – 97%")
        terminal.print_errors(f"✗ {name}")
    assert [said.decode(encoding).count("\n") for said in piped.said] == [len(NAMES)] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp949", "latin-1"])
def test_json_survives_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    piped = Piped(monkeypatch, encoding)
    record: dict[str, Any] = {"names": [name for name, _ in NAMES], "score": 0.5, "nobody": None}
    terminal.print_json(record)
    (line,) = piped.said[0].decode(encoding).splitlines()
    assert json.loads(line) == record
    assert "\x1b" not in line
    assert ("쯔위" in line) == (encoding in {"utf-8", "cp949"})


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        terminal.write_file(tmp_path / "none" / "a.png", b"")
    assert missing.value.filename == str(tmp_path / "none" / "a.png")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("a disk that is full is a device of Linux")
    with pytest.raises(OSError, match="No space left") as no_space:
        terminal.write_file(full, b"picture")
    assert (no_space.value.errno, no_space.value.filename) == (errno.ENOSPC, "/dev/full")
