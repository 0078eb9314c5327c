"""All pictures that the bot draws, each in a file and together on one sheet: `python -m bench.pictures --out FOLDER`.

For visual checks after a change of a picture. The bot's own use cases and jobs draw them. Faces are those of the public
portraits in the tests; all other people are random encodings with invented names and drawn faces. So every picture may be
published.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from bot import jobs
from bot.app import App
from bot.database.quiz import MemberProgress
from bot.domain.files import SubmittedFile
from bot.domain.rosters import SHARED_ROSTER, EnrolledEncoding
from bot.jobs.maps import lay_out_and_draw
from bot.jobs.reports import draw_report
from bot.settings import Settings
from bot.text.formatting import duration, time_code
from bot.usecases import maps, twins
from bot.usecases.questions.identify import IdentifyRequest, answer_question
from bot.usecases.quiz.memory import after_answer
from bot.usecases.quiz.stats import known_member
from bot.usecases.roster import enrolment, photos
from bot.usecases.roster.groups import add_group
from models.drawing.charts import ScreenTime, evaluation_chart, screen_time_chart
from models.drawing.fonts import font, shorten
from models.drawing.theme import DIM, GAP, SMALL_TEXT_SIZE, blend, content_top, member_colour, page, to_png
from models.faces import ProjectionMethod
from models.learning.evaluation import evaluate
from models.learning.samples import THUMBNAIL_SIDE, EvaluationSet
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.recogniser import fit
from tests.support.people import VERSION, D, SyntheticPeople
from tests.support.portraits import astronauts_head, public_portraits

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "Haneul"
MEMBERS = ("Ari", "Bora", "Chaewon", "다미", "Eunha", "Gaeul", "Haru", "이슬", "Jiwoo")
ALIKE = (1, 5)
"""Two members who look alike, as indices of MEMBERS."""

NOISE = 0.11
"""More noise than in `tests.support.people`, so that some members are confused."""

COLUMNS = 3
TILE = (640, 560)


@dataclass(frozen=True, slots=True)
class BotPicture:
    """One picture of the bot: the name of its file, and the commands that show it."""

    name: str
    shown: str
    data: bytes


def main() -> None:
    """Draw them all into a folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description="Every picture that the bot draws.")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="is made if it is missing")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [*asyncio.run(faces()), *charts()]
    for picture in drawn:
        (folder / picture.name).write_bytes(picture.data)
    (folder / "all.png").write_bytes(contact_sheet(drawn))
    print(f"{len(drawn)} pictures, and all of them on {folder / 'all.png'}")


async def faces() -> list[BotPicture]:
    """Pictures of the public portraits, by the use cases."""
    portraits = public_portraits()
    with tempfile.TemporaryDirectory() as data:
        async with App.open(Settings(data=Path(data)), own_processes=False) as app:
            given = {file: (portraits / file).read_bytes() for file in ("obama.jpg", "obama3.jpg", "biden.jpg")}
            given["astronaut.png"] = astronauts_head(portraits)
            for group, members in {
                "Presidents": {"Obama": ["obama.jpg", "obama3.jpg"], "Biden": ["biden.jpg"]},
                "Space": {"Collins": ["astronaut.png"]},
            }.items():
                await add_group(app, SHARED_ROSTER, group)
                for member, files in members.items():
                    submitted = [SubmittedFile(file, given[file]) for file in files]
                    await enrolment.add_member(app, SHARED_ROSTER, group, member, submitted, by=0)
            asked = [SubmittedFile("both.jpg", side_by_side(portraits / "obama2.jpg", portraits / "biden.jpg"))]
            tagged = await answer_question(app, IdentifyRequest(1), asked)
            pair = await twins.twins(app, SHARED_ROSTER, "Presidents")
            near = await twins.look_alikes(app, SHARED_ROSTER, None, "Obama")
            faces_of = (await maps.draw_map(app, [], "Presidents")).found.picture
            sheet = (await photos.show_group(app, SHARED_ROSTER, "Presidents")).sheet
    assert sheet is not None
    (picture,) = tagged.pictures.values()
    return [
        BotPicture("who.jpg", "/who, nugu identify", picture),
        BotPicture("members.jpg", "/group show", sheet),
        BotPicture("twins.png", "/twins, nugu twins", pair.pair),
        BotPicture("look-alikes.png", "/twins member, nugu twins --member", near.picture),
        BotPicture("map-of-faces.png", "/map, nugu map", faces_of),
    ]


