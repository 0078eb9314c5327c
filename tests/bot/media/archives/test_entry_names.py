"""Names in archives of programs that don't say in which encoding they write: read as they were meant."""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from io import BytesIO
from typing import Any

import pytest

from bot.media.archives.reading import Archive
from tests.support.zips import RawName


def people(*entries: RawName) -> list[str]:
    """GROUP/MEMBER of each entry."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for entry in entries:
            archive.writestr(entry, b"photo")
    read = Archive(out)
    assert read.left_out == []
    assert {read.read(entry) for entry in read.entries} == {b"photo"}
    return [f"{entry.group}/{entry.member}" for entry in read.entries]


def in_encoding(names: str, encoding: str, **options: Any) -> list[RawName]:
    return [RawName(f"{name}/1.jpg".encode(encoding), **options) for name in names.split("|")]


def unicode_path(name: str, raw: bytes, *, wrong: int = 0, version: int = 1) -> bytes:
    field = struct.pack("<BL", version, zlib.crc32(raw) ^ wrong) + name.encode()
    return struct.pack("<HHB", 0x5455, 1, 0) + struct.pack("<HH", 0x7075, len(field)) + field


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp949", "트와이스/사나|트와이스/모모|트와이스/지효"),
        ("cp949", "TWICE/쯔위"),
        ("cp949", "있지/예지|있지/리아|있지/류진"),
        ("cp949", "방탄소년단/뷔|방탄소년단/정국"),
        ("cp949", "빅뱅/탑"),
        ("cp949", "똠방각하/펲시"),  # syllables that only Microsoft's extension has
        ("cp932", "乃木坂46/白石麻衣|乃木坂46/齋藤飛鳥"),
        ("cp932", "トゥワイス/サナ|トゥワイス/モモ"),
        ("cp932", "表/ソニー|能/十"),  # second bytes that are backslashes in ASCII
        ("cp932", "TWICE/湊崎紗夏"),
        ("gbk", "火箭少女101/孟美岐|火箭少女101/吴宣仪"),
        ("gbk", "TWICE/周子瑜"),
        ("gbk", "WayV/钱锟|WayV/肖俊"),
        ("cp437", "Sigrid/Björk"),
        ("cp437", "Amigos/Señorita|Amigos/José"),
        ("cp437", "Straße/Größe|Ångström/Åsa"),
        ("utf-8", "트와이스/사나|트와이스/모모"),
        ("utf-8", "Sigrid/Björk"),
        ("utf-8", "乃木坂46/白石麻衣|时代少年团/马嘉祺|Zoë/é"),
        ("ascii", "TWICE/Sana"),
    ],
)
def test_names_are_read_as_they_were_written(encoding: str, names: str) -> None:
    assert people(*in_encoding(names, encoding)) == names.split("|")


def test_a_name_that_is_utf8_by_chance_is_read_as_the_others_are() -> None:
    assert "트/한".encode("cp949")[:2].decode() == "Ʈ"
    assert people(*in_encoding("트/트|트와이스/사나", "cp949")) == ["트/트", "트와이스/사나"]


def test_entries_of_several_programs_in_one_archive() -> None:
    flagged, plain = in_encoding("에스파/카리나", "utf-8", utf8=True), in_encoding("아이브/유진", "utf-8")
    assert people(*flagged, *plain, *in_encoding("트와이스/사나", "cp949")) == [
        "에스파/카리나",
        "아이브/유진",
        "트와이스/사나",
    ]


def test_the_unicode_path_counts_as_long_as_it_fits_the_name() -> None:
    raw = "트와이스/사나/1.jpg".encode("cp949")
    right, outdated = unicode_path("TWICE/Sana/1.jpg", raw), unicode_path("TWICE/Sana/1.jpg", raw, wrong=1)
    assert people(RawName(raw, extra=right)) == ["TWICE/Sana"]
    assert people(RawName(raw, extra=outdated)) == ["트와이스/사나"]
    assert people(RawName(raw, extra=unicode_path("TWICE/Sana/1.jpg", raw, version=2))) == ["트와이스/사나"]


@pytest.mark.parametrize("utf8", [True, False])
def test_names_of_macos_are_composed(utf8: bool) -> None:
    apart = unicodedata.normalize("NFD", "트와이스/사나")
    assert people(*in_encoding(apart, "utf-8", utf8=utf8)) == ["트와이스/사나"]


def test_a_name_that_is_no_text_in_the_encoding_of_the_others_is_left_out() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for entry in (*in_encoding("트와이스/사나|트와이스/모모|에스파/카리나", "cp949"), RawName(b"TWICE/\xc7/1.jpg")):
            archive.writestr(entry, b"photo")
    read = Archive(out)
    assert [entry.member for entry in read.entries] == ["사나", "모모", "카리나"]
    assert [str(one.reason) for one in read.left_out] == ["its name can't be read"]
