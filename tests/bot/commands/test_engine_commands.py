"""`nugu engine` in processes of its own, which may be killed at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image
from sqlalchemy import select

from bot.database.crops import CropRepository, StoredCrop
from bot.database.engine import Database
from bot.database.engines import EncodingProgress, EngineRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Crop, CropEncoding, Photo
from bot.domain.faces import FaceCrop
from bot.domain.rosters import SHARED_ROSTER
from bot.infra.storage import Storage
from bot.settings import Settings
from tests.bot.commands.processes import nugu
from tests.conftest import LONG_ENOUGH
from tests.support import toy

pytestmark = pytest.mark.thorough

PHOTOS = 12


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, public_photos: Path) -> Path:
    """A data folder with two members, encoded by the default engine. One has the same photo many times in the database."""
    faces = tmp_path_factory.mktemp("faces") / "Presidents"
    for member, photo in (("Obama", "obama.jpg"), ("Biden", "biden.jpg")):
        (faces / member).mkdir(parents=True)
        (faces / member / photo).write_bytes(small(public_photos / photo))
    data = tmp_path_factory.mktemp("template")
    done = nugu("enrol", faces.parent, data=data, env={"NUGU_WORKERS": "2"})
    assert "2 of 2 photos taken" in done.stdout, done.stderr
    asyncio.run(multiply(data, "Obama", PHOTOS - 1))
    return data


async def multiply(data: Path, name: str, count: int) -> None:
    """Multiply a member's only photo in the database."""
    settings = Settings(data=data)
    storage = Storage.open(settings)
    async with Database.open(settings) as database, database.writing() as session:
        (member,) = await RosterRepository(session).members_called([SHARED_ROSTER], name)
        photo = (await session.scalars(select(Photo).where(Photo.member_id == member.id))).one()
        crop = await session.get_one(Crop, photo.crop_id)
        seen = (await session.scalars(select(CropEncoding).where(CropEncoding.crop_id == crop.id))).one()
        jpeg = await storage.get(crop.key)
        assert jpeg is not None
        assert seen.vector is not None
        for number in range(1, count):
            cut = StoredCrop(
                FaceCrop(jpeg, crop.face_width, crop.sharpness or 0.0), f"crops/{number}.jpg", f"{number:064}"
            )
            await storage.put(cut.key, jpeg)
            twin = await CropRepository(session).add(SHARED_ROSTER, cut, seen.vector, seen.engine)
            await RosterRepository(session).add_photo(
                Photo(member_id=member.id, crop_id=twin.id, added_by=0), SHARED_ROSTER
            )


def small(photo: Path) -> bytes:
    """The photo with few pixels, for speed."""
    out = BytesIO()
    with Image.open(photo) as picture:
        picture.thumbnail((680, 680))
        picture.save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with the toy's weights."""
    (tmp_path / "source" / "toy").mkdir(parents=True)
    (tmp_path / "source" / "toy" / "weights.bin").write_bytes(bytes(range(256)) * 1024)
    return tmp_path / "source"