def charts() -> list[BotPicture]:
    """Pictures of invented people, by the jobs."""
    world = SyntheticPeople(5)
    one, other = ALIKE
    first = len(MEMBERS)
    # Each member resembles another one a little.
    world.people[:first] += 0.6 * np.roll(world.people[:first], 2, axis=0)
    world.people[other] += 1.2 * world.people[one]
    # Strangers look like members too.
    world.people[first:] += 0.9 * np.resize(world.people[:first], world.people[first:].shape)
    world.people /= np.linalg.norm(world.people, axis=1, keepdims=True)
    members = [GalleryMember(number, name, 1, GROUP) for number, name in enumerate(MEMBERS)]
    gallery = Gallery.from_rows([(member, _noisy(world, member.id, 7)) for member in members], VERSION, D)
    rows = [
        EnrolledEncoding(number, member, MEMBERS[member], 1, GROUP, encoding.tobytes())
        for number, (member, encoding) in enumerate(zip(gallery.labels.tolist(), gallery.encodings, strict=True))
    ]
    found = jobs.find_twins(rows, {row.photo: (178, 2.5) for row in rows}, VERSION, [1])
    assert found is not None
    return [
        BotPicture("report.png", "/model report, nugu model report", draw_report(gallery, GROUP)[1]),
        BotPicture("distances.png", "/twins, nugu twins", jobs.draw_twins(found, {})[1]),
        BotPicture("map.png", "/map, nugu map, with drawn faces", _map(gallery)),
        BotPicture(
            "evaluation.png",
            "nugu evaluate",
            evaluation_chart(GROUP, evaluate(_sample(world), fit, photos=3, trials=5)),
        ),
        BotPicture("screen-time.png", "/clip", _screen_time()),
        BotPicture("quiz.png", "/quiz stats", _quiz_stats()),
    ]


