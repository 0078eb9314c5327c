"""`nugu train`: every roster's classifier now, and what it found."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot.app import App
from bot.database.rosters import Rosters
from bot.database.tables import HOUSE
from bot.errors import NoRosterError
from bot.jobs import TrainingFailedError

if TYPE_CHECKING:
    from bot.jobs import Trained
    from bot.settings import Settings


async def train_rosters(settings: Settings) -> bool:
    """Train and print a line a roster; whether none failed. Raises NoRosterError when nobody is enrolled."""
    well = True
    async with App.open(settings) as app:
        engine = await app.recognisers.engine()
        async with app.database.reading() as session:
            rosters = Rosters(session)
            counts = {server: await rosters.photo_counts([server]) for server in await rosters.servers()}
        enrolled = {server: [count for count in its if count.photos] for server, its in counts.items()}
        if not any(enrolled.values()):
            raise NoRosterError
        for server, members in enrolled.items():
            photos = sum(member.photos for member in members)
            whose = "every server" if server == HOUSE else f"server {server}"
            print(f"for {whose}: {len(members)} members, {photos} photos: ", end="", flush=True)
            try:
                print(in_words(await app.classifiers.train(server, engine)))
            except TrainingFailedError as error:
                well = False
                print("failed; the distance answers alone")
                print(f"nugu: {error}", file=sys.stderr)
    return well


def in_words(trained: Trained | None) -> str:
    """What a training found."""
    if trained is None:
        return "too few for a classifier; the distance answers alone"
    by_distance, by_classifier = (f"{right / trained.photos:.1%}" for right in (trained.centroids, trained.classifier))
    verdict = "it is used" if trained.helps else "it is not used, the distance answers alone"
    return (
        f"of {trained.photos} photos held out, {by_distance} are picked right by distance, {by_classifier} with the "
        f"classifier; {verdict}"
    )
