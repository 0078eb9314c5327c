"""Zip archives from strangers: odd entries are reported each, and memory and time are limited."""

from __future__ import annotations

import stat
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest

from bot.media.archives.reading import Archive, ArchiveError, ArchiveLimits

GOOD = "TWICE/Sana/1.jpg"
LIMITS = ArchiveLimits()


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED) -> BytesIO:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for path, data in files:
            archive.writestr(path, data, compress_type=how)
    return out


def looked(file: BytesIO, limits: ArchiveLimits = LIMITS) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    archive = Archive(file, limits)
    return (
        [(entry.group, entry.member, entry.file) for entry in archive.entries],
        [(one.path, str(one.reason).removesuffix(".")) for one in archive.left_out],
    )


def test_an_archive_is_read() -> None:
    archive = Archive(packed((GOOD, b"one"), ("TWICE/쯔위/사진.jpg", b"two"), how=zipfile.ZIP_DEFLATED))
    assert [(entry.member, archive.read(entry)) for entry in archive.entries] == [("Sana", b"one"), ("쯔위", b"two")]
    assert archive.manifest() is None
    assert Archive(packed(("roster.json", b"{}"))).manifest() == b"{}"


def test_a_folder_that_was_packed_as_a_whole() -> None:
    litter = ("__MACOSX/faces/TWICE/Sana/._1.jpg", "faces/.DS_Store", "faces/TWICE/Sana/Thumbs.db")
    entries, left_out = looked(packed(("faces/TWICE/Sana/1.jpg", b""), *((path, b"") for path in litter)))
    assert entries == [("TWICE", "Sana", "1.jpg")]
    assert left_out == []
    whole = packed(("faces/TWICE/Sana/1.jpg", b""), ("faces/roster.json", b"{}"))
    assert Archive(whole).manifest() == b"{}"


A = ("TWICE", "Sana", "1.jpg"), ("TWICE", "Momo", "1.jpg")
TWO = ["TWICE/Sana/1.jpg", "TWICE/Momo/1.jpg"]


@pytest.mark.parametrize(
    ("paths", "misplaced"),
    [
        ([path.replace("/", "\\") for path in ("TWICE/", "TWICE/Sana/", *TWO)], []),
        ([f"./{path}" for path in TWO], []),
        ([f"./faces/./{path}" for path in TWO], []),
        ([f"faces/{path}" for path in ("README.txt", *TWO)], ["faces/README.txt"]),
        (["README.txt", *(f"faces/{path}" for path in TWO)], ["README.txt"]),
        (
            ["a/b/readme.txt", "c/d/licence.md", *(f"faces/{path}" for path in TWO)],
            ["a/b/readme.txt", "c/d/licence.md"],
        ),
        ([f"Download/faces/{path}" for path in TWO], []),
        ([f"faces/{path}" for path in ("TWICE/cover.jpg", *TWO)], ["faces/TWICE/cover.jpg"]),
        (["TWICE/cover.jpg", *TWO], ["TWICE/cover.jpg"]),
        (
            ["a/TWICE/Cover.png", "a/TWICE/folder.jpg", *(f"a/{path}" for path in TWO)],
            ["a/TWICE/Cover.png", "a/TWICE/folder.jpg"],
        ),
        ([*TWO, "TWICE/Momo/old/1.jpg", "TWICE/Momo/old/2.jpg"], ["TWICE/Momo/old/1.jpg", "TWICE/Momo/old/2.jpg"]),
        (["faces\\1.jpg", *(f"faces\\{path}".replace("/", "\\") for path in TWO)], ["faces\\1.jpg"]),
    ],
)
def test_two_members_are_found_however_they_were_packed(paths: list[str], misplaced: list[str]) -> None:
    entries, left_out = looked(packed(*((path, b"") for path in paths)))
    assert sorted(entries, reverse=True) == list(A)
    assert left_out == [(path, MISPLACED) for path in misplaced]


def test_a_manifest_is_found_beside_what_was_packed_with_it() -> None:
    whole = packed(("notes.txt", b""), ("./faces/roster.json", b"{}"), ("./faces/TWICE/Sana/1.jpg", b""))
    assert Archive(whole).manifest() == b"{}"


@pytest.mark.parametrize(
    "litter",
    ["@eaDir", "$RECYCLE.BIN", "__MACOSX", "#recycle", "System Volume Information", ".thumbnails", "lost+found"],
)
def test_files_that_systems_leave_behind_are_not_reported(litter: str) -> None:
    around = [f"{litter}/TWICE/Sana/1.jpg", f"TWICE/{litter}/1.jpg", f"TWICE/Sana/{litter}/1.jpg"]
    files = ["TWICE/Sana/Thumbs.db", "TWICE/desktop.ini", "TWICE/Icon\r", "TWICE/Sana/._1.jpg", ".DS_Store"]
    assert looked(packed((GOOD, b""), *((path, b"") for path in around + files))) == ([("TWICE", "Sana", "1.jpg")], [])


