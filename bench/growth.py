"""Does recognition improve with annotations? `python -m bench.growth [SHARED] [--draws D] [--engine E] [--out PNG]`.

A moderator enrols TWICE with one photo a member. Five more photos of each member come as questions, in a random order. After
each, a trusted person confirms the names or corrects them. After every nine annotations the bot trains, and its gate decides.
Then the photos outside all questions, and all other people of ../shared/faces as strangers, measure the recogniser: right
names at the threshold that names 1% of the strangers, and at the bot's own. Use cases and database are real; Discord is left
out. `--out` draws the curve of docs/measured.md.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from bot.app import App
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.database.rosters import RosterRepository
from bot.domain.files import SubmittedFile
from bot.domain.trust import Trust
from bot.media.pictures.refusals import PictureLimits
from bot.settings import Settings
from bot.usecases import engines
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from bot.usecases.questions.identify import IdentifyRequest, answer_question
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group
from models.drawing.fonts import font
from models.drawing.theme import BACKGROUND_COLOUR, BLUE, LIGHT, ORANGE
from models.encodings.copies import same_photo_cosine
from models.engines import DEFAULT
from models.engines import load as load_engine
from models.learning.evaluation import MeanAndDeviation, trial_outcome
from models.recognition.recogniser import Recogniser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.learning.outcomes import TrialOutcome
    from models.learning.samples import EvaluationSet

_ROOT = Path(__file__).resolve().parents[1]
GROUP = "TWICE"
SERVER = 1
TRUSTED = Actor(2, Trust.TRUSTED)
QUESTIONS = 5
FPIR = 0.01


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """The outcome after `annotations` annotations, `corrected` of them corrections. `accepted`, `refused`: models so far."""

    annotations: int
    corrected: int
    accepted: int
    refused: int
    outcome: TrialOutcome


def main() -> None:
    """Print a line a training, mean ± deviation over the draws."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description="Right names after annotations.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--engine", default=DEFAULT)
    parser.add_argument("--out", type=Path, help="draw the curve into this PNG")
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    encoder = CachingEncoder(load_engine(arguments.engine, shared / "models"), PictureLimits())
    groups = photos_by_member(shared / "faces" / "groups")
    sample = read_sample(encoder, GROUP, groups, groups, {"LFW": sorted((shared / "faces" / "strangers").iterdir())})
    members = {name: files for (group, name), files in groups.items() if group == GROUP}
    runs: list[list[GrowthPoint]] = []
    for seed in range(arguments.draws):
        chance = np.random.default_rng(seed)
        with tempfile.TemporaryDirectory() as folder:
            runs.append(asyncio.run(grow(Path(folder), shared, arguments.engine, members, encoder, sample, chance)))
    print(f"{GROUP}, {encoder.engine.version}, {arguments.draws} draws; strangers: {', '.join(sample.sources)}")
    points = [list(step) for step in zip(*runs, strict=True)]
    for step in points:
        print(line(step))
    if arguments.out is not None:
        arguments.out.write_bytes(curve(points, encoder.engine.version))


async def grow(
    folder: Path,
    shared: Path,
    engine: str,
    members: dict[str, list[Path]],
    encoder: CachingEncoder,
    sample: EvaluationSet,
    chance: np.random.Generator,
) -> list[GrowthPoint]:
    """One draw: a point before the first annotation, and one after each training."""
    order = {name: [files[i] for i in chance.permutation(len(files))] for name, files in members.items()}
    asked = [(name, path) for name, files in order.items() for path in files[1 : 1 + QUESTIONS]]
    asked = [asked[i] for i in chance.permutation(len(asked))]
    async with App.open(Settings(data=folder, threshold=0.5)) as app:
        if engine != DEFAULT:
            await engines.install(app, engine, shared / "models", lambda *_: None)
        await add_group(app, SERVER, GROUP)
        for name, files in order.items():
            for path in files:  # the first that can be enrolled
                try:
                    await enrolment.add_member(app, SERVER, GROUP, name, [submitted(path)], by=TRUSTED.id)
                    break
                except enrolment.NoUsablePhotoError:
                    continue
        ids = await member_ids(app)
        seen = {path for _, path in asked} | {files[0] for files in order.values()}
        unseen = held_out(encoder, members, sample, seen, ids)
        points = [GrowthPoint(0, 0, 0, 0, await judged(app, *unseen))]
        corrected = accepted = refused = 0
        for start in range(0, len(asked), len(members)):
            for name, path in asked[start : start + len(members)]:
                corrected += await answer(app, name, path, ids)
            verdict = await train(app)
            accepted, refused = accepted + verdict, refused + (not verdict)
            annotations = min(start + len(members), len(asked))
            points.append(GrowthPoint(annotations, corrected, accepted, refused, await judged(app, *unseen)))
        return points


async def answer(app: App, name: str, path: Path, ids: dict[str, int]) -> bool:
    """Ask about a photo of `name` and annotate its face; returns whether that was a correction."""
    tagged = await answer_question(
        app, IdentifyRequest(TRUSTED.id + 1, server_id=SERVER, rosters=(SERVER,)), [submitted(path)]
    )
    faces = sorted((face for _, face in tagged.answer.faces), key=lambda face: face.box.area)
    if not faces:
        return False
    face = faces[-1]
    if len(faces) == 1 and face.guess.name == name:
        await correct.confirm(app, tagged.answer.id, TRUSTED)
        return False
    await correct.assign_member(app, tagged.answer.id, face.id, ids[name], TRUSTED)
    return face.guess.name != name


