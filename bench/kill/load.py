"""The mixed load: people who ask, correct, enrol, import, and want clips, at once and one after the other."""

import asyncio
import io
import random
import re
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageEnhance

from bench.kill.ledger import Added, Ledger
from tests.support.films import ffmpeg
from tests.support.image_search import ImageSearch
from tests.support.portraits import small_photo
from tests.support.wire import WireDiscord
from tests.support.wire_interactions import Interaction
from tests.support.wire_world import Channel, Json, User

_ANSWER_SECONDS = 180.0
_LOADING = 1 << 7
_PER_SERVER = 20
"""Rounds in which new groups come to a server: far below its quotas."""

NAMES = {"Obama": ("obama", "obama2"), "Biden": ("biden",)}
"""The members of each import, and their photos."""


@dataclass
class Material:
    """Photos by name, and a film."""

    photos: dict[str, bytes]
    film: bytes

    @classmethod
    def make(cls, portraits: Path, folder: Path) -> "Material":
        """Small photos of the portraits, and a film of three seconds with two faces in turn."""
        names = ("obama", "obama2", "obama3", "biden")
        photos = {name: small_photo(portraits / f"{name}.jpg") for name in names}
        for number, name in enumerate(("obama3", "biden")):
            with Image.open(io.BytesIO(photos[name])) as photo:
                photo.convert("RGB").resize((480, 360)).save(folder / f"frame{number}.png")
        frames = ("-framerate", "1", "-stream_loop", "1", "-i", folder / "frame%d.png")
        ffmpeg(*frames, "-r", "12", "-pix_fmt", "yuv420p", "-preset", "ultrafast", folder / "film.mp4")
        return cls(photos, (folder / "film.mp4").read_bytes())

    def photo(self, name: str, chance: random.Random) -> tuple[str, bytes]:
        """A photo of a person whose file nobody has handed in before."""
        out = io.BytesIO()
        with Image.open(io.BytesIO(self.photos[name])) as photo:
            ImageEnhance.Brightness(photo).enhance(chance.uniform(0.9, 1.1)).save(out, "JPEG", quality=90)
        return f"{name}.jpg", out.getvalue()

    def video(self, number: int) -> bytes:
        """The film in a file that no other number has."""
        return self.film + (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")


class Load:
    """The people of some servers, and what they do until they are stopped."""

    def __init__(
        self, wire: WireDiscord, site: ImageSearch, material: Material, chance: random.Random, rounds: int
    ) -> None:
        self.ledger = Ledger()
        self._wire, self._site, self._material, self._chance = wire, site, material, chance
        asking = wire.add_guild("Fans")
        self._questions, self._clips = wire.add_channel(asking, "questions"), wire.add_channel(asking, "clips")
        self._moderator = wire.add_user("moderator", asking, moderator=True)
        self._fans = [wire.add_user(f"fan {number}", asking) for number in range(4)]
        self._enrolling = [self._server(number) for number in range(rounds // _PER_SERVER + 1)]
        self._number = 0
        self._round = 0

    def _server(self, number: int) -> tuple[Channel, User]:
        guild = self._wire.add_guild(f"Server {number}")
        return self._wire.add_channel(guild), self._wire.add_user(f"keeper {number}", guild, moderator=True)

    async def enrol(self) -> None:
        """Let the bot know two people."""
        for name in ("Obama", "Biden"):
            photo = f"{name}.jpg", self._material.photos[name.lower()]
            await self._add(self._questions, self._moderator, "Presidents", name, [photo])
        # The questions of this server teach the bot, so the number of photos changes.
        self.ledger.added = [replace(each, learns=True) for each in self.ledger.added]

    def round(self, stopped: asyncio.Event) -> list["asyncio.Task[None]"]:
        """The tasks of one round. Each ends after the action in which `stopped` is set."""
        self._round += 1

        async def again(action: Callable[[], Awaitable[None]]) -> None:
            while not stopped.is_set():
                await action()
                await asyncio.sleep(self._chance.uniform(0.0, 0.3))

        repeated = (self._ask_and_confirm, self._ask_by_mention, self._enrol_one, self._import)
        clip = self._clip_by_link if self._round % 2 else self._clip_by_message
        return [
            asyncio.create_task(clip()),
            asyncio.create_task(self._train()),
            *(asyncio.create_task(again(action)) for action in repeated),
        ]

    def messages(self) -> dict[int, Json]:
        """All messages of the bot, by id."""
        channels = [self._questions, self._clips, *(channel for channel, _ in self._enrolling)]
        return {int(message["id"]): message for channel in channels for message in self._wire.messages(channel)}

    def cards(self) -> dict[int, int]:
        """The message of each answer that stands, by question."""
        found: dict[int, int] = {}
        for number, message in self.messages().items():
            if (hiding := re.search(r"nugu:hide:(\d+)", str(message["components"]))) is not None:
                found[int(hiding[1])] = number
        return found

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _ask_and_confirm(self) -> None:
        photo = self._material.photo(self._chance.choice(("obama3", "biden")), self._chance)
        card = await self._answer(await self._wire.slash(self._questions, self._fans[0], "who", picture=photo))
        if card is None or (right := re.search(r"nugu:right:(\d+)", str(card["components"]))) is None:
            return
        self.ledger.questions += 1
        pressed = await self._wire.click(self._questions, self._moderator, card, right[0])
        confirmed = await self._answer(pressed)
        if confirmed is not None and f"✓ said by <@{self._moderator.id}>" in str(confirmed):
            self.ledger.confirmed[int(right[1])] = self._moderator.id

    async def _ask_by_mention(self) -> None:
        photo = self._material.photo("obama3", self._chance)
        card = await self._reply(self._questions, self._fans[1], photo)
        self.ledger.asked.append(int(card["message_reference"]["message_id"]))
        self.ledger.questions += 1

    async def _train(self) -> None:
        trained = await self._answer(
            await self._wire.slash(self._questions, self._moderator, "model train", group="Presidents")
        )
        self.ledger.trainings += trained is not None

    async def _enrol_one(self) -> None:
        channel, keeper = self._here()
        await self._add(
            channel, keeper, f"Group {self._next()}", "Obama", [self._material.photo("obama", self._chance)]
        )

    async def _add(
        self, channel: Channel, keeper: User, group: str, member: str, photos: list[tuple[str, bytes]]
    ) -> None:
        await self._answer(await self._wire.slash(channel, keeper, "group add", name=group))
        (photo,) = photos
        added = await self._answer(
            await self._wire.slash(channel, keeper, "member add", group=group, name=member, photo=photo)
        )
        if added is not None and "is known by 1 photo now" in str(added):
            self.ledger.added.append(Added(channel.guild_id or 0, group, member, 1))
        elif added is not None:
            self.ledger.refused[str(added["components"] or added["content"])[-300:]] += 1

    async def _import(self) -> None:
        channel, keeper = self._here()
        group, archive = f"Import {self._next()}", io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            for member, photos in NAMES.items():
                for photo in photos:
                    file.writestr(f"{group}/{member}/{photo}.jpg", self._material.photo(photo, self._chance)[1])
        given = ("roster.zip", archive.getvalue())
        done = await self._answer(
            await self._wire.slash(channel, keeper, "roster import", archive=given), lambda shown: "taken" in shown
        )
        if done is not None and "**3 of 3 photos** taken" in str(done):
            server = channel.guild_id or 0
            self.ledger.added += [Added(server, group, member, len(photos)) for member, photos in NAMES.items()]

    async def _clip_by_link(self) -> None:
        link = self._site.put(f"/{self._next()}.mp4", self._material.video(self._number), "video/mp4")
        asked = await self._wire.slash(self._clips, self._fans[2], "clip", link=link)
        await self._wire.until(lambda: asked.original_id, "an acknowledgement", timeout=_ANSWER_SECONDS)
        self.ledger.clips.append(asked.original_id or 0)

    async def _clip_by_message(self) -> None:
        card = await self._reply(self._clips, self._fans[3], ("stage.mp4", self._material.video(self._next())))
        self.ledger.clips.append(int(card["id"]))

    async def _reply(self, channel: Channel, user: User, file: tuple[str, bytes]) -> Json:
        """Post a file with a mention, and wait for the bot's reply."""
        asked = await self._wire.message(channel, user, "who is this?", attachments=[file], mentions=[self._wire.bot])
        await self._wire.until(lambda: self._wire.replies(asked), "a reply", timeout=_ANSWER_SECONDS)
        return self._wire.replies(asked)[0]

    async def _answer(self, asked: Interaction, finished: Callable[[str], bool] = lambda _: True) -> Json | None:
        """The message that answers an interaction; None where Discord had no acknowledgement within its three seconds.

        Raises TimeoutError where an acknowledged one is never answered.
        """

        def answers() -> list[Json]:
            return [said for said in asked.said if not said["flags"] & _LOADING and finished(str(said))]

        await self._wire.until(
            lambda: answers() or (asked.expired and not asked.answered), "an answer", timeout=_ANSWER_SECONDS
        )
        return answers()[-1] if answers() else None

    def _here(self) -> tuple[Channel, User]:
        return self._enrolling[self._round // _PER_SERVER]