ELSEWHERE = "its path leads elsewhere"
MISPLACED = "it is not in a folder of a member in a folder of a group"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/TWICE/Sana/1.jpg", ELSEWHERE),
        ("../TWICE/Sana/1.jpg", ELSEWHERE),
        ("TWICE/../Sana/1.jpg", ELSEWHERE),
        ("TWICE/Sana/..", ELSEWHERE),
        ("TWICE//Sana/1.jpg", ELSEWHERE),
        ("./Sana/1.jpg", MISPLACED),
        ("TWICE\\Sana\\2.jpg", ELSEWHERE),
        ("C:/Sana/1.jpg", ELSEWHERE),
        ("TWICE/Sana/\x01.jpg", ELSEWHERE),  # \x01 becomes NUL below
        ("\x01.jpg", ELSEWHERE),
        ("1.jpg", MISPLACED),
        ("TWICE/1.jpg", MISPLACED),
        ("TWICE/Sana/more/1.jpg", MISPLACED),
        (f"TWICE/Sana/{'x' * 400}.jpg", "its path is too long"),
        ("TWICE/\u202eanaS/1.jpg", "A name has 1 to 100 printable characters"),
        ("TWICE/\u200b/1.jpg", "A name has 1 to 100 printable characters"),
        (f"TWICE/{'x' * 101}/1.jpg", "A name has 1 to 100 printable characters"),
        ("twice/sana/1.JPG", "its path is there twice"),
    ],
)
def test_an_odd_path_is_left_out_and_the_others_taken(path: str, reason: str) -> None:
    file = BytesIO(packed((GOOD, b"one"), (path, b"two")).getvalue().replace(b"\x01.jpg", b"\x00.jpg"))
    entries, left_out = looked(file)
    assert entries == [("TWICE", "Sana", "1.jpg")]
    assert [why for _, why in left_out] == [reason]
    assert all(len(shown) <= LIMITS.max_path for shown, _ in left_out)


def link() -> BytesIO:
    info = zipfile.ZipInfo("TWICE/Sana/2.jpg")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed((GOOD, b"one"), (info, b"/etc/passwd"))


def encrypted() -> BytesIO:
    data = bytearray(packed((GOOD, b"one"), ("TWICE/Sana/2.jpg", b"two")).getvalue())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return BytesIO(bytes(data))


def swelling() -> BytesIO:
    return packed((GOOD, b"one"), ("TWICE/Sana/2.jpg", bytes(20 * 2**20)), how=zipfile.ZIP_DEFLATED)


def large() -> BytesIO:
    return packed((GOOD, b"one"), ("TWICE/Sana/2.jpg", bytes(26 * 2**20)))


def by_bz2() -> BytesIO:
    return packed(("TWICE/Sana/2.jpg", bytes(10**6)), how=zipfile.ZIP_BZIP2)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (link, "it is a link or a device, not a file"),
        (encrypted, "it is encrypted"),
        (swelling, "it would swell to more than 100 times its size"),
        (large, "it is too large; I read files of up to 25 MiB"),
        (by_bz2, "it is packed in a way that I don't read; plain zip works"),
    ],
)
def test_what_is_no_plain_file_is_left_out(made: Callable[[], BytesIO], reason: str) -> None:
    _, left_out = looked(made())
    assert left_out == [("TWICE/Sana/2.jpg", reason)]


def test_a_size_that_is_a_lie_unpacks_nothing_beyond_it() -> None:
    data = bytearray(packed((GOOD, bytes(8 * 2**20)), how=zipfile.ZIP_DEFLATED).getvalue())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    archive = Archive(BytesIO(bytes(data)))
    with pytest.raises(ArchiveError, match="it is broken, or cut short"):
        archive.read(archive.entries[0])


def test_all_together_unpack_to_no_more_than_they_may() -> None:
    file = packed(*((f"TWICE/Sana/{n}.jpg", bytes(1000)) for n in range(5)))
    archive = Archive(file, replace(LIMITS, max_total_bytes=2500))
    assert [len(archive.read(entry)) for entry in archive.entries[:3]] == [1000] * 3
    with pytest.raises(ArchiveError, match="the archive unpacks to more than"):
        archive.read(archive.entries[3])


@pytest.mark.parametrize("data", [b"", b"not a zip", b"\x89PNG\r\n\x1a\n" + bytes(50), b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="This is not a zip archive, or it is broken"):
        Archive(BytesIO(data))


def test_a_cut_archive_is_refused() -> None:
    whole = packed((GOOD, bytes(1000))).getvalue()
    with pytest.raises(ArchiveError, match="not a zip archive"):
        Archive(BytesIO(whole[:-40]))


def test_an_archive_that_is_too_large_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"This archive is too large \(2 MiB\); I read up to 1 MiB"):
        Archive(packed((GOOD, bytes(2 * 2**20))), replace(LIMITS, max_bytes=2**20))


def test_a_huge_directory_is_counted_and_not_read() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * 500_000
    end = b"PK\x05\x06" + bytes(8) + len(directory).to_bytes(4, "little") + bytes(6)
    file = BytesIO(directory + end)
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(ArchiveError, match="holds more than 5,000 files"):
        Archive(file)
    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert seconds < 5


def test_a_manifest_that_is_too_large_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"roster.json: it is too large"):
        Archive(packed(("roster.json", bytes(3 * 2**20)))).manifest()
