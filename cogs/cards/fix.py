"""Fix a face: which one, and who it is. Each step carries its route, so a step survives a restart too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.client import answer_error
from bot.errors import PersonError
from bot.usecases import correct, identify
from bot.wording import circled, name_and_confidence
from bot.words import Meaning
from cogs.cards.press import Button, Layout, Press, Select, row, speaker_of
from cogs.cards.result import result_card

if TYPE_CHECKING:
    from typing import Any

    from bot.answers import Answer, AnsweredFace
    from bot.client import Nugu

MOST_OPTIONS = 25
SOMEBODY_ELSE = "else"
ROUTE = r"(?P<question>\d+):(?P<card>\d+)"
FACE_ROUTE = rf"{ROUTE}:(?P<face>\d+)"


def ask_which(answer: Answer, card_id: int) -> Layout:
    """The first step: the number of the face; left out when there is only one."""
    if not answer.faces:
        raise PersonError("There is no face here to fix.")
    if len(answer.faces) == 1:
        return ask_who(answer, answer.faces[0][1], card_id)
    return _step("Which face is wrong?", WhichFace(answer, card_id))


def ask_who(answer: Answer, face: AnsweredFace, card_id: int) -> Layout:
    """The second step: the member, likeliest first, or somebody else, or nobody."""
    ids = {"question": answer.id, "card": card_id, "face": face.id}
    return _step(
        f"Who is {circled(face.number)}?",
        WhichMember(face, **ids),
        row(NotAMember(**ids), NotAFace(**ids)),
    )


def _step(title: str, menu: Press[Select], *rows: discord.ui.ActionRow[Any]) -> Layout:
    step = Layout(timeout=None)
    step.add_item(discord.ui.TextDisplay(f"**{title}**"))
    step.add_item(row(menu))
    for more in rows:
        step.add_item(more)
    return step


class WhichFace(Press[Select], template=rf"nugu:which:{ROUTE}"):
    """The menu of numbered faces."""

    def __init__(self, answer: Answer, card: int) -> None:
        several = len(answer.pictures) > 1
        options = [
            discord.SelectOption(
                label=f"{circled(face.number)} {' '.join(name_and_confidence(face.guess)) or 'unknown'}"[:100],
                value=str(face.id),
                description=f"Picture {picture.position + 1}" if several else None,
            )
            for picture, face in answer.faces[:MOST_OPTIONS]
        ]
        menu = Select(
            custom_id=f"nugu:which:{answer.id}:{card}", placeholder="The number in the picture", options=options
        )
        super().__init__(menu, question=answer.id, card=card)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        answer = await identify.read_again(interaction.client.app, self.ids["question"])
        face = answer.face(int(self.item.values[0]))
        if face is None:
            raise PersonError("I no longer know that face.")
        await interaction.response.edit_message(view=ask_who(answer, face, self.ids["card"]))


class WhichMember(Press[Select], template=rf"nugu:member:{FACE_ROUTE}"):
    """The menu of the likeliest members."""

    def __init__(self, asked: AnsweredFace, *, question: int, card: int, face: int) -> None:
        options = [
            discord.SelectOption(label=candidate.name, value=str(candidate.member))
            for candidate in asked.guess.candidates[: MOST_OPTIONS - 1]
        ]
        options.append(discord.SelectOption(label="Somebody else…", value=SOMEBODY_ELSE, emoji="🔎"))
        menu = Select(custom_id=f"nugu:member:{question}:{card}:{face}", placeholder="The right name", options=options)
        super().__init__(menu, question=question, card=card, face=face)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        chosen = self.item.values[0]
        if chosen == SOMEBODY_ELSE:
            await interaction.response.send_modal(SomebodyElse(**self.ids))
            return
        speaker = await speaker_of(interaction)
        app = interaction.client.app
        said = await correct.say_member(app, self.ids["question"], self.ids["face"], int(chosen), speaker)
        await _close(interaction, said, self.ids["card"])


class NotAMember(Press[Button], template=rf"nugu:stranger:{FACE_ROUTE}"):
    """The face is nobody of the roster."""

    def __init__(self, *, question: int, card: int, face: int) -> None:
        button = Button(label="Not a member", custom_id=f"nugu:stranger:{question}:{card}:{face}")
        super().__init__(button, question=question, card=card, face=face)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, Meaning.STRANGER, self.ids)


class NotAFace(Press[Button], template=rf"nugu:noface:{FACE_ROUTE}"):
    """What the box holds is no face."""

    def __init__(self, *, question: int, card: int, face: int) -> None:
        button = Button(label="Not a face", custom_id=f"nugu:noface:{question}:{card}:{face}")
        super().__init__(button, question=question, card=card, face=face)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        await _say_nobody(interaction, Meaning.NOT_A_FACE, self.ids)


class SomebodyElse(discord.ui.Modal, title="Who is it?"):
    """A text box that takes any spelling of a name."""

    name: discord.ui.Label[Any] = discord.ui.Label(
        text="Name", component=discord.ui.TextInput(max_length=100, placeholder="Tzuyu, 쯔위, ツウィ…")
    )

    def __init__(self, *, question: int, card: int, face: int) -> None:
        super().__init__()
        self._question, self._card, self._face = question, card, face

    async def on_submit(self, interaction: discord.Interaction[Nugu]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        typed = self.name.component
        assert isinstance(typed, discord.ui.TextInput)
        speaker = await speaker_of(interaction)
        said = await correct.say_name(interaction.client.app, self._question, self._face, typed.value, speaker)
        await _close(interaction, said, self._card)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)


async def _say_nobody(interaction: discord.Interaction[Nugu], meaning: Meaning, ids: dict[str, int]) -> None:
    speaker = await speaker_of(interaction)
    said = await correct.say_nobody(interaction.client.app, ids["question"], ids["face"], meaning, speaker)
    await _close(interaction, said, ids["card"])


async def _close(interaction: discord.Interaction[Nugu], said: correct.Said, card_id: int) -> None:
    """End the dialog with its sentence, and bring the card up to date where the bot can reach it."""
    closed = Layout(timeout=None)
    closed.add_item(discord.ui.TextDisplay(said.sentence))
    await interaction.response.edit_message(view=closed)
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return
    try:
        card = await interaction.channel.fetch_message(card_id)
        await card.edit(view=result_card(said.answer), attachments=card.attachments)
    except (discord.NotFound, discord.Forbidden):
        # The card was taken away meanwhile, or hangs where only the asker installed the bot; the word is kept.
        return
