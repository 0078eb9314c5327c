"""A file that holds several is cut where the next begins, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.media.recordings import splitting
from bot.media.recordings.splitting import recordings_of
from bot.media.videos.footage import VideoError
from tests.support.films import moving

VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime")
FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-g", "5")


def small(path: Path, *options: str) -> Path:
    return moving(path, *options, seconds=0.8, size="64x36")


def checksum(data: bytes) -> int:
    """CRC-32/MPEG-2."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def cut(path: Path, kind: str) -> list[bytes]:
    out = path.with_suffix(".cut")
    recordings: list[bytes] = []
    for recording in recordings_of(path, kind):
        recording.write(path, out)
        recordings.append(out.read_bytes())
    return recordings


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
    recordings = cut(written(tmp_path / "film.ts", first[:-100] + other + first), "mpegts")
    assert len(recordings) == 3
    assert b"".join(recordings) == first[:-100] + other + first


def test_tracks_of_the_same_program_are_cut_with_its_table_before(tmp_path: Path) -> None:
    first = small(tmp_path / "a.ts").read_bytes()
    other = small(tmp_path / "b.ts", "-c:a", "ac3").read_bytes()
    _, second = cut(written(tmp_path / "film.ts", first + other), "mpegts")
    packets = [second[at : at + 188] for at in range(0, len(second), 188)]
    numbers = [(packet[1] & 0x1F) << 8 | packet[2] for packet in packets]
    assert numbers[:2] == [0, 0x1000]
    assert other.endswith(second[2 * 188 :])


def with_long_tables(path: Path) -> Path:
    """The transport stream with descriptors in its tables of tracks, so that each takes three packets."""
    data, out, counts = path.read_bytes(), bytearray(), dict[int, int]()
    for at in range(0, len(data), 188):
        packet = data[at : at + 188]
        number = (packet[1] & 0x1F) << 8 | packet[2]
        if number != 0x1000:
            out += packet
            continue
        section = packet[5 : 8 + (int.from_bytes(packet[6:8], "big") & 0x0FFF)]
        # Registered for private use, and so in no list.
        descriptors = 2 * (b"\xfe\xc8" + bytes(200))
        length = len(section) - 3 + len(descriptors)
        body = section[:1] + (0xB000 | length).to_bytes(2, "big") + section[3:10]
        body += (0xF000 | len(descriptors)).to_bytes(2, "big") + descriptors + section[12:-4]
        table = b"\0" + body + checksum(body).to_bytes(4, "big")
        for part in range(0, len(table), 184):
            counts[number] = counts.get(number, -1) + 1
            head = bytes([0x47, packet[1] & 0x1F | (0 if part else 0x40), packet[2], 0x10 | counts[number] & 15])
            out += head + table[part : part + 184].ljust(184, b"\xff")
    return written(path, bytes(out))


def test_a_table_that_is_longer_than_a_packet_is_compared_as_a_whole(tmp_path: Path) -> None:
    first = with_long_tables(small(tmp_path / "a.ts")).read_bytes()
    same = with_long_tables(small(tmp_path / "c.ts")).read_bytes()
    other = with_long_tables(small(tmp_path / "b.ts", "-c:a", "ac3")).read_bytes()
    assert cut(written(tmp_path / "film.ts", first + same), "mpegts") == [first + same]
    recordings = cut(written(tmp_path / "film.ts", first + other), "mpegts")
    assert len(recordings) == 2
    assert recordings[1].endswith(other[2 * 188 :])


def test_matroska_is_cut_where_its_tracks_are_coded_otherwise(tmp_path: Path) -> None:
    first, other = (moving(tmp_path / name, *codec, seconds=2) for name, codec in (("a.mkv", ()), ("b.mkv", VP9)))
    data = [path.read_bytes() for path in (first, first, other, first)]
    assert cut(written(tmp_path / "film.mkv", b"".join(data)), "matroska") == [data[0] + data[1], data[2], data[3]]
    assert cut(first, "matroska") == data[:1]
    # Written to a pipe, it doesn't say how long it is.
    live = moving(tmp_path / "live.mkv", "-live", "1", seconds=2).read_bytes()
    assert cut(written(tmp_path / "film.mkv", live + data[2]), "matroska") == [live, data[2]]


def test_matroska_is_cut_behind_what_is_short(tmp_path: Path) -> None:
    short, long = (moving(tmp_path / f"{seconds}.mkv", seconds=seconds).read_bytes() for seconds in (0.6, 2.0))
    assert cut(written(tmp_path / "film.mkv", short + long + short), "matroska") == [short, long + short]


def test_a_damaged_table_begins_nothing(tmp_path: Path) -> None:
    data = bytearray(small(tmp_path / "a.ts").read_bytes())
    tables = [at for at in range(0, len(data), 188) if data[at + 1] & 0x1F == 0x10 and data[at + 2] == 0]
    assert len(tables) > 1
    data[tables[-1] + 4 + 1 + 12] ^= 0x10
    path = written(tmp_path / "damaged.ts", bytes(data))
    assert cut(path, "mpegts") == [bytes(data)]


ENDLESS_CLUSTER = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 6 + b"\xfe" + b"\xe7\x81\0"
ENDLESS_BOX = b"\0\0\0\1free" + b"\x7f" + b"\xff" * 7


@pytest.mark.parametrize(
    ("suffix", "kind", "part"), [("mkv", "matroska", ENDLESS_CLUSTER), ("mp4", "mov", ENDLESS_BOX)], ids=["mkv", "mp4"]
)
@pytest.mark.parametrize("times", [1, 200])
def test_a_part_that_says_it_is_longer_than_any_file_begins_nothing(
    tmp_path: Path, suffix: str, kind: str, part: bytes, times: int
) -> None:
    data = small(tmp_path / f"a.{suffix}").read_bytes() + times * part
    assert cut(written(tmp_path / f"film.{suffix}", data), kind) == [data]


def test_fragments_that_start_again_have_the_header_before_them(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mp4", *FRAGMENTED).read_bytes()
    fragments = data.index(b"moof") - 4
    assert cut(written(tmp_path / "film.mp4", data + data[fragments:]), "mov") == [data, data]
    assert cut(written(tmp_path / "film.mp4", data + data), "mov") == [data, data]


def test_a_file_of_very_many_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "MAX_RECORDINGS", 3)
    path = written(tmp_path / "film.mp4", 4 * small(tmp_path / "a.mp4").read_bytes())
    with pytest.raises(VideoError, match="joined of more than 3 files"):
        recordings_of(path, "mov")