def submitted(path: Path) -> SubmittedFile:
    """A photo as a submitted file."""
    return SubmittedFile(path.name, path.read_bytes())


async def member_ids(app: App) -> dict[str, int]:
    """The id of each member by name."""
    async with app.database.reading() as session:
        return {member.name: member.id for member in await RosterRepository(session).members([SERVER])}


def held_out(
    encoder: CachingEncoder, members: dict[str, list[Path]], sample: EvaluationSet, seen: set[Path], ids: dict[str, int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Encodings (n, d) of photos outside `seen` and their copies, and of strangers; and the person of each (n,)."""
    known = np.stack([face.encoding for path in seen if (face := encoder.encode(path)[1]) is not None])
    faces: list[NDArray[np.float32]] = []
    people: list[int] = []
    for name, files in members.items():
        for path in files:
            face = encoder.encode(path)[1]
            if face is None or path in seen or (known @ face.encoding).max() >= same_photo_cosine(sample.version):
                continue
            faces.append(face.encoding)
            people.append(ids[name])
    strangers = sample.people < 0
    return np.concatenate([np.stack(faces), sample.encodings[strangers]]), np.concatenate(
        [np.array(people, np.int64), sample.people[strangers]]
    )


async def judged(app: App, encodings: NDArray[np.float32], people: NDArray[np.int64]) -> TrialOutcome:
    """The outcome of these faces with the recogniser in use."""
    recogniser = Recogniser.from_bytes((await app.recognisers.for_rosters([SERVER])).recogniser)
    return trial_outcome(recogniser, recogniser.members, encodings, people)


def line(step: Sequence[GrowthPoint]) -> str:
    """The figures after one training, over the draws."""

    def percent(values: Sequence[float]) -> str:
        figure = MeanAndDeviation.from_values([100 * value for value in values])
        return f"{figure.mean:5.1f} ± {figure.deviation:.1f}%"

    mean = {
        name: float(np.mean([getattr(point, name) for point in step])) for name in ("corrected", "accepted", "refused")
    }
    return (
        f"{step[0].annotations:3} annotations, {mean['corrected']:.1f} of them corrections, "
        f"models accepted {mean['accepted']:.1f}, refused {mean['refused']:.1f}: "
        f"TPIR at FPIR 1% {percent([point.outcome.tpir(FPIR) for point in step])}, right names "
        f"{percent([point.outcome.right() for point in step])}, wrong {percent([point.outcome.wrong() for point in step])}"
    )


WIDTH, HEIGHT, EDGE = 960, 540, 90
DIM = (110, 116, 128)


def curve(points: Sequence[Sequence[GrowthPoint]], version: str) -> bytes:
    """A PNG: right names against annotations, at 1% strangers named and at the bot's own thresholds; each draw in a faint
    line."""
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND_COLOUR)
    draw = ImageDraw.Draw(image)
    annotations = [step[0].annotations for step in points]
    lowest = 10 * int(min(point.outcome.tpir(FPIR) for step in points for point in step) * 10)

    def at(count: int, share: float) -> tuple[float, float]:
        across = EDGE + (WIDTH - 2 * EDGE) * count / annotations[-1]
        return across, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (100 * share - lowest) / (100 - lowest)

    for share in range(lowest, 101, 10):
        (left, y), (right, _) = at(0, share / 100), at(annotations[-1], share / 100)
        draw.line((left, y, right, y), DIM)
        draw.text((left - 12, y), f"{share}", LIGHT, font(18), anchor="rm")
    for count in annotations:
        draw.text((at(count, 0)[0], HEIGHT - EDGE + 12), f"{count}", LIGHT, font(18), anchor="ma")
    rules = ((BLUE, lambda point: point.outcome.tpir(FPIR)), (ORANGE, lambda point: point.outcome.right()))
    for colour, measure in rules:
        faint = tuple((2 * dark + bright) // 3 for dark, bright in zip(BACKGROUND_COLOUR, colour, strict=True))
        for number in range(len(points[0])):
            draw.line([at(step[0].annotations, measure(step[number])) for step in points], faint, 2, "curve")
    for colour, measure in rules:
        means = [at(step[0].annotations, float(np.mean([measure(point) for point in step]))) for step in points]
        draw.line(means, colour, 4, "curve")
        for x, y in means:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), colour)
    draw.text((EDGE, 20), f"{GROUP} from one photo a member, {version}", LIGHT, font(24))
    draw.text((EDGE, 54), "right names of photos never seen, %:", LIGHT, font(18))
    after = EDGE + font(18).getlength("right names of photos never seen, %:") + 12
    for colour, text in ((BLUE, "where 1% of strangers get one"), (ORANGE, "at the bot's own thresholds")):
        draw.text((after, 54), text, colour, font(18))
        after += font(18).getlength(text) + 20
    draw.text((WIDTH - EDGE, HEIGHT - 40), "annotations of a trusted person", LIGHT, font(18), anchor="ra")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


async def train(app: App) -> bool:
    """Train with all annotations so far; returns whether the gate accepted the model."""
    async with app.database.reading() as session:
        group = await RosterRepository(session).find_group([SERVER], GROUP)
    assert group is not None
    return (await app.trainer.train(group.id, by=TRUSTED.id)).accepted


if __name__ == "__main__":
    main()
