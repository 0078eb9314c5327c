"""The card that answers "who is this?", and its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.utils import escape_markdown

from bot.answers import AnsweredFace, AnsweredPicture, Band
from bot.errors import PersonError
from bot.trust import Trust
from bot.usecases import correct, identify
from bot.wording import circled, name_and_confidence, percent
from bot.words import Meaning
from cogs.cards.press import Button, Layout, Press, container, row, speaker_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.answers import Answer
    from bot.client import Nugu

LONGEST_ALT = 1024
LONGEST_TEXT = 3600
"""Of the 4,000 characters that all texts of a card may have together."""

UNKNOWN = "someone I don't know"
NOBODY = {Meaning.STRANGER: "not a member", Meaning.NOT_A_FACE: "not a face"}
MOST_DETAILS = 30
HARDLY = 0.01
BAR = 12
"""Characters of a bar that stands for certainty."""

ACCENTS = {
    Band.SURE: 0x3BA55D,
    Band.UNSURE: 0xE0A030,
    Band.UNKNOWN: 0x80848E,
}


def result_card(answer: Answer) -> Layout:
    """The card of an answer; its files are sent beside it under the pictures' `file_name`s."""
    card = Layout(timeout=None)
    box = container(ACCENTS[_overall(answer)])
    room = LONGEST_TEXT // len(answer.pictures)
    for picture in answer.pictures:
        if picture.refusal is not None:
            box.add_item(discord.ui.TextDisplay(f"⚠️ **{_plain(picture.name)}**: {picture.refusal}."[:room]))
            continue
        file = f"attachment://{picture.file_name}"
        box.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem(file, description=alt_text(picture))))
        box.add_item(discord.ui.TextDisplay(_lines(picture, room)))
    buttons: list[Press[Button]] = []
    if answer.faces:
        buttons += [AllRight(answer.id), FixFace(answer.id), Details(answer.id)]
    buttons.append(Hide(answer.id))
    if any(face.word for _, face in answer.faces):
        buttons.append(Undo(answer.id))
    box.add_item(row(*buttons))
    card.add_item(box)
    return card


def result_files(pictures: Mapping[str, bytes]) -> list[discord.File]:
    """The tagged pictures as the files that the card shows."""
    from io import BytesIO

    return [discord.File(BytesIO(data), filename=name) for name, data in pictures.items()]


def face_line(face: AnsweredFace) -> str:
    """`① **Tzuyu** 97 %`, `③ someone I don't know`, `① **Momo** (said by @mina)`."""
    number = circled(face.number)
    if face.word is not None:
        told = f"said by <@{face.word.said_by}>"
        if face.word.meaning is Meaning.MEMBER:
            return f"{number} **{_plain(face.word.name or 'a member removed since')}** ✓ {told}"
        return f"{number} {NOBODY[face.word.meaning]}, {told}"
    name, confidence = name_and_confidence(face.guess)
    return f"{number} **{_plain(name)}** {confidence}" if name else f"{number} {UNKNOWN}"


def alt_text(picture: AnsweredPicture) -> str:
    """What the picture shows, for those who can't see it."""
    if not picture.faces:
        return "A picture in which I found no face"
    told = ", ".join(_in_words(face) for face in picture.faces)
    return f"Faces, row by row: {told}"[:LONGEST_ALT]


def _in_words(face: AnsweredFace) -> str:
    """The face's line without markup or mention, as alt texts need it."""
    if face.word is not None:
        meant = face.word.name if face.word.meaning is Meaning.MEMBER else NOBODY[face.word.meaning]
        return f"{circled(face.number)} {meant}"
    return f"{circled(face.number)} {' '.join(name_and_confidence(face.guess)) or UNKNOWN}"


def _lines(picture: AnsweredPicture, room: int) -> str:
    if not picture.faces:
        return "I see no face in it. A larger or clearer picture helps."
    lines = [face_line(face) for face in picture.faces]
    if picture.group_name:
        lines.insert(0, f"-# {_plain(picture.group_name)}")
    text = "\n".join(lines)
    if len(text) <= room:
        return text
    kept = text[: room - 20].rsplit("\n", 1)[0]
    return f"{kept}\n… and {len(lines) - kept.count(chr(10)) - 1} more"


def _overall(answer: Answer) -> Band:
    bands = {Band.SURE if face.word else face.guess.band for _, face in answer.faces}
    for band in (Band.UNSURE, Band.SURE):
        if band in bands:
            return band
    return Band.UNKNOWN


def _plain(text: str) -> str:
    return escape_markdown(text)


