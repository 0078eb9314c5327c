"""A file that holds several is cut where the next begins, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.media import cutting
from bot.media.cutting import pieces_of
from bot.media.footage import VideoError
from tests.support.films import moving

FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-g", "5")


def small(path: Path, *options: str) -> Path:
    return moving(path, *options, seconds=0.8, size="64x36")


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def cut(path: Path, kind: str) -> list[bytes]:
    out = path.with_suffix(".cut")
    pieces: list[bytes] = []
    for piece in pieces_of(path, kind):
        piece.write(path, out)
        pieces.append(out.read_bytes())
    return pieces


def test_files_that_are_one_are_left_whole(tmp_path: Path) -> None:
    stream, fragments = small(tmp_path / "a.ts"), small(tmp_path / "a.mp4", *FRAGMENTED)
    # The same tables, and the same header before fragments that go on, begin nothing.
    data = fragments.read_bytes()
    moofs = [found.start() - 4 for found in re.finditer(b"moof", data)]
    again = written(tmp_path / "again.mp4", data[: moofs[1]] + data[: moofs[0]] + data[moofs[1] :])
    # Nor does a second header before there is anything to see.
    other = small(tmp_path / "b.mp4", *FRAGMENTED, "-an").read_bytes()
    headers = written(tmp_path / "headers.mp4", data[: moofs[0]] + other[: other.index(b"moof") - 4] + data[moofs[0] :])
    for path, kind in [
        (headers, "mov"),
        (written(tmp_path / "twice.ts", 2 * stream.read_bytes()), "mpegts"),
        (fragments, "mov"),
        (again, "mov"),
        (small(tmp_path / "whole.mp4"), "mov"),
        (written(tmp_path / "noise", bytes(range(256)) * 300), "mpegts"),
        (written(tmp_path / "noise", bytes(range(256)) * 300), "mov"),
        (written(tmp_path / "short", b"\0\0"), "mov"),
    ]:
        assert cut(path, kind) == [path.read_bytes()]


def test_a_transport_stream_is_cut_where_its_tables_change(tmp_path: Path) -> None:
    first = small(tmp_path / "a.ts").read_bytes()
    other = small(tmp_path / "b.ts", "-mpegts_service_id", "7", "-mpegts_pmt_start_pid", "0x200").read_bytes()
    # Cut short within a packet, as a recording may be.
    pieces = cut(written(tmp_path / "film.ts", first[:-100] + other + first), "mpegts")
    assert len(pieces) == 3
    assert b"".join(pieces) == first[:-100] + other + first


def test_tracks_of_the_same_program_are_cut_with_its_table_before(tmp_path: Path) -> None:
    first = small(tmp_path / "a.ts").read_bytes()
    other = small(tmp_path / "b.ts", "-c:a", "ac3").read_bytes()
    _, second = cut(written(tmp_path / "film.ts", first + other), "mpegts")
    packets = [second[at : at + 188] for at in range(0, len(second), 188)]
    numbers = [(packet[1] & 0x1F) << 8 | packet[2] for packet in packets]
    assert numbers[:2] == [0, 0x1000]
    assert other.endswith(second[2 * 188 :])


def test_a_damaged_table_begins_nothing(tmp_path: Path) -> None:
    data = bytearray(small(tmp_path / "a.ts").read_bytes())
    tables = [at for at in range(0, len(data), 188) if data[at + 1] & 0x1F == 0x10 and data[at + 2] == 0]
    assert len(tables) > 1
    data[tables[-1] + 4 + 1 + 12] ^= 0x10
    path = written(tmp_path / "damaged.ts", bytes(data))
    assert cut(path, "mpegts") == [bytes(data)]


def test_fragments_that_start_again_have_the_header_before_them(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mp4", *FRAGMENTED).read_bytes()
    fragments = data.index(b"moof") - 4
    assert cut(written(tmp_path / "film.mp4", data + data[fragments:]), "mov") == [data, data]
    assert cut(written(tmp_path / "film.mp4", data + data), "mov") == [data, data]


def test_a_file_of_very_many_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "MOST_PIECES", 3)
    path = written(tmp_path / "film.mp4", 4 * small(tmp_path / "a.mp4").read_bytes())
    with pytest.raises(VideoError, match="joined of more than 3 files"):
        pieces_of(path, "mov")
