"""Files of strangers as the bot takes them: pictures, videos, archives, backups."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import warnings
import zipfile
from contextlib import closing
from functools import cache
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.database.engine import HEAD
from bot.domain.enums import CaptionStyle
from bot.domain.files import SubmittedFile
from bot.infra.clip_files import VIDEO, CachedVideo
from bot.settings import Settings
from bot.usecases import restoring
from bot.usecases.clips.options import ClipOptions, RequestedSection
from bot.usecases.clips.pipeline import annotate
from bot.usecases.questions import identify
from bot.usecases.questions.cards import hide
from bot.usecases.questions.identify import IdentifyRequest
from bot.usecases.roster.importing import import_roster
from cogs.answers.cards import answer_card
from cogs.roster.archives.cards import imported_card
from tests.support.backups import written
from tests.support.clips import no_progress
from tests.support.fuzzing import samples
from tests.support.fuzzing.cards import require_valid
from tests.support.fuzzing.damage import damaged
from tests.support.fuzzing.texts import hostile_texts
from tests.support.fuzzing.watched import SERVER, FedBot, HarmError
from tests.support.zips import RawName

ASKED = IdentifyRequest(asker_id=1, server_id=SERVER, rosters=(SERVER,))
_SERVERS = count(1000)


def pictures() -> SearchStrategy[bytes]:
    """Damaged pictures."""
    return damaged(samples.pictures())


async def feed_picture(bot: FedBot, data: bytes) -> None:
    """Ask who is in a picture."""
    drawn = await identify.answer_question(bot.app, ASKED, [SubmittedFile("picture", data)])
    require_valid(answer_card(drawn.answer), drawn.pictures)
    if not all(jpeg.startswith(b"\xff\xd8") for jpeg in drawn.pictures.values()):
        raise HarmError("the tagged picture is no JPEG")
    await hide(bot.app, drawn.answer.id)


def videos() -> SearchStrategy[bytes]:
    """Damaged videos."""
    return damaged(samples.videos())


async def feed_video(bot: FedBot, data: bytes) -> None:
    """Annotate a video, up to the finished clip."""
    folder = bot.folder / "video"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir()
    (folder / VIDEO).write_bytes(data)
    fitted = await bot.app.recognisers.for_rosters([SERVER])
    part = RequestedSection(0.0, None, 600.0)
    options = ClipOptions(part, CaptionStyle.NAMES_AND_LIST, None, 0.5, 8 << 20, 360)
    done = await annotate(bot.app, CachedVideo(folder, "video"), options, fitted, no_progress)
    if not 0 < done.clip.stat().st_size <= options.max_bytes:
        raise HarmError("the clip is empty or too large")


@cache
def _plain_archive() -> bytes:
    photo = samples.small_jpeg()
    paths = ("TWICE/Sana/1.jpg", "TWICE/쯔위/2.jpg", "roster.json", "notes.txt", "__MACOSX/._1.jpg")
    return zipped([(path, b'{"nugu":1}' if path == "roster.json" else photo) for path in paths])


def archives() -> SearchStrategy[bytes]:
    """Archives with hostile names, odd kinds of entries, and damage."""
    part = st.sampled_from(["TWICE", "Sana", "..", ".", "", "C:", "roster.json", "\\", "1.jpg"]) | hostile_texts(50)
    path = st.lists(part, min_size=1, max_size=5).map("/".join)
    data = st.sampled_from([b"", b"{}", b"x", samples.small_jpeg()]) | st.binary(max_size=40)
    mode = st.sampled_from([0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
    method = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    entry = st.tuples(path | st.binary(min_size=1, max_size=30), data, mode, method)
    hostile = st.lists(entry, max_size=8).map(_hostile_zip)
    whole = st.sampled_from([_plain_archive()])
    return hostile | whole.flatmap(lambda data: damaged([data])) | hostile.flatmap(lambda data: damaged([data, data]))


def _hostile_zip(entries: list[tuple[str | bytes, bytes, int, int]]) -> bytes:
    out = BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.filterwarnings("ignore", message="Duplicate name")
        for path, data, mode, method in entries:
            raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogatepass")
            info = RawName(raw[:60_000], utf8=isinstance(path, str))
            info.external_attr = mode << 16
            archive.writestr(info, data, compress_type=method)
    return out.getvalue()


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    """A zip of these paths and files."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files:
            archive.writestr(path, data)
    return out.getvalue()


async def feed_archive(bot: FedBot, data: bytes) -> None:
    """Import an archive into a server of its own."""

    async def progress(*_: object) -> None:
        pass

    done = await import_roster(bot.app, next(_SERVERS), BytesIO(data), 1, progress)
    card, files = imported_card(done)
    require_valid(card, {file.filename: b"x" for file in files})


@cache
def _backups() -> list[bytes]:
    """A whole backup of an empty bot, and one whose record is odd."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        database = folder / "nugu.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
            connection.commit()
        record = (
            b'{"made_at":"2025-01-01T00:00:00Z","program":"0.1.0","schema_revision":"0001","engine":"dlib",'
            b'"engine_versions":["dlib-1"],"problems":[],"missing":[]}'
        )
        crop = f"files/crops/{'a' * 32}.jpg"
        files = {"backup.json": record, crop: b"x", "nugu.sqlite3": database.read_bytes()}
        whole = written(folder / "one", files).read_bytes()
        odd = written(folder / "two", {"backup.json": b"[]", "../evil": b"x", "files/../../evil": b"x"}).read_bytes()
        return [whole, odd]


def backups() -> SearchStrategy[bytes]:
    """Damaged backups."""
    return damaged(_backups())


async def feed_backup(bot: FedBot, data: bytes) -> None:
    """Restore a backup; nothing is left of one that is refused, and nothing beside it."""
    place = bot.folder / "backups"
    await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
    place.mkdir()
    (place / "file").write_bytes(data)
    settings = Settings(data=place / "data")
    try:
        await asyncio.to_thread(restoring.restore, settings, place / "file", None)
    except BaseException:
        if left := {path.name for path in place.iterdir()} - {"file"}:
            raise HarmError("a refused backup left something", str(left)) from None
        raise
    if {path.name for path in place.iterdir()} - {"file", "data"}:
        raise HarmError("a backup wrote beside the data folder")