def contact_sheet(drawn: Sequence[BotPicture]) -> bytes:
    """All pictures on one, in rows, each with where the bot shows it."""
    wide, _ = TILE
    shown = [Image.open(BytesIO(picture.data)).convert("RGB") for picture in drawn]
    for picture in shown:
        picture.thumbnail(TILE, Image.Resampling.LANCZOS)
    rows = [range(start, min(start + COLUMNS, len(drawn))) for start in range(0, len(drawn), COLUMNS)]
    heights = [max(shown[number].height for number in row) for row in rows]
    size = COLUMNS * (wide + GAP) + GAP, content_top() + sum(heights) + len(rows) * (SMALL_TEXT_SIZE + 2 * GAP)
    image, draw = page(*size, f"nugu: {len(drawn)} pictures")
    top = content_top()
    for row, height in zip(rows, heights, strict=True):
        for column, number in enumerate(row):
            left, picture = GAP + column * (wide + GAP), shown[number]
            image.paste(picture, (left + (wide - picture.width) // 2, top + (height - picture.height) // 2))
            middle = left + wide / 2, top + height + GAP / 2
            draw.text(
                middle, shorten(drawn[number].shown, SMALL_TEXT_SIZE, wide), DIM, font(SMALL_TEXT_SIZE), anchor="mm"
            )
        top += height + SMALL_TEXT_SIZE + 2 * GAP
    return to_png(image)


def side_by_side(*files: Path) -> bytes:
    """Portraits in one picture, as a JPEG."""
    opened = [Image.open(file) for file in files]
    high = min(portrait.height for portrait in opened)
    scaled = [portrait.resize((round(portrait.width * high / portrait.height), high)) for portrait in opened]
    image = Image.new("RGB", (sum(portrait.width for portrait in scaled), high))
    x = 0
    for portrait in scaled:
        image.paste(portrait, (x, 0))
        x += portrait.width
    out = BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()


def _noisy(world: SyntheticPeople, person: int, count: int) -> np.ndarray:
    noise = world.chance.normal(scale=NOISE, size=(count, D))
    encodings = world.mean + 0.25 * (world.people[person] + noise)
    return (encodings / np.linalg.norm(encodings, axis=1, keepdims=True)).astype(np.float32)


def _sample(world: SyntheticPeople) -> EvaluationSet:
    """Twelve photos of each member, and two of each of thirty strangers."""
    people = [*(number for number in range(len(MEMBERS)) for _ in range(12)), *[-1] * 60]
    faces = [
        *(_noisy(world, number, 12) for number in range(len(MEMBERS))),
        *(_noisy(world, number, 2) for number in range(len(MEMBERS), len(MEMBERS) + 30)),
    ]
    thumbnails = world.chance.normal(size=(len(people), THUMBNAIL_SIDE**2)).astype(np.float32)
    members = tuple(GalleryMember(number, name, 1, GROUP) for number, name in enumerate(MEMBERS))
    truth = np.array(people, np.int64)
    return EvaluationSet(
        np.concatenate(faces),
        thumbnails / np.linalg.norm(thumbnails, axis=1, keepdims=True),
        truth,
        truth >= 0,
        np.ones(len(truth), np.bool_),
        members,
        ("strangers",),
        VERSION,
    )


def _map(gallery: Gallery) -> bytes:
    chance = np.random.default_rng(2)
    crops = [_drawn_face(member, chance) for member in gallery.labels.tolist()]
    return lay_out_and_draw(gallery, ProjectionMethod.TSNE, GROUP, crops, len(crops))[1]


def _drawn_face(member: int, chance: np.random.Generator) -> bytes:
    """A simple drawn face on the member's colour, each slightly different, as a JPEG."""
    image = Image.new("RGB", (160, 160), blend(member_colour(member), (0, 0, 0), 0.25))
    draw = ImageDraw.Draw(image)
    x, y = 80 + chance.normal(0, 6, 2)
    hair = blend((30, 22, 20), (190, 130, 70), float(np.random.default_rng(member).uniform()))
    draw.ellipse((x - 52, y - 62, x + 52, y + 56), hair)
    draw.ellipse((x - 40, y - 44, x + 40, y + 52), (244, 214, 190))
    for eye in (x - 16, x + 16):
        draw.ellipse((eye - 5, y - 8, eye + 5, y + 2), (30, 30, 34))
    wide = float(chance.uniform(8, 22))
    draw.arc((x - wide, y + 6, x + wide, y + 32), 20, 160, (170, 50, 60), 5)
    file = BytesIO()
    image.save(file, "JPEG", quality=92)
    return file.getvalue()


def _screen_time() -> bytes:
    """The screen time in a clip of two minutes, at random."""
    chance = np.random.default_rng(8)
    people: list[ScreenTime] = []
    for name in [*MEMBERS[:7], "unknown"]:
        edges = np.sort(chance.uniform(0, 120, 8)).reshape(4, 2).tolist()
        spans = tuple((start, end) for start, end in edges)
        together = duration(sum(end - start for start, end in spans))
        people.append(ScreenTime(name, spans, together, name != "unknown"))
    people.sort(key=lambda person: -sum(end - start for start, end in person.spans))
    return screen_time_chart(f"{GROUP} “Blue hour” M/V", 120.0, people, time_code)


def _quiz_stats() -> bytes:
    """The stats after three weeks with a quiz every evening, for a person who confuses the two look-alikes."""
    chance = np.random.default_rng(2)
    start = datetime(2026, 5, 1, 20, tzinfo=UTC)
    known: dict[str, MemberProgress] = {}
    mixed_up = 0
    for evening in (start + timedelta(days=day) for day in range(21)):
        for place, name in enumerate(MEMBERS[:8]):
            before = known.get(name)
            if before is not None and before.memory.due > evening:
                continue
            right = bool(chance.random() < (0.6 if place in ALIKE else 0.9))
            mixed_up += not right and place in ALIKE
            memory = after_answer(
                before.memory if before else None, right=right, quick=bool(chance.random() < 0.4), now=evening
            )
            seen, correct = (before.seen, before.correct) if before else (0, 0)
            known[name] = MemberProgress(memory, seen + 1, correct + right)
    members = [known_member(name, known.get(name), start + timedelta(days=21)) for name in MEMBERS]
    members.sort(key=lambda member: -(member.stability or 0.0))
    one, other = (MEMBERS[place] for place in ALIKE)
    return jobs.quiz_stats_chart(GROUP, members, [(one, other, mixed_up)])


if __name__ == "__main__":
    main()