class AllRight(Press[Button], template=r"nugu:right:(?P<question>\d+)"):
    """Everybody on the card is named rightly."""

    def __init__(self, question: int) -> None:
        button = Button(
            label="All right", emoji="✅", style=discord.ButtonStyle.success, custom_id=f"nugu:right:{question}"
        )
        super().__init__(button, question=question)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        said = await correct.confirm(interaction.client.app, self.ids["question"], await speaker_of(interaction))
        await show_again(interaction, said)


class FixFace(Press[Button], template=r"nugu:fix:(?P<question>\d+)"):
    """A name is wrong: asks which, and who it is."""

    def __init__(self, question: int) -> None:
        button = Button(label="Fix a face", emoji="✏️", custom_id=f"nugu:fix:{question}")
        super().__init__(button, question=question)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        from cogs.cards.fix import ask_which

        answer = await identify.read_again(interaction.client.app, self.ids["question"])
        assert interaction.message is not None
        await interaction.response.send_message(view=ask_which(answer, interaction.message.id), ephemeral=True)


class Details(Press[Button], template=r"nugu:details:(?P<question>\d+)"):
    """The confidence of every member for each face, for the presser alone."""

    def __init__(self, question: int) -> None:
        button = Button(label="Details", emoji="📊", custom_id=f"nugu:details:{question}")
        super().__init__(button, question=question)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await identify.read_again(interaction.client.app, self.ids["question"])
        await interaction.response.send_message(view=details_card(answer), ephemeral=True)


class Hide(Press[Button], template=r"nugu:hide:(?P<question>\d+)"):
    """Takes the card away; for the asker and for moderators."""

    def __init__(self, question: int) -> None:
        button = Button(label="Hide", emoji="🗑️", custom_id=f"nugu:hide:{question}")
        super().__init__(button, question=question)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        app = interaction.client.app
        answer = await identify.read_again(app, self.ids["question"])
        speaker = await speaker_of(interaction)
        if speaker.id != answer.asker_id and speaker.trust < Trust.MODERATOR:
            raise PersonError("Only the person who asked, or a moderator, can hide this.")
        await interaction.response.defer()
        await interaction.delete_original_response()
        await identify.hide(app, answer.id)


class Undo(Press[Button], template=r"nugu:undo:(?P<question>\d+)"):
    """Takes back the last word that somebody said about the card."""

    def __init__(self, question: int) -> None:
        button = Button(label="Undo", emoji="↩️", custom_id=f"nugu:undo:{question}")
        super().__init__(button, question=question)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        said = await correct.undo(interaction.client.app, self.ids["question"], await speaker_of(interaction))
        await show_again(interaction, said)


async def show_again(interaction: discord.Interaction[Nugu], said: correct.Said) -> None:
    """Edit the pressed card to what counts now, and tell the presser alone."""
    assert interaction.message is not None
    attachments = interaction.message.attachments
    await interaction.response.edit_message(view=result_card(said.answer), attachments=attachments)
    await interaction.followup.send(said.sentence, ephemeral=True)


def details_card(answer: Answer) -> Layout:
    """Every member's confidence for each face, and what answered."""
    card = Layout(timeout=None)
    box = container()
    several = len(answer.pictures) > 1
    shown = answer.faces[:MOST_DETAILS]
    for picture, face in shown:
        where = f"Picture {picture.position + 1} · " if several else ""
        box.add_item(discord.ui.TextDisplay(f"{where}{_detail(face)}"[: LONGEST_TEXT // len(shown)]))
    box.add_item(discord.ui.Separator())
    more = f" The first {MOST_DETAILS} faces are shown." if len(answer.faces) > MOST_DETAILS else ""
    told = f"-# Answered by `{answer.engine}`; an answer is sure from {percent(answer.threshold)} on.{more}"
    box.add_item(discord.ui.TextDisplay(told))
    card.add_item(box)
    return card


def _detail(face: AnsweredFace) -> str:
    """The face's line, a bar for each member who is possible, and the names of those who hardly are."""
    lines = [face_line(face)]
    possible = [c for c in face.guess.candidates if c.confidence >= HARDLY]
    hardly = [_plain(c.name) for c in face.guess.candidates if c.confidence < HARDLY]
    for candidate in possible:
        bar = "█" * max(1, round(candidate.confidence * BAR))
        lines.append(f"`{bar:<{BAR}}` {percent(candidate.confidence)} {_plain(candidate.name)}")
    if hardly:
        lines.append(f"-# under {percent(HARDLY)}: {', '.join(hardly)}")
    return "\n".join(lines)