def engine(*arguments: str | Path, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`nugu engine …` with the toy engine."""
    return nugu("engine", *arguments, data=data, env=toy.environment(NUGU_WORKERS="1", **environment))


@contextmanager
def installing(*arguments: str | Path, data: Path, **environment: str) -> Generator[subprocess.Popen[str]]:
    """`nugu engine install …` in a process group of its own, which is killed at the end."""
    given = {**os.environ, **toy.environment(NUGU_DATA=str(data), NUGU_WORKERS="1", **environment)}
    command = [sys.executable, "-m", "bot", "engine", "install", *map(str, arguments)]
    with subprocess.Popen(command, cwd=data, env=given, stdout=-1, stderr=-1, text=True, start_new_session=True) as it:
        try:
            yield it
        finally:
            if it.poll() is None:
                os.killpg(it.pid, signal.SIGKILL)


def state(data: Path) -> tuple[str, EncodingProgress]:
    """The engine in use, and the number of photos that the toy has encoded."""

    async def read() -> tuple[str, EncodingProgress]:
        async with Database.open(Settings(data=data)) as database, database.reading() as session:
            return await EngineRepository(session).in_use(), await EngineRepository(session).progress("toy-1")

    return asyncio.run(read())


def answered_by(data: Path, photo: Path) -> tuple[str, str]:
    """The engine that answers, and the name it gives."""
    done = nugu("identify", photo, "--json", data=data, env=toy.environment())
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    return record["engine"], record["faces"][0]["name"]


@contextmanager
def publisher(content: bytes, delay: float = 0.0) -> Generator[tuple[str, list[str | None]]]:
    """A server on loopback in a thread: its URL, and the Range of each request."""
    asked: list[str | None] = []
    loop = asyncio.new_event_loop()
    ready: list[str] = []
    up = threading.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        headers = {"Content-Length": str(len(content) - start)}
        if found:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        response = web.StreamResponse(status=206 if found else 200, headers=headers)
        await response.prepare(request)
        for place in range(start, len(content), 1 << 14):
            await response.write(content[place : place + (1 << 14)])
            await asyncio.sleep(delay)
        return response

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/weights.bin", serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.append(f"http://127.0.0.1:{runner.addresses[0][1]}/weights.bin")
        up.set()

    def run() -> None:
        loop.run_until_complete(main())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    yield ready[0], asked
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def test_from_a_folder_and_back(data: Path, source: Path, public_photos: Path) -> None:
    assert answered_by(data, public_photos / "obama2.jpg") == ("sface-2", "Obama")
    done = engine("install", "toy", "--from", source, data=data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"toy-1 answers from now on; {PHOTOS} of {PHOTOS} photos are encoded by it"
    assert "toy/weights.bin: MIT, http://" in done.stdout
    assert answered_by(data, public_photos / "obama2.jpg") == ("toy-1", "Obama")

    listed = engine("list", data=data).stdout.splitlines()
    assert f"  sface     sface-2     installed  {PHOTOS} of {PHOTOS} photos encoded" in listed
    assert f"* toy       toy-1       installed  {PHOTOS} of {PHOTOS} photos encoded" in listed
    records = [json.loads(line) for line in engine("list", "--json", data=data).stdout.splitlines()]
    (record,) = [record for record in records if record["engine"] == "toy"]
    assert record == {
        "engine": "toy",
        "version": "toy-1",
        "installed": True,
        "in_use": True,
        "photos": PHOTOS,
        "encoded": PHOTOS,
        "without_face": 0,
        "trouble": None,
    }
    doctor = nugu("doctor", data=data, env=toy.environment(NUGU_WORKERS="1"))
    assert f"✓ engine: toy-1 sees and encodes; it has encoded {PHOTOS} of {PHOTOS} photos" in doctor.stdout

    (data / "engines" / "toy" / "weights.bin").unlink()
    doctor = nugu("doctor", data=data, env=toy.environment(NUGU_WORKERS="1"))
    assert doctor.returncode == 1
    assert "✗ engine: The engine toy is not installed. Get its files: nugu engine install toy;" in doctor.stdout
    refused = nugu("identify", public_photos / "obama2.jpg", data=data, env=toy.environment())
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "The engine toy is not installed." in line
    assert engine("use", "sface", data=data).returncode == 0
    assert answered_by(data, public_photos / "obama2.jpg") == ("sface-2", "Obama")


def test_from_its_publisher(data: Path, public_photos: Path) -> None:
    with publisher(bytes(range(256)) * 1024) as (url, asked):
        done = engine("install", "toy", data=data, TOY_URL=url)
        assert (done.returncode, done.stderr) == (0, "")
        again = engine("install", "toy", data=data, TOY_URL=url)
        assert again.returncode == 0
    assert asked == [None]
    assert answered_by(data, public_photos / "biden.jpg") == ("toy-1", "Biden")


def test_killed_while_it_downloads(data: Path) -> None:
    part = data / "engines" / "toy" / "weights.bin.part"
    with publisher(bytes(range(256)) * 1024, delay=0.2) as (url, asked):
        with installing("toy", data=data, TOY_URL=url) as process:
            deadline = time.monotonic() + LONG_ENOUGH
            while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGKILL)
            _, errors = process.communicate(timeout=LONG_ENOUGH)
        assert errors == ""
        assert state(data) == ("sface", (PHOTOS, 0, 0))
        assert part.stat().st_size > 0
        done = engine("install", "toy", data=data, TOY_URL=url)
        assert done.returncode == 0, done.stderr
    assert len(asked) == 2
    assert asked[1] is not None
    assert state(data) == ("toy", (PHOTOS, PHOTOS, 0))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_while_it_looks_at_the_photos(
    data: Path, source: Path, public_photos: Path, number: signal.Signals
) -> None:
    marks = data / "marks"
    pace = toy.slow_down(data / "engines", 0.8, marks)
    with installing("toy", "--from", source, data=data) as process:
        deadline = time.monotonic() + LONG_ENOUGH
        # The first line is of the rehearsal, before any photo.
        while not (marks.exists() and marks.stat().st_size > 1) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None
        os.killpg(process.pid, number)
        _, errors = process.communicate(timeout=LONG_ENOUGH)
    pace.unlink()
    assert errors == ""
    assert process.returncode in {-signal.SIGKILL, 130}
    assert state(data)[0] == "sface"
    assert answered_by(data, public_photos / "obama2.jpg") == ("sface-2", "Obama")
    done = engine("install", "toy", data=data)
    assert done.returncode == 0, done.stderr
    assert state(data) == ("toy", (PHOTOS, PHOTOS, 0))
    assert answered_by(data, public_photos / "obama2.jpg") == ("toy-1", "Obama")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("install", "eyes"), 1, "nugu: No engine is called “eyes”; there are dlib, sface, toy, trio.\n"),
        (("use", "toy"), 1, "nugu: The engine toy is not installed: nugu engine install toy\n"),
        (("install", "toy"), 1, "nugu: 127.0.0.1 can't be reached"),
        (("install", "toy", "--from", "."), 1, "nugu: . does not hold toy/weights.bin; I look for it as"),
        (("install", "toy", "--from", "nowhere"), 2, "Usage: "),
    ],
)
def test_a_refused_command_prints_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = engine(*arguments, data=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr
    assert code == 2 or len(done.stderr.splitlines()) == 1


def test_another_file_is_refused(data: Path, source: Path) -> None:
    (source / "toy" / "weights.bin").write_bytes(b"\0" * 256 * 1024)
    done = engine("install", "toy", "--from", source, data=data)
    assert done.returncode == 1
    assert "is another file than the one I know" in done.stderr
    assert list((data / "engines" / "toy").iterdir()) == []
    assert state(data)[0] == "sface"


def test_evaluating_an_engine_that_is_not_installed(tmp_path: Path, public_photos: Path) -> None:
    (tmp_path / "faces" / "Obama").mkdir(parents=True)
    shutil.copy(public_photos / "obama.jpg", tmp_path / "faces" / "Obama")
    done = nugu("evaluate", tmp_path / "faces", tmp_path / "faces", "--engine", "trio", data=tmp_path / "data")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("nugu: The engine trio is not installed.")
    assert "nugu engine install trio" in line


def test_the_second_engine_by_its_real_files(data: Path, shared: Path, public_photos: Path) -> None:
    done = nugu("engine", "install", "trio", "--from", shared / "models", data=data, env={"NUGU_WORKERS": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert f"trio-1 answers from now on; {PHOTOS} of {PHOTOS} photos are encoded by it" in done.stdout
    assert answered_by(data, public_photos / "obama2.jpg") == ("trio-1", "Obama")
    assert answered_by(data, public_photos / "biden.jpg") == ("trio-1", "Biden")
