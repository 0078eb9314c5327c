"""A bot that answers and forgets without pause, in a process of its own: `python -m tests.support.busy_bot FOLDER`.

It prints a line every ten answers. Each answer has a face with a crop; one of three is forgotten a little later.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections import deque
from pathlib import Path

import numpy as np
from PIL import Image

from bot.app import App
from bot.domain.enums import LearningPolicy
from bot.domain.faces import FaceCrop, IdentifiedFace, IdentifiedPicture
from bot.settings import Settings
from bot.usecases import setup
from bot.usecases.questions import crops, record
from bot.usecases.questions.record import PictureRecord, QuestionRecord
from models.engines import DEFAULT, version_of
from models.faces import Box, ConfidenceBand, Guess

ENGINE = version_of(DEFAULT)
SERVER = 7


def answered(number: int) -> IdentifiedPicture:
    """A picture with a face of its own."""
    chance = np.random.default_rng(number)
    file = io.BytesIO()
    Image.fromarray(chance.integers(0, 255, (60, 60, 3), np.uint8)).save(file, "JPEG")
    vector = chance.normal(size=128).astype(np.float32)
    vector /= np.linalg.norm(vector)
    crop = FaceCrop(file.getvalue(), 60, 2.0)
    guess = Guess(None, None, 0.9, ConfidenceBand.UNKNOWN)
    return IdentifiedPicture(
        (60, 60), None, (IdentifiedFace(1, Box(0, 0, 60, 60), guess, vector.tobytes(), crop=crop),), b"", ENGINE
    )


async def main(folder: Path) -> None:
    """Answer until the process is killed."""
    async with App.open(Settings(data=folder), own_processes=False) as app:
        await setup.choose_learns(app, SERVER, LearningPolicy.CONFIRMED)
        recent: deque[int] = deque(maxlen=10)
        for number in range(1_000_000):
            picture = answered(number)
            asked = QuestionRecord(
                1, ENGINE, 0.9, [0], [PictureRecord("a.jpg", picture)], server_id=SERVER, channel_id=70
            )
            cut = [face.crop for face in picture.faces if face.crop is not None]
            async with crops.storing(app, cut) as stored, app.database.writing() as session:
                answer = await record.save_question(session, asked, stored)
            recent.append(answer.id)
            if number % 3 == 0:
                await crops.forget_question(app, recent[0])
            if number % 10 == 0:
                print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
